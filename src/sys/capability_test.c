/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each test is a child that gives its capabilities up. Needs root.
 */

#include "sys/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/child_fixture.h"

static int sets(void)
{
	const uint64_t bpf = 1ULL << CAP_BPF; /* in the second word */
	struct capability_sets before, now;

	expect(capability_get(&before) == 0 && before.permitted & bpf);
	now = before;
	now.effective &= ~bpf;
	now.inheritable = bpf | 1;
	expect(capability_set(&now) == 0 && capability_get(&now) == 0);
	expect(!(now.effective & bpf) && now.permitted == before.permitted);
	expect(now.inheritable == (bpf | 1));
	now.permitted &= ~bpf;
	expect(capability_set(&now) == 0);
	now.permitted |= bpf;
	expect(capability_set(&now) == -EPERM);
	return 0;
}

static void the_sets_are_read_and_written(void **state)
{
	in_child(NULL, sets);
}

static int bounding(void)
{
	const uint64_t keep = 1ULL << CAP_CHOWN | 1ULL << CAP_BPF;

	expect(capability_bound(keep) == 0);
	for (unsigned i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		expect(prctl(PR_CAPBSET_READ, i, 0, 0, 0) == (int)(keep >> i & 1));
	expect(capability_bound(UINT64_MAX) == 0);
	return 0;
}

static void the_bounding_set_is_what_is_kept(void **state)
{
	in_child(NULL, bounding);
}

static int ambient(void)
{
	const uint64_t two = 1ULL << CAP_CHOWN | 1ULL << CAP_BPF;
	struct capability_sets now;

	expect(capability_raise_ambient(two) == -EPERM); /* not inheritable */
	expect(capability_get(&now) == 0);
	now.inheritable = two;
	expect(capability_set(&now) == 0 && capability_raise_ambient(two) == 0);
	expect(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_BPF, 0, 0) == 1);
	expect(capability_clear_ambient() == 0);
	expect(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_BPF, 0, 0) == 0);
	return 0;
}

static void the_ambient_set_is_raised_and_cleared(void **state)
{
	in_child(NULL, ambient);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sets_are_read_and_written),
		cmocka_unit_test(the_bounding_set_is_what_is_kept),
		cmocka_unit_test(the_ambient_set_is_raised_and_cleared),
	};

	return cmocka_run_group_tests_name("sys/capability", tests, NULL, NULL);
}
