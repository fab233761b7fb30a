/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dnsmasq(8) for the bridge: addresses for containers, and their names. It makes itself a daemon
 * and writes NET_PID_FILE; but a number in a file names whoever has it today, and a death between
 * the two leaves no file: so it is known by its words, its name, its network namespace, and what it
 * may do there.
 */

#include "helpers/lxc_net.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "base/time.h"
#include "helpers/lxc_net_command.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/procfs.h"

enum {
	COMMAND_LINE_MAX = 8192,
	AT_ONCE = 64,                 /* there is one */
	PATIENCE_MILLISECONDS = 3000, /* it writes the leases before it ends */
	BIRTH_MILLISECONDS = 2000,
};

#define LEASE_DIRECTORY "/var/lib/misc"

void net_dnsmasq_lease_file(const struct net_settings *s, struct str *out)
{
	str_addf(out, LEASE_DIRECTORY "/dnsmasq.%s.leases", net_text(s, LXC_BRIDGE));
}

/* A text that lives in `room`, which must have all its memory from the start. */
static const char *keep(struct str *room, const char *before, const char *text, const char *behind)
{
	const size_t at = room->len;

	str_addf(room, "%s%s%s", before, text, behind);
	str_add_char(room, '\0');
	return str_text(room) + at;
}

static size_t add_domain(const char *domain, struct str *room, const char **words)
{
	if (!*domain)
		return 0;
	words[0] = "-s";
	words[1] = domain;
	words[2] = "-S";
	words[3] = keep(room, "/", domain, "/");
	return 4;
}

void net_dnsmasq_words(const struct net_settings *s, const char *user, struct str *room,
		       const char *words[static NET_DNSMASQ_WORDS])
{
	const char *confile = net_text(s, LXC_DHCP_CONFILE), *bridge = net_text(s, LXC_BRIDGE);
	const char *address6 = net_text(s, LXC_IPV6_ADDR);
	autostr leases = {0};
	size_t n = 0;

	net_dnsmasq_lease_file(s, &leases);
	str_begin_zeroed(room, 0,
			 512 + strlen(confile) + strlen(net_text(s, LXC_DOMAIN)) + leases.len);
	words[n++] = "dnsmasq";
	words[n++] = keep(room, "--conf-file=", *confile ? confile : "/dev/null", "");
	n += add_domain(net_text(s, LXC_DOMAIN), room, words + n);
	if (!s->dhcp_ping)
		words[n++] = "--no-ping";
	words[n++] = "-u";
	words[n++] = user;
	words[n++] = "--strict-order";
	words[n++] = "--bind-interfaces";
	words[n++] = "--pid-file=" NET_PID_FILE;
	words[n++] = "--listen-address";
	words[n++] = net_text(s, LXC_ADDR);
	words[n++] = "--dhcp-range";
	words[n++] = net_text(s, LXC_DHCP_RANGE);
	words[n++] = keep(room, "--dhcp-lease-max=", net_text(s, LXC_DHCP_MAX), "");
	words[n++] = "--dhcp-no-override";
	words[n++] = "--except-interface=lo";
	words[n++] = keep(room, "--interface=", bridge, "");
	words[n++] = keep(room, "--dhcp-leasefile=", str_text(&leases), "");
	words[n++] = "--dhcp-authoritative";
	if (s->ipv6) {
		words[n++] = keep(room, "--dhcp-range=", address6, ",ra-only");
		words[n++] = "--listen-address";
		words[n++] = address6;
	}
	words[n] = NULL;
}

static bool user_exists(const char *name)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	return getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) == 0 && found;
}

/* Whom it becomes: the first of these that there is. */
static const char *choose_user(void)
{
	static const char *const users[] = {"lxc-dnsmasq", "dnsmasq", "nobody"};

	for (size_t i = 0; i < ARRAY_LENGTH(users); i++) {
		if (user_exists(users[i]))
			return users[i];
	}
	return NULL;
}

/* --- finding it */

static bool has_word(const char *bytes, size_t len, const char *word)
{
	const size_t word_len = strlen(word);

	for (size_t at = 0; at < len; at += strlen(bytes + at) + 1) {
		if (strlen(bytes + at) == word_len && memcmp(bytes + at, word, word_len) == 0)
			return true;
	}
	return false;
}

static bool is_in_pid_file(pid_t pid)
{
	autofree char *text = NULL;
	const char *at;
	uint64_t number;

	if (file_read_all(AT_FDCWD, NET_PID_FILE, 64, &text, NULL) < 0)
		return false;
	at = text;
	return num_take_u64(&at, &number) == 0 && number == (uint64_t)pid;
}

