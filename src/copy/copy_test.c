/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * copy_tree() as its callers see it: progress, cancelling, counts, errors, descriptors. What is
 * exact about a copy is shown by tests/copy.
 */

#include "copy/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

struct place {
	char top[64];
	int source_fd, target_fd;
};

static void write_file(int dirfd, const char *name, size_t size)
{
	autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	autofree char *bytes = calloc(1, size + 1);

	assert_true(fd >= 0);
	memset(bytes, 'x', size);
	assert_int_equal(write(fd, bytes, size), size);
}

static int make_folder(int dirfd, const char *name)
{
	int fd;

	assert_int_equal(mkdirat(dirfd, name, 0755), 0);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	const char *base = getenv("TMPDIR");
	autoclose int top = -EBADF;

	snprintf(p->top, sizeof(p->top), "%.40s/tare-copy-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(p->top));
	top = open(p->top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	p->source_fd = make_folder(top, "source");
	p->target_fd = make_folder(top, "target");
	*state = p;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct place *p = *state;

	close(p->source_fd);
	close(p->target_fd);
	nftw(p->top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

static bool exists(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static unsigned count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

struct calls {
	unsigned count;
	struct copy_progress last;
	atomic_bool *cancel;
};

static void remember(void *data, const struct copy_progress *progress)
{
	struct calls *calls = data;

	calls->count++;
	calls->last = *progress;
	if (calls->cancel)
		atomic_store(calls->cancel, true);
}

static void a_copy_is_counted(void **state)
{
	struct place *p = *state;
	struct calls calls = {};
	const struct copy_options options = {
		.progress = remember,
		.progress_data = &calls,
		.total_bytes = 77,
		.total_files = 7,
		.sync = true,
	};
	unsigned before = count_descriptors();
	struct copy_result result;
	autoclose int folder = make_folder(p->source_fd, "folder");
	struct err e = {};

	write_file(p->source_fd, "one", 1000);
	write_file(folder, "two", 234);
	assert_int_equal(linkat(folder, "two", p->source_fd, "three", 0), 0);
	assert_int_equal(symlinkat("one", p->source_fd, "four"), 0);
	assert_int_equal(copy_tree(p->source_fd, p->target_fd, &options, &result, &e), 0);
	assert_int_equal(result.done.files, 4);
	assert_int_equal(result.done.directories, 1);
	assert_int_equal(result.done.bytes, 1234);
	assert_true(calls.count > 0);
	assert_int_equal(calls.last.files, 4);
	assert_int_equal(calls.last.total_bytes, 77);
	assert_int_equal(calls.last.total_files, 7);
	assert_true(exists(p->target_fd, "folder/two"));
	assert_int_equal(count_descriptors(), before + 1);
}

static void make_some(int dirfd)
{
	autoclose int folder = make_folder(dirfd, "folder");
	autoclose int inner = make_folder(folder, "inner");

	write_file(dirfd, "one", 1000);
	write_file(inner, "two", 234);
	assert_int_equal(linkat(inner, "two", dirfd, "three", 0), 0);
	assert_int_equal(symlinkat("one", dirfd, "four"), 0);
	assert_int_equal(mkfifoat(folder, "five", 0600), 0);
	write_file(folder, "empty", 0);
}

static void counting_tells_what_a_copy_will_do(void **state)
{
	struct place *p = *state;
	const struct copy_options options = {};
	unsigned before = count_descriptors();
	struct copy_progress counted;
	struct copy_result result;

	make_some(p->source_fd);
	assert_int_equal(copy_count(p->source_fd, &options, &counted, NULL), 0);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(counted.files, 6);
	assert_int_equal(counted.directories, 2);
	assert_int_equal(counted.bytes, 1234);
	assert_int_equal(copy_tree(p->source_fd, p->target_fd, &options, &result, NULL), 0);
	assert_memory_equal(&counted, &result.done, sizeof(counted));
}

static void counting_can_be_cancelled(void **state)
{
	struct place *p = *state;
	const atomic_bool cancel = true;
	const struct copy_options options = {.cancel = &cancel};
	unsigned before = count_descriptors();
	struct copy_progress counted;
	struct err e = {};

	make_some(p->source_fd);
	assert_int_equal(copy_count(p->source_fd, &options, &counted, &e), -ECANCELED);
	assert_int_equal(count_descriptors(), before);
}

static void make_many(int dirfd, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", i);
		write_file(dirfd, name, 10000);
	}
}

/* Whoever counts may lose the race: then nobody knows the totals, but wrong they never are. */
static void totals_are_counted_while_a_copy_runs(void **state)
{
	enum { FILES = 2000, TRIES = 20 };
	struct place *p = *state;
	struct calls calls = {};
	const struct copy_options options = {
		.threads = 1,
		.count = true,
		.progress = remember,
		.progress_data = &calls,
		.interval = 1000,
	};
	autoclose int top = openat(p->target_fd, "..", O_PATH | O_CLOEXEC);
	unsigned before = count_descriptors(), tries = 0;
	struct copy_result result = {};

	make_many(p->source_fd, FILES);
	while (result.done.total_files == 0 && tries < TRIES) {
		char name[16];
		autoclose int target = -EBADF;

		snprintf(name, sizeof(name), "target%u", tries++);
		target = make_folder(top, name);
		assert_int_equal(copy_tree(p->source_fd, target, &options, &result, NULL), 0);
	}
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(result.done.total_files, FILES);
	assert_int_equal(result.done.total_bytes, FILES * 10000);
	assert_int_equal(calls.last.total_files, FILES);
}

static void an_empty_directory_is_copied(void **state)
{
	struct place *p = *state;
	struct copy_options options = {.threads = 1};
	struct copy_result result;
	struct stat status;

	assert_int_equal(fchmod(p->source_fd, 01751), 0);
	assert_int_equal(copy_tree(p->source_fd, p->target_fd, &options, &result, NULL), 0);
	assert_int_equal(fstat(p->target_fd, &status), 0);
	assert_int_equal(status.st_mode & 07777, 01751);
}

static void descriptors_without_rights_to_read_will_do(void **state)
{
	struct place *p = *state;
	autoclose int source = openat(p->source_fd, ".", O_PATH | O_CLOEXEC);
	autoclose int target = openat(p->target_fd, ".", O_PATH | O_CLOEXEC);
	struct copy_options options = {};
	struct copy_result result;

	write_file(p->source_fd, "file", 1);
	assert_int_equal(copy_tree(source, target, &options, &result, NULL), 0);
	assert_true(exists(p->target_fd, "file"));
}

static void a_target_with_something_in_it_is_refused(void **state)
{
	struct place *p = *state;
	struct copy_options options = {};
	struct copy_result result;
	struct err e = {};

	write_file(p->target_fd, "mine", 3);
	assert_int_equal(copy_tree(p->source_fd, p->target_fd, &options, &result, &e), -ENOTEMPTY);
	assert_string_equal(err_cause(&e), "the copy's target has \"mine\" in it");
	assert_true(exists(p->target_fd, "mine"));
}

static void cancelling_ends_a_copy(void **state)
{
	struct place *p = *state;
	atomic_bool cancel = false;
	struct calls calls = {.cancel = &cancel};
	const struct copy_options options = {
		.cancel = &cancel,
		.progress = remember,
		.progress_data = &calls,
		.interval = 1000,
	};
	unsigned before = count_descriptors();
	struct copy_result result;
	struct err e = {};

	make_many(p->source_fd, 3000);
	assert_int_equal(copy_tree(p->source_fd, p->target_fd, &options, &result, &e), -ECANCELED);
	assert_string_equal(err_cause(&e), "the copy was cancelled");
	assert_true(result.done.files < 3000);
	assert_int_equal(count_descriptors(), before);
}

static void a_failure_is_told_by_its_place(void **state)
{
	struct place *p = *state;
	const struct copy_range range = {.from = {500}, .to = {500}, .count = 1};
	const struct copy_options options = {.gids = {.items = &range, .count = 1}};
	struct copy_result result;
	struct err e = {};
	autoclose int a = make_folder(p->source_fd, "a");
	autoclose int b = make_folder(a, "b");

	if (getegid() == 500)
		skip();
	write_file(b, "file", 1);
	assert_int_equal(copy_tree(p->source_fd, p->target_fd, &options, &result, &e), -EOVERFLOW);
	assert_string_equal(err_cause(&e), "cannot shift the owner of \"a/b/file\"");
	assert_int_equal(e.id, ERR_ID_MAP);
}

static void the_umask_of_the_process_does_not_matter(void **state)
{
	struct place *p = *state;
	struct copy_options options = {};
	struct copy_result result;
	struct stat status;
	autoclose int folder = make_folder(p->source_fd, "folder");
	mode_t before;

	write_file(p->source_fd, "file", 1);
	assert_int_equal(fchmodat(p->source_fd, "file", 0666, 0), 0);
	assert_int_equal(fchmod(folder, 0777), 0);
	before = umask(0777);
	assert_int_equal(copy_tree(p->source_fd, p->target_fd, &options, &result, NULL), 0);
	assert_int_equal(umask(before), 0777);
	assert_int_equal(fstatat(p->target_fd, "file", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0666);
	assert_int_equal(fstatat(p->target_fd, "folder", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0777);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_copy_is_counted),
		TEST(counting_tells_what_a_copy_will_do),
		TEST(counting_can_be_cancelled),
		TEST(totals_are_counted_while_a_copy_runs),
		TEST(an_empty_directory_is_copied),
		TEST(descriptors_without_rights_to_read_will_do),
		TEST(a_target_with_something_in_it_is_refused),
		TEST(cancelling_ends_a_copy),
		TEST(a_failure_is_told_by_its_place),
		TEST(the_umask_of_the_process_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
