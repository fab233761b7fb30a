/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-create: make a container: configuration, storage, and what a template puts into it
 * (spec/cli.md §3.9). Prints nothing of its own on success.
 */

#include "tools/tools.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/session.h"
#include "tools/size.h"

struct create_values {
	struct cli_common common;
	const char *template_name;
	const char *config;
	const char *backend;
	const char *directory;
	const char *fstype;
	uint64_t fssize; /* bytes */
	const char *lvname, *vgname, *thinpool;
	const char *zfsroot;
	const char *rbdname, *rbdpool, *rbduser;
};

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* Whether each word of a comma list is a kind of storage. */
static bool is_backend(const char *list)
{
	static const char *const backends[] = {
		"dir",       "btrfs", "loop", "lvm",  "nbd",  "overlay",
		"overlayfs", "rbd",   "zfs",  "best", "none", NULL,
	};
	autofree char *copy = strdup(list);
	char *rest = copy;
	char *word;

	if (!copy || !*copy)
		return false;
	while ((word = strsep(&rest, ",")))
		if (!is_one_of(word, backends))
			return false;
	return true;
}

/* Options that don't go with the kind of storage: the sentence, or NULL. */
static const char *find_conflict(const struct create_values *values)
{
	static const char *const with_size[] = {"loop", "lvm", "rbd", "nbd", NULL};
	const char *backend = values->backend ? values->backend : "dir";
	bool is_list = strchr(backend, ',') || strcmp(backend, "best") == 0;

	if (values->directory && values->directory[0] != '/')
		return "--dir should use absolute path";
	if (is_list)
		return NULL;
	if ((values->fstype || values->fssize) && !is_one_of(backend, with_size))
		return "Filesystem type and size are only valid with block devices";
	if ((values->lvname || values->vgname || values->thinpool) && strcmp(backend, "lvm") != 0)
		return "--lvname, --vgname and --thinpool are only valid with -B lvm";
	if ((values->rbdname || values->rbdpool) && strcmp(backend, "rbd") != 0)
		return "--rbdname and --rbdpool are only valid with -B rbd";
	if (values->zfsroot && strcmp(backend, "zfs") != 0)
		return "zfsroot is only valid with -B zfs";
	return NULL;
}

/* The host name of a container that nobody has given one: a template does so itself. */
static bool set_name(struct session *s)
{
	autofree char *name = session_item(s, "lxc.uts.name");
	struct err e = {0};

	if (name && name[0])
		return true;
	if (tare_set_item(s->c, "lxc.uts.name", s->common->name, "(lxc-create)", &e) >= 0)
		return true;
	session_fail(s, &e);
	return false;
}

/* The configuration to begin with: -f, else lxc.default_config when there is one. */
static bool load_initial(struct session *s, const char *file, bool has_template)
{
	const char *path = file;
	struct err e = {0};

	if (!path && tare_system_value("lxc.default_config", &path, &e) < 0)
		return session_fail(s, &e), false;
	if (!file && (!path || access(path, F_OK) < 0))
		return set_name(s);
	if (s->c->load_config(s->c, path))
		return file || has_template || set_name(s);
	e = *tare_last_error(s->c);
	err_wrap(&e, e.code ? e.code : -EINVAL, "Failed to load the configuration \"%s\"", path);
	session_fail(s, &e);
	return false;
}

static int create(struct session *s, const struct create_values *values, char **words)
{
	struct bdev_specs specs = {
		.fstype = (char *)values->fstype,
		.fssize = values->fssize,
		.dir = (char *)values->directory,
	};
	const char *backend = values->backend;
	sigset_t interrupt, before;
	bool done;
	int code;

	specs.lvm.vg = (char *)values->vgname;
	specs.lvm.lv = (char *)values->lvname;
	specs.lvm.thinpool = (char *)values->thinpool;
	specs.zfs.zfsroot = (char *)values->zfsroot;
	specs.rbd.rbdname = (char *)values->rbdname;
	specs.rbd.rbdpool = (char *)values->rbdpool;
	specs.rbd.rbduser = (char *)values->rbduser;
	if (backend && strcmp(backend, "none") == 0)
		backend = "dir";
	/* The template gets a terminal's Ctrl-C, too: it ends, we undo, and then it is our turn. */
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &before);
	done = s->c->create(s->c, values->template_name, backend, &specs,
			    s->common->quiet ? LXC_CREATE_QUIET : 0, words);
	code = done ? 0 : session_fail(s, tare_last_error(s->c));
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}

