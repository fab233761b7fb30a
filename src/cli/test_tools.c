/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of test_tools.h. Only the parser and the generators see them; nothing runs them.
 */

#include "cli/test_tools.h"

#include "base/err.h"
#include "base/num.h"

static const struct cli_word elevated_words[] = {
	{"CGROUP", TEST_ELEVATED_CGROUP},
	{"CAP", TEST_ELEVATED_CAP},
	{"LSM", TEST_ELEVATED_LSM},
	{"cap", TEST_ELEVATED_CAP, .hidden = true},
	{0},
};

static int take_doubled(void *member, const char *argument, struct arena *arena, struct err *e)
{
	uint64_t value;

	if (num_parse_u64(argument, 10, &value))
		return err_set(e, ERR_USAGE, 0, "cannot double '%s'", argument);
	*(long *)member = (long)value * 2;
	return 0;
}

#define AT(member) offsetof(struct test_attach_values, member)
static const struct cli_option attach_options[] = {
	{'e', "elevated-privileges", "WHAT", CLI_CHOICES, CLI_ARGUMENT_OPTIONAL, AT(elevated), 7,
	 elevated_words, .noun = "privilege", .help = "keep privileges",
	 .complete = {CLI_COMPLETE_WORDS}},
	{'R', "remount-sys-proc", NULL, CLI_FLAG, 0, AT(remount), .help = "remount /proc and /sys"},
	{0, "clear-env", NULL, CLI_CONSTANT, 0, AT(environment), 1, .help = "clear it"},
	{0, "keep-env", NULL, CLI_CONSTANT, 0, AT(environment), 2, .help = "keep it"},
	{'v', "set-var", "NAME=VALUE", CLI_STRING_LIST, 0, AT(variables), .help = "set a variable"},
	{'u', "uid", "UID", CLI_UNSIGNED, 0, AT(uid), .help = "user inside [a:b]"},
	{'t', "timeout", "SECONDS", CLI_INT, 0, AT(timeout), .help = "don't wait longer"},
	{0, "nesting", "N", CLI_INT, CLI_ARGUMENT_OPTIONAL, AT(nesting), 5, .help = "levels"},
	{'L', "pty-log", "FILE", CLI_PATH, 0, AT(log), .noun = "log file", .help = "append to FILE",
	 .complete = {CLI_COMPLETE_FILE}},
	{'f', "rcfile", "FILE", CLI_PATH, 0, AT(common.rcfile), .help = "load FILE",
	 .complete = {CLI_COMPLETE_FILE}},
	{0, "doubled", "N", CLI_CALL, 0, AT(doubled), .take = take_doubled, .help = "twice N",
	 .complete = {CLI_COMPLETE_OUTPUT, "list-numbers"}},
	{0},
};
#undef AT

const struct cli_tool test_attach = {
	.name = "lxc-attach",
	.summary = "run a command in a container",
	.synopsis = "[-n] NAME [-- COMMAND]",
	.options = attach_options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_NEEDS_NAME | CLI_STOPS_AT_COMMAND,
	.containers = "--running",
	.arguments = {CLI_COMPLETE_COMMAND},
};

#define AT(member) offsetof(struct test_create_values, member)
static const struct cli_option create_options[] = {
	{'t', "template", "TEMPLATE", CLI_STRING, 0, AT(template), .help = "make it by TEMPLATE"},
	{'B', "bdev", "BACKEND", CLI_STRING, 0, AT(backend), .help = "storage back end",
	 .complete = {CLI_COMPLETE_WORDS, "dir lvm"}},
	{0, "backingstore", "BACKEND", CLI_STRING, CLI_HIDDEN, AT(backend)},
	{0, "backingstorage", "BACKEND", CLI_STRING, CLI_HIDDEN, AT(backend)},
	{0, "fstype", "TYPE", CLI_STRING, 0, AT(fstype), .help = "file system"},
	{0, "fssize", "SIZE", CLI_STRING, 0, AT(fssize), .help = "its size"},
	{0, "dir", "DIRECTORY", CLI_STRING, 0, AT(directory), .help = "where the rootfs is",
	 .complete = {CLI_COMPLETE_DIRECTORY}},
	{'6', NULL, "DIRECTORY", CLI_STRING, CLI_HIDDEN, AT(directory)},
	{'f', "config", "FILE", CLI_STRING, 0, offsetof(struct cli_common, rcfile),
	 .help = "begin with FILE"},
	{0},
};
#undef AT

const struct cli_tool test_create = {
	.name = "lxc-create",
	.summary = "create a container",
	.synopsis = "[-n] NAME -t TEMPLATE\nNAME --help",
	.description = "A first paragraph that is long enough to be broken into two lines, because "
		       "it goes on and on.\nA second one.",
	.options = create_options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_NEEDS_NAME,
};

const struct cli_tool test_top = {
	.name = "lxc-top",
	.summary = "show containers",
	.synopsis = "",
	.flags = CLI_CONTAINER_OPTIONS | CLI_SEVERAL_PATHS,
};

const struct cli_tool test_monitor = {
	.name = "lxc-monitor",
	.summary = "watch containers",
	.synopsis = "[-n REGEX]",
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME,
};

const struct cli_tool test_unshare = {
	.name = "lxc-unshare",
	.summary = "run a command in new namespaces",
	.synopsis = "-- COMMAND",
	.flags = CLI_CONTAINER_OPTIONS | CLI_STOPS_AT_COMMAND,
	.arguments = {CLI_COMPLETE_COMMAND},
};

#define AT(member) offsetof(struct test_clone_values, member)
static const struct cli_option clone_options[] = {
	{'o', "orig", "NAME", CLI_STRING, 0, AT(origin), .help = "origin",
	 .complete = {CLI_COMPLETE_CONTAINER}},
	{'n', "new", "NAME", CLI_STRING, 0, AT(new), .help = "new name"},
	{'p', "lxcpath", "PATH", CLI_PATH, 0, AT(old_path), .help = "where it is"},
	{'P', "newpath", "PATH", CLI_PATH, 0, AT(new_path), .help = "where it goes"},
	{'m', NULL, "MAP", CLI_STRING, 0, AT(new), .help = "letter only"},
	{0},
};
#undef AT

const struct cli_tool test_clone = {
	.name = "tare clone",
	.summary = "clone a container",
	.synopsis = "ORIG NEW",
	.options = clone_options,
	.arguments = {CLI_COMPLETE_FILE},
};

static const struct cli_tool hidden = {
	.name = "tare secret",
	.summary = "for the build",
	.synopsis = "",
	.flags = CLI_HIDDEN_TOOL,
};

static const struct cli_tool *const tools[] = {
	&test_attach,  &test_create, &test_top, &test_monitor,
	&test_unshare, &test_clone,  &hidden,   NULL,
};

const struct cli_registry test_registry = {
	.program = "tare",
	.version = "0",
	.summary = "For tests.",
	.tools = tools,
};
