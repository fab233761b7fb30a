/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directories of cgroups below one of the test's own, in the host's hierarchies: the freezer, the
 * cpuset and the devices of version 1 where they are mounted, and version 2. Everything is removed
 * at the end, and what cannot be is a failure.
 */

#include "sys/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/time.h"
#include "sys/cgroup1.h"
#include "sys/device_program.h"
#include "sys/hang_fixture.h"
#include "sys/process.h"

#define FREEZER "/sys/fs/cgroup/freezer"
#define CPUSET  "/sys/fs/cgroup/cpuset"

static const char *unified; /* where version 2 is mounted, or NULL */
static char own[64];        /* our directory below each */

/* A directory of the test's own in a hierarchy, as a base; the test is skipped without it. */
static int open_own(const char *mount)
{
	char path[PATH_MAX];
	int fd;

	if (!mount || access(mount, W_OK) < 0) {
		print_message("%s is not there, or not ours to write\n", mount ? mount : "cgroup2");
		skip();
	}
	snprintf(path, sizeof(path), "%s/%s", mount, own);
	if (mkdir(path, 0755) < 0 && errno != EEXIST) {
		print_message("no directory can be made in %s\n", mount);
		skip();
	}
	fd = cgroup_open(mount, own, "");
	assert_true(fd >= 0);
	return fd;
}

static void remove_own(const char *mount)
{
	int fd = cgroup_open(mount, "", "");

	assert_true(fd >= 0);
	assert_int_equal(cgroup_remove(fd, own, 0, true), 0);
	close(fd);
}

_Noreturn static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

/* A process in a directory. */
static int run_in(int base_fd, const char *path, void (*body)(void), pid_t *ret_pid)
{
	const struct process_clone how = {.cgroup_fd = -1, .exit_signal = SIGCHLD};
	int fd = cgroup_open_at(base_fd, path), pidfd = -1;
	pid_t pid = process_clone(&how, &pidfd);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		body();
	}
	assert_true(pid > 0);
	assert_int_equal(cgroup_move(fd, pid), 0);
	close(fd);
	*ret_pid = pid;
	return pidfd;
}

static int sleeper(int base_fd, const char *path, pid_t *ret_pid)
{
	return run_in(base_fd, path, sleep_for_ever, ret_pid);
}

static void assert_killed(int pidfd)
{
	int status = 0;

	assert_int_equal(process_poll(pidfd, 5000), 1);
	assert_int_equal(process_wait(pidfd, &status), 0);
	assert_true(WIFSIGNALED(status));
	close(pidfd);
}

static bool is_there(int base_fd, const char *path)
{
	return faccessat(base_fd, path, F_OK, 0) == 0;
}

static void directories_come_and_go(const char *mount)
{
	int base = open_own(mount);
	unsigned made = 9;

	assert_int_equal(cgroup_make(base, "one", &made), 0);
	assert_int_equal(made, 0);
	assert_int_equal(cgroup_make(base, "one", &made), -EEXIST);
	assert_int_equal(cgroup_make(base, "a/b/c", &made), 0);
	assert_int_equal(made, 2);
	assert_int_equal(cgroup_make(base, "a/b/d", &made), 0);
	assert_int_equal(made, 0);
	/* What is above stays as long as others are in it. */
	assert_int_equal(cgroup_unmake(base, "a/b/c", 2), 0);
	assert_true(is_there(base, "a/b"));
	assert_int_equal(cgroup_unmake(base, "a/b/d", 1), 0);
	assert_false(is_there(base, "a/b"));
	assert_true(is_there(base, "a"));
	assert_int_equal(cgroup_unmake(base, "a", 0), 0);
	assert_int_equal(cgroup_unmake(base, "a", 0), 0);
	assert_int_equal(cgroup_unmake(base, "one", 0), 0);
	close(base);
	remove_own(mount);
}

static void directories_come_and_go_on_version_1(void **state)
{
	directories_come_and_go(FREEZER);
}

static void directories_come_and_go_on_version_2(void **state)
{
	directories_come_and_go(unified);
}

