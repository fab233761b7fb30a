/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading and replacing whole files in a directory made for each test. What needs root (another
 * owner, a full file system) is skipped without it, with the reason. Calls that do not fail by
 * themselves are wrapped at link time and fail on command.
 */

#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

int __real_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_clock_gettime(clockid_t clock, struct timespec *ret);
ssize_t __real_read(int fd, void *bytes, size_t len);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __real_getrandom(void *bytes, size_t len, unsigned flags);
ssize_t __real_readlinkat(int dirfd, const char *path, char *target, size_t len);
void *__real_realloc(void *old, size_t size);
int __wrap_fsync(int fd);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
ssize_t __wrap_read(int fd, void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_getrandom(void *bytes, size_t len, unsigned flags);
ssize_t __wrap_readlinkat(int dirfd, const char *path, char *target, size_t len);
void *__wrap_realloc(void *old, size_t size);

/* After `skip` good calls, `times` calls of this name fail with errnum. */
static struct {
	const char *call;
	int errnum;
	unsigned skip;
	unsigned times;
} fault;

/* So many names in a row are the same. */
static unsigned same_names;

static bool is_clock_stopped;

/* The name that the last file to be renamed had before. */
static char temporary[NAME_MAX + 1];

static bool is_failing(const char *call)
{
	if (!fault.call || strcmp(fault.call, call) != 0 || fault.times == 0)
		return false;
	if (fault.skip > 0) {
		fault.skip--;
		return false;
	}
	fault.times--;
	errno = fault.errnum;
	return true;
}

int __wrap_fsync(int fd)
{
	return is_failing("fsync") ? -1 : __real_fsync(fd);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return is_failing("fchmod") ? -1 : __real_fchmod(fd, mode);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	snprintf(temporary, sizeof(temporary), "%s", from);
	return is_failing("renameat") ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	if (!is_clock_stopped)
		return __real_clock_gettime(clock, ret);
	*ret = (struct timespec){.tv_sec = 1, .tv_nsec = 999999999};
	return 0;
}

ssize_t __wrap_read(int fd, void *bytes, size_t len)
{
	return is_failing("read") ? -1 : __real_read(fd, bytes, len);
}

/* Writes three bytes at a time, as a file system may. */
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	return is_failing("write") ? -1 : __real_write(fd, bytes, len < 3 ? len : 3);
}

ssize_t __wrap_getrandom(void *bytes, size_t len, unsigned flags)
{
	if (is_failing("getrandom"))
		return -1;
	if (same_names == 0)
		return __real_getrandom(bytes, len, flags);
	same_names--;
	memset(bytes, 0, len);
	return (ssize_t)len;
}

ssize_t __wrap_readlinkat(int dirfd, const char *path, char *target, size_t len)
{
	if (is_failing("readlinkat"))
		return -1;
	if (fault.call && strcmp(fault.call, "readlinkat-long") == 0)
		return (ssize_t)len;
	return __real_readlinkat(dirfd, path, target, len);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_failing("realloc") ? NULL : __real_realloc(old, size);
}

struct fixture {
	char path[64];
	int dir_fd;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->path, sizeof(f->path), "/tmp/tare-file-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->dir_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->dir_fd >= 0);
	umask(022);
	memset(&fault, 0, sizeof(fault));
	same_names = 0;
	is_clock_stopped = false;
	*state = f;
	return 0;
}

