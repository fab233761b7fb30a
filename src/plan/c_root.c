/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root file system: what it must be, how it gets to lxc.rootfs.mount, and how it becomes the
 * root (spec/runtime.md §7).
 *
 * A directory is bound; what else there is c_source.c mounts. Without lxc.rootfs.path there is
 * nothing to mount and nothing to pivot: the container's own mount namespace shows the host's tree,
 * and its "/" is the root below which all later paths are.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <string.h>

static int unusable(struct compiler *c, const char *key, int errnum, const char *text,
		    struct err *e)
{
	const char *origin = compile_key_origin(c, key);
	int r = err_set(e, ERR_ROOTFS, errnum, "%s", text);

	if (*origin)
		err_origin(e, "%s", origin);
	return r;
}

/* File systems that the kernel does not let be id-mapped, or not by anyone but themselves. */
const char *compile_unmappable(const char *fstype)
{
	static const char *const names[] = {"overlay", "proc", "sysfs", "cgroup", "cgroup2", NULL};

	for (size_t i = 0; fstype && names[i]; i++)
		if (strcmp(names[i], fstype) == 0)
			return names[i];
	return NULL;
}

static int read_options(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	const char *origin = compile_key_origin(c, "lxc.rootfs.options");
	int r;

	if (!v->rootfs_mount.options)
		return 0;
	r = mount_options_parse_rootfs(v->rootfs_mount.options, &c->arena, &c->root_options, e);
	if (r < 0) {
		err_origin(e, "%s", origin);
		return r;
	}
	if (c->root_options.idmap == MOUNT_IDMAP_NONE)
		return 0;
	if (c->root_options.idmap == MOUNT_IDMAP_CONTAINER && v->idmaps.count == 0)
		return unusable(c, "lxc.rootfs.options", EINVAL,
				"lxc.rootfs.options idmap=container needs lxc.idmap", e);
	if (!compile_unmappable(c->facts->rootfs.fstype))
		return 0;
	r = err_set(e, ERR_ROOTFS, EINVAL, "The root file system can't be id-mapped: %s lies on %s",
		    v->rootfs.path, c->facts->rootfs.fstype);
	err_origin(e, "%s", origin);
	err_hint(e, "take idmap= out of lxc.rootfs.options and change the owners of the files");
	return r;
}

int compile_root_decide(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	const struct facts_rootfs *root = &c->facts->rootfs;
	int r;

	if (!c->has_root)
		return 0;
	if (!root->is_there) {
		r = unusable(c, "lxc.rootfs.path", root->error ? root->error : ENOENT,
			     root->problem
				     ? root->problem
				     : compile_textf(c, "Cannot use the root file system \"%s\"",
						     v->rootfs.path),
			     e);
		if (root->problem && root->advice && *root->advice)
			err_hint(e, "%s", root->advice);
		if (root->problem)
			return r;
		err_hint(e, "the path is looked at after the pre-start hooks; create the "
			    "container anew, or set lxc.rootfs.path to where its root is");
		return r;
	}
	if (!v->rootfs_mount.mount || !root->mount_is_there)
		return unusable(c, "lxc.rootfs.mount", ENOENT,
				compile_textf(c, "Failed to access to \"%s\". Check it is present",
					      v->rootfs_mount.mount ? v->rootfs_mount.mount : ""),
				e);
	c->binds_host_root = root->host_is_initial;
	if (c->binds_host_root && !c->facts->caller.is_root) {
		r = unusable(c, "lxc.rootfs.path", EPERM,
			     "The host's root is the initial ramdisk: only root can start a "
			     "container with a root of its own",
			     e);
		err_hint(e, "start it as root, or let the host switch to a root file system that "
			    "is mounted (switch_root)");
		return r;
	}
	r = read_options(c, e);
	return r < 0 ? r : compile_source_decide(c, e);
}

int compile_root_pin(struct compiler *c, struct err *e)
{
	const char *fstype = c->facts->rootfs.fstype;
	const char *path = c->facts->rootfs.path;
	uint32_t text;
	struct plan_step *step;

	if (!c->has_root || c->in_user_ns || !path || c->facts->rootfs.source.kind != SOURCE_TREE)
		return 0;
	if (fstype && (strcmp(fstype, "overlay") == 0 || strcmp(fstype, "zfs") == 0))
		return 0;
	c->r_pin = plan_build_register(&c->b, REGISTER_FD, "root pin");
	text = plan_build_text(&c->b, path);
	step = STEP(c, SECTION_START, OP_ROOT_PIN, path, compile_key_origin(c, "lxc.rootfs.path"));
	step->out = c->r_pin;
	step->arg[0] = text;
	return 0;
}

/* The tree that becomes the root, with its options: one that HOST has made, a file system, or a
 * directory. */
static uint16_t open_root(struct compiler *c, struct about about)
{
	struct attributes attributes = compile_mount_attributes(&c->root_options, true);
	uint16_t tree = c->root_mount.r_tree;

	if (tree != PLAN_NO_REGISTER) {
		if (c->root_options.idmap != MOUNT_IDMAP_NONE || c->root_is_host_made)
			return tree;
		attributes.set = attributes.clear = 0;
	} else if (c->r_source != PLAN_NO_REGISTER) {
		tree = c->r_source;
	} else {
		tree = compile_tree_register(c);
		if (c->facts->rootfs.source.kind == SOURCE_TREE)
			compile_tree_open(c, about, tree,
					  (struct place){PLAN_NO_REGISTER, c->facts->rootfs.path},
					  true);
		else
			compile_source_mount_inside(c, about, tree);
	}
	/* A file system has got them when it was mounted. */
	if (c->facts->rootfs.source.kind != SOURCE_TREE)
		attributes.set = attributes.clear = 0;
	compile_tree_options(
		c, (struct about){about.object, compile_key_origin(c, "lxc.rootfs.options"), 0},
		tree, attributes);
	return tree;
}

static void mount_root(struct compiler *c)
{
	const char *source = c->facts->rootfs.path, *target = c->values->rootfs_mount.mount;
	const char *origin = compile_key_origin(c, "lxc.rootfs.path");
	struct about about = {compile_textf(c, "%s on %s", source, target), origin, 0};

	compile_tree_attach(c, about, open_root(c, about),
			    (struct place){PLAN_NO_REGISTER, target});
}

int compile_root_mount(struct compiler *c, struct err *e)
{
	const char *path = c->has_root ? c->values->rootfs_mount.mount : "/";
	const char *origin = compile_key_origin(c, "lxc.rootfs.path");

	if (!c->has_mount_ns)
		return 0;
	if (c->has_root)
		mount_root(c);
	c->r_root = plan_build_register(&c->b, REGISTER_FD, "root");
	compile_path_open(c, (struct about){path, origin, 0}, c->r_root,
			  (struct place){PLAN_NO_REGISTER, path});
	return 0;
}

int compile_root_check(struct compiler *c, struct err *e)
{
	const char *path = c->values->rootfs_mount.mount;
	uint32_t text;
	struct plan_step *step;

	if (!c->has_root)
		return 0;
	text = plan_build_text(&c->b, path);
	step = STEP(c, SECTION_START, OP_ROOT_CHECK, path,
		    compile_key_origin(c, "lxc.rootfs.path"));
	step->in = c->r_root;
	step->arg[0] = text;
	return 0;
}

int compile_pivot(struct compiler *c, struct err *e)
{
	if (c->has_root)
		STEP(c, SECTION_START, OP_PIVOT, c->values->rootfs_mount.mount,
		     compile_key_origin(c, "lxc.rootfs.path"))
			->in = c->r_root;
	return 0;
}