static void paths_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const wrong[] = {"",  "/",  "/a",     "a/", "a//b",
					    ".", "..", "a/../b", "./a"};
	unsigned made;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		assert_int_equal(cgroup_make(AT_FDCWD, wrong[i], &made), -EINVAL);
		assert_int_equal(cgroup_remove(AT_FDCWD, wrong[i], 0, true), -EINVAL);
		assert_int_equal(cgroup_unmake(AT_FDCWD, wrong[i], 0), -EINVAL);
		assert_int_equal(cgroup_open_at(AT_FDCWD, wrong[i]), -EINVAL);
	}
	assert_int_equal(cgroup_open("/sys", "a/../..", ""), -EINVAL);
}

/* A tree of some depth and breadth with processes in it. */
static void trees_are_removed(const char *mount)
{
	int base = open_own(mount), first, second;
	char deep[PATH_MAX] = "top";
	unsigned made;
	pid_t pid;

	assert_int_equal(cgroup_make(base, "top", &made), 0);
	for (unsigned i = 0; i < 6; i++) {
		char path[64];

		snprintf(path, sizeof(path), "top/side%u/in", i);
		assert_int_equal(cgroup_make(base, path, &made), 0);
		memcpy(deep + strlen(deep), "/d", 3);
	}
	assert_int_equal(cgroup_make(base, deep, &made), 0);
	first = sleeper(base, deep, &pid);
	second = sleeper(base, "top/side3/in", &pid);
	assert_int_equal(cgroup_is_empty(base), strcmp(mount, FREEZER) == 0 ? 1 : 0);

	/* Without the right to kill it says so, and the processes live. */
	assert_int_equal(cgroup_remove(base, "top", 0, false), -EBUSY);
	assert_int_equal(process_poll(first, 0), 0);
	assert_int_equal(cgroup_remove(base, "top", 0, true), 0);
	assert_killed(first);
	assert_killed(second);
	assert_false(is_there(base, "top"));
	close(base);
	remove_own(mount);
}

static void trees_are_removed_on_version_1(void **state)
{
	trees_are_removed(FREEZER);
}

static void trees_are_removed_on_version_2(void **state)
{
	trees_are_removed(unified);
}

static void all_are_killed_at_once(void **state)
{
	int base = open_own(unified), fd, first, second;
	unsigned made;
	pid_t pid;

	assert_int_equal(cgroup_make(base, "k/below", &made), 0);
	first = sleeper(base, "k", &pid);
	second = sleeper(base, "k/below", &pid);
	fd = cgroup_open_at(base, "k");
	assert_int_equal(cgroup_kill_all(fd), 0);
	assert_killed(first);
	assert_killed(second);
	close(fd);
	close(base);
	remove_own(unified);
}

static void the_freezer_holds_and_kills(void **state)
{
	int base = open_own(FREEZER), fd, pidfd;
	unsigned made;
	char now[32] = "";
	pid_t pid;

	assert_int_equal(cgroup_make(base, "f/below", &made), 0);
	pidfd = sleeper(base, "f/below", &pid);
	fd = cgroup_open_at(base, "f");
	for (int i = 0; i < 100 && strcmp(now, "FROZEN") != 0; i++) {
		assert_int_equal(cgroup_write(fd, "freezer.state", "FROZEN"), 0);
		assert_true(cgroup_read(fd, "freezer.state", now, sizeof(now)) > 0);
		usleep(1000);
	}
	assert_string_equal(now, "FROZEN");
	kill(pid, SIGKILL);
	assert_int_equal(process_poll(pidfd, 50), 0);
	assert_int_equal(cgroup1_kill_all(fd), 0);
	assert_killed(pidfd);
	assert_true(cgroup_read(fd, "freezer.state", now, sizeof(now)) > 0);
	assert_string_equal(now, "THAWED");
	close(fd);
	close(base);
	remove_own(FREEZER);
}

