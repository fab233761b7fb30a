/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers from text. Digits are read by hand: strtoull(3) depends on the C library (glibc 2.38
 * learnt 0b), takes a minus sign for unsigned numbers and stops silently at what is no digit.
 */

#include "base/num.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"

enum {
	SIZE_TEXT_MAX = 20,
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a digit; one that no base has for any other character. */
static unsigned digit_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	c = text_lower(c);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* The digits at *text; moves behind the last one, also when the number does not fit. */
static int take_digits(const char **text, unsigned base, uint64_t *ret)
{
	const char *p = *text;
	uint64_t value = 0;
	bool fits = true;

	if (digit_value(*p) >= base)
		return -EINVAL;
	for (; digit_value(*p) < base; p++) {
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*p), &value))
			fits = false;
	}
	*text = p;
	if (!fits)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* Sign, prefix and digits of the whole text. */
static int parse_whole(const char *text, unsigned base, bool *ret_minus, uint64_t *ret_magnitude)
{
	uint64_t magnitude = 0;
	int r;

	assert(base == 0 || base == 8 || base == 10 || base == 16);

	while (is_blank(*text))
		text++;
	*ret_minus = *text == '-';
	if (*text == '-' || *text == '+')
		text++;

	if ((base == 0 || base == 16) && text[0] == '0' && text_lower(text[1]) == 'x') {
		base = 16;
		text += 2;
	} else if (base == 0) {
		base = text[0] == '0' ? 8 : 10;
	}

	r = take_digits(&text, base, &magnitude);
	if (r != -EINVAL && *text != '\0')
		return -EINVAL;
	if (r < 0)
		return r;
	*ret_magnitude = magnitude;
	return 0;
}

int num_parse_u64(const char *text, unsigned base, uint64_t *ret)
{
	uint64_t magnitude;
	bool minus;
	int r;

	r = parse_whole(text, base, &minus, &magnitude);
	if (minus)
		return -EINVAL;
	if (r < 0)
		return r;
	*ret = magnitude;
	return 0;
}

int num_parse_u32(const char *text, unsigned base, uint32_t *ret)
{
	uint64_t value;
	int r;

	r = num_parse_u64(text, base, &value);
	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

int num_parse_i64(const char *text, unsigned base, int64_t *ret)
{
	uint64_t magnitude;
	bool minus;
	int r;

	r = parse_whole(text, base, &minus, &magnitude);
	if (r < 0)
		return r;
	if (magnitude > (uint64_t)INT64_MAX + (minus ? 1 : 0))
		return -ERANGE;
	*ret = (int64_t)(minus ? -magnitude : magnitude);
	return 0;
}

int num_parse_i32(const char *text, unsigned base, int32_t *ret)
{
	int64_t value;
	int r;

	r = num_parse_i64(text, base, &value);
	if (r < 0)
		return r;
	if (value < INT32_MIN || value > INT32_MAX)
		return -ERANGE;
	*ret = (int32_t)value;
	return 0;
}

int num_take_u64(const char **text, uint64_t *ret)
{
	const char *p = *text;
	int r;

	r = take_digits(&p, 10, ret);
	if (r == 0)
		*text = p;
	return r;
}

/* What a suffix multiplies by; 0 for one that does not exist. */
static uint64_t size_factor(const char *suffix)
{
	static const char letters[] = "kmg";
	const char *letter;

	if (suffix[0] == '\0' || suffix[1] == '\0')
		return 1;
	letter = strchr(letters, text_lower(suffix[0]));
	if (!letter || text_lower(suffix[1]) != 'b' || suffix[2] != '\0')
		return 0;
	return UINT64_C(1024) << (10 * (letter - letters));
}

int num_parse_size(const char *text, uint64_t *ret)
{
	uint64_t number = 0;
	uint64_t factor;
	uint64_t value;
	int r;

	if (strnlen(text, SIZE_TEXT_MAX + 1) > SIZE_TEXT_MAX)
		return -EINVAL;
	while (is_blank(*text))
		text++;
	if (*text == '+')
		text++;
	r = take_digits(&text, 10, &number);
	if (r == -EINVAL)
		return r;

	while (is_blank(*text))
		text++;
	factor = size_factor(text);
	if (factor == 0)
		return -EINVAL;
	if (r < 0 || __builtin_mul_overflow(number, factor, &value))
		return -ERANGE;
	*ret = value;
	return 0;
}

uint64_t num_round_up_power2(uint64_t n)
{
	if (n <= 1)
		return 1;
	if (n > UINT64_C(1) << 63)
		return 0;
	return UINT64_C(1) << (64 - __builtin_clzll(n - 1));
}
