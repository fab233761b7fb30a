/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-start-ephemeral: what lxc-copy -e was called before LXC 2.0 (spec/cli.md §5). Commands are
 * run by attaching, where the old one went in by ssh.
 */

#include "tools/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/copying.h"

enum { STORAGE_DEFAULT, STORAGE_TMPFS, STORAGE_DIR };
enum { UNION_OVERLAY, UNION_AUFS };

static const struct cli_word storage_words[] = {
	{"tmpfs", STORAGE_TMPFS},
	{"dir", STORAGE_DIR},
	{NULL},
};

static const struct cli_word union_words[] = {
	{"overlayfs", UNION_OVERLAY},
	{"overlay", UNION_OVERLAY, .hidden = true},
	{"aufs", UNION_AUFS},
	{NULL},
};

struct ephemeral_values {
	struct cli_common common; /* name: of the original */
	const char *new_name;
	struct cli_strings directories;
	const char *user, *key;
	int storage, union_type;
	bool in_background, keeps_data;
};

static int take_mounts(const struct session *s, const struct ephemeral_values *values,
		       struct copying_mounts *ret)
{
	ret->items = calloc(values->directories.count + 1, sizeof(*ret->items));
	if (!ret->items)
		return session_say(s, "out of memory");
	ret->count = values->directories.count;
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i] = (struct tare_mount){.source = values->directories.items[i]};
	return 0;
}

static bool has_network(struct lxc_container *c)
{
	const struct session copy = {.c = c};
	autofree char *type = session_item(&copy, "lxc.net.0.type");

	return type && strcmp(type, "empty") != 0 && strcmp(type, "none") != 0;
}

/* Whoever gets one gets it soon. */
static char **find_addresses(struct lxc_container *c)
{
	const struct timespec moment = {.tv_nsec = 100 * 1000 * 1000};
	char **addresses = NULL;

	for (unsigned tries = 0; tries < 50 && !addresses && has_network(c); tries++) {
		if (tries > 0)
			nanosleep(&moment, NULL);
		addresses = c->get_ips(c, NULL, NULL, 0);
	}
	return addresses;
}

static void tell(const struct session *s, struct lxc_container *c)
{
	char **addresses = find_addresses(c);
	autostr text = {0};

	str_addf(&text,
		 "The ephemeral container is now started.\n\n"
		 "You can enter it from the command line with: lxc-console -n %s\n",
		 c->name);
	if (addresses && addresses[0])
		str_add(&text, "The following IP addresses have been found in the container:\n");
	for (char **at = addresses; at && *at; at++) {
		str_addf(&text, " - %s\n", *at);
		free(*at);
	}
	free(addresses);
	if (!s->common->quiet)
		(void)cli_print(s->tool->name, &text);
}

static bool is_number(const char *text)
{
	return text[0] && text[strspn(text, "0123456789")] == '\0';
}

/* A user with a name is one of the container's: su(1) knows him there. Heap, `line` owns a text. */
static char **become(const char *user, char **words, struct str *line)
{
	char **ret = calloc(6, sizeof(*ret));

	for (char **at = words; *at; at++) {
		if (at > words)
			str_add_char(line, ' ');
		str_add_quoted(line, *at);
	}
	if (!ret || str_failed(line)) {
		free(ret);
		return NULL;
	}
	ret[0] = "su";
	ret[1] = "-l";
	ret[2] = (char *)user;
	ret[3] = "-c";
	ret[4] = (char *)str_text(line);
	return ret;
}

static int run_copy(struct session *s, const struct ephemeral_values *values, const char *name,
		    char **words, char **title)
{
	autostr line = {0};
	char **command = words[0] ? words : NULL;
	bool by_name = command && values->user && !is_number(values->user);
	int code;

	if (by_name) {
		command = become(values->user, words, &line);
		if (!command)
			return session_say(s, "out of memory");
	}
	code = copying_run(s, &(struct copying_run){
				      .name = name,
				      .lxcpath = s->lxcpath,
				      .opens_console = !values->in_background && !words[0],
				      .command = command,
				      .uid = by_name ? NULL : values->user,
				      .keeps_data = values->keeps_data,
				      .title = title,
				      .tell = words[0] ? NULL : tell,
			      });
	if (by_name)
		free(command);
	return code;
}

