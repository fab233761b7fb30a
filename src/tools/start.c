/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-start: start a container, in the background (the default) or in place of this program
 * (spec/cli.md §3.18); or tell with --plan what a start would do.
 */

#include "tools/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/path.h"
#include "tools/session.h"

struct start_values {
	struct cli_common common;
	int foreground;
	const char *rcfile;
	struct cli_strings defines;
	const char *console;
	const char *console_log;
	const char *pid_file;
	bool close_fds;
	bool trace;
	int plan; /* enum session_plan */
	struct session_fault fault;
	struct session_shares shares;
};

/* A word or a path: the supervisor's working directory is not ours. */
static int take_console(void *member, const char *argument, struct arena *arena, struct err *e)
{
	const char **path = member;
	int r = 0;

	if (strcmp(argument, "none") == 0)
		*path = argument;
	else
		r = cli_path_make_absolute(argument, arena, path);
	return r ? err_set(e, ERR_USAGE, -r, "invalid console '%s'", argument) : 0;
}

/* -c: a file that is missing is made, as old versions did; "none" and terminals are as they are. */
static bool make_console(struct session *s, const struct start_values *values)
{
	struct err e = {0};
	int fd;

	if (!values->console || strcmp(values->console, "none") == 0)
		return true;
	fd = open(values->console, O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0640);
	if (fd < 0) {
		err_set(&e, ERR_FILE_OPEN, errno, "Failed to open the console \"%s\"",
			values->console);
		return session_fail(s, &e), false;
	}
	close(fd);
	return true;
}

static bool set_console(struct session *s, const struct start_values *values)
{
	struct err e = {0};

	if (values->console &&
	    tare_set_item(s->c, "lxc.console.path", values->console, "(command line)", &e) < 0)
		return session_fail(s, &e), false;
	if (values->console_log && tare_set_item(s->c, "lxc.console.logfile", values->console_log,
						 "(command line)", &e) < 0)
		return session_fail(s, &e), false;
	return true;
}

/* The directory of a pid file, made if it is missing. */
static bool ensure_pid_file(struct session *s, const char *path)
{
	autofree char *parent = path ? strdup(path) : NULL;
	char *slash = parent ? strrchr(parent, '/') : NULL;
	struct err e = {0};

	if (!slash || slash == parent)
		return true;
	*slash = '\0';
	for (char *at = strchr(parent + 1, '/');; at = strchr(at + 1, '/')) {
		if (at)
			*at = '\0';
		if (mkdir(parent, 0755) < 0 && errno != EEXIST) {
			err_set(&e, ERR_FILE_WRITE, errno, "Failed to ensure pidfile '%s'", path);
			return session_fail(s, &e), false;
		}
		if (!at)
			return true;
		*at = '/';
	}
}

/* Running the host's /sbin/init on the host's root would take the host down. */
static bool is_harmless(struct session *s, const struct start_values *values, bool has_command)
{
	autofree char *rootfs = session_item(s, "lxc.rootfs.path");
	autofree char *init = session_item(s, "lxc.init.cmd");

	if (rootfs || init || has_command)
		return true;
	session_say(s,
		    "Executing '/sbin/init' with no configuration file may crash the host; set "
		    "lxc.rootfs.path%s, or give a command to run",
		    values->rcfile ? " in the configuration" : "");
	return false;
}

static int tell_failure(struct session *s, struct err *e, bool foreground)
{
	session_fail(s, e);
	if (!foreground)
		session_say(s, "Received container state \"ABORTING\" instead of \"RUNNING\"");
	session_say(s, "The container failed to start");
	if (!foreground)
		session_say(s, "To get more details, run the container in foreground mode");
	return session_say(s, "Additional information can be obtained by setting the --logfile and "
			      "--logpriority options");
}

static int tell_undefined(struct session *s)
{
	struct err e = {0};

	err_set(&e, ERR_NOT_DEFINED, 0, "container \"%s\" is not defined in %s", s->common->name,
		s->lxcpath);
	err_hint(&e, "lxc-ls tells which are; lxc-create makes one, -f FILE starts one without");
	err_wrap(&e, e.code, "No container config specified");
	return session_fail(s, &e);
}

