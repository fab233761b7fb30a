/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of the shell that files of settings may use, against what sh(1) makes of the same text,
 * and what is refused, with its line.
 */

#include "helpers/assignments.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

/* /there is a file with IN=side; /loop reads itself; others are missing. */
static int read_fake(void *context, const char *path, char **ret, size_t *ret_len)
{
	const char *text = strcmp(path, "/there") == 0  ? "IN=side\n"
			   : strcmp(path, "/loop") == 0 ? ". /loop\n"
							: NULL;

	if (!text)
		return -ENOENT;
	*ret = strdup(text);
	*ret_len = strlen(text);
	return 0;
}

static bool test_fake(void *context, const char *path, char letter)
{
	return strcmp(path, "/there") == 0;
}

static const struct assignments_files fakes = {read_fake, test_fake, NULL};

static int parse(const char *text, struct assignments *a, struct err *e)
{
	return assignments_parse(a, text, strlen(text), "FILE", &fakes, e);
}

static const struct {
	const char *text, *name, *value;
	uint32_t line;
} taken[] = {
	{"A=1", "A", "1", 1},
	{"\n\n  A=1 # comment\n", "A", "1", 3},
	{"A=1\nA=2\n", "A", "2", 2},
	{"A=", "A", "", 1},
	{"A=''", "A", "", 1},
	{"A=a#b", "A", "a#b", 1},
	{"A=\"a b\"c'd e'f\\ g", "A", "a bcd ef g", 1},
	{"A=\"\\\"\\$\\`\\\\\\x\"", "A", "\"$`\\\\x", 1},
	{"A='\\n$x`'", "A", "\\n$x`", 1},
	{"A=1\\\n2", "A", "12", 1},
	{"A=\"1\\\n2\"", "A", "12", 1},
	{"A='1\n2'", "A", "1\n2", 1},
	{"\\\nA=1", "A", "1", 2},
	{"B=x\nA=$B.$B", "A", "x.x", 2},
	{"B=x\nA=\"${B}y\"", "A", "xy", 2},
	{"A=1 B=2", "B", "2", 1},
	{"A=1; B=2;", "B", "2", 1},
	{"export A=1 B", "A", "1", 1},
	{"export \"A=1\"", "A", "1", 1},
	{"export 'A'=1 B", "A", "1", 1},
	{"B=x\nexport \"A=$B y=z\"", "A", "x y=z", 2},
	{"B=1\nexport B=2 A=$B", "A", "1", 2},
	{"B=1\nB=2 A=$B.1", "A", "2.1", 2},
	{"B=1 A=$B; B=3", "A", "1", 1},
	{"B=1 || B=2 A=$B", "B", "1", 1},
	{"A=a=b", "A", "a=b", 1},
	{"A=1 && A=2", "A", "2", 1},
	{"A=1 || A=2", "A", "1", 1},
	{"A=1 || A=2 && A=3", "A", "3", 1},
	{"true && A=1", "A", "1", 1},
	{"A=1 &&\n\nA=2", "A", "2", 3},
	{"[ -f /there ] && A=1 || A=2", "A", "1", 1},
	{"[ ! -f /there ] && A=1 || A=2", "A", "2", 1},
	{"test -e /missing || A=3", "A", "3", 1},
	{"A=0\n[ -r \"/missing\" ] && A=$NOT_SET", "A", "0", 1},
	{". /there", "IN", "side", 1},
	{"[ ! -f /there ] || . /there", "IN", "side", 1},
	{"A=1\n[ ! -f /missing ] || . /missing", "A", "1", 1},
	{"A=x~", "A", "x~", 1},
	{"A=*", "A", "*", 1},
};

static void what_the_shell_takes_is_taken(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(taken); i++) {
		struct assignments a = {0};
		const struct assignment *found;
		struct err e = {0};
		autostr text = {0};
		int r = parse(taken[i].text, &a, &e);

		err_render_text(&e, &text);
		if (r < 0)
			fail_msg("%s: %s", taken[i].text, str_text(&text));
		found = assignments_find(&a, taken[i].name);
		assert_non_null(found);
		assert_string_equal(found->value, taken[i].value);
		assert_int_equal(found->line, taken[i].line);
		assignments_finish(&a);
	}
}

/* The shell itself, where the text needs no files of ours. */
static void the_shell_agrees(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(taken); i++) {
		autostr command = {0};
		char value[64] = "";
		FILE *shell;

		if (strstr(taken[i].text, "/there"))
			continue;
		str_add(&command, "sh -c ");
		{
			autostr script = {0};

			str_addf(&script, "%s\nprintf %%s \"$%s\"", taken[i].text, taken[i].name);
			str_add_quoted(&command, str_text(&script));
		}
		shell = popen(str_text(&command), "re");
		assert_non_null(shell);
		value[fread(value, 1, sizeof(value) - 1, shell)] = '\0';
		assert_int_equal(pclose(shell), 0);
		assert_string_equal(value, taken[i].value);
	}
}

