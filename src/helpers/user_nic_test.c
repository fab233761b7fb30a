/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-user-nic's parts: words, names, shares, and the database, which must have all its lines
 * whenever its writer dies. That is tried with a write(2) and a truncate(2) that stop in the
 * middle.
 */

#include "helpers/user_nic.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ids.h"
#include "base/macros.h"
#include "sys/file.h"
#include "sys/namespace.h"
#include "sys/process.h"

/* -- writes that end in the middle */

static long bytes_left = -1; /* until the writer "dies"; -1 = it does not */

ssize_t __real_pwrite64(int fd, const void *bytes, size_t length, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t at);
int __real_ftruncate64(int fd, off_t length);
int __wrap_ftruncate64(int fd, off_t length);

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t at)
{
	ssize_t done;

	if (bytes_left < 0)
		return __real_pwrite64(fd, bytes, length, at);
	if (bytes_left == 0) {
		errno = EIO;
		return -1;
	}
	if (length > (size_t)bytes_left)
		length = (size_t)bytes_left;
	done = __real_pwrite64(fd, bytes, length, at);
	bytes_left -= done > 0 ? (long)done : 0;
	return done;
}

int __wrap_ftruncate64(int fd, off_t length)
{
	if (bytes_left == 0) {
		errno = EIO;
		return -1;
	}
	bytes_left -= bytes_left > 0;
	return __real_ftruncate64(fd, length);
}

/* -- words */

static int parse(const char *const *words, struct user_nic_words *ret)
{
	const char *argv[10] = {"lxc-user-nic"};
	struct err e = {0};
	int argc = 1, r;

	while (words[argc - 1]) {
		argv[argc] = words[argc - 1];
		argc++;
	}
	r = user_nic_words_parse(argc, (char *const *)argv, ret, &e);
	assert_int_equal(r < 0, err_is_set(&e));
	return r;
}

#define PARSE(ret, ...) parse((const char *const[]){__VA_ARGS__, NULL}, (ret))

static void good_words_are_taken(void **state)
{
	struct user_nic_words words;

	assert_int_equal(PARSE(&words, "create", "/x", "c1", "4711", "veth", "br0"), 0);
	assert_false(words.is_delete);
	assert_int_equal(words.pid, 4711);
	assert_int_equal(words.fd, USER_NIC_NO_FD);
	assert_string_equal(words.bridge, "br0");
	assert_null(words.nic);
	assert_int_equal(PARSE(&words, "create", "/x", "c1", "4194304", "veth", "none", "eth7"), 0);
	assert_string_equal(words.nic, "eth7");
	assert_int_equal(PARSE(&words, "delete", "/x", "c1", "/proc/1/ns/net", "veth", "b", "v"),
			 0);
	assert_true(words.is_delete);
	assert_int_equal(words.pid, 1);
	assert_int_equal(words.fd, USER_NIC_NO_FD);
	assert_int_equal(PARSE(&words, "delete", "/x", "c1", "/proc/77/fd/0", "veth", "b", "v"), 0);
	assert_int_equal(words.pid, 77);
	assert_int_equal(words.fd, 0);
	assert_int_equal(parse((const char *const[]){NULL}, &words), 1);
	assert_int_equal(PARSE(&words, "--help"), 1);
}

