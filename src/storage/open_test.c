/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * storage_open() on files and directories of the test's own: what can be read and written, and that
 * nothing is left. Needs root; in a mount namespace of its own, with a tmpfs for the directories of
 * overlays, which can't lie on an overlay.
 */

#include "storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "sys/loop_device.h"

enum { IMAGE_SIZE = 300 << 20 };

static char top[] = "/tmp/tare-open-XXXXXX";

static const char *below(char ret[static 256], const char *name)
{
	snprintf(ret, 256, "%s/%s", top, name);
	return ret;
}

static int setup(void **state)
{
	memcpy(top, "/tmp/tare-open-XXXXXX", sizeof(top));
	assert_non_null(mkdtemp(top));
	assert_int_equal(mount("none", top, "tmpfs", 0, "size=400m"), 0);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(umount(top), 0);
	return rmdir(top);
}

static int own_namespace(void **state)
{
	return unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0;
}

static void run(const char *const *argv)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s failed", argv[0]);
}

static const char *make_image(char path[static 256], const char *program, const char *flag)
{
	const char *const argv[] = {program, "-q", flag, path, NULL};
	int fd = open(below(path, "image"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, IMAGE_SIZE), 0);
	close(fd);
	run(argv);
	return path;
}

static void put(int dirfd, const char *name, const char *text)
{
	autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void expect_text(int dirfd, const char *name, const char *text)
{
	autoclose int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	char buf[64] = "";

	assert_true(fd >= 0);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	assert_string_equal(buf, text);
}

static int open_volume(enum rootfs_type type, const char *path, const char *options, unsigned flags,
		       struct err *e)
{
	const struct storage_volume volume = {type, (char *)path};

	return storage_open(&volume, options, flags, e);
}

static int open_well(enum rootfs_type type, const char *path, unsigned flags)
{
	struct err e = {};
	int fd = open_volume(type, path, NULL, flags, &e);

	if (fd < 0)
		fail_msg("%s: %d", err_cause(&e), fd);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	return fd;
}

static void expect_read_only(int dirfd)
{
	assert_int_equal(mkdirat(dirfd, "more", 0755), -1);
	assert_int_equal(errno, EROFS);
}

static void a_directory_is_itself(void **state)
{
	int fd = open_well(ROOTFS_DIR, top, 0);

	put(fd, "file", "text");
	close(fd);
	fd = open_well(ROOTFS_BTRFS, top, STORAGE_READ_ONLY);
	expect_text(fd, "file", "text");
	close(fd);
	assert_int_equal(open_volume(ROOTFS_DIR, "/nowhere", NULL, 0, NULL), -ENOENT);
}

static void test_file_system(const char *program, const char *flag)
{
	char path[256];
	struct err e = {};
	int fd, other;

	make_image(path, program, flag);
	fd = open_well(ROOTFS_LOOP, path, 0);
	put(fd, "file", "text");
	other = open_volume(ROOTFS_LOOP, path, NULL, 0, &e);
	assert_int_equal(other, -ETXTBSY);
	assert_non_null(strstr(err_cause(&e), path));
	close(fd);
	fd = open_well(ROOTFS_LOOP, path, STORAGE_READ_ONLY);
	other = open_well(ROOTFS_LOOP, path, STORAGE_READ_ONLY);
	expect_text(fd, "file", "text");
	expect_text(other, "file", "text");
	expect_read_only(fd);
	close(fd);
	close(other);
	fd = open_volume(ROOTFS_LOOP, path, "ro,noatime", 0, &e);
	assert_true(fd >= 0);
	expect_read_only(fd);
	close(fd);
}

static void a_file_with_ext4(void **state)
{
	test_file_system("mkfs.ext4", "-F");
}

static void a_file_with_xfs(void **state)
{
	test_file_system("mkfs.xfs", "-f");
}

/* A copy that is made while the file system is mounted has a log. */
static void test_log(const char *program, const char *flag)
{
	char path[256], copy[256];
	const char *const argv[] = {"cp", "--sparse=always", path, copy, NULL};
	struct err e = {};
	int fd, file;

	make_image(path, program, flag);
	fd = open_well(ROOTFS_LOOP, path, 0);
	put(fd, "file", "text");
	file = openat(fd, "file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(syncfs(file), 0);
	close(file);
	below(copy, "copy");
	run(argv);
	close(fd);
	fd = open_volume(ROOTFS_LOOP, copy, NULL, STORAGE_READ_ONLY, &e);
	assert_int_equal(fd, -EROFS);
	assert_non_null(strstr(err_cause(&e), copy));
	fd = open_well(ROOTFS_LOOP, copy, 0);
	expect_text(fd, "file", "text");
	close(fd);
	fd = open_well(ROOTFS_LOOP, copy, STORAGE_READ_ONLY);
	expect_text(fd, "file", "text");
	close(fd);
}

static void a_log_is_not_replayed_where_nothing_is_written(void **state)
{
	test_log("mkfs.ext4", "-F");
	test_log("mkfs.xfs", "-f");
}

static void a_device(void **state)
{
	char path[256], device[LOOP_PATH_ROOM];
	unsigned number;
	struct err e = {};
	int loop, fd, other;

	make_image(path, "mkfs.ext4", "-F");
	loop = loop_device_open(path, false, &number);
	assert_true(loop >= 0);
	loop_device_path(number, device);
	fd = open_well(ROOTFS_LVM, device, 0);
	put(fd, "file", "text");
	/* While it is mounted it is seen as it is now. */
	other = open_well(ROOTFS_LVM, device, STORAGE_READ_ONLY);
	expect_text(other, "file", "text");
	expect_read_only(other);
	put(fd, "file", "later");
	expect_text(other, "file", "later");
	close(other);
	close(fd);
	fd = open_well(ROOTFS_LVM, device, STORAGE_READ_ONLY);
	expect_text(fd, "file", "later");
	expect_read_only(fd);
	close(fd);
	assert_int_equal(open_volume(ROOTFS_LVM, path, NULL, 0, &e), -ENOTBLK);
	close(loop);
}

static void an_overlay(void **state)
{
	char lower[256], upper[256], work[256], both[600];
	struct stat status;
	struct err e = {};
	int fd;

	assert_int_equal(mkdir(below(lower, "lower"), 0755), 0);
	snprintf(both, sizeof(both), "%s:%s", lower, below(upper, "delta"));
	fd = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(fd, "old", "old");
	put(fd, "gone", "gone");
	close(fd);
	/* Read-only, before it was ever mounted: nothing is made. */
	fd = open_well(ROOTFS_OVERLAY, both, STORAGE_READ_ONLY);
	expect_text(fd, "old", "old");
	close(fd);
	assert_int_equal(stat(upper, &status), -1);
	fd = open_well(ROOTFS_OVERLAY, both, 0);
	put(fd, "old", "new");
	assert_int_equal(unlinkat(fd, "gone", 0), 0);
	close(fd);
	assert_int_equal(stat(below(work, "work"), &status), 0);
	fd = open_well(ROOTFS_OVERLAY, both, STORAGE_READ_ONLY);
	expect_text(fd, "old", "new");
	assert_int_equal(faccessat(fd, "gone", F_OK, 0), -1);
	expect_read_only(fd);
	close(fd);
	fd = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_text(fd, "old", "old");
	close(fd);
	assert_int_equal(open_volume(ROOTFS_OVERLAY, both, "nonsense=1", 0, &e), -EINVAL);
	assert_non_null(strstr(err_cause(&e), "nonsense"));
}

/* Names that fsconfig(2) does not take one by one either, and more of them than it takes at once.
 */
static void test_many_lowers(size_t name_length)
{
	char lower[512], name[256], path[6000];
	size_t used = 0;
	int fd;

	memset(name, 'x', name_length);
	for (unsigned i = 0; i < 10; i++) {
		char text[16];

		snprintf(name + name_length, sizeof(name) - name_length, ",%u", i);
		snprintf(lower, sizeof(lower), "%s/%s", top, name);
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(mkdir(lower, 0755), 0);
		fd = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		put(fd, "which", text);
		put(fd, text, text);
		close(fd);
		used += (size_t)snprintf(path + used, sizeof(path) - used, "%s:", lower);
	}
	snprintf(path + used, sizeof(path) - used, "%s/delta", top);
	fd = open_well(ROOTFS_OVERLAY, path, 0);
	expect_text(fd, "which", "0");
	expect_text(fd, "9", "9");
	put(fd, "new", "new");
	close(fd);
	fd = open_well(ROOTFS_OVERLAY, path, STORAGE_READ_ONLY);
	expect_text(fd, "which", "0");
	expect_text(fd, "9", "9");
	expect_text(fd, "new", "new");
	expect_read_only(fd);
	close(fd);
}

static void many_lower_directories(void **state)
{
	test_many_lowers(30);
}

static void lower_directories_with_very_long_names(void **state)
{
	test_many_lowers(250);
}

static void what_is_only_started_is_not_opened(void **state)
{
	struct err e = {};

	assert_int_equal(open_volume(ROOTFS_NBD, "/etc/passwd", NULL, 0, &e), -EOPNOTSUPP);
	assert_int_equal(open_volume(ROOTFS_DIR, top, "create=dir", 0, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_directory_is_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_with_ext4, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_with_xfs, setup, teardown),
		cmocka_unit_test_setup_teardown(a_log_is_not_replayed_where_nothing_is_written,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_device, setup, teardown),
		cmocka_unit_test_setup_teardown(an_overlay, setup, teardown),
		cmocka_unit_test_setup_teardown(many_lower_directories, setup, teardown),
		cmocka_unit_test_setup_teardown(lower_directories_with_very_long_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_only_started_is_not_opened, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
