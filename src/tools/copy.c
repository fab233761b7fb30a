/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-copy: copy, snapshot, rename a container, or run a copy for a while (spec/cli.md §3.8).
 * Silent on success but for ephemeral copies and what LVM would say.
 */

#include "tools/tools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/copying.h"
#include "tools/size.h"

struct copy_values {
	struct cli_common common;
	const char *new_name;
	const char *new_path;
	const char *type;
	struct cli_strings mounts;
	uint64_t size;
	int in_foreground;
	bool renames, snapshot, may_run, is_ephemeral, on_tmpfs, keeps_data, keeps_name, keeps_mac;
	bool shows_progress, prints_json;
};

/* Options that contradict each other: the sentence, or NULL. */
static const char *find_conflict(const struct copy_values *values)
{
	if (!values->is_ephemeral && !values->new_name)
		return "You must provide a NEWNAME for the clone";
	if (values->renames && (values->is_ephemeral || values->snapshot))
		return "a container can't be renamed and copied at once";
	if (values->on_tmpfs && values->keeps_data)
		return "A container can only be placed on a tmpfs when the overlay storage driver "
		       "is used: what is in memory can't be kept (-D)";
	if (values->on_tmpfs && !values->is_ephemeral)
		return "only an ephemeral copy (-e) can be placed on a tmpfs";
	if (values->mounts.count > 0 && !values->is_ephemeral)
		return "only an ephemeral copy (-e) gets mounts of its own";
	return NULL;
}

static unsigned flags_of(const struct copy_values *values)
{
	return (values->snapshot ? LXC_CLONE_SNAPSHOT : 0U) |
	       (values->keeps_name ? LXC_CLONE_KEEPNAME : 0U) |
	       (values->keeps_mac ? LXC_CLONE_KEEPMACADDR : 0U) |
	       (values->may_run ? LXC_CLONE_ALLOW_RUNNING : 0U);
}

static int rename_it(struct session *s, const struct copy_values *values, char **words)
{
	struct err e = {0};

	if (values->new_path && strcmp(values->new_path, s->lxcpath) != 0)
		return session_say(s, "a container can't be renamed into another lxcpath: copy it "
				      "with --newpath, then destroy the old one");
	if (tare_rename(s->c, values->new_name, values->keeps_name, words, &e) < 0)
		return session_fail(s, &e);
	return 0;
}

/* What lvcreate says, which tutorials show. */
static int print_volume(const struct session *s, const struct copying *copying)
{
	const char *path = copying->clone.lxcpath ? copying->clone.lxcpath : s->lxcpath;
	struct err e = {0};
	struct lxc_container *c = tare_container_new_to_look(copying->clone.name, path, &e);
	struct session copy = {.c = c};
	autofree char *rootfs = c ? session_item(&copy, "lxc.rootfs.path") : NULL;
	const char *slash = rootfs && text_starts(rootfs, "lvm:") ? strrchr(rootfs, '/') : NULL;
	autostr line = {0};

	if (c)
		lxc_container_put(c);
	if (!slash)
		return 0;
	str_addf(&line, "  Logical volume \"%s\" created.\n", slash + 1);
	return cli_print(s->tool->name, &line);
}

static int copy_it(struct session *s, struct copying *copying)
{
	struct err e = {0};
	int r = copying_clone(copying, &e);

	if (r == 0)
		return s->common->quiet ? 0 : print_volume(s, copying);
	err_wrap(&e, r, "Failed to clone");
	return session_fail(s, &e);
}

static int tell_ephemeral(const struct session *s, const struct copy_values *values,
			  const char *name)
{
	autostr text = {0};

	if (s->common->quiet)
		return 0;
	str_addf(&text, "Created %s as clone of %s\n", name, s->common->name);
	if (values->on_tmpfs)
		str_add(&text, "Container is placed on tmpfs.\n"
			       "Rebooting will cause all changes made to it to be lost!\n");
	return cli_print(s->tool->name, &text);
}

static int run_ephemeral(struct session *s, const struct copy_values *values,
			 struct copying *copying, char **words, char **title)
{
	const char *path = values->new_path ? values->new_path : s->lxcpath;
	autofree char *chosen = NULL;
	struct err e = {0};
	int code;

	if (!values->new_name) {
		if (tare_choose_name(s->common->name, path, &chosen, &e) < 0)
			return session_fail(s, &e);
		copying->clone.name = chosen;
	}
	code = copy_it(s, copying);
	if (code == 0)
		code = tell_ephemeral(s, values, copying->clone.name);
	if (code != 0)
		return code;
	return copying_run(s, &(struct copying_run){
				      .name = copying->clone.name,
				      .lxcpath = path,
				      .in_foreground = values->in_foreground,
				      .command = words[0] ? words : NULL,
				      .keeps_data = values->keeps_data,
				      .title = title,
			      });
}

