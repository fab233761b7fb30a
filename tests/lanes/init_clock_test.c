/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The INIT lane's offsets of clocks (time_namespaces(7)), and the files in /proc that they are
 * written to. Needs root.
 */

#include "lane_fixture.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static int clock_is_shifted(void *payload)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec > 5000000 ? 0 : 1;
}

static void clocks_are_shifted(void **state)
{
	struct lane *l = *state;
	uint32_t offsets = lane_text(l, "boottime 5000000 0\nmonotonic 100 0\n");

	lane_step(l, OP_UNSHARE)->arg[0] = CLONE_NEWTIME;
	lane_step(l, OP_TIME_OFFSETS)->arg[0] = offsets;
	lane_succeeds(l, clock_is_shifted);
}

/* With a shared mount namespace /proc is another container's. */
static void a_foreign_proc_is_not_written_to(void **state)
{
	struct lane *l = *state;
	uint32_t offsets = lane_text(l, "boottime 5000000 0\n");
	char path[128];

	lane_put_directory(l, "proc");
	lane_put_directory(l, "proc/self");
	snprintf(path, sizeof(path), "%s/proc/self/timens_offsets", l->root);
	assert_int_equal(mkfifo(path, 0600), 0);
	lane_pivot(l, lane_mount_root(l));
	lane_step(l, OP_UNSHARE)->arg[0] = CLONE_NEWTIME;
	lane_step(l, OP_TIME_OFFSETS)->arg[0] = offsets;
	lane_fails(l, OP_TIME_OFFSETS, EXDEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(clocks_are_shifted, lane_setup, lane_teardown),
		cmocka_unit_test_setup_teardown(a_foreign_proc_is_not_written_to, lane_setup,
						lane_teardown),
	};

	return cmocka_run_group_tests_name("run/init: clocks", tests, NULL, NULL);
}