/* Everything in the directory, one level deep. */
static int teardown(void **state)
{
	struct fixture *f = *state;
	DIR *dir = opendir(f->path);
	const struct dirent *entry;

	assert_non_null(dir);
	fchmod(f->dir_fd, 0700);
	while ((entry = readdir(dir))) {
		if (unlinkat(f->dir_fd, entry->d_name, 0) < 0)
			unlinkat(f->dir_fd, entry->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
	close(f->dir_fd);
	rmdir(f->path);
	free(f);
	return 0;
}

static int count_entries(const struct fixture *f)
{
	DIR *dir = opendir(f->path);
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void put(const struct fixture *f, const char *name, const char *text, mode_t mode)
{
	int fd = openat(f->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	for (; *text; text++)
		assert_int_equal(write(fd, text, 1), 1);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_content(const struct fixture *f, const char *name, const char *expected)
{
	autofree char *text = NULL;
	size_t len;

	assert_int_equal(file_read_all(f->dir_fd, name, 1 << 20, &text, &len), 0);
	assert_int_equal(len, strlen(expected));
	assert_string_equal(text, expected);
}

static int replace(const struct fixture *f, const char *name, const char *text)
{
	return file_replace(f->dir_fd, name, text, strlen(text), 0660);
}

static mode_t mode_of(const struct fixture *f, const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(f->dir_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_mode & 07777;
}

/* Run a check in a child process that may change what it is; its exit code is the result. */
static int run_child(int (*check)(const struct fixture *f), const struct fixture *f)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(check(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void reading_gives_the_whole_file_terminated(void **state)
{
	const struct fixture *f = *state;
	static char large[100001];
	autofree char *text = NULL;
	autofree char *empty = NULL;
	size_t len;

	memset(large, 'x', sizeof(large) - 1);
	put(f, "large", large, 0600);
	assert_int_equal(file_read_all(f->dir_fd, "large", SIZE_MAX, &text, &len), 0);
	assert_int_equal(len, 100000);
	assert_string_equal(text, large);

	put(f, "empty", "", 0600);
	assert_int_equal(file_read_all(f->dir_fd, "empty", 0, &empty, NULL), 0);
	assert_string_equal(empty, "");
}

static void reading_works_on_files_that_do_not_tell_their_size(void **state)
{
	autofree char *text = NULL;
	size_t len;

	assert_int_equal(file_read_all(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, &len), 0);
	assert_true(len > 0);
	assert_int_equal(strlen(text), len);
}

static void reading_a_descriptor_begins_where_it_stands(void **state)
{
	const struct fixture *f = *state;
	autofree char *text = NULL;
	size_t len;
	int fd;

	put(f, "ten", "0123456789", 0600);
	fd = openat(f->dir_fd, "ten", O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 6, SEEK_SET), 6);
	assert_int_equal(file_read_fd(fd, 4, &text, &len), 0);
	assert_string_equal(text, "6789");
	assert_int_equal(len, 4);
	assert_int_equal(file_read_fd(-EBADF, 4, NULL, NULL), -EBADF);
	close(fd);
}

static void reading_stops_at_the_limit(void **state)
{
	const struct fixture *f = *state;
	autofree char *exact = NULL;
	char *text = NULL;
	size_t len = 7;

	put(f, "ten", "0123456789", 0600);
	assert_int_equal(file_read_all(f->dir_fd, "ten", 10, &exact, NULL), 0);
	assert_int_equal(file_read_all(f->dir_fd, "ten", 9, &text, &len), -EFBIG);
	assert_int_equal(file_read_all(AT_FDCWD, "/dev/zero", 100000, &text, &len), -EFBIG);
	assert_null(text);
	assert_int_equal(len, 7);
}

static void reading_reports_what_cannot_be_read(void **state)
{
	const struct fixture *f = *state;
	char *text = NULL;

	assert_int_equal(file_read_all(f->dir_fd, "missing", 10, &text, NULL), -ENOENT);
	assert_int_equal(file_read_all(f->dir_fd, ".", 10, &text, NULL), -EISDIR);
	assert_null(text);
}

static void a_new_file_gets_the_mode_and_the_umask(void **state)
{
	const struct fixture *f = *state;

	umask(027);
	assert_int_equal(replace(f, "new", "content\n"), 0);
	umask(022);
	assert_content(f, "new", "content\n");
	assert_int_equal(mode_of(f, "new"), 0640);
	assert_int_equal(count_entries(f), 1);
}

static void an_old_file_keeps_its_mode(void **state)
{
	const struct fixture *f = *state;

	put(f, "old", "before", 0751);
	assert_int_equal(replace(f, "old", "after"), 0);
	assert_content(f, "old", "after");
	assert_int_equal(mode_of(f, "old"), 0751);
	assert_int_equal(count_entries(f), 1);
}

static void new_content_does_not_get_the_rights_of_the_old(void **state)
{
	const struct fixture *f = *state;

	put(f, "old", "before", 07755);
	assert_int_equal(replace(f, "old", "after"), 0);
	assert_int_equal(mode_of(f, "old"), 0755);
}

static void content_may_be_empty_or_hold_any_bytes(void **state)
{
	const struct fixture *f = *state;
	autofree char *text = NULL;
	size_t len;

	assert_int_equal(replace(f, "empty", ""), 0);
	assert_content(f, "empty", "");
	assert_int_equal(file_replace(f->dir_fd, "bytes", "a\0b", 3, 0600), 0);
	assert_int_equal(file_read_all(f->dir_fd, "bytes", 3, &text, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\0b", 4);
}

static void an_open_reader_keeps_the_old_content(void **state)
{
	const struct fixture *f = *state;
	char buffer[16] = "";
	int fd;

	put(f, "file", "before", 0600);
	fd = openat(f->dir_fd, "file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(replace(f, "file", "after"), 0);
	assert_int_equal(read(fd, buffer, sizeof(buffer) - 1), 6);
	assert_string_equal(buffer, "before");
	close(fd);
}

static void links_are_kept_and_what_they_lead_to_is_replaced(void **state)
{
	const struct fixture *f = *state;
	char absolute[128];
	struct stat status;

	assert_int_equal(mkdirat(f->dir_fd, "sub", 0700), 0);
	put(f, "target", "before", 0604);
	assert_int_equal(symlinkat("sub/../second", f->dir_fd, "first"), 0);
	snprintf(absolute, sizeof(absolute), "%s/target", f->path);
	assert_int_equal(symlinkat(absolute, f->dir_fd, "second"), 0);

	assert_int_equal(replace(f, "first", "after"), 0);
	assert_content(f, "target", "after");
	assert_int_equal(mode_of(f, "target"), 0604);
	assert_int_equal(fstatat(f->dir_fd, "first", &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(count_entries(f), 4);
}

static void a_link_to_nothing_gets_its_target_made(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(symlinkat("made", f->dir_fd, "link"), 0);
	assert_int_equal(replace(f, "link", "content"), 0);
	assert_content(f, "made", "content");
}

static void links_in_a_circle_are_an_error(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(symlinkat("two", f->dir_fd, "one"), 0);
	assert_int_equal(symlinkat("one", f->dir_fd, "two"), 0);
	assert_int_equal(replace(f, "one", "x"), -ELOOP);
	assert_int_equal(symlinkat("missing/x", f->dir_fd, "three"), 0);
	assert_int_equal(replace(f, "three", "x"), -ENOENT);
}

/* As fs.protected_symlinks has it, whatever that is set to on this host. */
static void links_of_strangers_in_a_directory_like_tmp_are_refused(void **state)
{
	const struct fixture *f = *state;

	if (geteuid() != 0) {
		print_message("# skipped: needs root to own links of others\n");
		skip();
	}
	put(f, "victim", "before", 0644);
	assert_int_equal(symlinkat("victim", f->dir_fd, "link"), 0);
	assert_int_equal(fchmod(f->dir_fd, 01777), 0);
	assert_int_equal(replace(f, "link", "mine"), 0);
	assert_content(f, "victim", "mine");

	assert_int_equal(fchownat(f->dir_fd, "link", 1234, 1234, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(replace(f, "link", "theirs"), -EACCES);
	assert_content(f, "victim", "mine");
	assert_int_equal(count_entries(f), 2);

	assert_int_equal(fchmod(f->dir_fd, 0777), 0);
	assert_int_equal(replace(f, "link", "shared"), 0);
	assert_int_equal(fchown(f->dir_fd, 1234, 1234), 0);
	assert_int_equal(fchmod(f->dir_fd, 01777), 0);
	assert_int_equal(replace(f, "link", "the owner of the directory"), 0);
	assert_content(f, "victim", "the owner of the directory");
}

static void names_up_to_the_longest_work(void **state)
{
	const struct fixture *f = *state;
	char ascii[NAME_MAX + 2];
	char umlauts[NAME_MAX + 1];

	memset(ascii, 'n', sizeof(ascii));
	ascii[NAME_MAX] = '\0';
	assert_int_equal(replace(f, ascii, "one"), 0);
	assert_int_equal(replace(f, ascii, "two"), 0);
	assert_content(f, ascii, "two");

	for (size_t i = 0; i < NAME_MAX - 1; i += 2)
		memcpy(umlauts + i, "ü", 2);
	umlauts[NAME_MAX - 1] = '\0';
	assert_int_equal(replace(f, umlauts, "three"), 0);
	assert_content(f, umlauts, "three");
	assert_int_equal(count_entries(f), 2);

	memset(ascii, 'n', sizeof(ascii));
	ascii[NAME_MAX + 1] = '\0';
	assert_int_equal(replace(f, ascii, "x"), -ENAMETOOLONG);
}

static void what_is_no_regular_file_is_left_alone(void **state)
{
	const struct fixture *f = *state;
	char long_path[PATH_MAX + 8];

	assert_int_equal(mkdirat(f->dir_fd, "dir", 0700), 0);
	assert_int_equal(mkfifoat(f->dir_fd, "fifo", 0600), 0);
	assert_int_equal(replace(f, "dir", "x"), -EISDIR);
	assert_int_equal(replace(f, "dir/", "x"), -EISDIR);
	assert_int_equal(replace(f, ".", "x"), -EISDIR);
	assert_int_equal(replace(f, "dir/..", "x"), -EISDIR);
	assert_int_equal(replace(f, "", "x"), -ENOENT);
	assert_int_equal(replace(f, "fifo", "x"), -EINVAL);
	assert_int_equal(replace(f, "missing/file", "x"), -ENOENT);
	assert_int_equal(replace(f, "fifo/file", "x"), -ENOTDIR);

	memset(long_path, '/', sizeof(long_path));
	memcpy(long_path + sizeof(long_path) - 2, "x", 2);
	assert_int_equal(replace(f, long_path, "x"), -ENAMETOOLONG);
	assert_int_equal(count_entries(f), 2);
}

static void a_failure_at_any_point_changes_nothing(void **state)
{
	static const char *const calls[] = {"readlinkat", "write", "fchmod", "fsync", "renameat"};
	const struct fixture *f = *state;

	put(f, "file", "before", 0640);
	assert_int_equal(symlinkat("file", f->dir_fd, "link"), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
		fault.call = calls[i];
		fault.errnum = EIO;
		fault.times = 1;
		assert_int_equal(replace(f, "link", "after"), -EIO);
		assert_int_equal(fault.times, 0);
		assert_content(f, "file", "before");
		assert_int_equal(mode_of(f, "file"), 0640);
		assert_int_equal(count_entries(f), 2);
	}
	fault.call = "readlinkat-long";
	assert_int_equal(replace(f, "link", "after"), -ENAMETOOLONG);
	assert_content(f, "file", "before");
}

static void a_directory_that_cannot_be_flushed_is_told_after_the_fact(void **state)
{
	const struct fixture *f = *state;

	put(f, "file", "before", 0640);
	fault.call = "fsync";
	fault.errnum = EIO;
	fault.skip = 1;
	fault.times = 1;
	assert_int_equal(replace(f, "file", "after"), -EIO);
	assert_content(f, "file", "after");
	assert_int_equal(count_entries(f), 1);

	/* This is how some file systems say that there is nothing to flush. */
	fault.errnum = EINVAL;
	fault.skip = 1;
	fault.times = 1;
	assert_int_equal(replace(f, "file", "again"), 0);
	assert_content(f, "file", "again");
}

static void interrupted_calls_go_on(void **state)
{
	const struct fixture *f = *state;

	fault.call = "write";
	fault.errnum = EINTR;
	fault.skip = 1;
	fault.times = 2;
	assert_int_equal(replace(f, "file", "a text of more than three bytes"), 0);
	assert_int_equal(fault.times, 0);
	fault.call = "read";
	fault.times = 2;
	assert_content(f, "file", "a text of more than three bytes");
	assert_int_equal(fault.times, 0);
}

static void failures_to_read_give_nothing(void **state)
{
	const struct fixture *f = *state;
	char *text = NULL;

	put(f, "file", "content", 0600);
	fault.call = "read";
	fault.errnum = EIO;
	fault.skip = 1;
	fault.times = 1;
	assert_int_equal(file_read_all(f->dir_fd, "file", 100, &text, NULL), -EIO);
	fault.call = "realloc";
	fault.errnum = ENOMEM;
	fault.times = 1;
	assert_int_equal(file_read_all(f->dir_fd, "file", 100, &text, NULL), -ENOMEM);
	assert_null(text);
}

static void names_that_are_taken_are_not_touched(void **state)
{
	const struct fixture *f = *state;

	put(f, ".file.tare-aaaaaa", "somebody's", 0600);
	same_names = 3;
	assert_int_equal(replace(f, "file", "content"), 0);
	assert_int_equal(same_names, 0);
	assert_content(f, "file", "content");

	same_names = 1000;
	assert_int_equal(replace(f, "file", "other"), -EEXIST);
	assert_content(f, "file", "content");
	assert_content(f, ".file.tare-aaaaaa", "somebody's");
	assert_int_equal(count_entries(f), 2);
}

/* Early in boot getrandom(2) has nothing to give, and would wait for long. */
static void without_random_bytes_names_are_found_all_the_same(void **state)
{
	const struct fixture *f = *state;

	fault.call = "getrandom";
	fault.errnum = EAGAIN;
	fault.times = 2;
	assert_int_equal(replace(f, "file", "one"), 0);
	assert_int_equal(replace(f, "file", "two"), 0);
	assert_int_equal(fault.times, 0);
	assert_content(f, "file", "two");
	assert_int_equal(count_entries(f), 1);
}

static void names_without_random_bytes_differ_in_each_attempt(void **state)
{
	const struct fixture *f = *state;

	fault.call = "getrandom";
	fault.errnum = EAGAIN;
	fault.times = 1000;
	is_clock_stopped = true;
	assert_int_equal(replace(f, "file", "content"), 0);
	for (int i = 1; i < 16; i++) {
		put(f, temporary, "somebody's", 0600);
		assert_int_equal(replace(f, "file", "other"), 0);
		assert_int_equal(count_entries(f), 1 + i);
	}
	put(f, temporary, "somebody's", 0600);
	assert_int_equal(replace(f, "file", "content"), -EEXIST);
	assert_content(f, "file", "other");
}

static int replace_as_nobody(const struct fixture *f)
{
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 100;
	return -file_replace(f->dir_fd, "file", "after", 5, 0660);
}

static void a_read_only_directory_changes_nothing(void **state)
{
	const struct fixture *f = *state;

	if (geteuid() != 0) {
		print_message("# skipped: needs root to become another user\n");
		skip();
	}
	put(f, "file", "before", 0666);
	assert_int_equal(fchmod(f->dir_fd, 0755), 0);
	assert_int_equal(run_child(replace_as_nobody, f), EACCES);
	assert_content(f, "file", "before");
	assert_int_equal(count_entries(f), 1);
}

static void a_file_of_somebody_else_is_not_taken_over(void **state)
{
	const struct fixture *f = *state;

	if (geteuid() != 0) {
		print_message("# skipped: needs root to become another user\n");
		skip();
	}
	put(f, "file", "before", 0666);
	assert_int_equal(fchmod(f->dir_fd, 0777), 0);
	assert_int_equal(run_child(replace_as_nobody, f), EPERM);
	assert_content(f, "file", "before");
	assert_int_equal(count_entries(f), 1);
}

static void a_read_only_file_is_respected(void **state)
{
	const struct fixture *f = *state;

	if (geteuid() != 0) {
		print_message("# skipped: needs root to become another user\n");
		skip();
	}
	put(f, "file", "before", 0444);
	assert_int_equal(fchownat(f->dir_fd, "file", 65534, 65534, 0), 0);
	assert_int_equal(fchmod(f->dir_fd, 0777), 0);
	assert_int_equal(run_child(replace_as_nobody, f), EACCES);
	assert_content(f, "file", "before");
}

static void root_gives_the_file_back_to_its_owner(void **state)
{
	const struct fixture *f = *state;
	struct stat status;

	if (geteuid() != 0) {
		print_message("# skipped: needs root to own files of others\n");
		skip();
	}
	put(f, "file", "before", 0640);
	assert_int_equal(fchownat(f->dir_fd, "file", 1234, 4321, 0), 0);
	assert_int_equal(replace(f, "file", "after"), 0);
	assert_int_equal(fstatat(f->dir_fd, "file", &status, 0), 0);
	assert_int_equal(status.st_uid, 1234);
	assert_int_equal(status.st_gid, 4321);
	assert_int_equal(status.st_mode & 07777, 0640);
}

enum {
	CHILD_NO_MOUNT = 200,
	CHILD_DAMAGED = 201,
};

/* On a tmpfs of four pages; the result is the error, when the old content and nothing else is left.
 */
static int fill_tmpfs(const struct fixture *f)
{
	static char large[64 * 1024];
	struct fixture inside = *f;
	char *text = NULL;
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", f->path, "tmpfs", 0, "size=16k") < 0)
		return CHILD_NO_MOUNT;
	inside.dir_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file_replace(inside.dir_fd, "file", "before", 6, 0600) < 0)
		return CHILD_DAMAGED;
	r = file_replace(inside.dir_fd, "file", large, sizeof(large), 0600);
	if (file_read_all(inside.dir_fd, "file", 100, &text, NULL) < 0 ||
	    strcmp(text, "before") != 0 || count_entries(&inside) != 1)
		return CHILD_DAMAGED;
	free(text);
	return -r;
}

static void a_full_file_system_leaves_the_old_content(void **state)
{
	int result = run_child(fill_tmpfs, *state);

	if (result == CHILD_NO_MOUNT) {
		print_message("# skipped: may not mount a tmpfs in a mount namespace\n");
		skip();
	}
	assert_int_equal(result, ENOSPC);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(reading_gives_the_whole_file_terminated),
		test(reading_works_on_files_that_do_not_tell_their_size),
		test(reading_a_descriptor_begins_where_it_stands),
		test(reading_stops_at_the_limit),
		test(reading_reports_what_cannot_be_read),
		test(a_new_file_gets_the_mode_and_the_umask),
		test(an_old_file_keeps_its_mode),
		test(new_content_does_not_get_the_rights_of_the_old),
		test(content_may_be_empty_or_hold_any_bytes),
		test(an_open_reader_keeps_the_old_content),
		test(links_are_kept_and_what_they_lead_to_is_replaced),
		test(a_link_to_nothing_gets_its_target_made),
		test(links_in_a_circle_are_an_error),
		test(links_of_strangers_in_a_directory_like_tmp_are_refused),
		test(names_up_to_the_longest_work),
		test(what_is_no_regular_file_is_left_alone),
		test(a_failure_at_any_point_changes_nothing),
		test(a_directory_that_cannot_be_flushed_is_told_after_the_fact),
		test(interrupted_calls_go_on),
		test(failures_to_read_give_nothing),
		test(names_that_are_taken_are_not_touched),
		test(without_random_bytes_names_are_found_all_the_same),
		test(names_without_random_bytes_differ_in_each_attempt),
		test(a_read_only_directory_changes_nothing),
		test(a_file_of_somebody_else_is_not_taken_over),
		test(a_read_only_file_is_respected),
		test(root_gives_the_file_back_to_its_owner),
		test(a_full_file_system_leaves_the_old_content),
	};

	return cmocka_run_group_tests_name("sys/file", tests, NULL, NULL);
}