static void bad_words_are_refused(void **state)
{
	static const char *const pids[] = {
		"",   "0",    "-1",      "+1",  "01",   "1 ", " 1",
		"1x", "0x10", "4194305", "1/.", "self", "1.", "18446744073709551617",
		"1\n"};
	static const char *const paths[] = {
		"",
		"4711",
		"/proc/self/ns/net",
		"/proc/0/ns/net",
		"/proc/1/ns/mnt",
		"/proc/1/ns/net/",
		"/proc/1//ns/net",
		"/proc/1/ns/../fd/",
		"/proc/1/fd/",
		"/proc/1/fd/-1",
		"/proc/1/fd/01",
		"/proc/1/fd/1/x",
		"/proc/1/fd/../..",
		"proc/1/ns/net",
		"/proc/1/task/1/ns/net",
		"/etc/shadow",
		"/proc/1/root/x",
		"/proc/1/fd/99999999999",
	};
	static const char *const names[] = {"",
					    ".",
					    "..",
					    "a/b",
					    "a b",
					    "a:b",
					    "a%d",
					    "-x",
					    "a\n",
					    "\x1b[1m",
					    "\xc3\xa9",
					    "a\tb",
					    "1234567890123456"};
	struct user_nic_words words;

	assert_true(PARSE(&words, "make") < 0);
	assert_true(PARSE(&words, "create") < 0);
	assert_true(PARSE(&words, "create", "/x", "c1", "1", "veth") < 0);
	assert_true(PARSE(&words, "create", "/x", "c1", "1", "veth", "b", "n", "more") < 0);
	assert_true(PARSE(&words, "delete", "/x", "c1", "/proc/1/ns/net", "veth", "b") < 0);
	assert_true(PARSE(&words, "create", "", "c1", "1", "veth", "b") < 0);
	assert_true(PARSE(&words, "create", "/x", "", "1", "veth", "b") < 0);
	assert_true(PARSE(&words, "create", "/x", "c1", "1", "vethx", "b") < 0);
	for (size_t i = 0; i < ARRAY_LENGTH(pids); i++)
		assert_true(PARSE(&words, "create", "/x", "c1", pids[i], "veth", "b") < 0);
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
		assert_true(PARSE(&words, "delete", "/x", "c1", paths[i], "veth", "b", "v") < 0);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		assert_true(PARSE(&words, "create", "/x", "c1", "1", "veth", names[i]) < 0);
		assert_true(PARSE(&words, "create", "/x", "c1", "1", "veth", "b", names[i]) < 0);
	}
}

/* -- names */

static void names_are_found_in_files(void **state)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
				     "+::::::\n"
				     "\n"
				     "x\n"
				     "y:x:12x:1::/:\n"
				     "toolarge:x:4294967296:1::/:\n"
				     "last:x:4294967295:1::/:\n"
				     "two words:x:5:5::/:\n"
				     "@crew:x:6:6::/:\n"
				     ":x:8:8::/:\n"
				     "tester:x:1000:1000::/home/tester:/bin/sh\n"
				     "twin:x:1000:1000::/:\n"
				     "short:x:7";
	char name[USER_NIC_OWNER_MAX];
	uint32_t id;

	assert_true(user_nic_names_find_id(passwd, 0, name));
	assert_string_equal(name, "root");
	assert_true(user_nic_names_find_id(passwd, 1000, name));
	assert_string_equal(name, "tester");
	assert_true(user_nic_names_find_id(passwd, 7, name));
	assert_string_equal(name, "short");
	for (uint32_t missing = 1; missing < 13; missing++)
		assert_true(user_nic_names_find_id(passwd, missing, name) == (missing == 7));
	assert_false(user_nic_names_find_id(passwd, ID_INVALID, name));
	assert_false(user_nic_names_find_id("", 0, name));

	assert_true(user_nic_names_find_name(passwd, "twin", &id));
	assert_int_equal(id, 1000);
	assert_false(user_nic_names_find_name(passwd, "toolarge", &id));
	assert_false(user_nic_names_find_name(passwd, "test", &id));
	assert_false(user_nic_names_find_name(passwd, "testers", &id));
	assert_false(user_nic_names_find_name("", "", &id));
}

