/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tare completion: the completion scripts of all commands, made from their tables. The installed
 * files are made by this command; people without them can load its output.
 */

#include "tools/tools.h"

#include <string.h>

#include "cli/generate.h"

static const struct shell {
	const char *name;
	void (*add)(const struct cli_registry *registry, struct str *out);
} shells[] = {
	{"bash", cli_add_bash_completion},
	{"zsh", cli_add_zsh_completion},
	{"fish", cli_add_fish_completion},
};

static const struct shell *find_shell(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(shells); i++)
		if (strcmp(shells[i].name, name) == 0)
			return &shells[i];
	return NULL;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	autoarguments arguments = {0};
	const struct shell *shell;
	autostr out = {0};
	struct err e;
	int code;

	if (!cli_begin(tool, argc, argv, NULL, &arguments, &code))
		return code;
	shell = arguments.count == 1 ? find_shell(arguments.words[0]) : NULL;
	if (!shell) {
		err_set(&e, ERR_USAGE, 0, "name one of the shells bash, zsh, fish");
		cli_print_error(tool->name, NULL, &e);
		return 1;
	}
	shell->add(&tools_registry, &out);
	return cli_print(tool->name, &out);
}

const struct cli_tool tool_completion = {
	.name = "tare completion",
	.summary = "print the completion script for a shell",
	.synopsis = "bash|zsh|fish",
	.description = "For bash, in ~/.bashrc:  source <(tare completion bash)\n"
		       "For zsh, behind compinit in ~/.zshrc:  source <(tare completion zsh)\n"
		       "For fish, in config.fish:  tare completion fish | source",
	.arguments = {CLI_COMPLETE_WORDS, "bash zsh fish"},
	.run = run,
};