static int start(struct session *s, const struct ephemeral_values *values, char **words,
		 char **title)
{
	struct copying_mounts mounts = {0};
	autofree char *chosen = NULL;
	struct copying copying = {
		.session = s,
		.clone = {.name = values->new_name,
			  .is_ephemeral = true,
			  .keeps_data = values->keeps_data,
			  .on_tmpfs = values->storage == STORAGE_TMPFS ||
				      (values->storage == STORAGE_DEFAULT && !values->keeps_data),
			  .type = "overlay"},
	};
	struct err e = {0};
	int code = take_mounts(s, values, &mounts);

	if (code != 0)
		return code;
	if (!values->new_name &&
	    tare_choose_name(values->common.name, s->lxcpath, &chosen, &e) < 0) {
		copying_finish_mounts(&mounts);
		return session_fail(s, &e);
	}
	if (chosen)
		copying.clone.name = chosen;
	copying.clone.mounts = mounts.items;
	copying.clone.mount_count = mounts.count;
	if (copying_clone(&copying, &e) < 0)
		code = session_fail(s, &e);
	copying_finish_mounts(&mounts);
	return code == 0 ? run_copy(s, values, copying.clone.name, words, title) : code;
}

static const char *find_conflict(const struct ephemeral_values *values, size_t words)
{
	if (!values->common.name)
		return "the name of the original is needed: -o NAME";
	if (values->in_background && words > 0)
		return "a command can't be run in the background: it goes without -d";
	if (values->keeps_data && values->storage == STORAGE_TMPFS)
		return "what is in memory can't be kept: -k goes with -s dir";
	return NULL;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct ephemeral_values values = {0};
	autoarguments arguments = {0};
	const char *conflict;
	autosession s = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	s = (struct session){.tool = tool, .common = &values.common};
	conflict = find_conflict(&values, arguments.count);
	if (conflict)
		return session_say(&s, "%s", conflict);
	if (!session_begin(&s, tool, &values.common, values.common.rcfile))
		return 1;
	if (!s.c->is_defined(s.c))
		return session_say(&s, "Container %s is not defined", values.common.name);
	if (!s.c->may_control(s.c))
		return session_refuse(&s);
	if (values.union_type == UNION_AUFS)
		session_say(&s, "warning: aufs does not exist any more: overlay is used");
	return start(&s, &values, arguments.words, argv);
}

#define AT(member) .offset = offsetof(struct ephemeral_values, member)

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
		.name = "name",
		.placeholder = "NEWNAME",
		.kind = CLI_STRING,
		AT(new_name),
		.help = "name of the copy (default: NAME_XXXXXX)",
	},
	{
		.letter = 'b',
		.name = "bdir",
		.placeholder = "DIRECTORY",
		.kind = CLI_PATH_LIST,
		AT(directories),
		.help = "bind mount this directory; may be repeated",
		.complete = {CLI_COMPLETE_DIRECTORY},
	},
	{
		.letter = 'k',
		.name = "keep-data",
		.kind = CLI_FLAG,
		AT(keeps_data),
		.help = "do not destroy the copy when it stops",
	},
	{
		.letter = 'd',
		.name = "daemon",
		.kind = CLI_FLAG,
		AT(in_background),
		.help = "leave it running in the background",
	},
	{
		.letter = 'u',
		.name = "user",
		.placeholder = "USER",
		.kind = CLI_STRING,
		AT(user),
		.help = "run the command as this user of the container",
	},
	{
		.letter = 'S',
		.name = "key",
		.placeholder = "FILE",
		.kind = CLI_STRING,
		AT(key),
		.help = "ignored: ssh is not used any more",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.letter = 's',
		.name = "storage-type",
		.placeholder = "TYPE",
		.kind = CLI_CHOICE,
		AT(storage),
		.words = storage_words,
		.help = "where writes go: tmpfs (default without -k) or dir",
		.complete = {CLI_COMPLETE_WORDS},
	},
	{
		.letter = 'U',
		.name = "union-type",
		.placeholder = "TYPE",
		.kind = CLI_CHOICE,
		AT(union_type),
		.words = union_words,
		.help = "overlayfs; aufs, which does not exist any more, is overlayfs, too",
		.complete = {CLI_COMPLETE_WORDS},
	},
	{0},
};

const struct cli_tool tool_start_ephemeral = {
	.name = "lxc-start-ephemeral",
	.summary = "run a copy until it stops, for old scripts",
	.synopsis = "-o NAME [-n NEWNAME] [-d] [-k] [-b DIRECTORY]… [-s TYPE] [-u USER] [COMMAND…]",
	.description =
		"The name that lxc-copy -e had before LXC 2.0. Starts a snapshot of a container; "
		"without -d and a COMMAND its console is opened, and it is stopped when that is "
		"left. Unless -k is given it is destroyed then.\n"
		"With a COMMAND the exit code is the command's.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_STOPS_AT_COMMAND,
	.arguments = {CLI_COMPLETE_COMMAND},
	.run = run,
};
