/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /dev: the tmpfs of lxc.autodev, device nodes, symbolic links, devpts and ptmx, the boot id
 * (spec/runtime.md §8, §10).
 *
 * In a user namespace device nodes can't be made: the host's are bound, and those are opened before
 * /dev is covered when the container has no root of its own. Without a root of its own and without
 * autodev nothing is made in /dev: it is the host's.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/macros.h"

enum { TTY_GROUP = 5, TMPFS_SIZE_DEFAULT = 500000 };

struct node {
	const char *name;
	unsigned major, minor;
};

static const struct node nodes[] = {
	{"full", 1, 7}, {"null", 1, 3},    {"random", 1, 8},
	{"tty", 5, 0},  {"urandom", 1, 9}, {"zero", 1, 5},
};

/* Nodes can be made: by root in the first user namespace. */
static bool makes_nodes(const struct compiler *c)
{
	return !c->in_user_ns && c->facts->caller.in_initial_user_ns;
}

int compile_dev_open(struct compiler *c, struct err *e)
{
	if (c->has_root || !c->has_mount_ns)
		return 0;
	if (c->has_console && !c->console_is_inside) {
		const char *path =
			compile_textf(c, "/dev/pts/%s", compile_reference(c, c->r_console_index));

		c->r_console_tree = plan_build_register(&c->b, REGISTER_FD, "console tree");
		compile_tree_open(c, (struct about){"the console's terminal", "", 0},
				  c->r_console_tree, (struct place){PLAN_NO_REGISTER, path, true},
				  false);
	}
	for (size_t i = 0; c->has_autodev && !makes_nodes(c) && i < ARRAY_LENGTH(nodes); i++) {
		const char *path = compile_textf(c, "/dev/%s", nodes[i].name);

		c->r_node[i] = plan_build_register(&c->b, REGISTER_FD, path);
		compile_tree_open(c, (struct about){path, compile_key_origin(c, "lxc.autodev"), 0},
				  c->r_node[i], (struct place){PLAN_NO_REGISTER, path}, false);
	}
	return 0;
}

int compile_dev_tmpfs(struct compiler *c, struct err *e)
{
	uint32_t configured = c->values->autodev.tmpfs_size;
	const char *origin = compile_key_origin(c, "lxc.autodev");
	struct about about = {"tmpfs on dev", origin, 0};
	const char *options[] = {"mode=0755", NULL, NULL};
	const struct file_system fs = {.type = "tmpfs", .source = "none", .options = options};

	if (!c->has_autodev)
		return 0;
	options[1] = compile_textf(c, "size=%u",
				   (unsigned)(configured ? configured : TMPFS_SIZE_DEFAULT));
	compile_make_directory(c, (struct about){"dev", origin, 0}, compile_inside(c, "dev"));
	compile_fs_open(c, about, compile_tree_register(c), &fs);
	compile_tree_attach(c, about, c->r_tree, compile_inside(c, "dev"));
	compile_make_directory(c, (struct about){"dev/pts", origin, 0},
			       compile_inside(c, "dev/pts"));
	return 0;
}

static void make_node(struct compiler *c, const struct node *node, const char *path,
		      const char *origin)
{
	uint32_t text = plan_build_text(&c->b, path);
	struct plan_step *step = STEP(c, SECTION_START, OP_MAKE_NODE, path, origin);

	step->arg[0] = c->r_root;
	step->arg[1] = text;
	step->arg[2] = S_IFCHR | 0666;
	step->arg[3] = makedev(node->major, node->minor);
}

static void bind_node(struct compiler *c, size_t i, const char *path, const char *origin)
{
	const char *source = compile_textf(c, "/%s", path);
	struct about about = {compile_textf(c, "%s on %s", source, path), origin, 0};
	uint16_t tree = c->r_node[i];

	compile_make_file(c, (struct about){path, origin, 0}, compile_inside(c, path));
	if (tree == PLAN_NO_REGISTER) {
		tree = compile_tree_register(c);
		compile_tree_open(c, about, tree, (struct place){PLAN_NO_REGISTER, source}, false);
	}
	compile_attach_file(c, about, tree, compile_inside(c, path));
}

int compile_dev_nodes(struct compiler *c, struct err *e)
{
	const char *origin = compile_key_origin(c, "lxc.autodev");

	for (size_t i = 0; c->has_autodev && i < ARRAY_LENGTH(nodes); i++) {
		const char *path = compile_textf(c, "dev/%s", nodes[i].name);

		if (makes_nodes(c))
			make_node(c, &nodes[i], path, origin);
		else
			bind_node(c, i, path, origin);
	}
	return 0;
}