static int start(struct session *s, const struct start_values *values,
		 const struct tare_start *start)
{
	struct err e = {0};
	int r;

	if (values->plan != SESSION_NO_PLAN)
		return session_print_plan(s, start, (enum session_plan)values->plan);
	if (!make_console(s, values) || !ensure_pid_file(s, values->pid_file))
		return 1;
	r = values->foreground ? tare_start_exec(s->c, start, &e) : tare_start(s->c, start, &e);
	if (r == TARE_ALREADY_RUNNING) {
		session_say(s, "Container is already running");
		return 0;
	}
	return r < 0 ? tell_failure(s, &e, values->foreground) : 0;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct start_values values = {0};
	autoarguments arguments = {0};
	/* Proxmox VE strips the word that follows the name (spec/contracts.md PVE-03). */
	autosession s = {.word = "error:"};
	struct tare_start wanted;
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (!values.rcfile)
		values.rcfile = values.common.rcfile;
	if (!session_begin(&s, tool, &values.common, values.rcfile))
		return 1;
	if (!values.rcfile && !s.c->is_defined(s.c))
		return tell_undefined(&s);
	if (!session_define(&s, &values.defines) || !session_share(&s, &values.shares) ||
	    !set_console(&s, &values) || !is_harmless(&s, &values, arguments.count > 0))
		return 1;
	wanted = (struct tare_start){
		.argv = arguments.count > 0 ? arguments.words : NULL,
		.title = argv,
		.command_status = arguments.count > 0,
		.close_fds = values.close_fds,
		.in_background = !values.foreground,
		.trace = values.trace,
		.pid_file = values.pid_file,
	};
	session_set_fault(&wanted, &values.fault);
	return start(&s, &values, &wanted);
}

#define AT(member) .offset = offsetof(struct start_values, member)

static const struct cli_option options[] = {
	{
		.letter = 'd',
		.name = "daemon",
		.kind = CLI_CONSTANT,
		AT(foreground),
		.constant = 0,
		.help = "run in the background (default)",
	},
	{
		.letter = 'F',
		.name = "foreground",
		.kind = CLI_CONSTANT,
		AT(foreground),
		.constant = 1,
		.help = "stay in the foreground, with this terminal as the container's console",
	},
	SESSION_RCFILE_OPTION(struct start_values),
	SESSION_DEFINE_OPTION(struct start_values, "start"),
	{
		.letter = 'c',
		.name = "console",
		.placeholder = "FILE",
		.kind = CLI_CALL,
		AT(console),
		.take = take_console,
		.help = "terminal or file that the container's console goes to, or none",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.letter = 'L',
		.name = "console-log",
		.placeholder = "FILE",
		.kind = CLI_PATH,
		AT(console_log),
		.help = "file that logs what the console shows",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.letter = 'p',
		.name = "pidfile",
		.placeholder = "FILE",
		.kind = CLI_PATH,
		AT(pid_file),
		.help = "file that gets the pid of the supervisor",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.letter = 'C',
		.name = "close-all-fds",
		.kind = CLI_FLAG,
		AT(close_fds),
		.help = "close inherited descriptors in the background",
	},
	SESSION_SHARE_OPTION(struct start_values, net, "network"),
	SESSION_SHARE_OPTION(struct start_values, ipc, "IPC"),
	SESSION_SHARE_OPTION(struct start_values, uts, "UTS"),
	SESSION_SHARE_OPTION(struct start_values, pid, "PID"),
	{
		.name = "plan",
		.placeholder = "FORMAT",
		.kind = CLI_CHOICE,
		.flags = CLI_ARGUMENT_OPTIONAL,
		AT(plan),
		.constant = SESSION_PLAN_TEXT,
		.words = session_plan_words,
		.help = "start nothing; print what a start would do, as text (default) or json",
		.complete = {CLI_COMPLETE_WORDS},
	},
	{
		.name = "trace",
		.kind = CLI_FLAG,
		AT(trace),
		.help = "tell each step of the start and how long it took",
	},
	SESSION_FAULT_OPTIONS(struct start_values),
	{0},
};

const struct cli_tool tool_start = {
	.name = "lxc-start",
	.summary = "start a container",
	.synopsis = "[-n] NAME [-d | -F] [-f FILE] [-s KEY=VALUE]… [-- COMMAND [ARGUMENT…]]\n"
		    "[-n] NAME --plan[=FORMAT]",
	.description =
		"Starts a container and returns when it runs, or stays in the foreground with it. "
		"COMMAND takes the place of its init (lxc.init.cmd, else /sbin/init).\n"
		"A container that was never created runs from the configuration of -f: it exists "
		"as long as it runs.\n"
		"When a start fails, the message names the step that failed, what it was about and "
		"the line of the configuration that asked for it; nothing is left behind. --plan "
		"shows all steps without running any, --trace runs them and tells how long each "
		"took.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME | CLI_STOPS_AT_COMMAND,
	.containers = "--stopped",
	.arguments = {CLI_COMPLETE_COMMAND},
	.run = run,
};
