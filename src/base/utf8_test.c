/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Well-formed sequences at their bounds, and the visible form of everything else.
 */

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void sequences_end_where_rfc_3629_says(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{"a", 1},
		{"\x7f", 1},
		{"\xc2\x80", 2},
		{"\xdf\xbf", 2},
		{"\xe0\xa0\x80", 3},
		{"\xed\x9f\xbf", 3},
		{"\xee\x80\x80", 3},
		{"\xef\xbf\xbf", 3},
		{"\xf0\x90\x80\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\xf3\x80\x80\x80", 4},
		{"\x80", 0},
		{"\xbf", 0},
		{"\xc0\x80", 0},
		{"\xc1\xbf", 0},
		{"\xc2", 0},
		{"\xc2"
		 "a",
		 0},
		{"\xe0\x9f\xbf", 0},
		{"\xe2\x82", 0},
		{"\xe2\x82"
		 "a",
		 0},
		{"\xed\xa0\x80", 0},
		{"\xf0\x8f\xbf\xbf", 0},
		{"\xf4\x90\x80\x80", 0},
		{"\xf5\x80\x80\x80", 0},
		{"\xf0\x90\x80"
		 "a",
		 0},
		{"\xff", 0},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(utf8_sequence_length(cases[i].text, strlen(cases[i].text)),
				 cases[i].length);
	}
	assert_int_equal(utf8_sequence_length("x", 0), 0);
	assert_int_equal(utf8_sequence_length("\0", 1), 1);
	assert_int_equal(utf8_sequence_length("\xc3\xbc", 1), 0);
}

static void assert_visible(const char *text, const char *expected)
{
	char out[64];

	assert_int_equal(utf8_copy_visible(out, sizeof(out), text), strlen(expected));
	assert_string_equal(out, expected);
	assert_int_equal(utf8_is_visible(text, strlen(text)), strcmp(text, expected) == 0);
	assert_true(utf8_is_visible(out, strlen(out)));
}

static void control_characters_and_foreign_bytes_become_escapes(void **state)
{
	assert_visible("", "");
	assert_visible("plain \\ text\t\"x\" ü € 😀", "plain \\ text\t\"x\" ü € 😀");
	assert_visible("a\nb\rc", "a\\nb\\rc");
	assert_visible("\x1b[2J\x07\x7f", "\\x1b[2J\\x07\\x7f");
	assert_visible("caf\xe9 \xc3", "caf\\xe9 \\xc3");
	assert_visible("\xc2\x9b"
		       "31m",
		       "\\xc2\\x9b31m");
	assert_visible("\xc2\xa0", "\xc2\xa0");
}

/* Line ends of Unicode, and what makes text read in another order than it stands. */
static void characters_that_forge_lines_or_reorder_them_become_escapes(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{"\xc2\x85", "\\xc2\\x85"},    {"\u061c", "\\xd8\\x9c"},
		{"\u200e", "\\xe2\\x80\\x8e"}, {"\u200f", "\\xe2\\x80\\x8f"},
		{"\u2028", "\\xe2\\x80\\xa8"}, {"\u2029", "\\xe2\\x80\\xa9"},
		{"\u202a", "\\xe2\\x80\\xaa"}, {"\u202e", "\\xe2\\x80\\xae"},
		{"\u2066", "\\xe2\\x81\\xa6"}, {"\u2069", "\\xe2\\x81\\xa9"},
	};
	static const char *const neighbours[] = {"\u061b", "\u061d", "\u200d", "\u2010",
						 "\u2027", "\u202f", "\u2065", "\u206a"};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_visible(cases[i].text, cases[i].expected);
	for (size_t i = 0; i < ARRAY_LENGTH(neighbours); i++)
		assert_visible(neighbours[i], neighbours[i]);
	assert_visible("lxc.uts.name\u202e = x", "lxc.uts.name\\xe2\\x80\\xae = x");
}

static void what_is_too_long_is_cut_between_characters(void **state)
{
	char out[8];

	assert_int_equal(utf8_copy_visible(out, sizeof(out), "1234567"), 7);
	assert_string_equal(out, "1234567");
	assert_int_equal(utf8_copy_visible(out, sizeof(out), "12345678"), 7);
	assert_string_equal(out, "1234…");
	assert_int_equal(utf8_copy_visible(out, sizeof(out), "123ü5678"), 6);
	assert_string_equal(out, "123…");
	assert_int_equal(utf8_copy_visible(out, sizeof(out), "123\n5678"), 6);
	assert_string_equal(out, "123…");
	assert_int_equal(utf8_copy_visible(out, 4, "12345"), 3);
	assert_string_equal(out, "…");
	assert_int_equal(utf8_copy_visible(out, 4, "123"), 3);
	assert_string_equal(out, "123");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_end_where_rfc_3629_says),
		cmocka_unit_test(control_characters_and_foreign_bytes_become_escapes),
		cmocka_unit_test(characters_that_forge_lines_or_reorder_them_become_escapes),
		cmocka_unit_test(what_is_too_long_is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
