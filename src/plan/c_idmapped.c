/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Id-mapped trees: the root file system (lxc.rootfs.options idmap=) and mount entries with idmap=.
 *
 * Only HOST may id-map them, but a tree that HOST hands into a mount namespace of another user
 * namespace loses the locks on its flags: container root could clear ro and nosuid. So HOST puts
 * them into places of a scratch mount namespace from which the child is cloned, and the child
 * clones them from there, with what is locked.
 *
 * What it doesn't do: an optional entry whose source is there, but whose tree HOST fails to make,
 * leaves its place empty, and what the container gets is that empty directory or file.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <string.h>

static int refuse(struct compiler_mount *m, int errnum, const char *text, struct err *e)
{
	int r = err_set(e, ERR_MOUNT_ENTRY, errnum, "%s", text);

	err_object(e, m->object);
	if (*m->origin)
		err_origin(e, "%s", m->origin);
	return r;
}

static int check(struct compiler *c, struct compiler_mount *m, struct err *e)
{
	const struct mount_options *o = &m->entry->options;
	int r;

	if (!mount_options_is_bind(o) || strcmp(m->entry->fstype, "none") != 0)
		return refuse(m, EINVAL, "Only bind mounts can currently be idmapped", e);
	if (o->data)
		return refuse(m, EINVAL, "Bind mounts don't support non-generic mount options", e);
	if (o->relative)
		return refuse(m, EINVAL, "A source inside the container can't be id-mapped", e);
	if (o->idmap == MOUNT_IDMAP_CONTAINER && !c->uid_map)
		return refuse(m, EINVAL,
			      "A mount can't be id-mapped like the container, which has no "
			      "lxc.idmap",
			      e);
	if (compile_unmappable(m->fstype)) {
		r = refuse(m, EINVAL,
			   compile_textf(c, "The file system %s can't be id-mapped", m->fstype), e);
		err_hint(e, "take \"idmap=\" out of the entry");
		return r;
	}
	if (!c->facts->caller.is_root)
		return refuse(m, EPERM, "Only root can id-map a mount", e);
	if (!c->facts->kernel.has_idmapped_mounts)
		return refuse(m, ENOSYS, "The kernel has no id-mapped mounts", e);
	return 0;
}

static uint16_t open_user_ns(struct compiler *c, struct compiler_mount *m)
{
	const char *path = m->entry->options.idmap_path;
	uint32_t texts[2];
	uint16_t ns;
	struct plan_step *step;

	if (m->entry->options.idmap == MOUNT_IDMAP_PATH) {
		ns = plan_build_register(&c->b, REGISTER_FD, "user namespace");
		texts[0] = plan_build_text(&c->b, path);
		step = STEP(c, SECTION_START, OP_NS_OPEN_PATH, path, m->origin);
		step->out = ns;
		step->arg[0] = texts[0];
		return ns;
	}
	if (c->r_user_ns != PLAN_NO_REGISTER)
		return c->r_user_ns;
	c->r_user_ns = plan_build_register(&c->b, REGISTER_FD, "user namespace");
	texts[0] = plan_build_text(&c->b, c->uid_map);
	texts[1] = plan_build_text(&c->b, c->gid_map);
	step = STEP(c, SECTION_START, OP_USER_NS_MAKE, "lxc.idmap",
		    compile_key_origin(c, "lxc.idmap"));
	step->out = c->r_user_ns;
	step->arg[0] = texts[0];
	step->arg[1] = texts[1];
	return c->r_user_ns;
}

/* "0", or "f0" for a file. */
static const char *place_name(struct compiler *c, const struct compiler_mount *m)
{
	return compile_textf(c, "%s%u", m->is_directory ? "" : "f", (unsigned)m->place);
}

static struct plan_step *host_step(struct compiler *c, enum plan_op op, struct compiler_mount *m)
{
	struct plan_step *step = STEP(c, SECTION_START, op, m->object, m->origin);

	if (m->entry->options.optional)
		step->flags |= STEP_OPTIONAL;
	return step;
}

static void make_tree(struct compiler *c, struct compiler_mount *m)
{
	struct attributes attributes = compile_mount_attributes(&m->entry->options, true);
	uint32_t source = plan_build_text(&c->b, compile_literal(c, m->entry->source));
	uint32_t place = plan_build_text(&c->b, place_name(c, m));
	uint16_t tree = plan_build_register(&c->b, REGISTER_FD, "id-mapped tree");
	struct plan_step *step;

	step = host_step(c, OP_TREE_OPEN_HOST, m);
	step->out = tree;
	step->arg[1] = source;
	step->arg[2] = (m->entry->options.set & MOUNT_RBIND) != 0;
	step = host_step(c, OP_TREE_ATTRIBUTES_HOST, m);
	step->in = tree;
	step->arg[0] = attributes.set;
	step->arg[1] = attributes.clear;
	step->arg[2] = attributes.propagation;
	step->arg[3] = attributes.is_recursive || (m->entry->options.set & MOUNT_RBIND);
	step->arg[4] = m->r_user_ns;
	step = host_step(c, OP_TREE_ATTACH_HOST, m);
	step->in = tree;
	step->arg[0] = c->r_stash;
	step->arg[1] = place;
}