static bool is_namespace_of(int directory, const char *theirs, const char *ours)
{
	struct stat its, own;

	return fstatat(directory, theirs, &its, 0) == 0 && stat(ours, &own) == 0 &&
	       its.st_dev == own.st_dev && its.st_ino == own.st_ino;
}

/* CAP_NET_ADMIN of our user namespace, which it keeps for DHCP under whatever user: names and words
 * can be anybody's. */
static bool may_change_network(int directory)
{
	static const char label[] = "\nCapEff:\t";
	const uint64_t net_admin = UINT64_C(1) << CAP_NET_ADMIN;
	char text[4096], digits[17] = "";
	uint64_t set = 0;
	const char *at;

	if (!is_namespace_of(directory, "ns/user", "/proc/self/ns/user") ||
	    procfs_read(directory, "status", text, sizeof(text)) < 0)
		return false;
	at = strstr(text, label);
	if (at)
		snprintf(digits, sizeof(digits), "%s", at + LITERAL_LENGTH(label));
	return num_parse_u64(digits, 16, &set) == 0 && (set & net_admin);
}

/* In our network namespace, and entitled to it. Who may not look believes the file, which is
 * root's: that is only to tell a status. */
static bool is_here(int directory, pid_t pid)
{
	struct stat its;

	if (fstatat(directory, "ns/net", &its, 0) < 0)
		return (errno == EACCES || errno == EPERM) && is_in_pid_file(pid);
	return is_namespace_of(directory, "ns/net", "/proc/self/ns/net") &&
	       may_change_network(directory);
}

static bool is_dnsmasq(pid_t pid)
{
	autoclose int directory = procfs_open_pid(pid);
	char text[COMMAND_LINE_MAX];
	int len;

	if (directory < 0 || procfs_read(directory, "comm", text, sizeof(text)) < 0 ||
	    strcmp(text, "dnsmasq\n") != 0)
		return false;
	len = procfs_read(directory, "cmdline", text, sizeof(text));
	return len > 0 && has_word(text, (size_t)len, "--pid-file=" NET_PID_FILE) &&
	       is_here(directory, pid);
}

/* The next one in the list of processes; 0 at its end. */
static pid_t next_dnsmasq(DIR *processes)
{
	const struct dirent *entry;

	while ((entry = readdir(processes))) {
		const char *at = entry->d_name;
		uint64_t pid;

		if (num_take_u64(&at, &pid) == 0 && !*at && is_dnsmasq((pid_t)pid))
			return (pid_t)pid;
	}
	return 0;
}

pid_t net_dnsmasq_find(void)
{
	DIR *processes = opendir("/proc");
	pid_t pid = processes ? next_dnsmasq(processes) : 0;

	if (processes)
		closedir(processes);
	return pid;
}

/* --- starting and stopping */

static void name_setting(const struct net_settings *s, enum net_variable variable, struct err *e)
{
	const char *origin = s->values[variable].origin;

	err_origin(e, "%s %s", origin ? origin : "default", net_variable_names[variable]);
}

static int explain_start(const struct net_settings *s, int r, struct err *e)
{
	const char *confile = net_text(s, LXC_DHCP_CONFILE);
	autostr text = {0};

	if (r == -ENOENT) {
		err_hint(e, "install dnsmasq (Debian: dnsmasq-base): without it containers get no "
			    "addresses");
		return err_wrap(e, r, "cannot start dnsmasq");
	}
	err_render_text(e, &text);
	if (strstr(str_text(&text), "already in use"))
		err_hint(e,
			 "another server of names or addresses listens everywhere: tell it to "
			 "leave out %s (dnsmasq: \"bind-interfaces\" or \"except-interface=%s\")",
			 net_text(s, LXC_BRIDGE), net_text(s, LXC_BRIDGE));
	err_wrap(e, r > 0 ? -EIO : r, "cannot start dnsmasq");
	if (strstr(err_cause(e), "bad dhcp-range"))
		name_setting(s, LXC_DHCP_RANGE, e);
	else if (*confile && strstr(err_cause(e), confile))
		name_setting(s, LXC_DHCP_CONFILE, e);
	return r > 0 ? -EIO : r;
}

