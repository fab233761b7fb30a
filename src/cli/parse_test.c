/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command-line rules of spec/cli.md §1, each with a command line that shows it.
 */

#include "cli/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/str.h"
#include "cli/test_tools.h"

enum { WORDS_MAX = 16 };

/* One parsed command line. */
struct line {
	struct test_attach_values attach;
	struct test_create_values create;
	struct test_clone_values clone;
	struct cli_common common;
	struct cli_arguments arguments;
	struct err e;
	char *argv[WORDS_MAX];
	char *before[WORDS_MAX];
	int argc;
};

static void *values_of(struct line *l, const struct cli_tool *tool)
{
	if (tool == &test_attach)
		return &l->attach;
	if (tool == &test_create)
		return &l->create;
	return tool == &test_clone ? (void *)&l->clone : (void *)&l->common;
}

/* Parse `tool` WORDS…; the last word is NULL. Always finished by finish(). */
static int parse(struct line *l, const struct cli_tool *tool, ...)
{
	va_list ap;
	char *word;
	int r;

	memset(l, 0, sizeof(*l));
	l->argv[l->argc++] = (char *)tool->name;
	va_start(ap, tool);
	while ((word = va_arg(ap, char *)))
		l->argv[l->argc++] = word;
	va_end(ap);
	memcpy(l->before, l->argv, sizeof(l->before));
	r = cli_parse(tool, l->argc, l->argv, values_of(l, tool), &l->arguments, &l->e);
	assert_memory_equal(l->before, l->argv, sizeof(l->before));
	assert_true(r >= 0 || err_is_set(&l->e));
	return r;
}

static void finish(struct line *l)
{
	cli_arguments_finish(&l->arguments);
}

/* The words that are left, joined by blanks. */
static const char *left(struct line *l)
{
	static char text[256];
	size_t used = 0;

	text[0] = 0;
	for (size_t i = 0; i < l->arguments.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 l->arguments.words[i]);
	assert_null(l->arguments.words[l->arguments.count]);
	return text;
}

#define expect_failure(l, complaint_, message, tool, ...)                 \
	do {                                                              \
		assert_true(parse((l), (tool), __VA_ARGS__, NULL) < 0);   \
		assert_string_equal(err_cause(&(l)->e), (message));       \
		assert_int_equal((l)->arguments.complaint, (complaint_)); \
		finish(l);                                                \
	} while (0)

static void the_name_comes_by_option_or_as_first_word(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_create, "-n", "c1", "x", NULL), 0);
	assert_string_equal(l.create.common.name, "c1");
	assert_string_equal(left(&l), "x");
	finish(&l);
	assert_int_equal(parse(&l, &test_create, "c1", "x", NULL), 0);
	assert_string_equal(l.create.common.name, "c1");
	assert_string_equal(left(&l), "x");
	finish(&l);
	assert_int_equal(parse(&l, &test_create, "b", "-n", "a", NULL), 0);
	assert_string_equal(l.create.common.name, "a");
	assert_string_equal(left(&l), "b");
	finish(&l);
	assert_int_equal(parse(&l, &test_create, "--", "c1", "-x", NULL), 0);
	assert_string_equal(l.create.common.name, "c1");
	assert_string_equal(left(&l), "-x");
	finish(&l);
}

static void a_missing_name_is_told(void **state)
{
	struct line l;

	expect_failure(&l, CLI_COMPLAINT_VALUE, "No container name specified", &test_create, "-q");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "No container name specified", &test_attach, "-q");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "No container name specified", &test_create, "-n",
		       "");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "No container name specified", &test_create, "");
	assert_int_equal(parse(&l, &test_monitor, NULL), 0);
	assert_null(l.common.name);
	finish(&l);
	assert_int_equal(parse(&l, &test_monitor, "a|b", NULL), 0);
	assert_string_equal(l.common.name, "a|b");
	finish(&l);
	assert_int_equal(parse(&l, &test_top, "x", NULL), 0);
	assert_null(l.common.name);
	assert_string_equal(left(&l), "x");
	finish(&l);
}

