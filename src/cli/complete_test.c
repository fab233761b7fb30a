/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Completion scripts, each run by its shell with command lines that are half typed. Where a script
 * would ask lxc-ls, a function of the shell answers with what it was asked.
 */

#include "cli/generate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"
#include "cli/test_tools.h"

/* The home of the shells (fish writes into it); the script under test lies there as well. */
static char home[] = "/tmp/tare-complete-XXXXXX";
static char script[sizeof(home) + sizeof("/script")];

static void write_script(void (*add)(const struct cli_registry *registry, struct str *out))
{
	autofclose FILE *file = fopen(script, "we");
	autostr text = {0};

	add(&test_registry, &text);
	assert_false(str_failed(&text));
	assert_non_null(file);
	assert_int_equal(fwrite(str_text(&text), 1, text.len, file), text.len);
}

/* What a shell's command line prints, both outputs, blanks for newlines, without the last. */
static const char *shell(const char *fmt, ...)
{
	static char out[8192];
	autostr command = {0};
	size_t length;
	va_list ap;
	FILE *pipe;

	va_start(ap, fmt);
	str_vaddf(&command, fmt, ap);
	va_end(ap);
	pipe = popen(str_text(&command), "re");
	assert_non_null(pipe);
	length = fread(out, 1, sizeof(out) - 1, pipe);
	assert_int_equal(pclose(pipe), 0);
	while (length > 0 && out[length - 1] == '\n')
		length--;
	out[length] = 0;
	for (size_t i = 0; i < length; i++)
		if (out[i] == '\n')
			out[i] = ' ';
	return out;
}

static int make_home(void **state)
{
	if (!mkdtemp(home))
		return -1;
	return snprintf(script, sizeof(script), "%s/script", home) < 0 || setenv("HOME", home, 1);
}

static int remove_home(void **state)
{
	(void)shell("rm -r %s", home);
	return 0;
}

/* The candidates of bash for words that are split as bash splits them, the last one half typed. */
static const char *in_bash(const char *words)
{
	return shell("exec bash -c 'source %s; lxc-ls() { printf \"%%s\\n\" \"asked $*\"; }; "
		     "list-numbers() { printf \"%%s\\n\" 12 \"1 3\" \"\\$(exit 1)\"; }; "
		     "COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
		     "_lxc; printf \"%%s\\n\" \"${COMPREPLY[@]}\"' 2>&1",
		     script, words);
}

static void bash_completes_options_and_values(void **state)
{
	write_script(cli_add_bash_completion);
	assert_string_equal(in_bash("lxc-attach --e"), "--elevated-privileges");
	assert_string_equal(in_bash("lxc-create --f"), "--fstype --fssize");
	assert_string_equal(in_bash("lxc-create --back"), "");
	assert_string_equal(in_bash("lxc-create -l D"), "DEBUG");
	assert_string_equal(in_bash("lxc-create --logpriority = D"), "DEBUG");
	assert_string_equal(in_bash("lxc-create --logpriority ="),
			    "TRACE DEBUG INFO NOTICE WARN ERROR CRIT ALERT FATAL");
	assert_string_equal(in_bash("lxc-create --logpriority=D"), "--logpriority=DEBUG");
	assert_string_equal(in_bash("lxc-create -B \"\""), "dir lvm");
	assert_string_equal(in_bash("lxc-attach --elevated-privileges = \"CAP|L\""), "CAP|LSM");
	assert_string_equal(in_bash("lxc-attach --elevated-privileges = \"\\\"CAP|L\""), "CAP|LSM");
	assert_string_equal(in_bash("lxc-attach -t 5 --elevated-privileges --key"), "");
	assert_string_equal(in_bash("lxc-create --dir /usr/shar"), "/usr/share");
}

