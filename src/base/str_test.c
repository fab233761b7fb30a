/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The byte string: growth, editing, and what happens when memory is out.
 */

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/failing_memory.h"

static void an_untouched_string_is_the_empty_text(void **state)
{
	struct str s = {0};

	assert_string_equal(str_text(&s), "");
	assert_false(str_failed(&s));
	str_truncate(&s, 0);
	str_insert(&s, 0, "", 0);
	str_reset(&s);
	assert_null(s.data);
	str_finish(&s);
}

static void everything_is_added_in_order_and_terminated(void **state)
{
	autostr s = {0};

	str_add(&s, "one");
	str_add_char(&s, ' ');
	str_addf(&s, "%d %s", 2, "three");
	str_add_bytes(&s, " four!", 5);
	assert_string_equal(str_text(&s), "one 2 three four");
	assert_int_equal(s.len, 16);
	str_add_bytes(&s, "\0x", 2);
	assert_int_equal(s.len, 18);
	assert_memory_equal(s.data, "one 2 three four\0x", 19);
}

static void long_additions_grow_the_string(void **state)
{
	char large[5000];
	autostr s = {0};

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	for (int i = 0; i < 100; i++)
		str_add_char(&s, 'y');
	str_addf(&s, "%s", large);
	str_add(&s, large);
	assert_int_equal(s.len, 100 + 2 * (sizeof(large) - 1));
	assert_int_equal(strlen(str_text(&s)), s.len);
	assert_memory_equal(s.data + 100, large, sizeof(large) - 1);
}

static void formats_that_just_fit_or_just_do_not_come_out_whole(void **state)
{
	for (int len = 60; len < 70; len++) {
		autostr s = {0};

		str_addf(&s, "%*d", len, 7);
		assert_int_equal(s.len, len);
		assert_int_equal(s.data[len - 1], '7');
		assert_int_equal(s.data[len], '\0');
	}
}

static void words_for_a_shell_are_quoted(void **state)
{
	autostr s = {0};

	str_add_quoted(&s, "it's $HOME");
	str_add_quoted(&s, "");
	assert_string_equal(str_text(&s), "'it'\\''s $HOME'''");
}

static void pieces_are_inserted_anywhere_and_the_end_is_cut(void **state)
{
	autostr s = {0};

	str_add(&s, "middle");
	str_insert(&s, 0, "begin ", 6);
	str_insert(&s, s.len, " end", 4);
	assert_string_equal(str_text(&s), "begin middle end");
	str_truncate(&s, 17);
	assert_string_equal(str_text(&s), "begin middle end");
	str_truncate(&s, 5);
	assert_string_equal(str_text(&s), "begin");
	str_reset(&s);
	assert_string_equal(str_text(&s), "");
}

static void the_taken_text_is_the_callers(void **state)
{
	struct str s = {0};
	char *text;

	str_add(&s, "text");
	text = str_take(&s);
	assert_string_equal(text, "text");
	assert_string_equal(str_text(&s), "");
	free(text);

	text = str_take(&s);
	assert_string_equal(text, "");
	free(text);
}

static void a_string_without_memory_keeps_what_it_had(void **state)
{
	struct str s = {0};
	char large[200];

	memset(large, 'x', sizeof(large));
	str_add(&s, "kept");
	memory_fail_after(0);
	str_add_bytes(&s, large, sizeof(large));
	memory_heal();
	assert_true(str_failed(&s));
	assert_string_equal(str_text(&s), "kept");

	str_add(&s, "ignored");
	str_addf(&s, "%d", 1);
	str_insert(&s, 0, "x", 1);
	assert_string_equal(str_text(&s), "kept");
	assert_null(str_take(&s));
	assert_false(str_failed(&s));

	memory_fail_after(0);
	str_addf(&s, "%d", 1);
	memory_heal();
	assert_true(str_failed(&s));
	assert_string_equal(str_text(&s), "");
	str_reset(&s);
	str_add(&s, "works again");
	assert_string_equal(str_text(&s), "works again");

	memory_fail_after(0);
	str_addf(&s, "%300d", 1);
	memory_heal();
	assert_true(str_failed(&s));
	assert_string_equal(str_text(&s), "works again");
	str_finish(&s);
}

