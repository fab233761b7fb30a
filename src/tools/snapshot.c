/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-snapshot: make, list, restore and destroy snapshots of a container (spec/cli.md §3.17).
 */

#include "tools/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/session.h"
#include "tools/tools.h"

struct snapshot_values {
	struct cli_common common;
	bool list, show_comments, print;
	const char *restore, *destroy, *comment, *new_name;
	int format;
};

static int fail(struct session *s, const char *what)
{
	struct err e = *tare_last_error(s->c);

	err_wrap(&e, e.code ? e.code : -1, "%s", what);
	return session_fail(s, &e);
}

/* A command that succeeds says nothing on the standard error output, unless somebody reads it. */
static void tell(void *data, const char *text)
{
	if (isatty(STDERR_FILENO))
		session_say(data, "%s", text);
}

static int make(struct session *s, const struct snapshot_values *values)
{
	const struct tare_snapshot how = {
		.name = values->new_name,
		.comment_file = values->comment,
		.tell = tell,
		.data = s,
	};
	autofree char *name = NULL;
	autostr out = {0};
	struct err e = {0};
	int r = tare_snapshot(s->c, &how, &name, &e);

	if (r < 0) {
		err_wrap(&e, r, "Error creating a snapshot");
		return session_fail(s, &e);
	}
	if (!values->print)
		return 0;
	str_addf(&out, "%s\n", name);
	return cli_print(s->tool->name, &out);
}

static int list(struct session *s, const struct snapshot_values *values)
{
	struct lxc_snapshot *snapshots = NULL;
	autostr out = {0};
	int count = s->c->snapshot_list(s->c, &snapshots);

	if (count < 0)
		return fail(s, "Error listing snapshots");
	if (values->format == CLI_FORMAT_JSON)
		snapshot_print_json(snapshots, (size_t)count, &out);
	else
		snapshot_print_lines(snapshots, (size_t)count, values->show_comments, &out);
	for (int i = 0; i < count; i++)
		snapshots[i].free(&snapshots[i]);
	free(snapshots);
	return cli_print(s->tool->name, &out);
}

static int restore(struct session *s, const struct snapshot_values *values)
{
	autostr what = {0};

	if (s->c->snapshot_restore(s->c, values->restore, values->new_name))
		return 0;
	str_addf(&what, "Error restoring snapshot %s", values->restore);
	return fail(s, str_text(&what));
}

static int destroy(struct session *s, const struct snapshot_values *values)
{
	autostr what = {0};
	bool all = strcmp(values->destroy, "ALL") == 0;

	if (all ? s->c->snapshot_destroy_all(s->c) : s->c->snapshot_destroy(s->c, values->destroy))
		return 0;
	if (all)
		str_add(&what, "Error destroying snapshots");
	else
		str_addf(&what, "Error destroying snapshot %s", values->destroy);
	return fail(s, str_text(&what));
}

/* What fits together, and a new name that stands without -N. False when it was told. */
static bool check(struct session *s, struct snapshot_values *values,
		  const struct cli_arguments *words)
{
	int actions = values->list + (values->restore != NULL) + (values->destroy != NULL);
	bool makes = actions == 0;

	if (values->restore && !values->new_name && words->count == 1)
		values->new_name = words->words[0];
	else if (words->count > 0)
		return session_say(s, "Too many arguments"), false;
	if (actions > 1)
		return session_say(s, "only one of -L, -r and -d can be done at a time"), false;
	if (!makes && (values->comment || values->print))
		return session_say(s, "-c and --print are about making a snapshot"), false;
	if (!values->list && (values->show_comments || values->format != CLI_FORMAT_TEXT))
		return session_say(s, "-C and --format are about listing: add -L"), false;
	if (values->new_name && !makes && !values->restore)
		return session_say(s, "-N is about making and restoring a snapshot"), false;
	return true;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct snapshot_values values = {0};
	autoarguments arguments = {0};
	autosession s = {.tool = tool, .common = &values.common};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (!check(&s, &values, &arguments) ||
	    !session_begin(&s, tool, &values.common, values.common.rcfile))
		return 1;
	if (!s.c->may_control(s.c))
		return session_refuse(&s);
	if (!s.c->is_defined(s.c))
		return session_say(&s, "No container config specified");
	if (values.list)
		return list(&s, &values);
	if (values.restore)
		return restore(&s, &values);
	return values.destroy ? destroy(&s, &values) : make(&s, &values);
}

#define AT(member) .offset = offsetof(struct snapshot_values, member)

static const struct cli_option options[] = {
	{
		.letter = 'L',
		.name = "list",
		.kind = CLI_FLAG,
		AT(list),
		.help = "list the snapshots",
	},
	{
		.letter = 'C',
		.name = "showcomments",
		.kind = CLI_FLAG,
		AT(show_comments),
		.help = "with -L: print their comments, too",
	},
	{
		.letter = 'r',
		.name = "restore",
		.placeholder = "SNAPSHOT",
		.kind = CLI_STRING,
		AT(restore),
		.help = "put the container back to this snapshot, or make a new one of it",
	},
	{
		.letter = 'N',
		.name = "newname",
		.placeholder = "NAME",
		.kind = CLI_STRING,
		AT(new_name),
		.help = "with -r: restore to a new container; else the name of the new snapshot",
	},
	{
		.letter = 'd',
		.name = "destroy",
		.placeholder = "SNAPSHOT",
		.kind = CLI_STRING,
		AT(destroy),
		.help = "destroy this snapshot, or ALL",
	},
	{
		.letter = 'c',
		.name = "comment",
		.placeholder = "FILE",
		.kind = CLI_STRING,
		AT(comment),
		.help = "keep a copy of this file as comment (- for the standard input)",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.name = "print",
		.kind = CLI_FLAG,
		AT(print),
		.help = "print the new snapshot's name",
	},
	CLI_OPTION_FORMAT(struct snapshot_values, format),
	{0},
};

const struct cli_tool tool_snapshot = {
	.name = "lxc-snapshot",
	.summary = "make, list, restore and destroy snapshots of a container",
	.synopsis = "[-n] NAME [-c FILE] [-N SNAPSHOT] [--print]\n"
		    "[-n] NAME -L [-C] [--format json]\n"
		    "[-n] NAME -r SNAPSHOT [[-N] NEWNAME]\n"
		    "[-n] NAME -d SNAPSHOT|ALL",
	.description =
		"Keeps the state of a stopped container: its root file system and configuration, "
		"as snap0, snap1 and so on below the container's directory. What the storage can "
		"do makes it fast and small (btrfs, overlay, zfs, thin lvm); a directory is "
		"copied, as is a loop file's content.\n"
		"Restoring puts the container back in place; it keeps its name and MAC addresses, "
		"and the snapshots stay. When that fails, or is killed, the container is as it "
		"was. With a new name it makes another container and leaves this one alone.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--stopped",
	.run = run,
};
