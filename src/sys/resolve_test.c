/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile tree, and the ways out of it that must be closed. openat2(2) is wrapped at link time so
 * that the races (EAGAIN) and old kernels (ENOSYS) can be played.
 */

#include "sys/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/openat2.h"

int __wrap_openat2_call(int dirfd, const char *path, const struct open_how *how);
int __real_openat2_call(int dirfd, const char *path, const struct open_how *how);

static int played_errno;
static unsigned played_times;
static unsigned calls;

int __wrap_openat2_call(int dirfd, const char *path, const struct open_how *how)
{
	calls++;
	if (played_times > 0) {
		played_times--;
		return -played_errno;
	}
	return __real_openat2_call(dirfd, path, how);
}

static char top[64];
static int root_fd = -EBADF;

/* TOP/outside (a file), TOP/root/…: what the container made. */
static int setup(void **state)
{
	int fd;

	snprintf(top, sizeof(top), "/tmp/tare-resolve-XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(chdir(top), 0);
	assert_int_equal(mkdir("root", 0700), 0);
	assert_int_equal(mkdir("root/dir", 0700), 0);
	root_fd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root_fd >= 0);
	fd = openat(root_fd, "dir/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "inside", 6), 6);
	close(fd);
	fd = open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "outside", 7), 7);
	close(fd);
	assert_int_equal(symlinkat("/dir/file", root_fd, "absolute"), 0);
	assert_int_equal(symlinkat("../../dir/file", root_fd, "upward"), 0);
	assert_int_equal(symlinkat("dir/file", root_fd, "harmless"), 0);
	assert_int_equal(symlinkat("../file", root_fd, "escape"), 0);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"absolute", "upward",   "harmless",
					    "escape",   "dir/file", "dir/made"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(root_fd, names[i], 0);
	unlinkat(root_fd, "dir", AT_REMOVEDIR);
	close(root_fd);
	rmdir("root");
	unlink("file");
	assert_int_equal(chdir("/"), 0);
	return rmdir(top);
}

static void assert_inside(int fd)
{
	char content[16] = "";

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_true(read(fd, content, sizeof(content) - 1) > 0);
	assert_string_equal(content, "inside");
	close(fd);
}

static void links_of_the_container_stay_in_its_root(void **state)
{
	assert_inside(resolve_open(root_fd, "dir/file", O_RDONLY, 0));
	assert_inside(resolve_open(root_fd, "/dir/file", O_RDONLY, 0));
	assert_inside(resolve_open(root_fd, "../../../dir/file", O_RDONLY, 0));
	assert_inside(resolve_open(root_fd, "absolute", O_RDONLY, 0));
	assert_inside(resolve_open(root_fd, "upward", O_RDONLY, 0));
	/* To the real ../file it does not lead: that is /file of the container. */
	assert_int_equal(resolve_open(root_fd, "escape", O_RDONLY, 0), -ENOENT);
}

static void magic_links_are_closed(void **state)
{
	int proc_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(proc_fd >= 0);
	assert_int_equal(resolve_open(proc_fd, "exe", O_RDONLY, 0), -ELOOP);
	assert_int_equal(resolve_open(proc_fd, "root/etc/passwd", O_RDONLY, 0), -ELOOP);
	close(proc_fd);
}

static void direct_follows_no_link_and_same_mount_no_mount(void **state)
{
	int top_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_inside(resolve_open_direct(root_fd, "/dir/file", O_RDONLY));
	assert_int_equal(resolve_open_direct(root_fd, "harmless", O_RDONLY), -ELOOP);
	assert_inside(resolve_open_same_mount(root_fd, "dir/file", O_RDONLY));
	assert_int_equal(resolve_open_same_mount(root_fd, "harmless", O_RDONLY), -ELOOP);
	assert_int_equal(resolve_open_same_mount(top_fd, "proc/version", O_RDONLY), -EXDEV);
	close(top_fd);
}

static void the_mode_counts_only_where_something_is_made(void **state)
{
	struct stat status;
	int fd;

	umask(022);
	assert_inside(resolve_open(root_fd, "dir/file", O_RDONLY, 0644));
	fd = resolve_open(root_fd, "dir/made", O_WRONLY | O_CREAT | O_EXCL, 0664);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0644);
	close(fd);
	assert_int_equal(resolve_open(root_fd, "dir/made", O_WRONLY | O_CREAT | O_EXCL, 0664),
			 -EEXIST);
	fd = resolve_open(root_fd, "dir", O_WRONLY | O_TMPFILE, 0600);
	assert_true(fd >= 0 || fd == -EOPNOTSUPP);
	if (fd >= 0)
		close(fd);
}

static void races_are_tried_again_but_not_for_ever(void **state)
{
	played_errno = EAGAIN;
	played_times = 5;
	assert_inside(resolve_open(root_fd, "dir/file", O_RDONLY, 0));
	assert_int_equal(played_times, 0);

	calls = 0;
	played_times = UINT32_MAX;
	assert_int_equal(resolve_open(root_fd, "dir/file", O_RDONLY, 0), -EAGAIN);
	assert_true(calls > 5 && calls <= 1000);
	played_times = 0;
}

static void an_old_kernel_is_told_at_once(void **state)
{
	calls = 0;
	played_errno = ENOSYS;
	played_times = 1;
	assert_int_equal(resolve_open(root_fd, "dir/file", O_RDONLY, 0), -ENOSYS);
	assert_int_equal(calls, 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(links_of_the_container_stay_in_its_root),
		test(magic_links_are_closed),
		test(direct_follows_no_link_and_same_mount_no_mount),
		test(the_mode_counts_only_where_something_is_made),
		test(races_are_tried_again_but_not_for_ever),
		test(an_old_kernel_is_told_at_once),
	};

	return cmocka_run_group_tests_name("sys/resolve", tests, NULL, NULL);
}
