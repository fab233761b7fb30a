/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The texts for people: help, the short list, lists of commands, manual pages.
 */

#include "cli/help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/generate.h"
#include "cli/test_tools.h"

static void the_help_has_one_line_per_option(void **state)
{
	autostr out = {0};

	cli_add_help(&test_create, &out);
	assert_string_equal(
		str_text(&out),
		"Usage: lxc-create [-n] NAME -t TEMPLATE\n"
		"       lxc-create NAME --help\n"
		"\n"
		"Create a container.\n"
		"\n"
		"A first paragraph that is long enough to be broken into two lines, because it\n"
		"goes on and on.\n"
		"A second one.\n"
		"\n"
		"Options:\n"
		"  -t, --template=TEMPLATE  make it by TEMPLATE\n"
		"  -B, --bdev=BACKEND       storage back end\n"
		"      --fstype=TYPE        file system\n"
		"      --fssize=SIZE        its size\n"
		"      --dir=DIRECTORY      where the rootfs is\n"
		"  -f, --config=FILE        begin with FILE\n"
		"\n"
		"Common options:\n"
		"  -n, --name=NAME          name of the container\n"
		"  -P, --lxcpath=PATH       directory that holds the containers\n"
		"  -o, --logfile=FILE       write log lines to FILE\n"
		"  -l, --logpriority=LEVEL  lowest level that is written to the log file\n"
		"  -q, --quiet              no log lines on standard error\n"
		"      --rcfile=FILE        load FILE instead of the container's own "
		"configuration\n"
		"  -h, --help               print this help\n"
		"      --usage              print a short list of the options\n"
		"      --version            print the version\n");
}

static void optional_arguments_and_lone_letters_show_their_form(void **state)
{
	autostr attach = {0};
	autostr clone = {0};

	cli_add_help(&test_attach, &attach);
	assert_non_null(strstr(str_text(&attach), "  -e, --elevated-privileges[=WHAT]  keep"));
	assert_non_null(strstr(str_text(&attach), "      --nesting[=N]                 levels"));
	assert_null(strstr(str_text(&attach), "Usage: lxc-attach \n"));
	cli_add_help(&test_clone, &clone);
	assert_non_null(strstr(str_text(&clone), "  -m MAP              letter only\n"));
}

static void the_short_list_has_the_form_of_lxc(void **state)
{
	autostr out = {0};

	cli_add_usage(&test_attach, &out);
	assert_string_equal(str_text(&out),
			    "Usage: lxc-attach [-e|--elevated-privileges[=ELEVATED-PRIVILEGES]] "
			    "[-R|--remount-sys-proc] [--clear-env] [--keep-env]\n"
			    "\t[-v|--set-var=SET-VAR] [-u|--uid=UID] [-t|--timeout=TIMEOUT] "
			    "[--nesting[=NESTING]]\n"
			    "\t[-L|--pty-log=PTY-LOG] [-f|--rcfile=RCFILE] [--doubled=DOUBLED] "
			    "[-n|--name=NAME]\n"
			    "\t[-P|--lxcpath=LXCPATH] [-o|--logfile=LOGFILE] "
			    "[-l|--logpriority=LOGPRIORITY] [-q|--quiet]\n"
			    "\t[-h|--help] [--usage] [--version]\n");
}

static void a_list_of_four_options_has_no_second_line(void **state)
{
	static const struct cli_option options[] = {
		{'m', NULL, "MAP", CLI_STRING, .help = "a map"},
		{0},
	};
	static const struct cli_tool tool = {
		.name = "lxc-x", .summary = "x", .synopsis = "", .options = options};
	autostr out = {0};

	cli_add_usage(&tool, &out);
	assert_string_equal(str_text(&out),
			    "Usage: lxc-x [-m MAP] [-h|--help] [--usage] [--version]\n");
}

static void the_list_of_commands_leaves_hidden_ones_out(void **state)
{
	autostr out = {0};

	cli_add_tool_list(&test_registry, &out);
	assert_non_null(strstr(str_text(&out), "  lxc-create   create a container\n"));
	assert_non_null(strstr(str_text(&out), "  tare clone   clone a container\n"));
	assert_null(strstr(str_text(&out), "secret"));
}

static void long_words_are_not_broken(void **state)
{
	char word[101];
	autostr out = {0};

	memset(word, 'x', 100);
	word[100] = 0;
	cli_add_wrapped("a", 80, &out);
	str_add(&out, "|");
	cli_add_wrapped(word, 80, &out);
	assert_int_equal(out.len, 2 + 1 + 101);
}

static void the_manual_escapes_what_roff_would_take(void **state)
{
	static const struct cli_word words[] = {
		{"a-b", 1}, {"c", 2}, {"old", 2, .hidden = true}, {0}};
	static const struct cli_option options[] = {
		{'e', "escape", "CHAR", CLI_CHOICES, CLI_ARGUMENT_OPTIONAL, .words = words,
		 .help = ".dot 'quote' \\ ^a ~ \"x\" `"},
		{'o', "old", NULL, CLI_FLAG, CLI_HIDDEN},
		{0},
	};
	static const struct cli_tool tool = {
		.name = "lxc-x", .summary = "x", .synopsis = "", .options = options};
	static const char begin[] = ".TP\n"
				    "\\fB\\-e\\fR, \\fB\\-\\-escape\\fR[=\\fICHAR\\fR]\n"
				    "\\&.dot \\(aqquote\\(aq \\e \\(haa \\(ti \\(dqx\\(dq \\(ga.\n"
				    "One or more, joined by \\(aq|\\(aq, of\n"
				    "\\fBa\\-b\\fR,\n"
				    "\\fBc\\fR.\n"
				    ".SS Common options\n"
				    ".TP\n"
				    "\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n"
				    "Print this help.\n";
	autostr out = {0};

	cli_add_manual_options(&tool, &out);
	assert_true(text_starts(str_text(&out), begin));
	assert_null(strstr(str_text(&out), "old"));
}

static void the_manual_lists_the_commands(void **state)
{
	autostr out = {0};

	cli_add_manual_tools(&test_registry, &out);
	assert_true(text_starts(str_text(&out),
				".TP\n\\fBlxc\\-attach\\fR\nRun a command in a container.\n"));
	assert_null(strstr(str_text(&out), "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_help_has_one_line_per_option),
		cmocka_unit_test(optional_arguments_and_lone_letters_show_their_form),
		cmocka_unit_test(the_short_list_has_the_form_of_lxc),
		cmocka_unit_test(a_list_of_four_options_has_no_second_line),
		cmocka_unit_test(the_list_of_commands_leaves_hidden_ones_out),
		cmocka_unit_test(long_words_are_not_broken),
		cmocka_unit_test(the_manual_escapes_what_roff_would_take),
		cmocka_unit_test(the_manual_lists_the_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
