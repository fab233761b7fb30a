/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-attach: run a command, or a shell, in a running container (spec/cli.md §3.1). This program
 * becomes the relay, which exits as the command does.
 */

#include "tools/tools.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "tools/session.h"

enum elevated {
	ELEVATED_CGROUP = 1 << 0,
	ELEVATED_CAP = 1 << 1,
	ELEVATED_LSM = 1 << 2,
	ELEVATED_ALL = ELEVATED_CGROUP | ELEVATED_CAP | ELEVATED_LSM,
};

enum { KEEP_ENVIRONMENT, CLEAR_ENVIRONMENT };

struct attach_values {
	struct cli_common common;
	unsigned elevated;
	const char *architecture;
	unsigned namespaces;
	bool remount;
	int environment;
	struct cli_strings keep, set;
	const char *pty_log;
	uint32_t uid, gid;
	const char *context;
	const char *rcfile;
};

/* -e[WORDS]: without words, everything. */
static int take_elevated(void *member, const char *argument, struct arena *arena, struct err *e)
{
	static const struct {
		const char *word;
		unsigned bit;
	} rows[] = {{"CGROUP", ELEVATED_CGROUP}, {"CAP", ELEVATED_CAP}, {"LSM", ELEVATED_LSM}};
	unsigned *mask = member;
	const char *at = argument;

	if (!argument || !*argument) {
		*mask = ELEVATED_ALL;
		return 0;
	}
	while (*at) {
		size_t length = strcspn(at, "|");
		unsigned bit = 0;

		for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
			if (strlen(rows[i].word) == length &&
			    strncmp(rows[i].word, at, length) == 0)
				bit = rows[i].bit;
		if (!bit)
			return err_set(e, ERR_USAGE, 0, "invalid privilege '%s'", argument);
		*mask |= bit;
		at += length;
		at += *at == '|';
	}
	return 0;
}

static int take_assignment(void *member, const char *argument, struct arena *arena, struct err *e)
{
	struct cli_strings *list = member;
	const char **item;

	if (!strchr(argument, '=') || argument[0] == '=')
		return err_set(e, ERR_USAGE, 0, "invalid variable '%s': NAME=VALUE is needed",
			       argument);
	item = vec_push_in(list, arena);
	if (!item)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	*item = argument;
	return 0;
}

/* NULL-terminated array of the strings given, in the arena of the arguments. */
static char **list_of(const struct cli_strings *strings, struct arena *arena)
{
	char **list = arena_alloc(arena, (strings->count + 1) * sizeof(*list));

	for (size_t i = 0; list && i < strings->count; i++)
		list[i] = (char *)strings->items[i];
	if (list)
		list[strings->count] = NULL;
	return list;
}

static int flags_of(const struct attach_values *values)
{
	unsigned elevated = values->elevated;
	int flags = LXC_ATTACH_DEFAULT;

	if (values->namespaces)
		elevated = ELEVATED_ALL;
	if (elevated & ELEVATED_CGROUP)
		flags &= ~LXC_ATTACH_MOVE_TO_CGROUP;
	if (elevated & ELEVATED_CAP)
		flags &= ~LXC_ATTACH_DROP_CAPABILITIES;
	if (elevated & ELEVATED_LSM)
		flags &= ~LXC_ATTACH_LSM_EXEC;
	if (values->remount)
		flags |= LXC_ATTACH_REMOUNT_PROC_SYS;
	if (values->context)
		flags |= LXC_ATTACH_LSM_LABEL;
	if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) || isatty(STDERR_FILENO))
		flags |= LXC_ATTACH_TERMINAL;
	return flags;
}

/* LXC's words around ours (spec/contracts.md EX-09). Rights are only asked for when it failed:
 * finding init takes the same. */
static int fail(struct session *s, int r, struct err *e)
{
	const char *name = s->common->name;

	if (!s->c->may_control(s->c))
		return session_refuse(s);
	if (e->id == ERR_NOT_RUNNING) {
		err_set(e, ERR_NOT_RUNNING, 0, "%s is not running", name);
		if (!s->c->is_defined(s->c))
			err_hint(e, "it is not defined in %s", s->lxcpath);
		err_wrap(e, r, "Failed to get init pid");
	}
	err_wrap(e, r, "cannot attach to the container");
	return session_fail(s, e);
}

static int attach(struct session *s, const struct attach_values *values,
		  struct cli_arguments *arguments, char **argv)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	struct err e = {0};
	signed long persona;
	int r;

	if (values->architecture) {
		if (lxc_config_parse_arch(values->architecture, &persona) < 0)
			return session_say(s, "invalid architecture '%s'", values->architecture);
		options.personality = persona;
	}
	options.attach_flags = flags_of(values);
	if (values->namespaces)
		options.namespaces = (int)values->namespaces;
	options.env_policy = values->environment == CLEAR_ENVIRONMENT ? LXC_ATTACH_CLEAR_ENV
								      : LXC_ATTACH_KEEP_ENV;
	options.extra_env_vars = list_of(&values->set, &arguments->arena);
	options.extra_keep_env = list_of(&values->keep, &arguments->arena);
	options.uid = values->uid;
	options.gid = values->gid;
	options.lsm_label = (char *)values->context;
	if (!options.extra_env_vars || !options.extra_keep_env)
		return session_say(s, "out of memory");
	r = tare_attach_exec(s->c, arguments->count > 0 ? arguments->words : NULL, values->pty_log,
			     argv, &options, &e);
	return fail(s, r, &e);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct attach_values values = {.uid = (uint32_t)-1, .gid = (uint32_t)-1};
	autoarguments arguments = {0};
	autosession s = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	s.tool = tool;
	s.common = &values.common;
	if (values.context && values.elevated & ELEVATED_LSM)
		return session_say(
			&s, "Cannot combine elevated LSM privileges while requesting LSM profile");
	if (!values.rcfile)
		values.rcfile = values.common.rcfile;
	if (!session_begin(&s, tool, &values.common, values.rcfile))
		return 1;
	return attach(&s, &values, &arguments, argv);
}

