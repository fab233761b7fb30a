/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-clone: what lxc-copy was called before LXC 2.0, with the options of then (spec/cli.md §5,
 * §6). -p and -P mean the opposite of lxc-copy's.
 */

#include "tools/tools.h"

#include <errno.h>
#include <string.h>

#include "tools/copying.h"
#include "tools/size.h"

struct clone_values {
	struct cli_common common; /* name: of the original */
	const char *new_name;
	const char *new_path;
	const char *type;
	const char *vgname, *fstype;
	uint64_t size;
	bool renames, snapshot, keeps_name, keeps_mac, ignored;
};

/* The names may stand without their options, the original's first. */
static char **take_names(struct clone_values *values, char **words)
{
	if (!values->common.name && *words)
		values->common.name = *words++;
	if (!values->new_name && *words)
		values->new_name = *words++;
	return words;
}

static int rename_it(struct session *s, const struct clone_values *values, char **words)
{
	struct err e = {0};
	int r = tare_rename(s->c, values->new_name, values->keeps_name, words, &e);

	if (r == 0)
		return 0;
	err_wrap(&e, r, "Error: Renaming container %s to %s failed", values->common.name,
		 values->new_name);
	return session_fail(s, &e);
}

static int copy_it(struct session *s, const struct clone_values *values, char **words)
{
	const struct copying copying = {
		.session = s,
		.clone = {.name = values->new_name,
			  .lxcpath = values->new_path,
			  .flags = (values->snapshot ? LXC_CLONE_SNAPSHOT : 0U) |
				   (values->keeps_name ? LXC_CLONE_KEEPNAME : 0U) |
				   (values->keeps_mac ? LXC_CLONE_KEEPMACADDR : 0U),
			  .type = copying_type(s, values->type),
			  .size = values->size,
			  .arguments = words},
	};
	struct err e = {0};
	autostr line = {0};
	int r = copying_clone(&copying, &e);

	if (r < 0) {
		err_wrap(&e, r, "clone failed");
		return session_fail(s, &e);
	}
	if (s->common->quiet)
		return 0;
	str_addf(&line, "Created container %s as %s of %s\n", values->new_name,
		 values->snapshot ? "snapshot" : "copy", values->common.name);
	return cli_print(s->tool->name, &line);
}

static void tell_deprecated(const struct cli_tool *tool, const struct cli_common *common)
{
	autostr text = {0};

	if (common->quiet)
		return;
	str_addf(&text, "%s is deprecated in favor of lxc-copy.\n\n", tool->name);
	(void)cli_write(2, str_text(&text), text.len);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct clone_values values = {0};
	autoarguments arguments = {0};
	autosession s = {0};
	char **words;
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	words = take_names(&values, arguments.words);
	tell_deprecated(tool, &values.common);
	s = (struct session){.tool = tool, .common = &values.common};
	if (values.vgname)
		return session_say(&s, "Error: vgname not supported");
	if (values.fstype)
		return session_say(&s, "Error: fstype not supported");
	if (!values.common.name || !values.new_name)
		return session_say(&s, "the names of the original and of the copy are needed");
	if (!session_begin(&s, tool, &values.common, values.common.rcfile))
		return 1;
	if (!s.c->is_defined(s.c))
		return session_say(&s, "Error: container %s is not defined", values.common.name);
	if (!s.c->may_control(s.c))
		return session_refuse(&s);
	return values.renames ? rename_it(&s, &values, words) : copy_it(&s, &values, words);
}

#define AT(member) .offset = offsetof(struct clone_values, member)

static const struct cli_option options[] = {
	{
		.letter = 'o',
		.name = "orig",
		.placeholder = "NAME",
		.kind = CLI_STRING,
		AT(common.name),
		.help = "the container to be copied",
		.complete = {CLI_COMPLETE_CONTAINER, "--defined"},
	},
	{
		.letter = 'n',
		.name = "new",
		.placeholder = "NEWNAME",
		.kind = CLI_STRING,
		AT(new_name),
		.help = "name of the copy",
	},
	{
		.letter = 'p',
		.name = "lxcpath",
		.placeholder = "PATH",
		.kind = CLI_PATH_LIST,
		AT(common.paths),
		.help = "where the original is (default: lxc.lxcpath)",
		.complete = {CLI_COMPLETE_DIRECTORY},
	},
	{
		.letter = 'P',
		.name = "newpath",
		.placeholder = "PATH",
		.kind = CLI_PATH,
		AT(new_path),
		.help = "lxcpath of the copy, which must exist (default: the same)",
		.complete = {CLI_COMPLETE_DIRECTORY},
	},
	{
		.letter = 's',
		.name = "snapshot",
		.kind = CLI_FLAG,
		AT(snapshot),
		.help = "share what is not changed with the original",
	},
	{
		.letter = 'B',
		.name = "backingstore",
		.placeholder = "STORAGE",
		.kind = CLI_STRING,
		AT(type),
		.help = "kind of storage of the copy (default: as fits)",
	},
	{
		.letter = 'L',
		.name = "size",
		.placeholder = "SIZE",
		.kind = CLI_CALL,
		AT(size),
		.take = size_take,
		.help = "block devices: size, with b, k, m, g or t behind it",
	},
	{
		.name = "fssize",
		.placeholder = "SIZE",
		.kind = CLI_CALL,
		.flags = CLI_HIDDEN,
		AT(size),
		.take = size_take,
		.help = "block devices: size, as Salt calls it",
	},
	{
		.letter = 'R',
		.name = "rename",
		.kind = CLI_FLAG,
		AT(renames),
		.help = "give the container the new name; nothing is copied",
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
		.letter = 'H',
		.name = "copyhooks",
		.kind = CLI_FLAG,
		AT(ignored),
		.help = "ignored: hooks in the container's directory are always copied",
	},
	{
		.letter = 'v',
		.name = "vgname",
		.placeholder = "GROUP",
		.kind = CLI_STRING,
		.flags = CLI_HIDDEN,
		AT(vgname),
		.help = "not supported",
	},
	{
		.letter = 't',
		.name = "fstype",
		.placeholder = "TYPE",
		.kind = CLI_STRING,
		.flags = CLI_HIDDEN,
		AT(fstype),
		.help = "not supported",
	},
	{0},
};

const struct cli_tool tool_clone = {
	.name = "lxc-clone",
	.summary = "copy or rename a container, for old scripts",
	.synopsis = "[-o] NAME [-n] NEWNAME [-s] [-p PATH] [-P PATH] [-B STORAGE] [ARGUMENT…]\n"
		    "[-o] NAME [-n] NEWNAME -R",
	.description =
		"The name that lxc-copy had before LXC 2.0, with the options of that time. -p is "
		"the lxcpath of the original and -P that of the copy: with lxc-copy it is the "
		"other way round. New scripts use lxc-copy.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS,
	.run = run,
};
