/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The formula in fixed point. Only one function is needed, log2: instead of raising 10 to a power,
 * the smallest weight is searched whose logarithm reaches the exponent, and the way back searches
 * shares in the same manner. Logarithms have 48 binary places, far more than the 37 that telling
 * 10000 from 10000.0000001 takes; the tests compare every number of shares with libm's answer.
 */

#include "config/cgroup_weight.h"

#include <stdbool.h>

enum {
	PLACES = 48,
	LOG10_PLACES = 61, /* of log2_10 */
	COMPARE_PLACES = PLACES + LOG10_PLACES - 64,
	TOLERANCE = 10000000, /* a power within 1e-7 above an integer counts as that integer */
};

/* log2(10) with LOG10_PLACES binary places. */
static const uint64_t log2_10 = UINT64_C(7659844674706589055);

/* The upper half of a 128-bit product; not every architecture has a type for the whole. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
	uint64_t a_low = (uint32_t)a, a_high = a >> 32;
	uint64_t b_low = (uint32_t)b, b_high = b >> 32;
	uint64_t low = a_low * b_low;
	uint64_t middle = a_high * b_low + (low >> 32);
	uint64_t other = a_low * b_high + (uint32_t)middle;

	return a_high * b_high + (middle >> 32) + (other >> 32);
}

/* log2(n) for n ≥ 1: one binary place per squaring of the mantissa, which is kept in [1, 2). */
static uint64_t log2_fixed(uint64_t n)
{
	unsigned exponent = 63U - (unsigned)__builtin_clzll(n);
	uint64_t mantissa = n << (63U - exponent);
	uint64_t result = exponent;

	for (unsigned i = 0; i < PLACES; i++) {
		uint64_t square = multiply_high(mantissa, mantissa);
		bool two_or_more = square >> 63;

		mantissa = two_or_more ? square : square << 1;
		result = result << 1 | two_or_more;
	}
	return result;
}

/* 612 times log2 of the power that belongs to l = log2(shares): (l² + 125 l - 126) · log2(10). */
static uint64_t power_of_log(uint64_t l)
{
	uint64_t square = multiply_high(l << 8, l << 8); /* 2 · (48 + 8) - 64 = 48 places */

	return multiply_high(square + 125 * l - (UINT64_C(126) << PLACES), log2_10);
}

/* 612 times log2(weight + tolerance), to be compared with power_of_log(). */
static uint64_t power_of_weight(uint64_t weight, uint64_t tolerance)
{
	uint64_t log = log2_fixed(weight * TOLERANCE + tolerance) - log2_fixed(TOLERANCE);

	return 612 * (log >> (PLACES - COMPARE_PLACES));
}

uint32_t cpu_weight_of_shares(uint64_t shares)
{
	uint32_t low = CPU_WEIGHT_MIN;
	uint32_t high = CPU_WEIGHT_MAX;
	uint64_t power;

	if (shares <= CPU_SHARES_MIN)
		return CPU_WEIGHT_MIN;
	if (shares >= CPU_SHARES_MAX)
		return CPU_WEIGHT_MAX;

	/* the smallest weight that reaches the power: rounding up */
	power = power_of_log(log2_fixed(shares));
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (power_of_weight(middle, 1) >= power)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint32_t cpu_shares_of_weight(uint64_t weight)
{
	uint32_t low = CPU_SHARES_MIN;
	uint32_t high = CPU_SHARES_MAX;
	uint64_t power;

	if (weight <= CPU_WEIGHT_MIN)
		return CPU_SHARES_MIN;
	if (weight >= CPU_WEIGHT_MAX)
		return CPU_SHARES_MAX;

	/* the largest shares for which shares - 1/2 is not above the power: rounding to nearest */
	power = power_of_weight(weight, 0);
	while (low < high) {
		uint32_t middle = (low + high + 1) / 2;
		uint64_t half_below =
			log2_fixed(2 * (uint64_t)middle - 1) - (UINT64_C(1) << PLACES);

		if (power_of_log(half_below) <= power)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

uint32_t cpu_weight_behind_shares(uint64_t shares)
{
	uint32_t weight = cpu_weight_of_shares(shares);

	/* One is rounded to the nearest, the other up: there and back is at most one more. */
	if (cpu_shares_of_weight(weight) != shares && cpu_shares_of_weight(weight - 1) == shares)
		return weight - 1;
	return weight;
}
