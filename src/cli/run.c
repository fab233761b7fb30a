/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From main() to the command. What a command line asks for besides the command itself goes where
 * people expect it: help and version that were asked for to the standard output, complaints and
 * the short list (as LXC has it) to the standard error output.
 */

#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"
#include "cli/help.h"
#include "tare_paths.h"

enum {
	EXIT_USAGE = 1, /* LXC's commands know no other code for it */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void print_as_error(const struct str *text)
{
	(void)cli_write(STDERR_FILENO, str_text(text), text->len);
}

static void print_complaint(const char *name, enum cli_complaint complaint, const struct err *e)
{
	autostr text = {0};

	if (complaint != CLI_COMPLAINT_BARE)
		str_addf(&text, "%s: ", name);
	err_render_text(e, &text);
	str_add_char(&text, '\n');
	if (complaint == CLI_COMPLAINT_OPTION)
		str_addf(&text, "Try '%s --help' for more information.\n", name);
	print_as_error(&text);
}

bool cli_begin(const struct cli_tool *tool, int argc, char **argv, void *values,
	       struct cli_arguments *a, int *ret_code)
{
	autostr text = {0};
	struct err e = {0};
	int r = cli_parse(tool, argc, argv, values, a, &e);

	switch (r) {
	case CLI_RUN:
		return true;
	case CLI_SHOW_HELP:
		cli_add_help(tool, &text);
		*ret_code = cli_print(tool->name, &text);
		return false;
	case CLI_SHOW_HELP_AS_ERROR:
		cli_add_help(tool, &text);
		print_as_error(&text);
		*ret_code = EXIT_USAGE;
		return false;
	case CLI_SHOW_USAGE:
		cli_add_usage(tool, &text);
		print_as_error(&text);
		*ret_code = 0;
		return false;
	case CLI_SHOW_VERSION:
		str_add(&text, LXC_COMPATIBLE_VERSION "\n");
		*ret_code = cli_print(tool->name, &text);
		return false;
	default:
		print_complaint(tool->name, a->complaint, &e);
		*ret_code = EXIT_USAGE;
		return false;
	}
}

const char *cli_short_name(const struct cli_registry *registry, const char *name)
{
	const char *rest = text_after(name, "lxc-");

	if (rest)
		return rest;
	rest = text_after(name, registry->program);
	return rest && *rest == ' ' ? rest + 1 : name;
}

const struct cli_tool *cli_find_tool(const struct cli_registry *registry, const char *name)
{
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (strcmp((*t)->name, name) == 0)
			return *t;
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (strcmp(cli_short_name(registry, (*t)->name), name) == 0)
			return *t;
	return NULL;
}

static void add_program_help(const struct cli_registry *registry, struct str *out)
{
	str_addf(out, "Usage: %s COMMAND [ARGUMENT…]\n       %s --help | --version\n\n",
		 registry->program, registry->program);
	cli_add_wrapped(registry->summary, CLI_HELP_WIDTH, out);
	str_add(out, "\nCommands:\n");
	cli_add_tool_list(registry, out);
	str_addf(out, "\nThe 'lxc-' may be left out: '%s config' is lxc-config.\n",
		 registry->program);
}

static int complain_unknown(const struct cli_registry *registry, const char *word)
{
	bool is_option = word[0] == '-';
	struct suggestion nearest;
	struct err e;

	err_set(&e, ERR_USAGE, 0, "%s '%s'", is_option ? "unrecognized option" : "unknown command",
		word);
	suggest_init(&nearest, cli_short_name(registry, word));
	for (const struct cli_tool *const *t = registry->tools; *t && !is_option; t++)
		if (!((*t)->flags & CLI_HIDDEN_TOOL))
			suggest_offer(&nearest, cli_short_name(registry, (*t)->name));
	if (suggest_best(&nearest))
		err_hint(&e, "did you mean '%s'?", suggest_best(&nearest));
	print_complaint(registry->program, CLI_COMPLAINT_OPTION, &e);
	return EXIT_USAGE;
}

/* The program under its own name: argv[1] says what is wanted. */
static int run_program(const struct cli_registry *registry, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "--help";
	const struct cli_tool *tool;
	autostr text = {0};

	if (strcmp(word, "--version") == 0) {
		str_addf(&text, "%s %s, compatible with LXC %s\n", registry->program,
			 registry->version, LXC_COMPATIBLE_VERSION);
		return cli_print(registry->program, &text);
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		add_program_help(registry, &text);
		return cli_print(registry->program, &text);
	}
	tool = word[0] == '-' ? NULL : cli_find_tool(registry, word);
	if (!tool)
		return complain_unknown(registry, word);
	return tool->run(tool, argc - 1, argv + 1);
}

/*
 * A file that is opened while a standard descriptor is closed would take its place, and get what is
 * meant for it. Held the wrong way round, reading and writing fail as they did.
 */
static void hold_standard_descriptors(void)
{
	static const int modes[] = {
		[STDIN_FILENO] = O_WRONLY,
		[STDOUT_FILENO] = O_RDONLY,
		[STDERR_FILENO] = O_RDONLY,
	};

	for (int fd = 0; fd < (int)ARRAY_LENGTH(modes); fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", modes[fd] | O_CLOEXEC);
}

int cli_dispatch(const struct cli_registry *registry, int argc, char **argv)
{
	const char *name = argc > 0 ? base_name(argv[0]) : registry->program;
	const struct cli_tool *tool;
	struct err e;

	hold_standard_descriptors();
	/* Whoever ignores it, and so may have started us, is not told how its children ended. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (!text_starts(name, "lxc-"))
		return run_program(registry, argc, argv);
	tool = cli_find_tool(registry, name);
	if (tool)
		return tool->run(tool, argc, argv);
	err_set(&e, ERR_USAGE, 0, "%s has no command of this name", registry->program);
	cli_print_error(name, NULL, &e);
	return EXIT_USAGE;
}
