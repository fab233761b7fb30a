/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The INIT lane's ops about consoles, terminals and the standard streams, run for real in
 * namespaces of their own, with root file systems that put something else in their places. Needs
 * root.
 */

#include "lane_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

static int open_terminal(unsigned *ret_index)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), unlocked = 0;

	assert_true(master >= 0);
	assert_int_equal(ioctl(master, TIOCSPTLCK, &unlocked), 0);
	assert_int_equal(ioctl(master, TIOCGPTN, ret_index), 0);
	return master;
}

static int console_is_stdio(void *payload)
{
	const unsigned *index = ((struct lane *)payload)->context;
	struct stat status;

	for (int i = 0; i < 3; i++) {
		probe_true(fstat(i, &status) == 0 && S_ISCHR(status.st_mode));
		probe_true(status.st_rdev == makedev(136, *index));
		probe_true(!(fcntl(i, F_GETFL) & O_NONBLOCK));
		probe_true(!(fcntl(i, F_GETFD) & FD_CLOEXEC));
	}
	probe_true(status.st_uid == 12 && status.st_gid == 34);
	probe_true(stat("/dev/console", &status) == 0 && status.st_rdev == makedev(136, *index));
	return 0;
}

static struct plan_step *bind_console(struct lane *l, uint16_t root, uint16_t index)
{
	uint32_t target = lane_text(l, "dev/console");
	struct plan_step *step = lane_step(l, OP_CONSOLE_BIND);

	step->in = index;
	step->arg[0] = root;
	step->arg[1] = target;
	return step;
}

static struct plan_step *console_streams(struct lane *l, uint16_t root, unsigned streams)
{
	struct plan_step *step = lane_step_at(l, OP_STDIO_CONSOLE, root, "dev/console");

	step->arg[2] = streams;
	return step;
}

static void the_console_is_bound_and_becomes_stdio(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), number;
	struct plan_step *step;
	unsigned index;
	int master = open_terminal(&index);

	number = lane_number_register(l, index);
	l->build.plan.roles[ROLE_CONSOLE_INDEX] = number;
	l->context = &index;
	lane_put_directory(l, "dev");
	bind_console(l, root, number);
	lane_pivot(l, root);
	console_streams(l, root, 7);
	step = lane_step(l, OP_STDIO_CHOWN);
	step->arg[0] = 12;
	step->arg[1] = 34;
	lane_step(l, OP_SETSID)->arg[0] = 1;
	lane_succeeds(l, console_is_stdio);
	close(master);
}

/* CVE-2025-52565 and its kin: what stands in dev/console's place is a link. */
static void a_console_that_is_a_link_is_refused(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l);
	unsigned index;
	int master = open_terminal(&index);

	lane_put_directory(l, "dev");
	lane_put_file(l, "prey", "");
	lane_put_link(l, "dev/console", "../prey");
	bind_console(l, root, lane_number_register(l, index));
	lane_fails(l, OP_CONSOLE_BIND, ELOOP);
	close(master);
}

static void a_terminal_of_another_number_is_refused(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l), number;
	unsigned index;
	int master = open_terminal(&index);
	char path[32];

	number = lane_number_register(l, index);
	lane_put_directory(l, "dev");
	lane_put_file(l, "prey", "");
	/* A hook has put something else there. */
	snprintf(path, sizeof(path), "/dev/pts/%u", index);
	lane_step_at(l, OP_TREE_OPEN, root, "prey")->out = tree;
	lane_step_at(l, OP_TREE_ATTACH, PLAN_NO_REGISTER, path)->in = tree;
	bind_console(l, root, number);
	lane_fails(l, OP_CONSOLE_BIND, ENOTTY);
	close(master);
}

static void a_pipe_in_the_consoles_place_does_not_hang_the_start(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l);
	char path[128];

	lane_put_directory(l, "dev");
	snprintf(path, sizeof(path), "%s/dev/console", l->root);
	assert_int_equal(mkfifo(path, 0600), 0);
	console_streams(l, root, 7);
	lane_fails(l, OP_STDIO_CONSOLE, ENOTTY);
}

static int ttys_are_there(void *payload)
{
	struct stat status;

	probe_true(stat("/dev/tty1", &status) == 0 && status.st_rdev == makedev(136, 0));
	probe_true(stat("/dev/tty2", &status) == 0 && status.st_rdev == makedev(136, 1));
	return 0;
}

