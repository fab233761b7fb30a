/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tare repair: undo what starts left behind whose supervisor died (killed, crashed, out of memory).
 * Every command that touches a container does it for that one; this does it for all at once.
 */

#include "tools/tools.h"

#include "tools/session.h"

struct repair_values {
	struct cli_common common;
};

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct repair_values values = {0};
	autoarguments arguments = {0};
	autostr text = {0};
	struct err e = {0};
	const char *path;
	int code, r;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	path = values.common.paths.count > 0 ? values.common.paths.items[0] : NULL;
	r = tare_repair(path, values.common.name, &e);
	if (r < 0) {
		cli_print_error(tool->name, values.common.name, &e);
		return 1;
	}
	if (r == 0)
		str_add(&text, "nothing to repair\n");
	else
		str_addf(&text, "%d %s undone\n", r, r == 1 ? "run" : "runs");
	return cli_print(tool->name, &text);
}

static const struct cli_option options[] = {{0}};

const struct cli_tool tool_repair = {
	.name = "tare repair",
	.summary = "undo what containers left behind whose supervisor died",
	.synopsis = "[[-n] NAME]",
	.description =
		"Looks for runs whose supervisor was killed or crashed, or could not remove "
		"everything when it ended, and gives back what they had made on the host: "
		"cgroups, links, mounts, sockets. Without NAME, those of all containers. What "
		"can't be removed is named, and tried again the next time. Running containers "
		"are not touched.\n"
		"Commands that deal with one container do this for it by themselves.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME,
	.containers = "--defined",
	.run = run,
};
