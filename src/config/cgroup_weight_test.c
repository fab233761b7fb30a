/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpu.shares and cpu.weight: the published pairs, and every number of shares and every weight
 * against the formula in floating point.
 */

#include "config/cgroup_weight.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"

static const struct {
	uint32_t shares, weight;
} pairs[] = {
	{2, 1},      {128, 21},   {256, 35},   {512, 59},       {1024, 100},
	{2048, 174}, {4096, 303}, {8192, 532}, {262144, 10000},
};

static void published_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
		assert_int_equal(cpu_weight_of_shares(pairs[i].shares), pairs[i].weight);
}

static void numbers_outside_the_range(void **state)
{
	(void)state;
	assert_int_equal(cpu_weight_of_shares(0), 1);
	assert_int_equal(cpu_weight_of_shares(UINT64_MAX), 10000);
	assert_int_equal(cpu_shares_of_weight(0), 2);
	assert_int_equal(cpu_shares_of_weight(UINT64_MAX), 262144);
}

static void all_shares_as_libm_has_them(void **state)
{
	(void)state;
	for (uint32_t shares = CPU_SHARES_MIN; shares <= CPU_SHARES_MAX; shares++) {
		double l = log2(shares);
		double power = pow(10, (l * l + 125 * l) / 612 - 7.0 / 34);

		if (cpu_weight_of_shares(shares) != (uint32_t)ceil(power - 1e-7))
			fail_msg("%u shares: %u, libm says %.9f", shares,
				 cpu_weight_of_shares(shares), power);
	}
}

static void all_weights_as_libm_has_them(void **state)
{
	(void)state;
	for (uint32_t weight = CPU_WEIGHT_MIN; weight <= CPU_WEIGHT_MAX; weight++) {
		double l = (-125 + sqrt(15625 + 4 * (126 + 612 * log10(weight)))) / 2;

		if (cpu_shares_of_weight(weight) != (uint32_t)lround(exp2(l)))
			fail_msg("weight %u: %u, libm says %.9f", weight,
				 cpu_shares_of_weight(weight), exp2(l));
	}
}

static void a_weight_is_read_back_from_its_shares(void **state)
{
	(void)state;
	for (uint32_t weight = CPU_WEIGHT_MIN; weight <= CPU_WEIGHT_MAX; weight++)
		assert_int_equal(cpu_weight_behind_shares(cpu_shares_of_weight(weight)), weight);
	assert_int_equal(cpu_weight_behind_shares(1024), 100);
	assert_int_equal(cpu_weight_behind_shares(512), 59);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_pairs),
		cmocka_unit_test(numbers_outside_the_range),
		cmocka_unit_test(all_shares_as_libm_has_them),
		cmocka_unit_test(all_weights_as_libm_has_them),
		cmocka_unit_test(a_weight_is_read_back_from_its_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