static void names_that_are_too_long_are_none(void **state)
{
	char text[256], name[USER_NIC_OWNER_MAX];

	memset(text, 'a', sizeof(text));
	memcpy(text + USER_NIC_OWNER_MAX - 1, ":x:5:\n", 7);
	assert_true(user_nic_names_find_id(text, 5, name));
	assert_int_equal(strlen(name), USER_NIC_OWNER_MAX - 1);
	memset(text, 'a', sizeof(text));
	memcpy(text + USER_NIC_OWNER_MAX, ":x:5:\n", 7);
	assert_false(user_nic_names_find_id(text, 5, name));
}

/* -- shares */

static unsigned lookups;

static bool find_user(uint32_t uid, char ret[USER_NIC_OWNER_MAX])
{
	lookups++;
	if (uid != 1000)
		return false;
	memcpy(ret, "tester", sizeof("tester"));
	return true;
}

static bool find_group(const char *name, uint32_t *ret)
{
	lookups++;
	*ret = strcmp(name, "crew") == 0 ? 50 : strcmp(name, "own") == 0 ? 1000 : 99;
	return strcmp(name, "unknown") != 0;
}

static struct user_nic_shares collect(const char *text, const char *bridge, uint32_t uid)
{
	static const struct user_nic_directory directory = {find_user, find_group};
	const struct user_nic_words words = {.type = "veth", .bridge = bridge};
	uint32_t groups[] = {7, 50};
	const struct user_nic_caller caller = {uid, uid, groups, ARRAY_LENGTH(groups)};
	struct user_nic_shares shares;
	struct usernet usernet;

	lookups = 0;
	assert_int_equal(usernet_parse(text, strlen(text), NULL, NULL, &usernet, NULL), 0);
	assert_int_equal(user_nic_shares_collect(&usernet, &words, &caller, &directory, &shares),
			 0);
	usernet_finish(&usernet);
	return shares;
}

static void lines_of_one_owner_add_up(void **state)
{
	static const char text[] = "tester veth br0 4294967295\n"
				   "@crew veth br0 2\n"
				   "other veth br0 8\n"
				   "tester veth br1 16\n"
				   "tester macvlan br0 32\n"
				   "@others veth br0 64\n"
				   "@unknown veth br0 128\n"
				   "tester veth br0 4294967295\n"
				   "@own veth br0 1\n";
	struct user_nic_shares shares = collect(text, "br0", 1000);

	assert_int_equal(shares.count, 3);
	assert_string_equal(shares.items[0].owner, "tester");
	assert_int_equal(shares.items[0].quota, UINT64_C(8589934590));
	assert_string_equal(shares.items[1].owner, "@crew");
	assert_int_equal(shares.items[1].quota, 2);
	assert_string_equal(shares.items[2].owner, "@own");
	vec_finish(&shares);

	/* Names are asked for when a line needs them. */
	shares = collect(text, "br1", 1000);
	assert_int_equal(shares.count, 1);
	assert_int_equal(lookups, 1);
	vec_finish(&shares);
	shares = collect(text, "br2", 1000);
	assert_int_equal(shares.count + lookups, 0);
	shares = collect("tester veth br0 1\n", "br0", 1001);
	assert_int_equal(shares.count, 0);
}

/* -- the database */

static char directory[32];

static int make_directory(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/tare-nics-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static const char *table_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/nics", directory);
	return path;
}

static int remove_directory(void **state)
{
	unlink(table_path());
	return rmdir(directory);
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("the database belongs to root\n");
	skip();
}