static void ttys_are_made_and_handed_over(void **state)
{
	static const char *const options[] = {"mode=0620", "ptmxmode=0666", NULL};
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l),
		 devpts = lane_fd_register(l);
	uint16_t first = lane_fd_register(l), second = lane_fd_register(l);
	uint16_t numbers[2];
	struct plan_step *step;
	unsigned index = 77;

	/* A register that stays empty rides along as nothing. */
	lane_fd_register(l);
	lane_put_directory(l, "dev");
	lane_put_directory(l, "dev/pts");
	lane_file_system(l, tree, "devpts", options);
	lane_step_at(l, OP_TREE_ATTACH, root, "dev/pts")->in = tree;
	lane_step_at(l, OP_PATH_OPEN, root, "dev/pts")->out = devpts;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t target = lane_text(l, i ? "dev/tty2" : "dev/tty1");

		numbers[i] = plan_build_register(&l->build, REGISTER_NUMBER, "index");
		step = lane_step(l, OP_TTY_MAKE);
		step->in = devpts;
		step->out = i ? second : first;
		step->arg[0] = root;
		step->arg[1] = target;
		step->arg[2] = numbers[i];
	}
	step = lane_step(l, OP_GATE);
	step->arg[0] = GATE_READY;
	step->arg[1] = first;
	step->arg[2] = 3;
	lane_pivot(l, root);
	lane_succeeds(l, ttys_are_there);
	assert_int_equal(l->result.fd_count, 2);
	assert_int_equal(l->result.fd_kind, MESSAGE_ARRIVED);
	assert_int_equal(ioctl(l->result.fds[1], TIOCGPTN, &index), 0);
	assert_int_equal(index, 1);
	assert_int_equal(record_registers(l->record)[numbers[1]].number, 1);
	assert_int_equal(record_registers(l->record)[numbers[1]].state, VALUE_SET);
}

static int stdio_is_null(void *payload)
{
	struct stat status;

	for (int i = 0; i < 3; i++)
		if (fstat(i, &status) < 0 || status.st_rdev != makedev(1, 3))
			return 1;
	return 0;
}

static void stdio_can_be_null(void **state)
{
	struct lane *l = *state;

	lane_step(l, OP_STDIO_NULL);
	lane_succeeds(l, stdio_is_null);
}

/* CVE-2025-31133: the container's /dev/null is not what it seems. */
static void a_dev_null_that_is_none_is_refused(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l);

	lane_put_directory(l, "dev");
	lane_put_file(l, "dev/null", "");
	lane_pivot(l, root);
	lane_step(l, OP_STDIO_NULL);
	lane_fails(l, OP_STDIO_NULL, ENODEV);
}

static int streams_are_exchanged(void *payload)
{
	struct stat now, then;
	const int *fds = ((struct lane *)payload)->context;

	for (int i = 0; i < 2; i++) {
		probe_true(fstat(i, &now) == 0 && fstat(fds[1 - i], &then) == 0);
		probe_true(now.st_ino == then.st_ino);
		probe_true(!(fcntl(i, F_GETFD) & FD_CLOEXEC));
	}
	return 0;
}

static void streams_may_be_exchanged_for_each_other(void **state)
{
	struct lane *l = *state;
	int pipes[2], saved[2];
	struct plan_step *step;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
	step = lane_step(l, OP_STDIO_FDS);
	step->arg[0] = lane_given_fd(l, 1);
	step->arg[1] = lane_given_fd(l, 0);
	step->arg[2] = PLAN_NO_REGISTER;
	l->context = saved;
	lane_succeeds(l, streams_are_exchanged);
	for (int i = 0; i < 2; i++) {
		close(pipes[i]);
		close(saved[i]);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, lane_setup, lane_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_console_is_bound_and_becomes_stdio),
		test(a_console_that_is_a_link_is_refused),
		test(a_terminal_of_another_number_is_refused),
		test(a_pipe_in_the_consoles_place_does_not_hang_the_start),
		test(ttys_are_made_and_handed_over),
		test(stdio_can_be_null),
		test(a_dev_null_that_is_none_is_refused),
		test(streams_may_be_exchanged_for_each_other),
	};

	return cmocka_run_group_tests_name("run/init: terminals", tests, NULL, NULL);
}
