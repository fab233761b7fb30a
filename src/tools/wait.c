/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-wait: wait until a container is in one of some states (spec/cli.md §3.24). Of several, each
 * has a process, so that no state of one is missed while another one is waited for.
 */

#include "tools/tools.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/session.h"

enum {
	EXIT_TIME_OVER = 1, /* without a word, as scripts expect */
	FOR_EVER = -1,
};

struct wait_values {
	struct cli_common common;
	unsigned states; /* bit n: state n */
	int32_t timeout;
	bool change;
};

/* As wait() takes them. */
static void add_states(unsigned states, struct str *out)
{
	const char *words[32];
	int count = lxc_get_wait_states(NULL);

	if (count > (int)ARRAY_LENGTH(words))
		count = ARRAY_LENGTH(words);
	lxc_get_wait_states(words);
	for (int i = 0; i < count; i++)
		if (states >> i & 1)
			str_addf(out, "%s%s", out->len > 0 ? "|" : "", words[i]);
}

/* Returns the exit code. */
static int wait_for(const struct cli_tool *tool, const struct cli_common *common,
		    const struct wait_values *values)
{
	autosession s = {.only_looks = true};
	autostr states = {0};
	struct err e = {0};
	int r;

	if (!session_begin_bare(&s, tool, common))
		return 1;
	add_states(values->states, &states);
	if (str_failed(&states))
		return session_say(&s, "out of memory");
	r = tare_wait(s.c, str_text(&states), values->timeout, values->change, &e);
	if (r < 0)
		return session_fail(&s, &e);
	return r == 0 ? 0 : EXIT_TIME_OVER;
}

/* A process that waits for one more container, as long as we do. False when there is none. */
static bool wait_aside(const struct cli_tool *tool, struct session *s, const char *name,
		       const struct wait_values *values)
{
	struct cli_common common = values->common;
	struct err e = {0};
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		err_set(&e, ERR_SYSTEM, errno, "cannot wait for \"%s\" at the same time", name);
		session_fail(s, &e);
	}
	if (pid != 0)
		return pid > 0;
	common.name = name;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	_exit(getppid() == parent ? wait_for(tool, &common, values) : 1);
}

/* All of them, at the same time. */
static int wait_for_all(const struct cli_tool *tool, struct session *s,
			const struct wait_values *values, const struct cli_arguments *more)
{
	int code;

	for (size_t i = 0; i < more->count; i++)
		if (!wait_aside(tool, s, more->words[i], values))
			return 1;
	code = wait_for(tool, &values->common, values);
	for (size_t i = 0; i < more->count; i++) {
		int status = 1;

		while (wait(&status) < 0 && errno == EINTR)
			;
		if (status != 0)
			code = 1;
	}
	return code;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct wait_values values = {.timeout = FOR_EVER};
	autoarguments arguments = {0};
	struct session s = {.tool = tool, .common = &values.common};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (!values.states)
		return session_say(&s, "missing state option to wait for: -s STATE");
	if (values.timeout < FOR_EVER)
		return session_say(&s, "invalid timeout '%d'", (int)values.timeout);
	return wait_for_all(tool, &s, &values, &arguments);
}

#define AT(member) .offset = offsetof(struct wait_values, member)

static const struct cli_word states[] = {
	{"STOPPED", 1 << 0},  {"STARTING", 1 << 1}, {"RUNNING", 1 << 2},
	{"STOPPING", 1 << 3}, {"ABORTING", 1 << 4}, {"FREEZING", 1 << 5},
	{"FROZEN", 1 << 6},   {"THAWED", 1 << 7},   {NULL},
};

static const struct cli_option options[] = {
	{
		.letter = 's',
		.name = "state",
		.placeholder = "STATES",
		.kind = CLI_CHOICES,
		AT(states),
		.words = states,
		.noun = "state",
		.help = "the state to wait for, or several joined by |",
		.complete = {CLI_COMPLETE_WORDS},
	},
	{
		.letter = 't',
		.name = "timeout",
		.placeholder = "SECONDS",
		.kind = CLI_INT,
		AT(timeout),
		.noun = "timeout",
		.help = "how long to wait (default -1: for ever; 0: only look)",
	},
	{
		.name = "change",
		.kind = CLI_FLAG,
		AT(change),
		.help = "the state that it is in does not count: wait until one is entered",
	},
	{0},
};

const struct cli_tool tool_wait = {
	.name = "lxc-wait",
	.summary = "wait until a container is in one of some states",
	.synopsis = "[-n] NAME… -s STATE[|STATE…] [-t SECONDS] [--change]",
	.description =
		"Waits until the container is in one of the states, or is already; of several, "
		"until each has been in one. One that does not exist is STOPPED. Exits with 0 "
		"then, with 1 when the time is over.\n"
		"The states are STOPPED, STARTING, RUNNING, STOPPING, ABORTING, FREEZING, FROZEN "
		"and THAWED.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.arguments = {CLI_COMPLETE_CONTAINER},
	.run = run,
};