static void write_table(const char *text)
{
	int fd = open(table_path(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
	close(fd);
}

static struct user_nic_table open_table(void)
{
	struct user_nic_table t;
	struct err e = {0};

	assert_int_equal(user_nic_table_open(directory, 0, &t, &e), 0);
	return t;
}

static void assert_table(const char *expected)
{
	char *text;
	size_t length;

	assert_int_equal(file_read_all(AT_FDCWD, table_path(), 1 << 20, &text, &length), 0);
	assert_string_equal(text, expected);
	free(text);
}

static const struct user_nic_words on_br0 = {.type = "veth", .bridge = "br0"};

static void lines_are_added_and_withdrawn(void **state)
{
	const struct user_nic_line line = {"tester", "veth", "br0", "veth1_new"};
	struct user_nic_table t;

	need_root();
	write_table("a veth br0 v1\n@g veth br0 v2\n");
	t = open_table();
	assert_int_equal(t.lines.count, 2);
	assert_true(t.is_straight);
	assert_int_equal(user_nic_table_count(&t, "@g", &on_br0), 1);
	assert_int_equal(user_nic_table_count(&t, "g", &on_br0), 0);
	assert_string_equal(user_nic_table_find(&t, "v1")->owner, "a");
	assert_null(user_nic_table_find(&t, "v"));
	assert_int_equal(user_nic_table_add(&t, &line), 0);
	assert_table("a veth br0 v1\n@g veth br0 v2\ntester veth br0 veth1_new\n");
	assert_int_equal(user_nic_table_withdraw(&t), 0);
	assert_table("a veth br0 v1\n@g veth br0 v2\n");
	user_nic_table_close(&t);
}

static void what_is_no_line_goes_with_the_next_write(void **state)
{
	struct user_nic_table t;

	need_root();
	write_table("\na veth br0 v1\nb  veth br0 v2\nc veth br0\nd veth br0 v4 x\n e veth br0 v5\n"
		    "f veth br0 v6 \ng veth br0 a/b\nh\tveth br0 v8\nz veth br0 v9\na veth br0 v9\n"
		    "i veth br0 v10");
	t = open_table();
	assert_false(t.is_straight);
	assert_int_equal(t.lines.count, 2);
	assert_string_equal(user_nic_table_find(&t, "v9")->owner, "a");
	assert_int_equal(user_nic_table_write(&t), 0);
	assert_table("a veth br0 v1\na veth br0 v9\n");
	assert_int_equal(user_nic_table_write(&t), 0);
	user_nic_table_close(&t);
}

/* What stays, in the order in which it is written. */
static const char *const staying[] = {"veth1_aaaa", "veth2_bbbbbbb", "v3", "veth4_dddd"};

static void fill_table(void)
{
	write_table("gone veth bridge-with-name vethxxxxxx\n"
		    "tester veth br0 veth1_aaaa\n"
		    "@crew veth br0 veth2_bbbbbbb\n"
		    "g veth br0 v0\n"
		    "somebody-with-a-long-name veth none v3\n"
		    "gone veth br0 vethyyyyyy\n"
		    "tester veth br0 veth4_dddd\n");
}

static void forget(struct user_nic_table *t, const char *nic)
{
	for (size_t i = t->lines.count; i > 0; i--) {
		if (strcmp(t->lines.items[i - 1].nic, nic) == 0)
			vec_remove(&t->lines, i - 1);
	}
	t->is_straight = false;
}

/* Everybody's interfaces are there, and are theirs. */
static void assert_all_stay(void)
{
	static const char *const owners[] = {"tester", "@crew", "somebody-with-a-long-name",
					     "tester"};
	struct user_nic_table t = open_table();

	for (size_t i = 0; i < ARRAY_LENGTH(staying); i++) {
		const struct user_nic_line *line = user_nic_table_find(&t, staying[i]);

		assert_non_null(line);
		assert_string_equal(line->owner, owners[i]);
	}
	user_nic_table_close(&t);
}

static void whenever_its_writer_dies_no_line_is_lost(void **state)
{
	const struct user_nic_line line = {"tester", "veth", "br0", "veth5_eeee"};
	bool is_whole = false;
	long deaths = 0;

	need_root();
	for (; !is_whole; deaths++) {
		struct user_nic_table t;

		fill_table();
		t = open_table();
		forget(&t, "vethxxxxxx");
		forget(&t, "v0");
		forget(&t, "vethyyyyyy");
		bytes_left = deaths;
		is_whole = user_nic_table_add(&t, &line) == 0;
		bytes_left = -1;
		user_nic_table_close(&t);
		assert_all_stay();
		/* Whoever comes next finds a file to go on with. */
		t = open_table();
		assert_int_equal(user_nic_table_write(&t), 0);
		user_nic_table_close(&t);
		assert_all_stay();
	}
	assert_true(deaths > 200);
	assert_table("tester veth br0 veth1_aaaa\n"
		     "@crew veth br0 veth2_bbbbbbb\n"
		     "somebody-with-a-long-name veth none v3\n"
		     "tester veth br0 veth4_dddd\n"
		     "tester veth br0 veth5_eeee\n");
}

static void an_empty_database_is_made_and_emptied(void **state)
{
	struct user_nic_table t;
	struct stat status;

	need_root();
	unlink(table_path());
	t = open_table();
	assert_int_equal(t.lines.count, 0);
	assert_int_equal(stat(table_path(), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	user_nic_table_close(&t);
	write_table("a veth br0 v1\n");
	t = open_table();
	forget(&t, "v1");
	assert_int_equal(user_nic_table_write(&t), 0);
	user_nic_table_close(&t);
	assert_table("");
}

static int try_open(void)
{
	struct user_nic_table t;
	struct err e = {0};
	int r = user_nic_table_open(directory, 0, &t, &e);

	assert_int_equal(r < 0, err_is_set(&e));
	if (r == 0)
		user_nic_table_close(&t);
	return r;
}

static void what_somebody_has_planted_is_refused(void **state)
{
	char other[64];

	need_root();
	snprintf(other, sizeof(other), "%s/other", directory);
	write_table("");
	assert_int_equal(chmod(table_path(), 0666), 0);
	assert_int_equal(try_open(), -EPERM);
	assert_int_equal(chmod(table_path(), 0600), 0);
	assert_int_equal(chown(table_path(), 1000, 0), 0);
	assert_int_equal(try_open(), -EPERM);
	assert_int_equal(chown(table_path(), 0, 1000), 0);
	assert_int_equal(try_open(), 0); /* LXC's has the caller's group */
	assert_int_equal(link(table_path(), other), 0);
	assert_int_equal(try_open(), -EPERM);
	assert_int_equal(unlink(table_path()), 0);
	assert_int_equal(symlink("other", table_path()), 0);
	assert_int_equal(try_open(), -ELOOP);
	assert_int_equal(unlink(table_path()), 0);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(table_path(), 0600), 0);
	assert_int_equal(try_open(), -EINVAL);
	assert_int_equal(unlink(table_path()), 0);
	assert_int_equal(chmod(directory, 0777), 0);
	assert_int_equal(try_open(), -EPERM);
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(chown(directory, 1000, 0), 0);
	assert_int_equal(try_open(), -EPERM);
	assert_int_equal(chown(directory, 0, 0), 0);
	assert_int_equal(try_open(), 0);
}

static void a_lock_that_is_held_is_told(void **state)
{
	struct user_nic_table t;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd;

	need_root();
	t = open_table();
	assert_int_equal(try_open(), -EAGAIN);
	/* LXC's own kind of lock. */
	fd = open(table_path(), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETLK, &lock), -1);
	user_nic_table_unlock(&t);
	assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
	assert_int_equal(try_open(), -EAGAIN);
	close(fd);
	assert_int_equal(try_open(), 0);
	user_nic_table_close(&t);
}

/* -- namespaces */

static void a_namespace_belongs_to_whoever_made_its_user_namespace(void **state)
{
	const struct process_clone how = {
		.flags = CLONE_NEWUSER | CLONE_NEWNET, .cgroup_fd = -1, .exit_signal = SIGCHLD};
	int pidfd = -EBADF, own, other, status;
	pid_t pid;

	need_root();
	own = namespace_open(0, "net");
	assert_true(own >= 0);
	assert_true(user_nic_netns_belongs_to(own, 0));
	assert_false(user_nic_netns_belongs_to(own, 1000));
	close(own);

	assert_int_equal(seteuid(1000), 0);
	pid = process_clone(&how, &pidfd);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(seteuid(0), 0);
	assert_true(pid > 0);
	other = namespace_open(pid, "net");
	assert_true(other >= 0);
	assert_true(user_nic_netns_belongs_to(other, 1000));
	assert_false(user_nic_netns_belongs_to(other, 1001));
	/* Of the initial one, above it. */
	assert_true(user_nic_netns_belongs_to(other, 0));
	close(other);
	process_signal(pidfd, SIGKILL);
	assert_int_equal(process_wait(pidfd, &status), 0);
	close(pidfd);
}

/* -- names of interfaces */

static void names_of_the_host_carry_the_user(void **state)
{
	struct netlink n;
	char name[LINK_NAME_MAX];
	static const struct {
		uint32_t uid;
		const char *prefix;
		size_t length;
	} cases[] = {
		{0, "veth", 10},     {1, "veth1_", 10},        {65536, "veth65536_", 14},
		{65537, "veth", 10}, {4294967294, "veth", 10},
	};

	assert_int_equal(netlink_open(&n), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(user_nic_link_choose(&n, cases[i].uid, name), 0);
		assert_int_equal(strlen(name), cases[i].length);
		assert_true(text_starts(name, cases[i].prefix));
		assert_true(user_nic_name_is_valid(name));
		assert_true(user_nic_link_is_of(name, cases[i].uid));
	}
	assert_false(user_nic_link_is_of("veth11_abcd", 1));
	assert_false(user_nic_link_is_of("veth1_abcd", 11));
	netlink_close(&n);
}

/* -- programs */

static void programs_run_without_anything_of_ours(void **state)
{
	const char *const places[] = {"/nothing/sh", "/bin/sh", NULL};
	const char *const nowhere[] = {"/nothing/sh", NULL};
	const char *const print[] = {"sh", "-c", "env | grep -c SECRET; cat; echo no >&2; exit 3",
				     NULL};
	const char *const complain[] = {"sh", "-c", "echo out; echo sorry >&2; kill -9 $$", NULL};
	char said[64];

	assert_int_equal(setenv("SECRET", "x", 1), 0);
	assert_int_equal(user_nic_program_run(places, print, true, said, sizeof(said)), 3);
	assert_string_equal(said, "0\n");
	assert_int_equal(user_nic_program_run(places, complain, false, said, sizeof(said)),
			 -ECHILD);
	assert_string_equal(said, "sorry\n");
	assert_int_equal(user_nic_program_run(places, complain, false, said, 4), -ECHILD);
	assert_string_equal(said, "sor");
	assert_int_equal(user_nic_program_run(nowhere, print, true, said, sizeof(said)), -ENOENT);
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_words_are_taken),
		cmocka_unit_test(bad_words_are_refused),
		cmocka_unit_test(names_are_found_in_files),
		cmocka_unit_test(names_that_are_too_long_are_none),
		cmocka_unit_test(lines_of_one_owner_add_up),
		cmocka_unit_test(lines_are_added_and_withdrawn),
		cmocka_unit_test(what_is_no_line_goes_with_the_next_write),
		cmocka_unit_test(whenever_its_writer_dies_no_line_is_lost),
		cmocka_unit_test(an_empty_database_is_made_and_emptied),
		cmocka_unit_test(what_somebody_has_planted_is_refused),
		cmocka_unit_test(a_lock_that_is_held_is_told),
		cmocka_unit_test(a_namespace_belongs_to_whoever_made_its_user_namespace),
		cmocka_unit_test(names_of_the_host_carry_the_user),
		cmocka_unit_test(programs_run_without_anything_of_ours),
	};

	return cmocka_run_group_tests_name("user_nic", tests, make_directory, remove_directory);
}
