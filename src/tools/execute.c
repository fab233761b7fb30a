/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-execute: run an application in a container, under an init of ours (spec/cli.md §3.12). A
 * container that does not exist is volatile; without any configuration it gets the default
 * isolation of the manual: its own pids, IPC, mounts and host name, and the host's root file system
 * and network.
 */

#include "tools/tools.h"

#include <errno.h>
#include <stdio.h>

#include "tools/session.h"

struct execute_values {
	struct cli_common common;
	int daemon;
	const char *rcfile;
	struct cli_strings defines;
	const char *uid, *gid;
	struct session_shares shares;
	int plan; /* enum session_plan */
	struct session_fault fault;
};

static bool set(struct session *s, const char *key, const char *value)
{
	struct err e = {0};

	if (!value || tare_set_item(s->c, key, value, "(command line)", &e) >= 0)
		return true;
	session_fail(s, &e);
	return false;
}

/* What counts when there is no configuration at all. */
static bool set_default_isolation(struct session *s)
{
	return set(s, "lxc.uts.name", s->common->name) && set(s, "lxc.net.0.type", "none") &&
	       set(s, "lxc.mount.auto", "proc:rw") && set(s, "lxc.autodev", "0");
}

static int execute(struct session *s, const struct execute_values *values, char **words,
		   char **title)
{
	struct tare_start start = {
		.application = true,
		.command_status = true,
		.in_background = values->daemon,
		.argv = words,
		.title = title,
	};
	struct err e = {0};
	int r;

	session_set_fault(&start, &values->fault);
	if (values->plan != SESSION_NO_PLAN)
		return session_print_plan(s, &start, (enum session_plan)values->plan);
	r = values->daemon ? tare_start(s->c, &start, &e) : tare_start_exec(s->c, &start, &e);
	if (r == TARE_ALREADY_RUNNING)
		return session_say(s, "Container is already running");
	if (r == 0)
		return 0;
	err_wrap(&e, r, "Failed run an application inside container");
	return session_fail(s, &e);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct execute_values values = {0};
	autoarguments arguments = {0};
	autofree char *command = NULL;
	autosession s = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (!values.rcfile)
		values.rcfile = values.common.rcfile;
	if (!session_begin(&s, tool, &values.common, values.rcfile))
		return 1;
	if (!values.rcfile && !s.c->is_defined(s.c) && !set_default_isolation(&s))
		return 1;
	if (!session_define(&s, &values.defines) || !set(&s, "lxc.init.uid", values.uid) ||
	    !set(&s, "lxc.init.gid", values.gid) || !session_share(&s, &values.shares))
		return 1;
	command = session_item(&s, "lxc.execute.cmd");
	if (arguments.count == 0 && !command)
		return session_say(&s, "Missing command to execute!");
	return execute(&s, &values, arguments.count > 0 ? arguments.words : NULL, argv);
}

#define AT(member) .offset = offsetof(struct execute_values, member)

static const struct cli_option options[] = {
	{
		.letter = 'd',
		.name = "daemon",
		.kind = CLI_CONSTANT,
		AT(daemon),
		.constant = 1,
		.help = "run in the background",
	},
	SESSION_RCFILE_OPTION(struct execute_values),
	SESSION_DEFINE_OPTION(struct execute_values, "run"),
	{
		.letter = 'u',
		.name = "uid",
		.placeholder = "UID",
		.kind = CLI_STRING,
		AT(uid),
		.help = "user id of the command inside the container",
	},
	{
		.letter = 'g',
		.name = "gid",
		.placeholder = "GID",
		.kind = CLI_STRING,
		AT(gid),
		.help = "group id of the command inside the container",
	},
	SESSION_SHARE_OPTION(struct execute_values, net, "network"),
	SESSION_SHARE_OPTION(struct execute_values, ipc, "IPC"),
	SESSION_SHARE_OPTION(struct execute_values, uts, "UTS"),
	SESSION_SHARE_OPTION(struct execute_values, pid, "PID"),
	{
		.name = "plan",
		.placeholder = "FORMAT",
		.kind = CLI_CHOICE,
		.flags = CLI_ARGUMENT_OPTIONAL | CLI_HIDDEN,
		AT(plan),
		.constant = SESSION_PLAN_TEXT,
		.words = session_plan_words,
		.help = "for tests: print what a start would do, as text (default) or json",
	},
	SESSION_FAULT_OPTIONS(struct execute_values),
	{0},
};

const struct cli_tool tool_execute = {
	.name = "lxc-execute",
	.summary = "run an application in a container",
	.synopsis = "[-n] NAME [-f FILE] [-s KEY=VALUE]… [-d] [-- COMMAND [ARGUMENT…]]",
	.description =
		"Runs COMMAND (or lxc.execute.cmd) as the only application of a container, below a "
		"small init that forwards signals, reaps orphans and ends with the command.\n"
		"A container that was never created exists as long as the command runs. Without a "
		"configuration it has its own process ids, IPC, mounts and host name, and shares "
		"the host's root file system and network.\n"
		"Exits with the command's status: 128+N when signal N ended it, 255 when it can't "
		"be executed, 1 when the container can't be set up.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME | CLI_STOPS_AT_COMMAND,
	.containers = "--stopped",
	.arguments = {CLI_COMPLETE_COMMAND},
	.run = run,
};
