/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which part of a cgroup's path is a unit of systemd, and what can be reached from where we are.
 */

#include "host/cgroup_unit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_unit(const char *path, const char *above, const char *unit)
{
	size_t length = cgroup_unit_length(path);
	const char *name = cgroup_unit_name(path, length);

	assert_int_equal(length, strlen(above) + strlen(unit));
	assert_memory_equal(path, above, strlen(above));
	assert_int_equal(path + length - name, strlen(unit));
	assert_memory_equal(name, unit, strlen(unit));
}

static void the_innermost_scope_or_service_counts(void **state)
{
	(void)state;
	assert_unit("/user.slice/user@1.service/app.slice/lxc-c1-0.scope/lxc.payload.c1/.lxc",
		    "/user.slice/user@1.service/app.slice/", "lxc-c1-0.scope");
	assert_unit("user.slice/user@1.service/app.slice", "user.slice/", "user@1.service");
	assert_unit("a.scope", "", "a.scope");
	assert_unit("a.scope/", "", "a.scope");
	assert_unit("/user.slice/lxc.payload.c1", "", "");
	assert_unit("/.scope/.service", "", "");
	assert_unit("", "", "");
}

static void a_way_needs_a_directory_that_may_be_written(void **state)
{
	char mount[] = "/tmp/tare-unit-test-XXXXXX";
	char file[64];

	(void)state;
	assert_non_null(mkdtemp(mount));
	/* Whatever our own cgroup is: nothing but the mount is above both. */
	assert_false(cgroup_unit_is_reachable(mount, "no-such-slice/x.scope"));
	snprintf(file, sizeof(file), "%s/cgroup.procs", mount);
	assert_int_equal(mknod(file, S_IFREG | 0600, 0), 0);
	assert_true(cgroup_unit_is_reachable(mount, "no-such-slice/x.scope"));
	unlink(file);
	rmdir(mount);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_innermost_scope_or_service_counts),
		cmocka_unit_test(a_way_needs_a_directory_that_may_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
