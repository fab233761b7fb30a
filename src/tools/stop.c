/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-stop: shut a container down, kill it, or reboot it (spec/cli.md §3.19).
 */

#include "tools/tools.h"

#include <string.h>

#include "tools/session.h"

enum {
	EXIT_NOT_RUNNING = 2,
	DEFAULT_TIMEOUT = 60, /* seconds */
	TIMEOUT_UNSET = INT32_MIN,
};

struct stop_values {
	struct cli_common common;
	bool reboot;
	bool no_wait;
	int32_t timeout;
	bool kill;
	bool no_kill;
	bool no_lock;
};

/* Options that contradict each other: the sentence, or NULL. */
static const char *find_conflict(const struct stop_values *values)
{
	if (values->kill && values->no_kill)
		return "-k can't be used with --nokill";
	if (values->kill && values->reboot)
		return "-k can't be used with -r";
	if (values->kill && values->timeout != TIMEOUT_UNSET)
		return "-k doesn't allow timeouts";
	if (values->no_lock && !values->kill)
		return "--nolock may only be used with -k";
	if (values->timeout != TIMEOUT_UNSET && values->timeout < -1)
		return "Invalid timeout";
	return NULL;
}

static int fail(struct session *s, const char *what)
{
	struct err e = *tare_last_error(s->c);

	err_wrap(&e, e.code ? e.code : -1, "%s %s", what, s->common->name);
	return session_fail(s, &e);
}

static int stop(struct session *s, const struct stop_values *values)
{
	int timeout = values->timeout == TIMEOUT_UNSET ? DEFAULT_TIMEOUT : values->timeout;
	struct lxc_container *c = s->c;

	if (values->no_wait)
		timeout = 0;
	if (values->kill)
		return c->stop(c) ? 0 : fail(s, "Failed to kill");
	if (values->reboot)
		return c->reboot2(c, timeout) ? 0 : fail(s, "Failed to reboot");
	if (c->shutdown(c, timeout))
		return 0;
	if (values->no_kill || timeout == 0)
		return fail(s, "Failed to shut down");
	return c->stop(c) ? 0 : fail(s, "Failed to stop");
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct stop_values values = {.timeout = TIMEOUT_UNSET};
	autoarguments arguments = {0};
	const char *conflict;
	autosession s = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	s.tool = tool;
	s.common = &values.common;
	conflict = find_conflict(&values);
	if (conflict)
		return session_say(&s, "%s", conflict);
	if (!session_begin(&s, tool, &values.common, values.common.rcfile))
		return 1;
	if (strcmp(session_state(&s), "STOPPED") == 0) {
		session_say(&s, "%s is not running", values.common.name);
		return EXIT_NOT_RUNNING;
	}
	if (!s.c->may_control(s.c))
		return session_refuse(&s);
	return stop(&s, &values);
}

#define AT(member) .offset = offsetof(struct stop_values, member)

static const struct cli_option options[] = {
	{
		.letter = 'r',
		.name = "reboot",
		.kind = CLI_FLAG,
		AT(reboot),
		.help = "ask the container to reboot, and wait until it runs again",
	},
	{
		.letter = 'W',
		.name = "nowait",
		.kind = CLI_FLAG,
		AT(no_wait),
		.help = "only ask; don't wait",
	},
	{
		.letter = 't',
		.name = "timeout",
		.placeholder = "SECONDS",
		.kind = CLI_INT,
		AT(timeout),
		.noun = "timeout",
		.help = "how long to wait (default 60; -1: for ever; 0: not at all)",
	},
	{
		.letter = 'k',
		.name = "kill",
		.kind = CLI_FLAG,
		AT(kill),
		.help = "kill the container at once",
	},
	{
		.name = "nokill",
		.kind = CLI_FLAG,
		AT(no_kill),
		.help = "never kill; exit with 1 when the time is over",
	},
	{
		.name = "nolock",
		.kind = CLI_FLAG,
		AT(no_lock),
		.help = "with -k: take no lock (none is taken anyway)",
	},
	{0},
};

const struct cli_tool tool_stop = {
	.name = "lxc-stop",
	.summary = "stop a container",
	.synopsis = "[-n] NAME [-W] [-r] [-t SECONDS] [-k] [--nokill]",
	.description =
		"Asks the container's init to shut down (lxc.signal.halt), waits, and kills what "
		"is left when the time is over. Frozen containers are thawed.\n"
		"Exits with 0 when the container stopped or rebooted, 1 on failure or when the "
		"time was over, 2 when it was not running.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--active",
	.run = run,
};