/* Group tty, when the container has it. */
static bool has_tty_group(const struct compiler *c)
{
	const struct config_idmaps *maps = &c->values->idmaps;

	for (size_t i = 0; i < maps->count; i++) {
		const struct idmap_entry *m = &maps->items[i].entry;

		if (m->kind == 'g' && m->inside.value <= TTY_GROUP &&
		    TTY_GROUP - m->inside.value < m->count)
			return true;
	}
	return !c->in_user_ns;
}

static void make_ptmx(struct compiler *c, const char *origin)
{
	struct about about = {"dev/ptmx", origin, 0};

	if (!c->has_autodev) {
		if (c->has_root)
			compile_make_link(c, about, compile_inside(c, "dev/ptmx"), "pts/ptmx");
		return;
	}
	compile_make_file(c, about, compile_inside(c, "dev/ptmx"));
	compile_tree_open(c, about, compile_tree_register(c), compile_inside(c, "dev/pts/ptmx"),
			  false);
	compile_attach_file(c, about, c->r_tree, compile_inside(c, "dev/ptmx"));
}

static void open_devpts(struct compiler *c, struct about about, uint32_t count)
{
	const char *options[] = {"newinstance", "ptmxmode=0666", "mode=0620", NULL, NULL, NULL};
	const struct file_system fs = {.type = "devpts",
				       .source = "devpts",
				       .options = options,
				       .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};

	options[3] = compile_textf(c, "max=%u", (unsigned)count);
	if (has_tty_group(c))
		options[4] = "gid=5";
	compile_fs_open(c, about, compile_tree_register(c), &fs);
}

/*
 * Terminals without lxc.pty.max come from a devpts that nobody sees: it lies where the root file
 * system is mounted on top of it.
 */
int compile_transient_devpts(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	const char *path = v->rootfs_mount.mount;
	const char *origin = compile_key_origin(c, c->tty_count ? "lxc.tty.max" : "");
	struct place at = {PLAN_NO_REGISTER, path};
	struct about about;
	int r;

	if (!c->has_mount_ns || v->pty_max || (!c->tty_count && !c->console_is_inside))
		return 0;
	if (!path || !c->facts->rootfs.mount_is_there) {
		r = err_set(e, ERR_ROOTFS, ENOENT,
			    "Failed to access to \"%s\". Check it is present", path ? path : "");
		err_hint(e, "lxc.rootfs.mount is where terminals of lxc.tty.max are made");
		return r;
	}
	about = (struct about){compile_textf(c, "devpts on %s", path), origin, 0};
	c->has_transient_pts = true;
	c->r_pts = plan_build_register(&c->b, REGISTER_FD, "transient devpts");
	open_devpts(c, about, c->tty_count + c->console_is_inside);
	compile_tree_attach(c, about, c->r_tree, at);
	compile_path_open(c, (struct about){path, origin, 0}, c->r_pts, at);
	return 0;
}

int compile_devpts(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	const char *origin = compile_key_origin(c, "lxc.pty.max");
	struct about about = {"dev/pts", origin, 0};
	struct about mount = {"devpts on dev/pts", origin, 0};
	uint32_t count;

	if (!c->has_mount_ns || !v->pty_max)
		return 0;
	if (!c->has_autodev)
		compile_make_directory(c, about, compile_inside(c, "dev/pts"));
	/* LXC takes the console from here for more than one; here it never uses up the last. */
	count = v->pty_max + v->tty.max + (v->pty_max == 1 && c->console_is_inside);
	open_devpts(c, mount, count);
	compile_tree_attach(c, mount, c->r_tree, compile_inside(c, "dev/pts"));
	c->r_pts = c->r_devpts;
	compile_path_open(c, about, c->r_pts, compile_inside(c, "dev/pts"));
	make_ptmx(c, origin);
	return 0;
}

int compile_dev_links(struct compiler *c, struct err *e)
{
	static const char *const links[][2] = {
		{"dev/fd", "/proc/self/fd"},
		{"dev/stdin", "/proc/self/fd/0"},
		{"dev/stdout", "/proc/self/fd/1"},
		{"dev/stderr", "/proc/self/fd/2"},
	};

	if (!c->has_mount_ns || (!c->has_root && !c->has_autodev))
		return 0;
	for (size_t i = 0; i < ARRAY_LENGTH(links); i++) {
		/* An image's own /dev may be no place for links, and need not have one. */
		struct about about = {links[i][0], "", c->has_autodev ? 0 : STEP_OPTIONAL};

		compile_make_link(c, about, compile_inside(c, links[i][0]), links[i][1]);
	}
	return 0;
}

int compile_boot_id(struct compiler *c, struct err *e)
{
	struct plan_step *step;

	if (!c->has_autodev)
		return 0;
	step = STEP(c, SECTION_START, OP_BOOT_ID, c->request->name, "");
	step->flags |= STEP_OPTIONAL;
	step->arg[0] = c->r_root;
	return 0;
}
