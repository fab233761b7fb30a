/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mount API in mount namespaces of children's own: nothing is mounted on the host. Needs root.
 */

#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/child_fixture.h"

static char top[] = "/tmp/tare-mount-XXXXXX";

static int setup(void **state)
{
	memcpy(top, "/tmp/tare-mount-XXXXXX", sizeof(top));
	assert_non_null(mkdtemp(top));
	return 0;
}

static int teardown(void **state)
{
	return rmdir(top);
}

static int make_namespace(void)
{
	return unshare(CLONE_NEWNS) < 0 || mount_propagation("/", MS_PRIVATE) < 0 ? 1 : 0;
}

static int make_tmpfs(unsigned attributes)
{
	int fs_fd = mount_fs_open("tmpfs"), fd = -EBADF;

	if (fs_fd >= 0 && mount_fs_string(fs_fd, "size", "64k") == 0 &&
	    mount_fs_flag(fs_fd, "rw") == 0 && mount_fs_create(fs_fd) == 0)
		fd = mount_fs_mount(fs_fd, attributes);
	close(fs_fd);
	return fd;
}

static int a_file_system(void)
{
	const struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
	int fd = make_tmpfs(MOUNT_ATTR_NODEV), target = open(top, O_PATH | O_CLOEXEC), copy;
	struct statvfs status;

	expect(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
	expect(mkdirat(fd, "inside", 0700) == 0);
	copy = mount_clone_tree(fd, "inside", false);
	expect(copy == -EINVAL || copy >= 0); /* clones of what is attached nowhere: Linux 6.15 */
	expect(mount_attach(fd, target, "") == 0);
	copy = mount_clone_tree(AT_FDCWD, top, true);
	expect(copy >= 0 && mount_set_attributes(copy, "", true, &read_only) == 0);
	expect(mount_attach(copy, fd, "inside") == 0);
	expect(fstatvfs(copy, &status) == 0 && status.f_flag & ST_RDONLY);
	expect(fstatvfs(fd, &status) == 0 && !(status.f_flag & ST_RDONLY));
	expect(status.f_flag & ST_NODEV && status.f_blocks * status.f_frsize == 65536);
	expect(mount_detach(top) == 0);
	expect(mount_detach(top) == -EINVAL);
	return 0;
}

static void a_file_system_is_made_attached_and_detached(void **state)
{
	in_child(make_namespace, a_file_system);
}

static int its_words(void)
{
	char text[64] = "untouched", small[8];
	int fs_fd = mount_fs_open("tmpfs");

	expect(mount_fs_message(fs_fd, text, sizeof(text)) == 0);
	expect(strcmp(text, "untouched") == 0);
	expect(mount_fs_string(fs_fd, "bogus", "1") == -EINVAL);
	expect(mount_fs_message(fs_fd, text, sizeof(text)) > 0);
	expect(strcmp(text, "tmpfs: Unknown parameter 'bogus'") == 0);
	expect(mount_fs_flag(fs_fd, "bogus") == -EINVAL);
	expect(mount_fs_message(fs_fd, small, sizeof(small)) == 7 && strcmp(small, "tmpfs: ") == 0);
	expect(mount_fs_open("nosuchfs") == -ENODEV);
	return 0;
}

static void a_file_system_says_what_it_does_not_like(void **state)
{
	in_child(make_namespace, its_words);
}

static int links(void)
{
	char link_path[64];

	snprintf(link_path, sizeof(link_path), "%s/link", top);
	expect(mount_attach(make_tmpfs(0), AT_FDCWD, top) == 0);
	expect(symlink("/", link_path) == 0);
	expect(mount_attach(make_tmpfs(0), AT_FDCWD, link_path) < 0);
	expect(mount_detach(link_path) < 0);
	return 0;
}

static void links_are_not_followed(void **state)
{
	in_child(make_namespace, links);
}

static int pivoted(void)
{
	int fd = make_tmpfs(0);

	expect(mount_attach(fd, AT_FDCWD, top) == 0);
	expect(mount_pivot_here() < 0); /* we stand in the old root */
	expect(fchdir(fd) == 0 && mount_pivot_here() == 0);
	expect(mount_detach(".") == 0 && chdir("/") == 0);
	expect(access("/etc", F_OK) < 0 && mkdir("/new", 0700) == 0);
	expect(mount_propagation("/", MS_SHARED) == 0);
	return 0;
}

static void a_mount_becomes_the_root(void **state)
{
	in_child(make_namespace, pivoted);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_file_system_is_made_attached_and_detached),
		test(a_file_system_says_what_it_does_not_like),
		test(links_are_not_followed),
		test(a_mount_becomes_the_root),
	};

	return cmocka_run_group_tests_name("sys/mount", tests, NULL, NULL);
}