static void bash_completes_containers_by_state_and_path(void **state)
{
	write_script(cli_add_bash_completion);
	assert_string_equal(in_bash("lxc-attach -n \"\""), "asked\\ -1\\ --running");
	assert_string_equal(in_bash("lxc-attach -q \"\""), "asked\\ -1\\ --running");
	assert_string_equal(in_bash("lxc-attach -P /x -q \"\""),
			    "asked\\ -1\\ -P\\ /x\\ --running");
	assert_string_equal(in_bash("lxc-attach -P/x \"\""), "asked\\ -1\\ -P\\ /x\\ --running");
	assert_string_equal(in_bash("lxc-attach --lxcpath = /x \"\""),
			    "asked\\ -1\\ -P\\ /x\\ --running");
	assert_string_equal(in_bash("lxc-create --name \"\""), "asked\\ -1");
	assert_string_equal(in_bash("tare clone -o \"\""), "asked\\ -1");
}

static void bash_completes_commands_inside(void **state)
{
	write_script(cli_add_bash_completion);
	assert_string_equal(in_bash("lxc-attach c1 /usr/shar"), "/usr/share");
	assert_string_equal(in_bash("lxc-attach -n c1 -- /usr/shar"), "/usr/share");
	assert_string_equal(in_bash("lxc-attach c1 ls --e"), "");
	assert_string_equal(in_bash("lxc-attach c1 --clear"), "--clear-env");
}

static void bash_does_not_run_what_it_is_told(void **state)
{
	write_script(cli_add_bash_completion);
	assert_string_equal(in_bash("lxc-attach --doubled 1"), "12 1\\ 3");
	assert_string_equal(in_bash("lxc-attach --doubled \"\""), "12 1\\ 3 \\$\\(exit\\ 1\\)");
}

static void bash_completes_files_with_odd_names(void **state)
{
	write_script(cli_add_bash_completion);
	assert_return_code(chdir(home), errno);
	(void)shell("mkdir 'a dir' && touch 'it$x file'");
	assert_string_equal(in_bash("tare clone it"), "it$x file");
	assert_string_equal(in_bash("tare clone \"\\\"it\""), "it$x file");
	assert_string_equal(in_bash("tare clone \"it\\\\\\$x\\\\ f\""), "it$x file");
	assert_string_equal(in_bash("lxc-create --dir \"a\\\\ \""), "a dir");
	assert_string_equal(in_bash("lxc-create --dir \"a\\\\\""), "a dir");
}

static void bash_completes_where_unset_variables_are_errors(void **state)
{
	write_script(cli_add_bash_completion);
	assert_string_equal(in_bash("); set -u; COMP_WORDS=(lxc-attach --e"),
			    "--elevated-privileges");
	assert_string_equal(in_bash("); set -u; COMP_WORDS=(lxc-attach -n"), "-n");
	assert_string_equal(in_bash("); set -u; COMP_WORDS=(tare create --logpriority = D"),
			    "DEBUG");
	assert_string_equal(in_bash("); set -u; COMP_WORDS=(lxc-attach --elevated-privileges \"\""),
			    "asked\\ -1\\ --running");
	assert_string_equal(in_bash("); set -u; COMP_WORDS=(lxc-attach c1 /usr/shar"),
			    "/usr/share");
}

static void bash_completes_the_program_of_many(void **state)
{
	write_script(cli_add_bash_completion);
	assert_string_equal(in_bash("tare c"), "create clone");
	assert_string_equal(in_bash("tare --h"), "--help");
	assert_string_equal(in_bash("tare create --fst"), "--fstype");
	assert_string_equal(in_bash("tare lxc-create --fst"), "--fstype");
	assert_string_equal(in_bash("tare clone --or"), "--orig");
	assert_string_equal(in_bash("tare secret --h"), "");
	assert_string_equal(shell("bash -c 'source %s; complete -p lxc-attach tare'", script),
			    "complete -F _lxc lxc-attach complete -F _lxc tare");
}