static void a_length_that_cannot_be_is_out_of_memory(void **state)
{
	struct str s = {0};

	str_add(&s, "kept");
	str_add_bytes(&s, "", SIZE_MAX - 1);
	assert_true(str_failed(&s));
	str_finish(&s);
	str_add_bytes(&s, "", SIZE_MAX / 2);
	assert_true(str_failed(&s));
	str_finish(&s);
}

/* A wide character that the C locale has no bytes for. */
static void a_format_that_cannot_be_written_fails_the_string(void **state)
{
	struct str s = {0};

	str_add(&s, "kept");
	str_addf(&s, "%ls", L"\u20ac");
	assert_true(str_failed(&s));
	assert_string_equal(str_text(&s), "kept");
	str_finish(&s);
}

static void plain_texts_answer_questions(void **state)
{
	assert_true(text_starts("lxc.net.0", "lxc."));
	assert_true(text_starts("x", ""));
	assert_false(text_starts("lx", "lxc"));
	assert_true(text_ends("a.conf", ".conf"));
	assert_true(text_ends("a", ""));
	assert_false(text_ends("conf", ".conf"));
	assert_false(text_ends("a.cong", ".conf"));
	assert_string_equal(text_after("lxc.net", "lxc."), "net");
	assert_null(text_after("lxd.net", "lxc."));
	assert_true(text_list_has("cpu,cpuacct", "cpu", 3));
	assert_true(text_list_has("cpu, cpuacct", "cpuacct", 7));
	assert_true(text_list_has("cpu,cpuacct,x", "cpuacct.stat", 7));
	assert_false(text_list_has("cpuacct,xcpu", "cpu", 3));
	assert_false(text_list_has("", "cpu", 3));
	assert_false(text_list_has(NULL, "cpu", 3));
	assert_int_equal(path_length("/var/lib/lxc//"), strlen("/var/lib/lxc"));
	assert_int_equal(path_length("//"), 1);
	assert_int_equal(path_length(""), 0);
	assert_true(text_equals_any_case("SigTerm", "sIGtERM"));
	assert_true(text_equals_any_case("", ""));
	assert_false(text_equals_any_case("abc", "abcd"));
	assert_false(text_equals_any_case("abcd", "abc"));
	assert_false(text_equals_any_case("[", "{"));
}

static void octal_escapes_are_put_back(void **state)
{
	char text[] = "/a\\040b\\134040\\011\\377";
	char others[] = "\\040\\08\\400\\x\\\\04\\";

	text_unescape(text);
	assert_string_equal(text, "/a b\\040\t\377");
	text_unescape(others);
	assert_string_equal(others, " \\08\\400\\x\\\\04\\");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untouched_string_is_the_empty_text),
		cmocka_unit_test(everything_is_added_in_order_and_terminated),
		cmocka_unit_test(long_additions_grow_the_string),
		cmocka_unit_test(formats_that_just_fit_or_just_do_not_come_out_whole),
		cmocka_unit_test(words_for_a_shell_are_quoted),
		cmocka_unit_test(pieces_are_inserted_anywhere_and_the_end_is_cut),
		cmocka_unit_test(the_taken_text_is_the_callers),
		cmocka_unit_test(a_string_without_memory_keeps_what_it_had),
		cmocka_unit_test(a_length_that_cannot_be_is_out_of_memory),
		cmocka_unit_test(a_format_that_cannot_be_written_fails_the_string),
		cmocka_unit_test(plain_texts_answer_questions),
		cmocka_unit_test(octal_escapes_are_put_back),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
