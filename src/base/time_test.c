/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deadlines: that never stays never, and that what has passed has nothing left.
 */

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void never_stays_never(void **state)
{
	assert_true(time_deadline(USEC_INFINITY) == USEC_INFINITY);
	assert_true(time_deadline(USEC_INFINITY - 1) == USEC_INFINITY);
	assert_true(time_left(USEC_INFINITY) == USEC_INFINITY);
}

static void deadlines_lie_ahead_until_they_pass(void **state)
{
	usec_t now = time_now();
	usec_t deadline = time_deadline(3600 * USEC_PER_SEC);

	assert_true(now > 0);
	assert_true(deadline >= now + 3600 * USEC_PER_SEC);
	assert_true(time_left(deadline) > 0);
	assert_true(time_left(deadline) <= 3600 * USEC_PER_SEC);
	assert_true(time_left(now) == 0 || time_now() == now);
	assert_true(time_left(0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_stays_never),
		cmocka_unit_test(deadlines_lie_ahead_until_they_pass),
	};

	return cmocka_run_group_tests_name("base/time", tests, NULL, NULL);
}