/* It is killed all the same, and nobody waits for long. */
static void what_can_not_be_frozen_is_killed(void **state)
{
	int base = open_own(FREEZER), fd, pidfd, other;
	unsigned made;
	usec_t begin;
	pid_t pid, other_pid;

	assert_int_equal(cgroup_make(base, "f", &made), 0);
	pidfd = run_in(base, "f", hang_in_kernel, &pid);
	other = sleeper(base, "f", &other_pid);
	if (hang_wait(pid) != 0)
		print_message("without userfaultfd(2) everything can be frozen\n");
	fd = cgroup_open_at(base, "f");
	begin = time_now();
	assert_int_equal(cgroup1_kill_all(fd), 0);
	assert_true(time_now() - begin < 2 * USEC_PER_SEC);
	assert_killed(pidfd);
	assert_killed(other);
	close(fd);
	close(base);
	remove_own(FREEZER);
}

static void cpusets_are_prepared(void **state)
{
	char above[256], value[256];
	int base = open_own(CPUSET), fd, pidfd;
	unsigned made;
	pid_t pid;

	assert_int_equal(cgroup_make(base, "a/b", &made), 0);
	/* Our own directory is new, too. */
	fd = cgroup_open(CPUSET, "", "");
	assert_int_equal(cgroup1_prepare_cpuset(fd, own), 0);
	assert_true(cgroup_read(fd, "cpuset.cpus", above, sizeof(above)) > 0);
	close(fd);
	assert_int_equal(cgroup1_prepare_cpuset(base, "a/b"), 0);
	fd = cgroup_open_at(base, "a/b");
	assert_true(cgroup_read(fd, "cpuset.cpus", value, sizeof(value)) > 0);
	assert_true(cgroup_read(fd, "cpuset.mems", value, sizeof(value)) > 0);
	assert_int_equal(cgroup_read(fd, "cgroup.clone_children", value, sizeof(value)), 1);
	assert_string_equal(value, "1");
	pidfd = sleeper(base, "a/b", &pid);
	assert_int_equal(process_signal(pidfd, SIGKILL), 0);
	assert_killed(pidfd);

	/* What is set stays. */
	assert_int_equal(cgroup_write(fd, "cpuset.cpus", "0"), 0);
	assert_int_equal(cgroup1_prepare_cpuset(base, "a/b"), 0);
	assert_int_equal(cgroup_read(fd, "cpuset.cpus", value, sizeof(value)), 1);
	assert_string_equal(value, "0");
	close(fd);
	close(base);
	remove_own(CPUSET);
}

static void files_tell_what_is_wrong(void **state)
{
	int base = open_own(unified);
	char value[256], small[2];

	assert_int_equal(cgroup_write(base, "no.such.file", "1"), -ENOENT);
	assert_int_equal(cgroup_write(base, "cgroup.freeze", "nonsense"), -EINVAL);
	assert_int_equal(cgroup_read(base, "no.such.file", value, sizeof(value)), -ENOENT);
	assert_int_equal(cgroup_read(base, "cgroup.events", small, sizeof(small)), -EFBIG);
	assert_int_equal(cgroup_is_empty(base), 1);
	assert_true(cgroup_read(base, "cgroup.type", value, sizeof(value)) > 0);
	assert_string_equal(value, "domain");
	close(base);
	remove_own(unified);
}

/* -- the program: what a process in the directory may open */

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* In a child that has been moved: a bit for each that works. */
static int look_at_devices(void)
{
	int seen = 0;

	if (try_open("/dev/null", O_RDWR) == 0)
		seen |= 1;
	if (try_open("/dev/zero", O_RDONLY) == 0)
		seen |= 2;
	if (try_open("/dev/zero", O_RDWR) == 0)
		seen |= 4;
	if (try_open("/dev/full", O_RDONLY) == 0)
		seen |= 8;
	if (mknodat(AT_FDCWD, "/tmp/tare-device-test", S_IFCHR | 0600, makedev(1, 7)) == 0) {
		seen |= 16;
		unlink("/tmp/tare-device-test");
	}
	return seen;
}

