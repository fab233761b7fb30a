/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each test is a child that gives its rights up. Needs root.
 */

#include "sys/credentials.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/child_fixture.h"

static int change(void)
{
	static const uint32_t gids[] = {10, 20, 70000};
	gid_t groups[8], real_gid, gid, saved_gid;
	uid_t real, effective, saved;

	expect(credentials_set_groups(3, gids) == 0);
	expect(getgroups(8, groups) == 3 && groups[0] == 10 && groups[2] == 70000);
	expect(credentials_set_groups(0, NULL) == 0 && getgroups(8, groups) == 0);
	expect(credentials_set_gid(1234) == 0 && credentials_set_uid(4321) == 0);
	expect(getresuid(&real, &effective, &saved) == 0);
	expect(real == 4321 && effective == 4321 && saved == 4321);
	expect(getresgid(&real_gid, &gid, &saved_gid) == 0);
	expect(real_gid == 1234 && gid == 1234 && saved_gid == 1234);
	return 0;
}

static void all_ids_change_at_once(void **state)
{
	in_child(NULL, change);
}

static int refused(void)
{
	expect(credentials_set_uid(4321) == 0);
	expect(credentials_set_uid(0) == -EPERM && credentials_set_gid(0) == 0);
	expect(credentials_set_gid(1) == -EPERM && credentials_set_groups(0, NULL) == -EPERM);
	return 0;
}

static void there_is_no_way_back(void **state)
{
	in_child(NULL, refused);
}

static int dumpable(void)
{
	expect(credentials_set_uid(4321) == 0 && prctl(PR_GET_DUMPABLE) != 1);
	expect(credentials_set_dumpable(1) == 0 && prctl(PR_GET_DUMPABLE) == 1);
	expect(credentials_set_dumpable(0) == 0 && prctl(PR_GET_DUMPABLE) == 0);
	expect(credentials_set_dumpable(7) == -EINVAL);
	return 0;
}

static void dumping_is_forbidden_and_allowed(void **state)
{
	in_child(NULL, dumpable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ids_change_at_once),
		cmocka_unit_test(there_is_no_way_back),
		cmocka_unit_test(dumping_is_forbidden_and_allowed),
	};

	return cmocka_run_group_tests_name("sys/credentials", tests, NULL, NULL);
}
