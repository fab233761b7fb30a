/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-freeze and lxc-unfreeze: suspend all processes of a container, and let them go on
 * (spec/cli.md §3.13). Both are silent and may be repeated.
 */

#include "tools/tools.h"

#include <string.h>

#include "tools/session.h"

struct freeze_values {
	struct cli_common common;
};

/* Why the member failed, below the sentence that scripts know. */
static int fail(struct session *s, const char *verb)
{
	struct err e = *tare_last_error(s->c);

	if (!s->c->is_defined(s->c) && !s->c->is_running(s->c)) {
		err_clear(&e);
		err_set(&e, ERR_NOT_DEFINED, 0, "container \"%s\" is not defined in %s",
			s->common->name, s->lxcpath);
	}
	err_wrap(&e, e.code ? e.code : -1, "Failed to %s %s:%s", verb, s->lxcpath, s->common->name);
	return session_fail(s, &e);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	bool freezes = tool == &tool_freeze;
	struct freeze_values values = {0};
	autoarguments arguments = {0};
	autosession s = {0};
	bool done;
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (!session_begin(&s, tool, &values.common, values.common.rcfile))
		return 1;
	done = freezes ? s.c->freeze(s.c) : s.c->unfreeze(s.c);
	return done ? 0 : fail(&s, freezes ? "freeze" : "unfreeze");
}

static const struct cli_option options[] = {{0}};

const struct cli_tool tool_freeze = {
	.name = "lxc-freeze",
	.summary = "suspend all processes of a container",
	.synopsis = "[-n] NAME",
	.description = "Suspends all processes of a container until lxc-unfreeze lets them go on. "
		       "Freezing a frozen container is fine. lxc-stop works on frozen containers.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--running",
	.run = run,
};

const struct cli_tool tool_unfreeze = {
	.name = "lxc-unfreeze",
	.summary = "let the processes of a frozen container go on",
	.synopsis = "[-n] NAME",
	.description = "Lets the processes of a container go on that lxc-freeze suspended. A "
		       "container that is not frozen is fine.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--frozen",
	.run = run,
};
