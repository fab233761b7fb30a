/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Removing trees: deep ones, links that lead out, mounts, immutable files, what is to be kept.
 */

#include <fcntl.h>
#include <sys/wait.h>
#include <linux/fs.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

#include "copy/remove.h"
#include "container/container_fixture.h"

static int remove_below_top(const char *name, const char *const *kept,
			    struct remove_problem *problem)
{
	autoclose int fd = open(fixture_top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return remove_tree(fd, name, kept, problem);
}

static void make_directory(const char *below)
{
	assert_int_equal(mkdir(fixture_path(below), 0755), 0);
}

static void a_tree_goes_and_links_are_not_followed(void **state)
{
	struct remove_problem problem;

	make_directory("kept");
	fixture_write("kept/file", 0644, "x");
	make_directory("tree");
	make_directory("tree/a");
	fixture_write("tree/a/file", 0000, "x");
	assert_int_equal(symlink(fixture_path("kept"), fixture_path("tree/a/link")), 0);
	assert_int_equal(symlink("nowhere", fixture_path("tree/dangling")), 0);
	assert_int_equal(mkfifo(fixture_path("tree/fifo"), 0644), 0);
	assert_int_equal(remove_below_top("tree", NULL, &problem), 0);
	assert_false(fixture_exists("tree"));
	assert_true(fixture_exists("kept/file"));
	assert_int_equal(remove_below_top("tree", NULL, &problem), 0);
	/* A link in the tree's own place goes itself. */
	assert_int_equal(symlink(fixture_path("kept"), fixture_path("tree")), 0);
	assert_int_equal(remove_below_top("tree", NULL, &problem), 0);
	assert_false(fixture_exists("tree"));
	assert_true(fixture_exists("kept/file"));
}

/* Longer than a path may be, deeper than we have descriptors. */
static void a_very_deep_tree_goes(void **state)
{
	struct remove_problem problem;
	int fd;

	make_directory("deep");
	fd = open(fixture_path("deep"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 5000; i++) {
		int below;

		assert_int_equal(mkdirat(fd, "directory", 0755), 0);
		below = openat(fd, "directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	close(fd);
	assert_int_equal(remove_below_top("deep", NULL, &problem), 0);
	assert_false(fixture_exists("deep"));
}

static void what_is_kept_stays_and_the_rest_goes(void **state)
{
	static const char *const kept[] = {"config", "nothing", NULL};
	struct remove_problem problem;

	make_directory("some");
	make_directory("some/a");
	fixture_write("some/config", 0644, "x");
	fixture_write("some/a/config", 0644, "x");
	assert_int_equal(remove_below_top("some", kept, &problem), 0);
	assert_true(fixture_exists("some/config"));
	assert_false(fixture_exists("some/a"));
	assert_int_equal(remove_below_top("some", NULL, &problem), 0);
	assert_false(fixture_exists("some"));
}

/* A bind mount of a directory on the same device: what it shows is not ours. */
static void mounts_are_not_entered(void **state)
{
	struct remove_problem problem;

	if (geteuid() != 0)
		skip();
	make_directory("source");
	fixture_write("source/file", 0644, "x");
	make_directory("mounted");
	make_directory("mounted/a");
	make_directory("mounted/a/b");
	fixture_write("mounted/other", 0644, "x");
	assert_int_equal(
		mount(fixture_path("source"), fixture_path("mounted/a/b"), NULL, MS_BIND, NULL), 0);
	assert_int_equal(remove_below_top("mounted", NULL, &problem), -EXDEV);
	assert_int_equal(problem.errnum, EXDEV);
	assert_string_equal(problem.path, "a/b");
	assert_true(fixture_exists("source/file"));
	assert_false(fixture_exists("mounted/other"));
	assert_int_equal(umount(fixture_path("mounted/a/b")), 0);
	assert_int_equal(remove_below_top("mounted", NULL, &problem), 0);
	assert_int_equal(remove_below_top("source", NULL, &problem), 0);
}

static void immutable_files_go(void **state)
{
	struct remove_problem problem;
	long flags = FS_IMMUTABLE_FL;
	int fd;

	make_directory("fixed");
	fixture_write("fixed/file", 0644, "x");
	fd = open(fixture_path("fixed/file"), O_RDONLY | O_CLOEXEC);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0) {
		close(fd);
		assert_int_equal(remove_below_top("fixed", NULL, &problem), 0);
		skip();
	}
	close(fd);
	assert_int_equal(remove_below_top("fixed", NULL, &problem), 0);
	assert_false(fixture_exists("fixed"));
}

/* Opening a device can do something: wind a tape back, start a watchdog. A pipe stands for it. */
static void what_an_immutable_directory_holds_goes_without_being_opened(void **state)
{
	struct remove_problem problem;
	long flags = FS_IMMUTABLE_FL;
	struct inotify_event event;
	int fd, watch_fd;

	make_directory("locked");
	make_directory("locked/inner");
	fixture_write("locked/inner/file", 0644, "x");
	assert_int_equal(mkfifo(fixture_path("locked/inner/pipe"), 0600), 0);
	fd = open(fixture_path("locked/inner"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0) {
		close(fd);
		assert_int_equal(remove_below_top("locked", NULL, &problem), 0);
		skip(); /* tmpfs before 6.6, or no CAP_LINUX_IMMUTABLE */
	}
	close(fd);
	watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	assert_true(watch_fd >= 0);
	assert_true(inotify_add_watch(watch_fd, fixture_path("locked/inner/pipe"), IN_OPEN) >= 0);
	assert_int_equal(remove_below_top("locked", NULL, &problem), 0);
	assert_false(fixture_exists("locked"));
	/* That it is gone is told, but no opening before. */
	assert_int_equal(read(watch_fd, &event, sizeof(event)), sizeof(event));
	assert_int_equal(event.mask & IN_OPEN, 0);
	close(watch_fd);
}

/* Directories that shut even their owner out. */
static void an_owner_who_is_not_root_lets_themself_in(void **state)
{
	pid_t pid;
	int status;

	if (geteuid() != 0)
		skip();
	make_directory("shut");
	make_directory("shut/in");
	make_directory("shut/in/deep");
	assert_int_equal(chown(fixture_path("shut/in/deep"), 65534, 65534), 0);
	assert_int_equal(chown(fixture_path("shut/in"), 65534, 65534), 0);
	assert_int_equal(chown(fixture_path("shut"), 65534, 65534), 0);
	assert_int_equal(chmod(fixture_path("shut/in/deep"), 0), 0);
	assert_int_equal(chmod(fixture_path("shut/in"), 0), 0);
	pid = fork();
	if (pid == 0) {
		struct remove_problem problem;
		int dirfd;

		if (setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		dirfd = open(fixture_path("shut"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		_exit(dirfd < 0 || remove_tree(dirfd, "in", NULL, &problem) < 0 ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(fixture_exists("shut/in"));
	assert_int_equal(rmdir(fixture_path("shut")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_goes_and_links_are_not_followed),
		cmocka_unit_test(a_very_deep_tree_goes),
		cmocka_unit_test(what_is_kept_stays_and_the_rest_goes),
		cmocka_unit_test(mounts_are_not_entered),
		cmocka_unit_test(immutable_files_go),
		cmocka_unit_test(an_owner_who_is_not_root_lets_themself_in),
		cmocka_unit_test(what_an_immutable_directory_holds_goes_without_being_opened),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