static void zsh_completes_in_a_terminal(void **state)
{
	static const struct {
		const char *typed, *completed;
	} rows[] = {
		{"lxc-attach --remo", "lxc-attach --remount-sys-proc"},
		{"lxc-create --logpriority=DE", "lxc-create --logpriority=DEBUG"},
		{"lxc-create -l NO", "lxc-create -l NOTICE"},
		{"lxc-attach -n as", "lxc-attach -n asked:-1:--running"},
		{"lxc-attach -P /x as", "lxc-attach -P /x asked:-1:-P:/x:--running"},
		{"lxc-attach -eCAP,", "lxc-attach -eCAP,"},
		{"tare crea", "tare create"},
		{"tare create --fst", "tare create --fstype="},
		{"tare clone --ori", "tare clone --orig="},
		{"lxc-create -B l", "lxc-create -B lvm"},
	};

	autostr command = {0};
	autostr expected = {0};
	const char *root = getenv("TARE_SOURCE_ROOT");

	assert_non_null(root);
	write_script(cli_add_zsh_completion);
	str_addf(&command, "exec zsh -f %s/src/cli/complete_test.zsh %s", root, script);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		str_addf(&command, " '%s'", rows[i].typed);
		str_addf(&expected, "%s%s", i ? " " : "", rows[i].completed);
	}
	assert_string_equal(shell("%s 2>&1", str_text(&command)), str_text(&expected));
}

/* The candidates of fish without their descriptions. */
static const char *in_fish(const char *line)
{
	return shell("exec fish --no-config -c '"
		     "function lxc-ls; echo asked (string join : -- $argv) | string replace -a "
		     "\" \" :; end; source %s; complete -C \"%s\" | string replace -r \"\\t.*\" "
		     "\"\"; true' 2>&1",
		     script, line);
}

static void fish_completes_options_values_and_containers(void **state)
{
	write_script(cli_add_fish_completion);
	assert_string_equal(in_fish("lxc-attach --remo"), "--remount-sys-proc");
	assert_string_equal(in_fish("lxc-create --logpriority=D"), "--logpriority=DEBUG");
	assert_string_equal(in_fish("lxc-create -l NO"), "NOTICE");
	assert_string_equal(in_fish("lxc-create -B l"), "lvm");
	assert_string_equal(in_fish("lxc-attach -n "), "asked:-1:--running");
	assert_string_equal(in_fish("lxc-attach -P /x as"), "asked:-1:-P:/x:--running");
	assert_string_equal(in_fish("lxc-attach --elevated-privileges=CAP\\|L"),
			    "--elevated-privileges=CAP|LSM");
}

static void fish_may_read_the_script_twice(void **state)
{
	write_script(cli_add_fish_completion);
	assert_string_equal(shell("fish --no-config -c 'source %s; complete > %s/once; source %s; "
				  "complete > %s/twice; cmp %s/once %s/twice' 2>&1",
				  script, home, script, home, home, home),
			    "");
}

static void fish_completes_the_program_of_many(void **state)
{
	write_script(cli_add_fish_completion);
	assert_string_equal(in_fish("tare cr"), "create");
	assert_string_equal(in_fish("tare create --fst"), "--fstype");
	assert_string_equal(in_fish("tare lxc-create --fst"), "--fstype");
	assert_string_equal(in_fish("tare clone --ori"), "--orig");
	assert_string_equal(in_fish("tare secr"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bash_completes_options_and_values),
		cmocka_unit_test(bash_completes_containers_by_state_and_path),
		cmocka_unit_test(bash_completes_commands_inside),
		cmocka_unit_test(bash_does_not_run_what_it_is_told),
		cmocka_unit_test(bash_completes_files_with_odd_names),
		cmocka_unit_test(bash_completes_where_unset_variables_are_errors),
		cmocka_unit_test(bash_completes_the_program_of_many),
		cmocka_unit_test(zsh_completes_in_a_terminal),
		cmocka_unit_test(fish_completes_options_values_and_containers),
		cmocka_unit_test(fish_may_read_the_script_twice),
		cmocka_unit_test(fish_completes_the_program_of_many),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