#define AT(member) .offset = offsetof(struct attach_values, member)

static const struct cli_word attach_namespace_words[] = {
	{"MOUNT", CLONE_NEWNS},      {"PID", CLONE_NEWPID},       {"UTSNAME", CLONE_NEWUTS},
	{"IPC", CLONE_NEWIPC},       {"USER", CLONE_NEWUSER},     {"NETWORK", CLONE_NEWNET},
	{"CGROUP", CLONE_NEWCGROUP}, {"TIME", CLONE_NEWTIME},     {"MNT", CLONE_NEWNS, true},
	{"UTS", CLONE_NEWUTS, true}, {"NET", CLONE_NEWNET, true}, {NULL},
};

static const struct cli_option options[] = {
	{
		.letter = 'e',
		.name = "elevated-privileges",
		.placeholder = "PRIVILEGES",
		.kind = CLI_CALL,
		.flags = CLI_ARGUMENT_OPTIONAL,
		AT(elevated),
		.take = take_elevated,
		.help = "keep out of the container's CGROUP, CAP and LSM limits (those given, "
			"joined by |, or all)",
	},
	{
		.letter = 'a',
		.name = "arch",
		.placeholder = "ARCHITECTURE",
		.kind = CLI_STRING,
		AT(architecture),
		.help = "architecture that the command sees (default: the container's)",
	},
	{
		.letter = 's',
		.name = "namespaces",
		.placeholder = "NAMESPACES",
		.kind = CLI_CHOICES,
		.flags = CLI_ANY_CASE,
		AT(namespaces),
		.words = attach_namespace_words,
		.noun = "namespace",
		.help = "enter only these, joined by |: MOUNT PID UTSNAME IPC USER NETWORK CGROUP "
			"TIME; implies -e",
		.complete = {CLI_COMPLETE_WORDS},
	},
	{
		.letter = 'R',
		.name = "remount-sys-proc",
		.kind = CLI_FLAG,
		AT(remount),
		.help = "without the mount namespace: mount /proc and /sys that fit the others",
	},
	{
		.name = "clear-env",
		.kind = CLI_CONSTANT,
		AT(environment),
		.constant = CLEAR_ENVIRONMENT,
		.help = "start with an empty environment",
	},
	{
		.name = "keep-env",
		.kind = CLI_CONSTANT,
		AT(environment),
		.constant = KEEP_ENVIRONMENT,
		.help = "start with this environment (default)",
	},
	{
		.name = "keep-var",
		.placeholder = "NAME",
		.kind = CLI_STRING_LIST,
		AT(keep),
		.help = "with --clear-env: keep this variable; may be repeated",
	},
	{
		.letter = 'v',
		.name = "set-var",
		.placeholder = "NAME=VALUE",
		.kind = CLI_CALL,
		AT(set),
		.take = take_assignment,
		.help = "set a variable; may be repeated",
	},
	{
		.letter = 'L',
		.name = "pty-log",
		.placeholder = "FILE",
		.kind = CLI_PATH,
		AT(pty_log),
		.help = "append what the terminal shows to a file",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.letter = 'u',
		.name = "uid",
		.placeholder = "UID",
		.kind = CLI_UNSIGNED,
		.flags = CLI_IS_ID,
		AT(uid),
		.help = "user id of the command inside the container",
	},
	{
		.letter = 'g',
		.name = "gid",
		.placeholder = "GID",
		.kind = CLI_UNSIGNED,
		.flags = CLI_IS_ID,
		AT(gid),
		.help = "group id of the command inside the container",
	},
	{
		.letter = 'c',
		.name = "context",
		.placeholder = "LABEL",
		.kind = CLI_STRING,
		AT(context),
		.help = "security label of the command",
	},
	SESSION_RCFILE_OPTION(struct attach_values),
	{0},
};

const struct cli_tool tool_attach = {
	.name = "lxc-attach",
	.summary = "run a command in a running container",
	.synopsis = "[-n] NAME [OPTION]… [-- COMMAND [ARGUMENT…]]",
	.description =
		"Runs COMMAND, or the user's shell, inside a running container. When one of the "
		"standard streams is a terminal, the command gets a terminal of the container in "
		"its place; streams that are none are handed on as they are.\n"
		"Exits with the command's status: 128+N when signal N ended it, 127 when it does "
		"not exist, 126 when it can't be executed, 1 when attaching failed.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME | CLI_STOPS_AT_COMMAND,
	.containers = "--running",
	.arguments = {CLI_COMPLETE_COMMAND},
	.run = run,
};
