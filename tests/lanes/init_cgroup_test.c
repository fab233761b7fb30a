/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The INIT lane's way into a cgroup of version 1, in a directory of the test's own.
 */

#include "lane_fixture.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define FREEZER "/sys/fs/cgroup/freezer"

static char directory[64];

static bool is_inside(void)
{
	char text[4096];

	return strstr(lane_content("/proc/self/cgroup", text, sizeof(text)),
		      directory + sizeof(FREEZER) - 1) != NULL;
}

static int has_entered(void *payload)
{
	probe_true(is_inside());
	return 0;
}

/* Only the process itself; its parent stays where it is. Before its ids are mapped, too. */
static void a_cgroup_of_version_1_is_entered(void **state)
{
	struct lane *l = *state;
	char tasks[80];

	snprintf(directory, sizeof(directory), FREEZER "/tare-lane-%d", getpid());
	if (mkdir(directory, 0755) < 0) {
		print_message("there is no freezer of version 1 to write to\n");
		skip();
	}
	snprintf(tasks, sizeof(tasks), "%s/tasks", directory);
	lane_step(l, OP_CGROUP_JOIN)->arg[0] = lane_text(l, tasks);
	lane_run(l, CLONE_NEWUSER, has_entered);
	assert_false(l->result.has_failed);
	assert_int_equal(l->result.status, 0);
	assert_false(is_inside());
	assert_int_equal(rmdir(directory), 0);
}

static void a_cgroup_that_is_not_there_is_told(void **state)
{
	struct lane *l = *state;

	lane_step(l, OP_CGROUP_JOIN)->arg[0] = lane_text(l, FREEZER "/tare-nowhere/tasks");
	lane_fails(l, OP_CGROUP_JOIN, ENOENT);
	assert_int_equal(l->result.failure.call, SYS_openat);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lane_setup, lane_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_cgroup_of_version_1_is_entered),
		test(a_cgroup_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests_name("run/init: cgroups", tests, NULL, NULL);
}