/* It has answered for itself before its parent ends; a moment for a pid to be seen is given. */
static int wait_for_birth(struct err *e)
{
	const usec_t deadline = time_deadline(BIRTH_MILLISECONDS * USEC_PER_MSEC);

	while (net_dnsmasq_find() == 0) {
		const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

		if (time_left(deadline) == 0)
			return err_set(e, ERR_CHILD_DIED, 0, "dnsmasq ended at once");
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Run it with its words, and one more, or NULL. */
static int run_dnsmasq(const struct net_work *work, const char *last, struct err *e)
{
	const char *words[NET_DNSMASQ_WORDS + 1], *user = choose_user();
	const struct command command = {.argv = words, .kept_fd = -1};
	autostr room = {0};
	size_t count = 0;
	int r;

	if (!user) {
		err_set(e, ERR_EXEC_FAILED, 0,
			"dnsmasq has no user: there is no lxc-dnsmasq, dnsmasq or nobody");
		err_hint(e, "useradd --system lxc-dnsmasq");
		return -ENOENT;
	}
	net_dnsmasq_words(&work->settings, user, &room, words);
	if (str_failed(&room))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory to start dnsmasq");
	while (words[count])
		count++;
	words[count] = last;
	words[count + 1] = NULL;
	r = command_run(&command, e);
	return r == 0 ? 0 : explain_start(&work->settings, r, e);
}

/* A directory it takes for a file of nothing. */
static int check_confile(const struct net_settings *s, struct err *e)
{
	const char *path = net_text(s, LXC_DHCP_CONFILE);
	autoclose int fd = -EBADF;
	struct stat st;

	if (!*path)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		err_set(e, ERR_FILE_OPEN, errno, "cannot read the file \"%s\"", path);
	else if (!S_ISREG(st.st_mode))
		err_set(e, ERR_FILE_OPEN, 0, "\"%s\" is no file", path);
	else
		return 0;
	name_setting(s, LXC_DHCP_CONFILE, e);
	return -EINVAL;
}

int net_dnsmasq_check(const struct net_work *work, struct err *e)
{
	int r = check_confile(&work->settings, e);

	return r == 0 ? run_dnsmasq(work, "--test", e) : r;
}

int net_dnsmasq_up(const struct net_work *work, struct err *e)
{
	int r = directory_make_parents(LEASE_DIRECTORY "/x", 0755);

	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "cannot make the directory \"%s\"",
			       LEASE_DIRECTORY);
	r = run_dnsmasq(work, NULL, e);
	return r == 0 ? wait_for_birth(e) : r;
}

/* A handle of the next one, or 0 at the end of the list. */
static int open_next(DIR *processes)
{
	pid_t pid;

	while ((pid = next_dnsmasq(processes)) > 0) {
		autoclose int pidfd = process_open(pid);

		if (pidfd < 0 && pidfd != -ESRCH)
			return pidfd;
		/* Somebody else may have the number since. */
		if (pidfd >= 0 && is_dnsmasq(pid))
			return take_fd(pidfd);
	}
	return 0;
}

/* All get the same time to end. */
static int end_all(const int *pidfds, size_t count)
{
	static const int signals[] = {SIGTERM, SIGKILL};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
		const usec_t deadline = time_deadline(PATIENCE_MILLISECONDS * USEC_PER_MSEC);
		size_t ended = 0;

		for (size_t j = 0; j < count; j++) {
			r = process_signal(pidfds[j], signals[i]);
			if (r < 0 && r != -ESRCH)
				return r;
		}
		for (size_t j = 0; j < count; j++) {
			r = process_poll(pidfds[j], (int)(time_left(deadline) / USEC_PER_MSEC));
			if (r < 0)
				return r;
			ended += r == 1;
		}
		if (ended == count)
			return 0;
	}
	return -ETIMEDOUT;
}

static int end_found(DIR *processes)
{
	int pidfds[AT_ONCE];
	size_t count = 0;
	int r = 0;

	while (count < AT_ONCE && (r = open_next(processes)) > 0)
		pidfds[count++] = r;
	if (r >= 0)
		r = end_all(pidfds, count);
	for (size_t i = 0; i < count; i++)
		close(pidfds[i]);
	return r;
}

int net_dnsmasq_down(struct err *e)
{
	DIR *processes = opendir("/proc");
	int r;

	if (!processes)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot look for dnsmasq in \"/proc\"");
	r = end_found(processes);
	closedir(processes);
	if (r < 0)
		err_set(e, ERR_SYSTEM, -r, "cannot end dnsmasq");
	if (r == 0 && unlink(NET_PID_FILE) < 0 && errno != ENOENT)
		r = err_set(e, ERR_FILE_WRITE, errno, "cannot remove the file \"%s\"",
			    NET_PID_FILE);
	return r;
}