static int copy(struct session *s, const struct copy_values *values, char **words, char **title)
{
	struct copying_mounts mounts = {0};
	struct copying copying = {
		.session = s,
		.clone = {.name = values->new_name,
			  .lxcpath = values->new_path,
			  .flags = flags_of(values),
			  .type = copying_type(s, values->type),
			  .size = values->size,
			  .is_ephemeral = values->is_ephemeral,
			  .keeps_data = values->keeps_data,
			  .on_tmpfs = values->on_tmpfs},
		.shows_progress = values->shows_progress,
		.prints_json = values->prints_json,
	};
	struct err e = {0};
	int code;

	if (copying_take_mounts(s, &values->mounts, &mounts, &e) < 0) {
		code = session_fail(s, &e);
	} else if (values->on_tmpfs && copying.clone.type &&
		   strcmp(copying.clone.type, "overlay") != 0) {
		code = session_say(s, "A container can only be placed on a tmpfs when the overlay "
				      "storage driver is used");
	} else {
		copying.clone.mounts = mounts.items;
		copying.clone.mount_count = mounts.count;
		copying.clone.arguments = values->is_ephemeral ? NULL : words;
		code = values->is_ephemeral ? run_ephemeral(s, values, &copying, words, title)
					    : copy_it(s, &copying);
	}
	copying_finish_mounts(&mounts);
	return code;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct copy_values values = {0};
	autoarguments arguments = {0};
	const char *conflict;
	autosession s = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	s = (struct session){.tool = tool, .common = &values.common};
	conflict = find_conflict(&values);
	if (conflict)
		return session_say(&s, "%s", conflict);
	if (!session_begin(&s, tool, &values.common, values.common.rcfile))
		return 1;
	if (!s.c->may_control(s.c))
		return session_refuse(&s);
	if (!s.c->is_defined(s.c))
		return session_say(&s, "Container %s is not defined", values.common.name);
	return values.renames ? rename_it(&s, &values, arguments.words)
			      : copy(&s, &values, arguments.words, argv);
}

#define AT(member) .offset = offsetof(struct copy_values, member)

static const struct cli_option options[] = {
	{
		.letter = 'N',
		.name = "newname",
		.placeholder = "NEWNAME",
		.kind = CLI_STRING,
		AT(new_name),
		.help = "name of the copy; an ephemeral one gets NAME_XXXXXX without it",
	},
	{
		.letter = 'p',
		.name = "newpath",
		.placeholder = "PATH",
		.kind = CLI_PATH,
		AT(new_path),
		.help = "lxcpath of the copy, which must exist (default: the same)",
		.complete = {CLI_COMPLETE_DIRECTORY},
	},
	{
		.letter = 'R',
		.name = "rename",
		.kind = CLI_FLAG,
		AT(renames),
		.help = "give the container the new name; nothing is copied",
	},
	{
		.letter = 's',
		.name = "snapshot",
		.kind = CLI_FLAG,
		AT(snapshot),
		.help = "share what is not changed with the original (copy on write)",
	},
	{
		.letter = 'a',
		.name = "allowrunning",
		.kind = CLI_FLAG,
		AT(may_run),
		.help = "copy the container even if it runs",
	},
	{
		.letter = 'e',
		.name = "ephemeral",
		.kind = CLI_FLAG,
		AT(is_ephemeral),
		.help = "start a snapshot that is destroyed when it stops",
	},
	{
		.letter = 'F',
		.name = "foreground",
		.kind = CLI_CONSTANT,
		AT(in_foreground),
		.constant = 1,
		.help = "with -e: start it in the foreground",
	},
	{
		.letter = 'd',
		.name = "daemon",
		.kind = CLI_CONSTANT,
		AT(in_foreground),
		.constant = 0,
		.help = "with -e: start it in the background (default)",
	},
	{
		.letter = 'm',
		.name = "mount",
		.placeholder = "LIST",
		.kind = CLI_STRING_LIST,
		AT(mounts),
		.help = "with -e: bind=SOURCE[:TARGET][:ro|rw] or overlay=SOURCE[:TARGET], "
			"separated by commas",
	},
	{
		.letter = 'B',
		.name = "backingstorage",
		.placeholder = "STORAGE",
		.kind = CLI_STRING,
		AT(type),
		.help = "kind of storage of the copy (default: as fits)",
	},
	{
		.letter = 't',
		.name = "tmpfs",
		.kind = CLI_FLAG,
		AT(on_tmpfs),
		.help = "with -e: keep what it writes in memory (overlay)",
	},
	{
		.letter = 'L',
		.name = "fssize",
		.placeholder = "SIZE",
		.kind = CLI_CALL,
		AT(size),
		.take = size_take,
		.help = "block devices: size, with b, k, m, g or t behind it (default: the "
			"original's)",
	},
	{
		.letter = 'D',
		.name = "keepdata",
		.kind = CLI_FLAG,
		AT(keeps_data),
		.help = "with -e: do not destroy it when it stops",
	},
	{
		.letter = 'K',
		.name = "keepname",
		.kind = CLI_FLAG,
		AT(keeps_name),
		.help = "keep the host name",
	},
	{
		.letter = 'M',
		.name = "keepmac",
		.kind = CLI_FLAG,
		AT(keeps_mac),
		.help = "keep the hardware addresses",
	},
	{
		.name = "progress",
		.kind = CLI_FLAG,
		AT(shows_progress),
		.help = "show how far it is also where the output is no terminal",
	},
	{
		.name = "json",
		.kind = CLI_FLAG,
		AT(prints_json),
		.help = "print how far it is as JSON, one object a line",
	},
	{0},
};

const struct cli_tool tool_copy = {
	.name = "lxc-copy",
	.summary = "copy, snapshot or rename a container",
	.synopsis = "[-n] NAME -N NEWNAME [-s] [-p PATH] [-B STORAGE] [-- HOOK-ARGUMENT…]\n"
		    "[-n] NAME -e [-N NEWNAME] [-d|-F] [-D] [-t] [-m LIST] [-- COMMAND…]\n"
		    "[-n] NAME -N NEWNAME -R",
	.description =
		"Copies a container: its configuration with the comments, its storage, and files "
		"in its directory that the configuration names. The copy gets its own host name "
		"and hardware addresses. With -s storage is shared as far as it is not changed.\n"
		"With -e a snapshot is started that is destroyed when it stops; with a COMMAND "
		"that is run in it, then it is stopped, and the exit code is the command's.\n"
		"With -R the container itself gets the name.\n"
		"Words behind -- are handed to the clone hooks. When something fails, or a signal "
		"ends it, nothing of the copy stays.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--defined",
	.run = run,
};
