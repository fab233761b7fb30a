/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tare tool-names: the file names under which the program is to be found. The build links them.
 */

#include "tools/tools.h"

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	autoarguments arguments = {0};
	autostr out = {0};
	int code;

	if (!cli_begin(tool, argc, argv, NULL, &arguments, &code))
		return code;
	for (const struct cli_tool *const *t = tools_registry.tools; *t; t++)
		if (text_starts((*t)->name, "lxc-"))
			str_addf(&out, "%s\n", (*t)->name);
	return cli_print(tool->name, &out);
}

const struct cli_tool tool_names = {
	.name = "tare tool-names",
	.summary = "print the names of the commands that are files of their own",
	.synopsis = "",
	.flags = CLI_HIDDEN_TOOL,
	.run = run,
};
