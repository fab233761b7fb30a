/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From argv to the command, and where what is said on the way goes: each case runs in a child whose
 * two outputs are pipes.
 */

#include "cli/cli.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cli/test_tools.h"

/* A command that tells what it was given. */
static int run_echo(const struct cli_tool *tool, int argc, char **argv)
{
	struct cli_common values = {0};
	autoarguments arguments = {0};
	autostr out = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	str_addf(&out, "%s|%s|%s", tool->name, argv[0], values.name ? values.name : "-");
	for (size_t i = 0; i < arguments.count; i++)
		str_addf(&out, "|%s", arguments.words[i]);
	cli_print(tool->name, &out);
	return 7;
}

static const struct cli_tool echo = {
	.name = "lxc-echo",
	.summary = "tell what came",
	.synopsis = "NAME",
	.flags = CLI_CONTAINER_OPTIONS | CLI_NEEDS_NAME,
	.run = run_echo,
};

static const struct cli_tool own = {
	.name = "tare own-echo",
	.summary = "the same without a file",
	.synopsis = "",
	.flags = CLI_CONTAINER_OPTIONS,
	.run = run_echo,
};

static const struct cli_tool *const tools[] = {&echo, &own, NULL};
static const struct cli_registry registry = {
	.program = "tare", .version = "1.2", .summary = "Does things.", .tools = tools};

struct result {
	char out[4096], error[4096];
	int code;
};

static void read_all(int fd, char *text, size_t room)
{
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, text + used, room - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = 0;
	close(fd);
}