static const struct {
	const char *text, *origin, *what;
} refused[] = {
	{"\nA = 1", "FILE:2", "\"A\" is not understood"},
	{"A=$(id)", "FILE:1", "more than the name"},
	{"A=\"$(id)\"", "FILE:1", "more than the name"},
	{"A=`id`", "FILE:1", "back quotes"},
	{"A=\"`id`\"", "FILE:1", "back quotes"},
	{"A=$B", "FILE:1", "\"$B\" is not set"},
	{"A=${B:-1}", "FILE:1", "more than the name"},
	{"A=$1", "FILE:1", "more than the name"},
	{"A='1\n\n", "FILE:1", "without its second one"},
	{"A=\"1\n\n", "FILE:1", "without its second one"},
	{"A=~", "FILE:1", "\"~\""},
	{"A=1\r\n", "FILE:1", "carriage return"},
	{"A=1 >x", "FILE:1", "redirection"},
	{"f() { :; }", "FILE:1", "function"},
	{"A=1 &", "FILE:1", "\"&\""},
	{"A=1 | B=2", "FILE:1", "\"|\""},
	{"A=1 &&", "FILE:1", "nothing behind"},
	{"&& A=1", "FILE:1", "nothing before"},
	{"A=1 ;; B=2", "FILE:1", "nothing before"},
	{"A=1\n; B=2", "FILE:2", "nothing before"},
	{"A=1\nexport 1+2", "FILE:2", "\"1+2\" is not understood"},
	{"export '1A=2'", "FILE:1", "\"1A=2\" is not understood"},
	{"export =2", "FILE:1", "\"=2\" is not understood"},
	{"export -p", "FILE:1", "\"-p\" is not understood"},
	{"export ''", "FILE:1", "\"\" is not understood"},
	{"B=C=1\nexport $B", "FILE:2", "\"C=1\" is not understood"},
	{"export A+=1", "FILE:1", "\"A+=1\" is not understood"},
	{"A=1 id", "FILE:1", "\"id\" is not understood"},
	{"id", "FILE:1", "\"id\" is not understood"},
	{"false && id", "FILE:1", "\"false\" is not understood"},
	{"true || id", "FILE:1", "\"id\" is not understood"},
	{"'A'=1", "FILE:1", "\"A=1\" is not understood"},
	{"1A=1", "FILE:1", "\"1A=1\" is not understood"},
	{"if true; then A=1; fi", "FILE:1", "\"if\" is not understood"},
	{"[ -f /there", "FILE:1", "without its \"]\""},
	{"[ -n x ] && A=1", "FILE:1", "a test that is not understood"},
	{"[ -f ] && A=1", "FILE:1", "a test that is not understood"},
	{"\n. /missing", "FILE:2", "cannot read the file \"/missing\""},
	{". there", "FILE:1", "takes the path of one file"},
	{". /loop", "/loop:1", "too deep"},
	{"a b c d e f g h i j k l m n o p q", "FILE:1", "too many words"},
	{"A=1\\", "FILE:1", "at the end of the file"},
};

static void what_is_not_understood_is_refused_where_it_stands(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		struct assignments a = {0};
		struct err e = {0};
		autostr text = {0}, origin = {0};

		if (parse(refused[i].text, &a, &e) >= 0)
			fail_msg("taken: %s", refused[i].text);
		err_render_text(&e, &text);
		str_addf(&origin, "(%s)", refused[i].origin);
		if (!strstr(str_text(&text), refused[i].what) ||
		    !strstr(str_text(&text), str_text(&origin)))
			fail_msg("%s: %s", refused[i].text, str_text(&text));
		assignments_finish(&a);
	}
}

static void texts_that_are_too_long_and_bytes_that_are_none(void **state)
{
	struct assignments a = {0};
	autostr text = {0};

	assert_true(assignments_parse(&a, "A=\0", 3, "FILE", &fakes, NULL) < 0);
	str_add(&text, "A=");
	for (int i = 0; i < ASSIGNMENTS_VALUE_MAX; i++)
		str_add_char(&text, 'x');
	assert_true(parse(str_text(&text), &a, NULL) < 0);
	str_reset(&text);
	for (int i = 0; i < ASSIGNMENTS_MAX; i++)
		str_add(&text, "A=1\n");
	assert_int_equal(parse(str_text(&text), &a, NULL), 0);
	assert_true(parse("A=1", &a, NULL) < 0);
	assignments_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_shell_takes_is_taken),
		cmocka_unit_test(the_shell_agrees),
		cmocka_unit_test(what_is_not_understood_is_refused_where_it_stands),
		cmocka_unit_test(texts_that_are_too_long_and_bytes_that_are_none),
	};

	return cmocka_run_group_tests_name("assignments", tests, NULL, NULL);
}