/* A beginning of "none": no template. */
static bool is_none(const char *name)
{
	return *name && text_starts("none", name);
}

/* The value of -t in a command line that was not read to its end, or NULL. *ret_help: -h is there.
 */
static const char *find_template(char **argv, bool *ret_help)
{
	const char *found = NULL;

	*ret_help = false;
	for (char **at = argv + 1; *at && strcmp(*at, "--") != 0; at++) {
		const char *value = text_after(*at, "--template=");

		if (strcmp(*at, "-h") == 0 || strcmp(*at, "--help") == 0)
			*ret_help = true;
		else if ((strcmp(*at, "-t") == 0 || strcmp(*at, "--template") == 0) && at[1])
			found = *++at;
		else if (value || (text_starts(*at, "-t") && (*at)[2]))
			found = value ? value : *at + 2;
	}
	return found;
}

/* Behind our own help that of the template (spec/cli.md §3.9). */
static int show_template_help(const struct cli_tool *tool, struct create_values *values,
			      char **argv)
{
	char *const words[] = {"-h", NULL};
	bool is_help;
	const char *name = find_template(argv, &is_help);
	autosession s = {0};

	if (!is_help || !name || is_none(name))
		return 0;
	if (!values->common.name)
		values->common.name = "NAME";
	if (!session_begin_bare(&s, tool, &values->common))
		return 1;
	return s.c->create(s.c, name, NULL, NULL, 0, words)
		       ? 0
		       : session_fail(&s, tare_last_error(s.c));
}

/* Defined, and not only by a creation that was killed: opening undoes that. */
static bool is_taken(const struct session *s)
{
	struct lxc_container *c;
	struct err e = {0};

	if (!s->c->is_defined(s->c))
		return false;
	c = tare_container_new(s->common->name, s->lxcpath, &e);
	if (c)
		lxc_container_put(c);
	return s->c->is_defined(s->c);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct create_values values = {0};
	autoarguments arguments = {0};
	const char *conflict;
	autosession s = {0};
	bool has_template;
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code == 0 ? show_template_help(tool, &values, argv) : code;
	s.tool = tool;
	s.common = &values.common;
	if (!values.config)
		values.config = values.common.rcfile;
	has_template = values.template_name;
	if (values.template_name && is_none(values.template_name))
		values.template_name = NULL;
	if (values.backend && !is_backend(values.backend))
		return session_say(&s, "%s is not a valid backing storage type", values.backend);
	conflict = find_conflict(&values);
	if (conflict)
		return session_say(&s, "%s", conflict);
	if (!session_begin_bare(&s, tool, &values.common))
		return 1;
	if (is_taken(&s))
		return session_say(&s, "Container already exists");
	/* On success callers take words on a stream for a failure; people want to see it. */
	if (strpbrk(values.common.name, " \t") && isatty(STDERR_FILENO))
		session_say(&s, "blanks in a name confuse commands that separate names by them");
	if (!has_template && !values.config)
		session_say(&s, "Use \"none\" if you really want a container without a rootfs");
	if (!load_initial(&s, values.config, has_template))
		return 1;
	return create(&s, &values, arguments.words);
}

#define AT(member) .offset = offsetof(struct create_values, member)