/* Dispatch the given words, the last of which is NULL. */
static void dispatch(struct result *ret, ...)
{
	int out[2], error[2], status;
	char *argv[16];
	int argc = 0;
	va_list ap;
	pid_t pid;

	va_start(ap, ret);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	assert_return_code(pipe2(out, O_CLOEXEC), 0);
	assert_return_code(pipe2(error, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(error[1], STDERR_FILENO);
		_exit(cli_dispatch(&registry, argc, argv));
	}
	close(out[1]);
	close(error[1]);
	read_all(out[0], ret->out, sizeof(ret->out));
	read_all(error[0], ret->error, sizeof(ret->error));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	ret->code = WEXITSTATUS(status);
}

#define expect(result_, code_, out_, error_, ...)                \
	do {                                                     \
		dispatch((result_), __VA_ARGS__, NULL);          \
		assert_string_equal((result_)->out, (out_));     \
		assert_string_equal((result_)->error, (error_)); \
		assert_int_equal((result_)->code, (code_));      \
	} while (0)

static void the_file_name_chooses_the_command(void **state)
{
	struct result r;

	expect(&r, 7, "lxc-echo|lxc-echo|c|x", "", "lxc-echo", "c", "x");
	expect(&r, 7, "lxc-echo|/usr/bin/lxc-echo|c", "", "/usr/bin/lxc-echo", "c");
	expect(&r, 1, "", "lxc-other: tare has no command of this name\n", "lxc-other", "echo");
}

static void the_first_word_chooses_the_command(void **state)
{
	struct result r;

	expect(&r, 7, "lxc-echo|echo|c", "", "tare", "echo", "c");
	expect(&r, 7, "lxc-echo|lxc-echo|c", "", "./tare", "lxc-echo", "c");
	expect(&r, 7, "tare own-echo|own-echo|-|c", "", "renamed", "own-echo", "c");
}

static void an_unknown_command_is_told_with_the_nearest(void **state)
{
	struct result r;

	expect(&r, 1, "",
	       "tare: unknown command 'ehco'\n"
	       "  hint: did you mean 'echo'?\n"
	       "Try 'tare --help' for more information.\n",
	       "tare", "ehco");
	expect(&r, 1, "",
	       "tare: unrecognized option '--echo'\n"
	       "Try 'tare --help' for more information.\n",
	       "tare", "--echo");
	expect(&r, 1, "",
	       "tare: unknown command ''\n"
	       "Try 'tare --help' for more information.\n",
	       "tare", "");
}

static void the_program_alone_lists_its_commands(void **state)
{
	struct result alone, asked;

	dispatch(&alone, "tare", NULL);
	dispatch(&asked, "tare", "--help", NULL);
	assert_string_equal(alone.out, asked.out);
	assert_non_null(strstr(alone.out, "\n  lxc-echo       tell what came\n"));
	assert_non_null(strstr(alone.out, "\n  tare own-echo  the same without a file\n"));
	assert_int_equal(alone.code | asked.code, 0);
	assert_string_equal(alone.error, "");
	expect(&alone, 0, "tare 1.2, compatible with LXC 7.0.0\n", "", "tare", "--version");
}

static void asked_for_help_goes_to_stdout_and_complaints_to_stderr(void **state)
{
	struct result asked, wrong;

	dispatch(&asked, "lxc-echo", "--help", NULL);
	dispatch(&wrong, "lxc-echo", "-?", NULL);
	assert_string_equal(asked.out, wrong.error);
	assert_true(text_starts(asked.out, "Usage: lxc-echo NAME\n"));
	assert_string_equal(asked.error, "");
	assert_string_equal(wrong.out, "");
	assert_int_equal(asked.code, 0);
	assert_int_equal(wrong.code, 1);

	dispatch(&asked, "lxc-echo", "--usage", NULL);
	assert_string_equal(asked.out, "");
	assert_true(text_starts(asked.error, "Usage: lxc-echo [-n|--name=NAME] "));
	assert_int_equal(asked.code, 0);
	expect(&asked, 0, "7.0.0\n", "", "lxc-echo", "--version");
}

static void complaints_have_lxc_form(void **state)
{
	struct result r;

	expect(&r, 1, "", "lxc-echo: No container name specified\n", "lxc-echo");
	expect(&r, 1, "", "lxc-echo: No container name specified\n", "lxc-echo", "-n", "");
	expect(&r, 1, "", "This command only accepts 1 -P,--lxcpath arguments\n", "lxc-echo", "c",
	       "-P/a", "-P/b");
	expect(&r, 1, "", "lxc-echo: invalid log priority 'x'\n", "lxc-echo", "-lx");
	expect(&r, 1, "",
	       "lxc-echo: unrecognized option '--nmae'\n"
	       "  hint: did you mean '--name'?\n"
	       "Try 'lxc-echo --help' for more information.\n",
	       "lxc-echo", "--nmae");
	expect(&r, 1, "",
	       "tare own-echo: invalid option -- 'x'\n"
	       "Try 'tare own-echo --help' for more information.\n",
	       "tare", "own-echo", "-x");
}

static void errors_name_tool_and_container(void **state)
{
	char text[256];
	int error[2], saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	struct err e;

	err_set(&e, ERR_FILE_OPEN, ENOENT, "open x");
	err_wrap(&e, -ENOENT, "cannot start the container");
	assert_return_code(pipe2(error, O_CLOEXEC), 0);
	dup2(error[1], STDERR_FILENO);
	cli_print_error("lxc-start", "c1", &e);
	cli_print_error("lxc-ls", NULL, &e);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(error[1]);
	read_all(error[0], text, sizeof(text));
	assert_string_equal(text, "lxc-start: c1: cannot start the container\n"
				  "  open x\n  No such file or directory\n"
				  "lxc-ls: cannot start the container\n"
				  "  open x\n  No such file or directory\n");
}

static void a_full_disk_is_told(void **state)
{
	int status, error[2];
	char text[256];
	pid_t pid;

	assert_return_code(pipe2(error, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
		autostr out = {0};

		dup2(full, STDOUT_FILENO);
		dup2(error[1], STDERR_FILENO);
		str_add(&out, "x");
		_exit(cli_print("lxc-ls", &out));
	}
	close(error[1]);
	read_all(error[0], text, sizeof(text));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_string_equal(text, "lxc-ls: cannot write to the standard output\n"
				  "  No space left on device\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_name_chooses_the_command),
		cmocka_unit_test(the_first_word_chooses_the_command),
		cmocka_unit_test(an_unknown_command_is_told_with_the_nearest),
		cmocka_unit_test(the_program_alone_lists_its_commands),
		cmocka_unit_test(asked_for_help_goes_to_stdout_and_complaints_to_stderr),
		cmocka_unit_test(complaints_have_lxc_form),
		cmocka_unit_test(errors_name_tool_and_container),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
