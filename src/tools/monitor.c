/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-monitor: print changes of state as they happen (spec/cli.md §3.16). lxc-monitord, one for
 * each lxcpath, tells of them.
 */

#include "tools/tools.h"

#include <poll.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <tare/tare.h>

struct monitor_values {
	struct cli_common common;
	bool quit;
	int once; /* the number of a state; ANY_STATE: don't end */
	int format;
};

enum { ANY_STATE = -1 };

struct monitor {
	const struct cli_tool *tool;
	const struct monitor_values *values;
	regex_t pattern;
	const char *const *lxcpaths;
	struct pollfd *watched; /* one for each lxcpath; fd -1: its daemon has ended */
	size_t count;
	bool is_done; /* the state of --once was there */
};

static int fail(const struct monitor *m, const struct err *e)
{
	if (!m->values->common.quiet)
		cli_print_error(m->tool->name, NULL, e);
	return 1;
}

/* Which names ---------------------------------------------------------------------------------- */

static int refuse_pattern(const regex_t *pattern, int code, const char *name, struct err *e)
{
	char reason[256];
	int r;

	regerror(code, pattern, reason, sizeof(reason));
	r = err_set(e, ERR_USAGE, 0, "Failed to compile the regex '%s': %s", name, reason);
	err_hint(e, "-n takes an extended regular expression: regex(7)");
	return r;
}

/* A whole name has to match, also of "foo|bar". */
static int compile(const char *name, regex_t *ret, struct err *e)
{
	autostr anchored = {0};
	int code = regcomp(ret, name, REG_EXTENDED | REG_NOSUB);

	if (code)
		return refuse_pattern(ret, code, name, e);
	regfree(ret);
	str_addf(&anchored, "^(%s)$", name);
	if (str_failed(&anchored))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	code = regcomp(ret, str_text(&anchored), REG_EXTENDED | REG_NOSUB);
	return code ? refuse_pattern(ret, code, name, e) : 0;
}

/* Printing ------------------------------------------------------------------------------------- */

static void add_line(const struct tare_event *event, struct str *out)
{
	char *name = cli_visible(event->name);

	if (!name)
		out->failed = true;
	else if (event->is_exit)
		str_addf(out, "'%s' exited with status [%d]\n", name, WEXITSTATUS(event->value));
	else if (event->state)
		str_addf(out, "'%s' changed state to [%s]\n", name, event->state);
	else
		str_addf(out, "'%s' changed state to [%d]\n", name, event->value);
	free(name);
}

static void add_time(struct json *j)
{
	struct timespec now;
	struct tm parts;
	char text[64];
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + length, sizeof(text) - length, ".%03dZ", (int)(now.tv_nsec / 1000000));
	json_name(j, "time");
	json_add_string(j, text);
}

static void add_exit(struct json *j, int status)
{
	json_name(j, "value");
	if (WIFEXITED(status))
		json_add_int(j, WEXITSTATUS(status));
	else
		json_add_null(j);
	json_name(j, "signal");
	if (WIFSIGNALED(status))
		json_add_int(j, WTERMSIG(status));
	else
		json_add_null(j);
}

/* One object on one line. */
static void add_json(const struct tare_event *event, const char *lxcpath, struct str *out)
{
	struct json j;

	json_init(&j, out, 0);
	json_open_object(&j);
	add_time(&j);
	json_name(&j, "name");
	json_add_string(&j, event->name);
	json_name(&j, "path");
	json_add_string(&j, lxcpath);
	json_name(&j, "event");
	json_add_string(&j, event->is_exit ? "exit" : "state");
	if (event->is_exit) {
		add_exit(&j, event->value);
	} else {
		json_name(&j, "value");
		json_add_string(&j, event->state);
	}
	json_close_object(&j);
	json_finish(&j);
	str_add_char(out, '\n');
}

/* Returns the exit code so far. */
static int print(struct monitor *m, const struct tare_event *event, const char *lxcpath)
{
	autostr line = {0};

	if (regexec(&m->pattern, event->name, 0, NULL, 0) != 0)
		return 0;
	if (m->values->format == CLI_FORMAT_JSON)
		add_json(event, lxcpath, &line);
	else
		add_line(event, &line);
	m->is_done = m->values->once != ANY_STATE && !event->is_exit &&
		     event->value == m->values->once;
	return cli_print(m->tool->name, &line);
}

/* The daemons ---------------------------------------------------------------------------------- */