static void the_container_options_are_stored(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_top, "-P", "/a//", "-o", "none", "-l", "debug", "-q",
			       "--rcfile", "/f", NULL),
			 0);
	assert_int_equal(l.common.paths.count, 1);
	assert_string_equal(l.common.paths.items[0], "/a");
	assert_string_equal(l.common.log_file, "none");
	assert_int_equal(l.common.log_level, LOG_LEVEL_DEBUG);
	assert_true(l.common.quiet);
	assert_string_equal(l.common.rcfile, "/f");
	finish(&l);
	assert_int_equal(parse(&l, &test_top, NULL), 0);
	assert_int_equal(l.common.log_level, LOG_LEVEL_NOTSET);
	finish(&l);
}

static void unknown_log_level_is_an_error(void **state)
{
	struct line l;

	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid log priority 'PRIORITY'", &test_top, "-l",
		       "PRIORITY");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid log priority ''", &test_top, "-l", "");
}

static void a_second_path_is_refused_where_one_counts(void **state)
{
	struct line l;

	expect_failure(&l, CLI_COMPLAINT_BARE, "This command only accepts 1 -P,--lxcpath arguments",
		       &test_create, "c", "-P", "/a", "--lxcpath=/b");
	assert_int_equal(parse(&l, &test_top, "-P", "/a", "-P/b", "--lxcpath=/c", NULL), 0);
	assert_int_equal(l.common.paths.count, 3);
	assert_string_equal(l.common.paths.items[0], "/a");
	assert_string_equal(l.common.paths.items[1], "/b");
	assert_string_equal(l.common.paths.items[2], "/c");
	finish(&l);
	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid container path ''", &test_top, "-P", "");
}

static void long_options_come_in_all_forms(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_attach, "c", "--uid", "5", "--set-var=A=b", NULL), 0);
	assert_int_equal(l.attach.uid, 5);
	assert_string_equal(l.attach.variables.items[0], "A=b");
	finish(&l);
	assert_int_equal(parse(&l, &test_attach, "c", "--ti", "-1", "--remount", NULL), 0);
	assert_int_equal(l.attach.timeout, -1);
	assert_true(l.attach.remount);
	finish(&l);
}

static void messages_are_those_of_getopt(void **state)
{
	struct line l;

	expect_failure(&l, CLI_COMPLAINT_OPTION, "unrecognized option '--bogus=3'", &test_create,
		       "c", "--bogus=3");
	expect_failure(&l, CLI_COMPLAINT_OPTION, "unrecognized option '--=3'", &test_create,
		       "--=3");
	expect_failure(&l, CLI_COMPLAINT_OPTION,
		       "option '--fs=3' is ambiguous; possibilities: '--fstype' '--fssize'",
		       &test_create, "--fs=3");
	expect_failure(&l, CLI_COMPLAINT_OPTION, "option '--quiet' doesn't allow an argument",
		       &test_create, "--qui=3");
	expect_failure(&l, CLI_COMPLAINT_OPTION, "option '--fstype' requires an argument",
		       &test_create, "--fst");
	expect_failure(&l, CLI_COMPLAINT_OPTION, "invalid option -- 'x'", &test_create, "-qx");
	expect_failure(&l, CLI_COMPLAINT_OPTION, "option requires an argument -- 'P'", &test_create,
		       "-P");
}

static void nearest_option_is_suggested(void **state)
{
	autostr text = {0};
	struct line l;

	assert_true(parse(&l, &test_attach, "--clera-env=1", NULL) < 0);
	err_render_text(&l.e, &text);
	assert_string_equal(str_text(&text), "unrecognized option '--clera-env=1'\n"
					     "  hint: did you mean '--clear-env'?");
	finish(&l);
	/* Old spellings are never suggested. */
	str_reset(&text);
	assert_true(parse(&l, &test_create, "--bakcingstore", NULL) < 0);
	err_render_text(&l.e, &text);
	assert_string_equal(str_text(&text), "unrecognized option '--bakcingstore'");
	finish(&l);
}

