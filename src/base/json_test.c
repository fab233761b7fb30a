/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The JSON emitter: shapes, escapes, and that misuse is caught.
 */

#include "base/json.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

static void scalars_are_whole_documents(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} numbers[] = {{0, "0"}, {INT64_MIN, "-9223372036854775808"}};
	struct json j;

	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		autostr out = {0};

		json_init(&j, &out, 0);
		json_add_int(&j, numbers[i].value);
		json_finish(&j);
		assert_string_equal(str_text(&out), numbers[i].text);
	}
}

static void fill(struct json *j)
{
	json_open_object(j);
	json_name(j, "name");
	json_add_string(j, "c1");
	json_name(j, "list");
	json_open_array(j);
	json_add_uint(j, UINT64_MAX);
	json_add_thousandths(j, 12034);
	json_add_bool(j, true);
	json_add_bool(j, false);
	json_add_null(j);
	json_add_string(j, NULL);
	json_open_object(j);
	json_close_object(j);
	json_open_array(j);
	json_close_array(j);
	json_close_array(j);
	json_name(j, "last");
	json_add_int(j, -1);
	json_close_object(j);
	json_finish(j);
}

static void documents_are_compact_or_indented(void **state)
{
	autostr compact = {0};
	autostr indented = {0};
	struct json j;

	json_init(&j, &compact, 0);
	fill(&j);
	assert_string_equal(
		str_text(&compact),
		"{\"name\":\"c1\",\"list\":[18446744073709551615,12.034,true,false,null,null,"
		"{},[]],\"last\":-1}");
	json_init(&j, &indented, 2);
	fill(&j);
	assert_string_equal(
		str_text(&indented),
		"{\n  \"name\": \"c1\",\n  \"list\": [\n    18446744073709551615,\n"
		"    12.034,\n    true,\n    false,\n    null,\n    null,\n    {},\n    []\n  ],\n"
		"  \"last\": -1\n}");
}

static void assert_quoted(const char *text, const char *expected)
{
	autostr out = {0};
	struct json j;

	json_init(&j, &out, 0);
	json_add_string(&j, text);
	assert_string_equal(str_text(&out), expected);
}

static void strings_are_escaped(void **state)
{
	assert_quoted("", "\"\"");
	assert_quoted("a\"b\\c/", "\"a\\\"b\\\\c/\"");
	assert_quoted("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
	assert_quoted("\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"");
	assert_quoted("ü€😀", "\"ü€😀\"");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	assert_quoted("\xff", "\"\xef\xbf\xbd\"");
	assert_quoted("a\xc3", "\"a\xef\xbf\xbd\"");
	assert_quoted("\xed\xa0\x80z", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
}

static void nesting_goes_to_the_limit(void **state)
{
	autostr out = {0};
	struct json j;

	json_init(&j, &out, 0);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_open_array(&j);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_close_array(&j);
	json_finish(&j);
	assert_int_equal(out.len, 2 * JSON_DEPTH_MAX);
}

static void value_without_name(struct json *j)
{
	json_open_object(j);
	json_add_null(j);
}

static void name_in_array(struct json *j)
{
	json_open_array(j);
	json_name(j, "x");
}

static void name_without_value(struct json *j)
{
	json_open_object(j);
	json_name(j, "x");
	json_close_object(j);
}

static void wrong_close(struct json *j)
{
	json_open_object(j);
	json_close_array(j);
}

static void close_too_many(struct json *j)
{
	json_close_array(j);
}

static void two_documents(struct json *j)
{
	json_add_null(j);
	json_add_null(j);
}

static void too_deep(struct json *j)
{
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		json_open_array(j);
}

static void unfinished(struct json *j)
{
	json_open_array(j);
	json_finish(j);
}

static void nothing_at_all(struct json *j)
{
	json_finish(j);
}

static void misuse_is_asserted(void **state)
{
	static void (*const misuses[])(struct json * j) = {
		value_without_name, name_in_array,  name_without_value,
		wrong_close,        close_too_many, two_documents,
		too_deep,           unfinished,     nothing_at_all,
	};

	for (size_t i = 0; i < ARRAY_LENGTH(misuses); i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			autostr out = {0};
			struct json j;

			signal(SIGABRT, SIG_DFL);
			close(STDERR_FILENO);
			json_init(&j, &out, 0);
			misuses[i](&j);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_are_whole_documents),
		cmocka_unit_test(documents_are_compact_or_indented),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(nesting_goes_to_the_limit),
		cmocka_unit_test(misuse_is_asserted),
	};

	return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