static int seen_inside(int cgroup_fd)
{
	const struct process_clone how = {.cgroup_fd = cgroup_fd, .exit_signal = SIGCHLD};
	int pidfd = -1, status = -1;
	pid_t pid = process_clone(&how, &pidfd);

	if (pid == 0)
		_exit(look_at_devices());
	assert_true(pid > 0);
	assert_int_equal(process_wait(pidfd, &status), 0);
	close(pidfd);
	return WEXITSTATUS(status);
}

static void device_rules_are_in_force(void **state)
{
	static const struct device_rule rows[] = {
		{.type = 'c', .major = 1, .minor = 3, .access = DEVICE_READ | DEVICE_WRITE},
		{.type = 'c', .major = 1, .minor = 5, .access = DEVICE_READ},
		{.type = 'c', .major = -1, .minor = -1, .access = DEVICE_MKNOD},
	};
	static const struct device_rule refused[] = {
		{.type = 'c', .major = 1, .minor = 5, .access = DEVICE_WRITE},
		{.type = 'c', .major = 1, .minor = 7, .access = 7},
	};
	const struct device_rules few = {.rows = rows, .count = 2};
	const struct device_rules more = {.rows = rows, .count = 3};
	const struct device_rules all_but = {.rows = refused, .count = 2, .allow_by_default = true};
	const struct device_rules nothing = {.count = 0};
	int base = open_own(unified);

	if (device_program_attach(base, &few) < 0) {
		close(base);
		remove_own(unified);
		print_message("the kernel takes no device programs from us\n");
		skip();
	}
	assert_int_equal(seen_inside(base), 1 | 2);
	/* Each takes the place of the one before. */
	assert_int_equal(device_program_attach(base, &more), 0);
	assert_int_equal(seen_inside(base), 1 | 2 | 16);
	assert_int_equal(device_program_attach(base, &all_but), 0);
	assert_int_equal(seen_inside(base), 1 | 2);
	assert_int_equal(device_program_attach(base, &nothing), 0);
	assert_int_equal(seen_inside(base), 0);
	close(base);
	remove_own(unified);
}

static void too_many_device_rules_are_refused(void **state)
{
	static struct device_rule rows[DEVICE_RULES_MAX + 1];
	static struct bpf_insn instructions[DEVICE_PROGRAM_MAX];
	struct device_rules rules = {.rows = rows, .count = DEVICE_RULES_MAX + 1};
	int count;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		rows[i] = (struct device_rule){
			.type = 'c', .major = (int64_t)i, .minor = 1, .access = DEVICE_READ};
	assert_int_equal(device_program_build(&rules, instructions), -E2BIG);
	rules.count = DEVICE_RULES_MAX;
	count = device_program_build(&rules, instructions);
	assert_true(count > 0 && count <= DEVICE_PROGRAM_MAX);
	for (int i = 0; i < count; i++)
		assert_true(instructions[i].off >= 0);
}

static int find_hierarchies(void **state)
{
	snprintf(own, sizeof(own), "tare-test-%d", getpid());
	if (access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0)
		unified = "/sys/fs/cgroup";
	else if (access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0)
		unified = "/sys/fs/cgroup/unified";
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_come_and_go_on_version_1),
		cmocka_unit_test(directories_come_and_go_on_version_2),
		cmocka_unit_test(paths_that_lead_elsewhere_are_refused),
		cmocka_unit_test(trees_are_removed_on_version_1),
		cmocka_unit_test(trees_are_removed_on_version_2),
		cmocka_unit_test(all_are_killed_at_once),
		cmocka_unit_test(the_freezer_holds_and_kills),
		cmocka_unit_test(what_can_not_be_frozen_is_killed),
		cmocka_unit_test(cpusets_are_prepared),
		cmocka_unit_test(files_tell_what_is_wrong),
		cmocka_unit_test(device_rules_are_in_force),
		cmocka_unit_test(too_many_device_rules_are_refused),
	};

	return cmocka_run_group_tests_name("cgroup", tests, find_hierarchies, NULL);
}