static int take(struct compiler *c, struct compiler_mount *m, struct err *e)
{
	struct compiler_idmapped *item;
	int r = check(c, m, e);

	if (r < 0)
		return r;
	item = vec_push_in(&c->idmapped, &c->arena);
	if (!item)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the id-mapped mounts");
	m->place = (uint32_t)c->idmapped.count - 1;
	item->mount = m;
	return 0;
}

/* The root counts as an entry whose target is the root. */
static int take_root(struct compiler *c, struct err *e)
{
	struct mount_entry *entry;

	if (!c->has_root || c->root_options.idmap == MOUNT_IDMAP_NONE)
		return 0;
	entry = arena_alloc(&c->arena, sizeof(*entry));
	if (!entry)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the id-mapped mounts");
	entry->source = c->facts->rootfs.path;
	entry->target = "";
	entry->fstype = "none";
	entry->options = c->root_options;
	entry->options.set |= MOUNT_BIND | MOUNT_RBIND;
	c->root_mount = (struct compiler_mount){
		.entry = entry,
		.target = "",
		.object =
			compile_textf(c, "%s on %s", entry->source, c->values->rootfs_mount.mount),
		.origin = compile_key_origin(c, "lxc.rootfs.options"),
		.is_directory = true,
		.fstype = c->facts->rootfs.fstype,
		.r_tree = PLAN_NO_REGISTER,
	};
	return take(c, &c->root_mount, e);
}

int compile_idmapped_host(struct compiler *c, struct err *e)
{
	const char *path = c->values->rootfs_mount.mount;
	struct plan_step *step;
	uint32_t text;
	int r = take_root(c, e);

	for (size_t i = 0; i < c->mounts.count && r >= 0; i++)
		if (c->mounts.items[i].entry->options.idmap != MOUNT_IDMAP_NONE)
			r = take(c, &c->mounts.items[i], e);
	if (r < 0 || c->idmapped.count == 0)
		return r;
	for (size_t i = 0; i < c->idmapped.count; i++)
		c->idmapped.items[i].mount->r_user_ns = open_user_ns(c, c->idmapped.items[i].mount);
	c->r_mount_ns = plan_build_register(&c->b, REGISTER_FD, "mount namespace");
	STEP(c, SECTION_START, OP_MOUNT_NS_ENTER, "id-mapped mounts", "")->out = c->r_mount_ns;
	c->r_stash = plan_build_register(&c->b, REGISTER_FD, "places");
	text = plan_build_text(&c->b, path);
	step = STEP(c, SECTION_START, OP_STASH, path, compile_key_origin(c, "lxc.rootfs.mount"));
	step->out = c->r_stash;
	step->arg[0] = text;
	step->arg[1] = c->idmapped.count;
	for (size_t i = 0; i < c->idmapped.count; i++)
		make_tree(c, c->idmapped.items[i].mount);
	return 0;
}

int compile_idmapped_leave(struct compiler *c, struct err *e)
{
	if (c->idmapped.count == 0)
		return 0;
	STEP(c, SECTION_START, OP_MOUNT_NS_LEAVE, "id-mapped mounts", "")->in = c->r_mount_ns;
	compile_fd_close(c, SECTION_START, "places", c->r_stash);
	compile_fd_close(c, SECTION_START, "user namespace", c->r_user_ns);
	for (size_t i = 0; i < c->idmapped.count; i++) {
		const struct compiler_mount *m = c->idmapped.items[i].mount;

		if (m->entry->options.idmap == MOUNT_IDMAP_PATH)
			compile_fd_close(c, SECTION_START, "user namespace", m->r_user_ns);
	}
	return 0;
}

int compile_idmapped_open(struct compiler *c, struct err *e)
{
	for (size_t i = 0; i < c->idmapped.count; i++) {
		struct compiler_mount *m = c->idmapped.items[i].mount;
		struct about about = {m->object, m->origin,
				      m->entry->options.optional ? STEP_OPTIONAL : 0};
		const char *path =
			compile_textf(c, "%s/%s", c->values->rootfs_mount.mount, place_name(c, m));

		m->r_tree = plan_build_register(&c->b, REGISTER_FD, "id-mapped tree inside");
		compile_tree_open(c, about, m->r_tree, (struct place){PLAN_NO_REGISTER, path},
				  true);
	}
	return 0;
}