static void old_spellings_are_understood(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_create, "c", "--backingstore", "lvm", "-6/x", NULL), 0);
	assert_string_equal(l.create.backend, "lvm");
	assert_string_equal(l.create.directory, "/x");
	finish(&l);
	/* Both old spellings begin so, and both mean --bdev. */
	assert_int_equal(parse(&l, &test_create, "c", "--backing=btrfs", NULL), 0);
	assert_string_equal(l.create.backend, "btrfs");
	finish(&l);
	/* They don't make a beginning ambiguous that is not without them. */
	assert_int_equal(parse(&l, &test_create, "c", "--b", "loop", NULL), CLI_RUN);
	assert_string_equal(l.create.backend, "loop");
	finish(&l);
}

static void long_options_of_one_letter_are_that_letter(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_create, "--n", "foo", "--f", "foo.conf", "--t=x", NULL),
			 0);
	assert_string_equal(l.create.common.name, "foo");
	assert_string_equal(l.create.common.rcfile, "foo.conf");
	assert_string_equal(l.create.template, "x");
	finish(&l);
	expect_failure(&l, CLI_COMPLAINT_OPTION, "option requires an argument -- 'n'", &test_create,
		       "--n");
	expect_failure(&l, CLI_COMPLAINT_OPTION, "option '--q' doesn't allow an argument",
		       &test_create, "--q=1");
	/* No option has this letter, so it is a beginning again. */
	assert_int_equal(parse(&l, &test_create, "c", "--d=/r", NULL), 0);
	assert_string_equal(l.create.directory, "/r");
	finish(&l);
}

static void optional_arguments_must_be_attached(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_attach, "-n", "c", "-e", "CAP", NULL), 0);
	assert_int_equal(l.attach.elevated, 7);
	assert_string_equal(left(&l), "CAP");
	finish(&l);
	assert_int_equal(parse(&l, &test_attach, "c", "-eCAP|LSM", "--nesting=3", NULL), 0);
	assert_int_equal(l.attach.elevated, TEST_ELEVATED_CAP | TEST_ELEVATED_LSM);
	assert_int_equal(l.attach.nesting, 3);
	finish(&l);
	assert_int_equal(parse(&l, &test_attach, "c", "--elevated-privileges", "--nesting", NULL),
			 0);
	assert_int_equal(l.attach.elevated, 7);
	assert_int_equal(l.attach.nesting, 5);
	finish(&l);
}

static void negative_numbers_are_words(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_clone, "-n", "c1", "memory.limit", "-1", NULL), 0);
	assert_string_equal(left(&l), "memory.limit -1");
	finish(&l);
	assert_true(parse(&l, &test_clone, "-n", "c1", "-y1", NULL) != 0);
	finish(&l);
}

static void letters_share_a_word(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_attach, "-qRu5", "-nc", "-v", "A=1", "-vB=2", NULL), 0);
	assert_true(l.attach.common.quiet && l.attach.remount);
	assert_int_equal(l.attach.uid, 5);
	assert_string_equal(l.attach.common.name, "c");
	assert_int_equal(l.attach.variables.count, 2);
	assert_string_equal(l.attach.variables.items[1], "B=2");
	finish(&l);
	/* A required argument is whatever comes next. */
	assert_int_equal(parse(&l, &test_attach, "-v", "-q", "c", NULL), 0);
	assert_string_equal(l.attach.variables.items[0], "-q");
	assert_false(l.attach.common.quiet);
	finish(&l);
}