static const struct cli_option options[] = {
	{
		.letter = 't',
		.name = "template",
		.placeholder = "TEMPLATE",
		.kind = CLI_STRING,
		AT(template_name),
		.help = "template that fills the container, by name or absolute path; none: no "
			"template",
	},
	{
		.letter = 'f',
		.name = "config",
		.placeholder = "FILE",
		.kind = CLI_PATH,
		AT(config),
		.help = "configuration to begin with (default: lxc.default_config)",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.letter = 'B',
		.name = "bdev",
		.placeholder = "STORAGE",
		.kind = CLI_STRING,
		AT(backend),
		.help = "kind of storage: dir (default), btrfs, loop, lvm, overlay, rbd, zfs, "
			"best; the first that works of a comma list",
	},
	{
		.name = "backingstore",
		.placeholder = "STORAGE",
		.kind = CLI_STRING,
		.flags = CLI_HIDDEN,
		AT(backend),
		.help = "old spelling",
	},
	{
		.name = "backingstorage",
		.placeholder = "STORAGE",
		.kind = CLI_STRING,
		.flags = CLI_HIDDEN,
		AT(backend),
		.help = "old spelling",
	},
	{
		.letter = '6',
		.name = "dir",
		.placeholder = "DIRECTORY",
		.kind = CLI_STRING,
		AT(directory),
		.help = "where the root file system of kind dir is made (absolute)",
		.complete = {CLI_COMPLETE_DIRECTORY},
	},
	{
		.letter = '0',
		.name = "lvname",
		.placeholder = "VOLUME",
		.kind = CLI_STRING,
		AT(lvname),
		.help = "lvm: logical volume (default: the container's name)",
	},
	{
		.letter = '1',
		.name = "vgname",
		.placeholder = "GROUP",
		.kind = CLI_STRING,
		AT(vgname),
		.help = "lvm: volume group (default: lxc.bdev.lvm.vg)",
	},
	{
		.letter = '2',
		.name = "thinpool",
		.placeholder = "POOL",
		.kind = CLI_STRING,
		AT(thinpool),
		.help = "lvm: thin pool (default: lxc.bdev.lvm.thin_pool)",
	},
	{
		.letter = '3',
		.name = "fstype",
		.placeholder = "TYPE",
		.kind = CLI_STRING,
		AT(fstype),
		.help = "block devices: file system (default ext4)",
	},
	{
		.letter = '4',
		.name = "fssize",
		.placeholder = "SIZE",
		.kind = CLI_CALL,
		AT(fssize),
		.take = size_take,
		.help = "block devices: size, with b, k, m, g or t behind it (default 1g)",
	},
	{
		.letter = '5',
		.name = "zfsroot",
		.placeholder = "DATASET",
		.kind = CLI_STRING,
		AT(zfsroot),
		.help = "zfs: parent data set (default: lxc.bdev.zfs.root)",
	},
	{
		.letter = '7',
		.name = "rbdname",
		.placeholder = "IMAGE",
		.kind = CLI_STRING,
		AT(rbdname),
		.help = "rbd: image (default: the container's name)",
	},
	{
		.letter = '8',
		.name = "rbdpool",
		.placeholder = "POOL",
		.kind = CLI_STRING,
		AT(rbdpool),
		.help = "rbd: pool (default: lxc.bdev.rbd.rbdpool)",
	},
	{
		.letter = '9',
		.name = "rbduser",
		.placeholder = "USER",
		.kind = CLI_STRING,
		AT(rbduser),
		.help = "rbd: user (default: lxc.bdev.rbd.rbduser)",
	},
	{0},
};

const struct cli_tool tool_create = {
	.name = "lxc-create",
	.summary = "create a container",
	.synopsis = "[-n] NAME [-t TEMPLATE] [-f FILE] [-B STORAGE] [-- TEMPLATE-ARGUMENT…]",
	.description =
		"Makes a container below the lxcpath: its configuration from FILE or "
		"lxc.default_config, storage for its root file system, and what the template puts "
		"there. Words behind -- are the template's; -- --help shows its options.\n"
		"Without a template only the configuration is made. When something fails, nothing "
		"stays.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.run = run,
};