static int serve_one(struct monitor *m, size_t at, size_t *left)
{
	struct tare_event event;
	struct err e = {0};
	int r = tare_monitor_receive(m->watched[at].fd, &event, &e);

	if (r < 0)
		return fail(m, &e);
	if (r > 0)
		return print(m, &event, m->lxcpaths[at]);
	close(m->watched[at].fd);
	m->watched[at].fd = -1;
	--*left;
	return 0;
}

/* Until all daemons were asked to end. Returns the exit code. */
static int serve(struct monitor *m)
{
	size_t left = m->count;
	int code = 0;

	while (left > 0 && code == 0 && !m->is_done) {
		if (poll(m->watched, m->count, -1) < 0)
			continue; /* a signal that we are told to ignore, or to stop by */
		for (size_t i = 0; i < m->count && code == 0 && !m->is_done; i++)
			if (m->watched[i].fd >= 0 && m->watched[i].revents)
				code = serve_one(m, i, &left);
	}
	return code;
}

static int monitor(struct monitor *m)
{
	autofree struct pollfd *watched = calloc(m->count, sizeof(*watched));
	struct err e = {0};

	m->watched = watched;
	if (!watched) {
		err_set(&e, ERR_NO_MEMORY, ENOMEM, "out of memory");
		return fail(m, &e);
	}
	for (size_t i = 0; i < m->count; i++) {
		int fd = tare_monitor_connect(m->lxcpaths[i], &e);

		if (fd < 0)
			return fail(m, &e);
		watched[i] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	return serve(m);
}

static int quit(const struct monitor *m)
{
	int code = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct err e = {0};

		if (tare_monitor_quit(m->lxcpaths[i], &e) < 0)
			code = fail(m, &e);
	}
	return code;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct monitor_values values = {.once = ANY_STATE};
	struct monitor m = {.tool = tool, .values = &values};
	autoarguments arguments = {0};
	const char *lxcpath = NULL;
	struct err e = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	m.lxcpaths = values.common.paths.items;
	m.count = values.common.paths.count;
	if (m.count == 0) {
		if (tare_system_value("lxc.lxcpath", &lxcpath, &e) < 0)
			return fail(&m, &e);
		m.lxcpaths = &lxcpath;
		m.count = 1;
	}
	if (tare_log_init(&(struct tare_log){.program = tool->name,
					     .file = values.common.log_file,
					     .level = values.common.log_level,
					     .quiet = values.common.quiet},
			  &e) < 0 ||
	    compile(values.common.name ? values.common.name : ".*", &m.pattern, &e) < 0)
		return fail(&m, &e);
	code = values.quit ? quit(&m) : monitor(&m);
	regfree(&m.pattern);
	return code;
}

#define AT(member) .offset = offsetof(struct monitor_values, member)

static const struct cli_word states[] = {
	{"STOPPED", 0},  {"STARTING", 1}, {"RUNNING", 2}, {"STOPPING", 3}, {"ABORTING", 4},
	{"FREEZING", 5}, {"FROZEN", 6},   {"THAWED", 7},  {NULL},
};

static const struct cli_option options[] = {
	{
		.letter = 'n',
		.name = "name",
		.placeholder = "REGEX",
		.kind = CLI_STRING,
		AT(common.name),
		.help = "whose changes to print: an extended regular expression for the whole name",
		.complete = {CLI_COMPLETE_CONTAINER},
	},
	{
		.letter = 'Q',
		.name = "quit",
		.kind = CLI_FLAG,
		AT(quit),
		.help = "end the lxc-monitord of the lxcpath, and with it all that monitor there",
	},
	{
		.name = "once",
		.placeholder = "STATE",
		.kind = CLI_CHOICE,
		AT(once),
		.words = states,
		.noun = "state",
		.help = "end when a container has changed to this state",
		.complete = {CLI_COMPLETE_WORDS},
	},
	CLI_OPTION_FORMAT(struct monitor_values, format),
	{0},
};

const struct cli_tool tool_monitor = {
	.name = "lxc-monitor",
	.summary = "print the changes of containers' states as they happen",
	.synopsis = "[-n REGEX] [--once STATE] [--format json] [-P PATH]…\n-Q [-P PATH]…",
	.description =
		"Prints a line for each change of state of the containers below one or several "
		"lxcpaths, and for each end of an init, until it is interrupted. Without -n all "
		"containers count.\n"
		"Starts lxc-monitord where it does not run; that ends half a minute after the last "
		"lxc-monitor.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_SEVERAL_PATHS,
	.run = run,
};
