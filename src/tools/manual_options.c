/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tare manual-options: the part of a manual page that a command's table knows. The build puts it
 * into the pages of man/.
 */

#include "tools/tools.h"

#include <string.h>

#include "cli/generate.h"

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	autoarguments arguments = {0};
	const struct cli_tool *subject;
	autostr out = {0};
	struct err e;
	int code;

	if (!cli_begin(tool, argc, argv, NULL, &arguments, &code))
		return code;
	if (arguments.count == 1 && strcmp(arguments.words[0], tools_registry.program) == 0) {
		cli_add_manual_tools(&tools_registry, &out);
		return cli_print(tool->name, &out);
	}
	subject = arguments.count == 1 ? cli_find_tool(&tools_registry, arguments.words[0]) : NULL;
	if (!subject) {
		err_set(&e, ERR_USAGE, 0, "name one command, or %s", tools_registry.program);
		cli_print_error(tool->name, NULL, &e);
		return 1;
	}
	cli_add_manual_options(subject, &out);
	return cli_print(tool->name, &out);
}

const struct cli_tool tool_manual_options = {
	.name = "tare manual-options",
	.summary = "print the options of a command as part of a manual page",
	.synopsis = "COMMAND",
	.flags = CLI_HIDDEN_TOOL,
	.run = run,
};