static void a_command_ends_the_options(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_attach, "c", "ls", "-q", "--", "x", NULL), 0);
	assert_string_equal(l.attach.common.name, "c");
	assert_string_equal(left(&l), "ls -q -- x");
	assert_false(l.attach.common.quiet);
	finish(&l);
	assert_int_equal(parse(&l, &test_attach, "-n", "c", "ls", "-q", NULL), 0);
	assert_string_equal(left(&l), "ls -q");
	finish(&l);
	assert_int_equal(parse(&l, &test_attach, "c", "-q", NULL), 0);
	assert_true(l.attach.common.quiet);
	finish(&l);
	assert_int_equal(parse(&l, &test_attach, "ls", "-n", "c", "/", "-q", NULL), 0);
	assert_string_equal(l.attach.common.name, "c");
	assert_string_equal(left(&l), "ls / -q");
	finish(&l);
	assert_int_equal(parse(&l, &test_attach, "c", "--", "-q", "ls", NULL), 0);
	assert_string_equal(left(&l), "-q ls");
	assert_false(l.attach.common.quiet);
	finish(&l);
	assert_int_equal(parse(&l, &test_unshare, "-q", "ls", "-P", NULL), 0);
	assert_string_equal(left(&l), "ls -P");
	finish(&l);
}

static void others_mix_options_and_words(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_create, "c", "a", "-q", "b", "--", "-t", "--", "d", NULL),
			 0);
	assert_true(l.create.common.quiet);
	assert_string_equal(left(&l), "a b -t -- d");
	assert_int_equal(l.arguments.separator, 2);
	finish(&l);
	assert_int_equal(parse(&l, &test_create, "c", "-", NULL), 0);
	assert_string_equal(left(&l), "-");
	assert_int_equal(l.arguments.separator, 1);
	finish(&l);
}

static void own_rows_replace_shared_ones(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_attach, "c", "-f", "/a", NULL), 0);
	assert_string_equal(l.attach.common.rcfile, "/a");
	finish(&l);
	assert_int_equal(parse(&l, &test_clone, "-o", "a", "-n", "b", "-p/1", "-P/2", NULL), 0);
	assert_string_equal(l.clone.origin, "a");
	assert_string_equal(l.clone.new, "b");
	assert_string_equal(l.clone.old_path, "/1");
	assert_string_equal(l.clone.new_path, "/2");
	finish(&l);
	expect_failure(&l, CLI_COMPLAINT_OPTION, "invalid option -- 'q'", &test_clone, "-q");
}

static void help_usage_and_version_are_asked_for(void **state)
{
	struct line l;
	static const struct {
		const char *word;
		int outcome;
	} rows[] = {
		{"-h", CLI_SHOW_HELP},          {"--help", CLI_SHOW_HELP},
		{"--he", CLI_SHOW_HELP},        {"--h", CLI_SHOW_HELP},
		{"-?", CLI_SHOW_HELP_AS_ERROR}, {"-q?", CLI_SHOW_HELP_AS_ERROR},
		{"--usage", CLI_SHOW_USAGE},    {"--version", CLI_SHOW_VERSION},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		assert_int_equal(parse(&l, &test_create, rows[i].word, "--bogus", NULL),
				 rows[i].outcome);
		finish(&l);
	}
}

static void wrong_values_are_quoted(void **state)
{
	struct line l;

	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid timeout 'abc'", &test_attach, "-t", "abc");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid timeout '1 '", &test_attach, "-t1 ");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid timeout '99999999999'", &test_attach,
		       "--timeout=99999999999");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid uid '-1'", &test_attach, "-u", "-1");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid privilege 'FOO'", &test_attach,
		       "-eCAP|FOO|LSM");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid privilege ''", &test_attach, "-eCAP|");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "cannot double 'x'", &test_attach, "--doubled=x");
	expect_failure(&l, CLI_COMPLAINT_VALUE, "invalid log file ''", &test_attach, "-L", "");
}

static void every_kind_of_value_is_stored(void **state)
{
	struct line l;

	assert_int_equal(parse(&l, &test_attach, "c", "--keep-env", "--clear-env", "--doubled",
			       "21", "-L/log/", "-ecap", "-u", "4294967295", NULL),
			 0);
	assert_int_equal(l.attach.environment, 1);
	assert_int_equal(l.attach.doubled, 42);
	assert_string_equal(l.attach.log, "/log");
	assert_int_equal(l.attach.elevated, TEST_ELEVATED_CAP);
	assert_int_equal(l.attach.uid, UINT32_MAX);
	finish(&l);
}

