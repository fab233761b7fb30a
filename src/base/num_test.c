/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers and sizes: bases, signs, bounds, everything that is not wholly a number.
 */

#include "base/num.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"

static void bases_are_read_as_strtoul_does(void **state)
{
	static const struct {
		const char *text;
		unsigned base;
		uint64_t value;
	} good[] = {
		{"0", 0, 0},
		{"10", 0, 10},
		{"010", 0, 8},
		{"0x1F", 0, 31},
		{"0Xff", 0, 255},
		{"010", 10, 10},
		{"755", 8, 0755},
		{"ff", 16, 255},
		{"0xff", 16, 255},
		{" \t\n42", 10, 42},
		{"+42", 0, 42},
		{"00", 0, 0},
		{"18446744073709551615", 10, UINT64_MAX},
		{"0xffffffffffffffff", 0, UINT64_MAX},
		{"0000000000000000000000000000007", 0, 7},
	};
	static const struct {
		const char *text;
		unsigned base;
	} bad[] = {
		{"", 0},
		{" ", 0},
		{"+", 0},
		{"-", 0},
		{"0x", 0},
		{"x1", 0},
		{"1 ", 0},
		{"1a", 10},
		{"08", 0},
		{"0x1g", 0},
		{"0b1", 0},
		{"-1", 0},
		{"-0", 10},
		{"+-1", 0},
		{"- 1", 0},
		{"1.5", 10},
		{"0x10", 10},
		{"8", 8},
		{"99999999999999999999x", 10},
	};
	uint64_t value;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		assert_int_equal(num_parse_u64(good[i].text, good[i].base, &value), 0);
		assert_int_equal(value, good[i].value);
	}
	value = 77;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_int_equal(num_parse_u64(bad[i].text, bad[i].base, &value), -EINVAL);
	assert_int_equal(num_parse_u64("18446744073709551616", 10, &value), -ERANGE);
	assert_int_equal(num_parse_u64("0x10000000000000000", 0, &value), -ERANGE);
	assert_int_equal(num_parse_u64("184467440737095516150", 10, &value), -ERANGE);
	assert_int_equal(value, 77);
}

static void narrow_numbers_have_their_bounds(void **state)
{
	uint32_t u = 7;
	int32_t i = 7;
	int64_t l = 7;

	assert_int_equal(num_parse_u32("4294967296", 10, &u), -ERANGE);
	assert_int_equal(num_parse_u32("x", 10, &u), -EINVAL);
	assert_int_equal(u, 7);
	assert_int_equal(num_parse_u32("4294967295", 10, &u), 0);
	assert_int_equal(u, UINT32_MAX);

	assert_int_equal(num_parse_i32("2147483648", 10, &i), -ERANGE);
	assert_int_equal(num_parse_i32("-2147483649", 10, &i), -ERANGE);
	assert_int_equal(num_parse_i32("-", 10, &i), -EINVAL);
	assert_int_equal(i, 7);
	assert_int_equal(num_parse_i32("-2147483648", 10, &i), 0);
	assert_int_equal(i, INT32_MIN);
	assert_int_equal(num_parse_i32(" -0x10", 0, &i), 0);
	assert_int_equal(i, -16);

	assert_int_equal(num_parse_i64("9223372036854775808", 10, &l), -ERANGE);
	assert_int_equal(num_parse_i64("-9223372036854775809", 10, &l), -ERANGE);
	assert_int_equal(num_parse_i64("1-", 10, &l), -EINVAL);
	assert_int_equal(l, 7);
	assert_int_equal(num_parse_i64("-9223372036854775808", 10, &l), 0);
	assert_true(l == INT64_MIN);
	assert_int_equal(num_parse_i64("9223372036854775807", 10, &l), 0);
	assert_true(l == INT64_MAX);
}

static void a_number_is_taken_from_the_front(void **state)
{
	const char *text = "12:034x";
	uint64_t value = 7;

	assert_int_equal(num_take_u64(&text, &value), 0);
	assert_int_equal(value, 12);
	assert_string_equal(text, ":034x");
	assert_int_equal(num_take_u64(&text, &value), -EINVAL);
	assert_string_equal(text, ":034x");
	text++;
	assert_int_equal(num_take_u64(&text, &value), 0);
	assert_int_equal(value, 34);
	assert_string_equal(text, "x");

	text = "99999999999999999999";
	assert_int_equal(num_take_u64(&text, &value), -ERANGE);
	assert_string_equal(text, "99999999999999999999");
	text = " 1";
	assert_int_equal(num_take_u64(&text, &value), -EINVAL);
	text = "-1";
	assert_int_equal(num_take_u64(&text, &value), -EINVAL);
	assert_int_equal(value, 34);
}

static void sizes_have_suffixes(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{"0", 0},           {"4096", 4096},
		{"1KB", 1024},      {"64 kb", 65536},
		{"5mB", 5 << 20},   {"2\tGB", UINT64_C(2) << 30},
		{" 3 MB", 3 << 20}, {"+3", 3},
		{"64K", 64},        {"12B", 12},
		{"12 x", 12},       {"10000000000000000000", UINT64_C(10000000000000000000)},
	};
	static const char *const bad[] = {
		"",   "KB",    "1TB",  "1XB", "1KX",  "1KBB",
		"-1", "1 ,KB", "1KB ", "+",   "0x10", "000000000000000000001",
	};
	uint64_t value;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		assert_int_equal(num_parse_size(good[i].text, &value), 0);
		assert_int_equal(value, good[i].value);
	}
	value = 7;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_int_equal(num_parse_size(bad[i], &value), -EINVAL);
	assert_int_equal(num_parse_size("99999999999999999999", &value), -ERANGE);
	assert_int_equal(num_parse_size("9999999999999999GB", &value), -ERANGE);
	assert_int_equal(value, 7);
}

static void powers_of_two_are_rounded_up(void **state)
{
	assert_int_equal(num_round_up_power2(0), 1);
	assert_int_equal(num_round_up_power2(1), 1);
	assert_int_equal(num_round_up_power2(2), 2);
	assert_int_equal(num_round_up_power2(3), 4);
	assert_int_equal(num_round_up_power2(5 << 20), 8 << 20);
	assert_true(num_round_up_power2(UINT64_C(1) << 63) == UINT64_C(1) << 63);
	assert_int_equal(num_round_up_power2((UINT64_C(1) << 63) + 1), 0);
	assert_int_equal(num_round_up_power2(UINT64_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bases_are_read_as_strtoul_does),
		cmocka_unit_test(narrow_numbers_have_their_bounds),
		cmocka_unit_test(a_number_is_taken_from_the_front),
		cmocka_unit_test(sizes_have_suffixes),
		cmocka_unit_test(powers_of_two_are_rounded_up),
	};

	return cmocka_run_group_tests_name("base/num", tests, NULL, NULL);
}
