/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program behind every lxc-* name. A new command is a file of its own and one line here.
 */

#include "tools/tools.h"

#include "tare_paths.h"

static const struct cli_tool *const tools[] = {
	&tool_attach,
	&tool_config,
	&tool_config_check,
	&tool_cgroup,
	&tool_checkconfig,
	&tool_console,
	&tool_clone,
	&tool_copy,
	&tool_create,
	&tool_destroy,
	&tool_device,
	&tool_execute,
	&tool_freeze,
	&tool_info,
	&tool_ls,
	&tool_monitor,
	&tool_repair,
	&tool_snapshot,
	&tool_start,
	&tool_start_ephemeral,
	&tool_stop,
	&tool_unfreeze,
	&tool_update_config,
	&tool_wait,
	&tool_completion,
	&tool_manual_options,
	&tool_names,
	NULL,
};

const struct cli_registry tools_registry = {
	.program = "tare",
	.version = TARE_VERSION,
	.summary = "Tare runs Linux containers the way LXC does.",
	.tools = tools,
};

int main(int argc, char **argv)
{
	return cli_dispatch(&tools_registry, argc, argv);
}