static void relative_paths_become_absolute(void **state)
{
	char directory[] = "/tmp/tare-parse-XXXXXX";
	autofree char *old = getcwd(NULL, 0);
	autofree char *real = NULL;
	autostr expected = {0};
	struct line l;

	assert_non_null(mkdtemp(directory));
	assert_return_code(chdir(directory), 0);
	assert_return_code(symlink(".", "link"), 0);
	real = realpath(".", NULL);

	assert_int_equal(parse(&l, &test_top, "-P", "link/link/new//deep/", "-P", ".", "-P", "a",
			       "-P", "/x/../y/", "-P", "/", NULL),
			 0);
	str_addf(&expected, "%s/new//deep", real);
	assert_string_equal(l.common.paths.items[0], str_text(&expected));
	assert_string_equal(l.common.paths.items[1], real);
	str_reset(&expected);
	str_addf(&expected, "%s/a", real);
	assert_string_equal(l.common.paths.items[2], str_text(&expected));
	assert_string_equal(l.common.paths.items[3], "/x/../y");
	assert_string_equal(l.common.paths.items[4], "/");
	finish(&l);

	assert_return_code(chdir("/"), 0);
	assert_int_equal(parse(&l, &test_top, "-P", "no-such-thing/x", NULL), 0);
	assert_string_equal(l.common.paths.items[0], "/no-such-thing/x");
	finish(&l);
	assert_return_code(chdir(old), 0);
	str_reset(&expected);
	str_addf(&expected, "%s/link", directory);
	assert_return_code(unlink(str_text(&expected)), 0);
	assert_return_code(rmdir(directory), 0);
}

static void parsing_twice_gives_the_same(void **state)
{
	struct line l;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(parse(&l, &test_attach, "-qn", "c", "-v", "A=1", "ls", "-q", NULL),
				 0);
		assert_string_equal(left(&l), "ls -q");
		assert_int_equal(l.attach.variables.count, 1);
		finish(&l);
	}
}

static void an_empty_command_line_is_fine(void **state)
{
	struct cli_common common = {0};
	autoarguments arguments = {0};
	struct err e = {0};
	char *argv[] = {NULL};

	assert_int_equal(cli_parse(&test_top, 0, argv, &common, &arguments, &e), 0);
	assert_int_equal(arguments.count, 0);
	assert_null(arguments.words[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_comes_by_option_or_as_first_word),
		cmocka_unit_test(a_missing_name_is_told),
		cmocka_unit_test(the_container_options_are_stored),
		cmocka_unit_test(unknown_log_level_is_an_error),
		cmocka_unit_test(a_second_path_is_refused_where_one_counts),
		cmocka_unit_test(long_options_come_in_all_forms),
		cmocka_unit_test(messages_are_those_of_getopt),
		cmocka_unit_test(nearest_option_is_suggested),
		cmocka_unit_test(old_spellings_are_understood),
		cmocka_unit_test(long_options_of_one_letter_are_that_letter),
		cmocka_unit_test(optional_arguments_must_be_attached),
		cmocka_unit_test(negative_numbers_are_words),
		cmocka_unit_test(letters_share_a_word),
		cmocka_unit_test(a_command_ends_the_options),
		cmocka_unit_test(others_mix_options_and_words),
		cmocka_unit_test(own_rows_replace_shared_ones),
		cmocka_unit_test(help_usage_and_version_are_asked_for),
		cmocka_unit_test(wrong_values_are_quoted),
		cmocka_unit_test(every_kind_of_value_is_stored),
		cmocka_unit_test(relative_paths_become_absolute),
		cmocka_unit_test(parsing_twice_gives_the_same),
		cmocka_unit_test(an_empty_command_line_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
