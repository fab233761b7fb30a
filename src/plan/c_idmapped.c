/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Id-mapped trees: the root file system (lxc.rootfs.options idmap=) and mount entries with idmap=;
 * a root file system that HOST mounts for a container with a user namespace (c_source.c); and a
 * directory that gets flags for such a container, which INIT could set, but not lock.
 *
 * Only HOST may id-map them, but a tree whose descriptor goes to another user namespace loses the
 * locks on its flags: container root could clear ro and nosuid. Mounts that propagate are locked.
 * So the child is cloned from a scratch mount namespace whose root is shared; behind the clone HOST
 * piles the trees on that root, "/..", and the child takes them from there, the last one first.
 * Nothing of it is in the way of a later bind: what is there when a namespace is cloned could not
 * be taken away, and what has such mounts below it cannot be bound alone. Files lie in a tmpfs that
 * is the lowest of the pile. mount_namespaces(7).
 */

#include "plan/compiler.h"

#include <errno.h>
#include <string.h>

#define LOG_CATEGORY "conf"
#include "base/log.h"

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

/* Where HOST puts a tree and the child finds it: ".." of the root is what is mounted on it. */
static const char *place_of(struct compiler *c, const struct compiler_mount *m)
{
	return m->is_directory ? "/.." : compile_textf(c, "/../%u", (unsigned)m->place);
}

static struct plan_step *host_step(struct compiler *c, enum plan_op op,
				   const struct compiler_mount *m, const char *object)
{
	struct plan_step *step = STEP(c, SECTION_START, op, object, m->origin);

	if (m->entry->options.optional)
		step->flags |= STEP_OPTIONAL;
	return step;
}

static bool is_mapped(const struct compiler_mount *m)
{
	return m->entry->options.idmap != MOUNT_IDMAP_NONE;
}

/* A root file system that is not there yet. */
static void mount_tree(struct compiler *c, struct compiler_mount *m)
{
	const struct about about = {m->object, m->origin, 0};
	struct plan_step *step;

	m->r_made = plan_build_register(&c->b, REGISTER_FD, "root file system");
	compile_source_mount(c, about, m->r_made);
	if (!is_mapped(m))
		return;
	step = host_step(c, OP_TREE_ATTRIBUTES_HOST, m, m->object);
	step->in = m->r_made;
	step->arg[4] = m->r_user_ns;
}

static void make_tree(struct compiler *c, struct compiler_mount *m)
{
	struct attributes attributes = compile_mount_attributes(&m->entry->options, true);
	uint32_t source = plan_build_text(&c->b, compile_literal(c, m->entry->source));
	const char *object = m->fstype ? compile_textf(c, "%s (%s)", m->object, m->fstype)
				       : m->object;
	struct plan_step *step;

	m->r_made = plan_build_register(&c->b, REGISTER_FD, "id-mapped tree");
	step = host_step(c, OP_TREE_OPEN_HOST, m, m->object);
	step->out = m->r_made;
	step->arg[1] = source;
	step->arg[2] = (m->entry->options.set & MOUNT_RBIND) != 0;
	step = host_step(c, OP_TREE_ATTRIBUTES_HOST, m, object);
	step->in = m->r_made;
	step->arg[0] = attributes.set;
	step->arg[1] = attributes.clear;
	step->arg[2] = attributes.propagation;
	step->arg[3] = attributes.is_recursive || (m->entry->options.set & MOUNT_RBIND);
	step->arg[4] = m->r_user_ns;
}

/* As INIT would: the flags are the top's. The propagation is left to it. */
static void make_locked_root(struct compiler *c, struct compiler_mount *m)
{
	const struct attributes attributes = compile_mount_attributes(&c->root_options, true);
	uint32_t source = plan_build_text(&c->b, compile_literal(c, m->entry->source));
	struct plan_step *step;

	m->r_made = plan_build_register(&c->b, REGISTER_FD, "root file system");
	step = host_step(c, OP_TREE_OPEN_HOST, m, m->object);
	step->out = m->r_made;
	step->arg[1] = source;
	step->arg[2] = true;
	step = host_step(c, OP_TREE_ATTRIBUTES_HOST, m, m->object);
	step->in = m->r_made;
	step->arg[0] = attributes.set;
	step->arg[1] = attributes.clear;
	step->arg[4] = PLAN_NO_REGISTER;
}

static int take(struct compiler *c, struct compiler_mount *m, struct err *e)
{
	struct compiler_idmapped *item;
	struct err problem = {};
	int r = is_mapped(m) ? check(c, m, &problem) : 0;

	if (r < 0 && m->entry->options.optional) {
		log_info("%s: %s", m->origin, err_cause(&problem));
		m->is_left_out = true;
		return 0;
	}
	if (r < 0) {
		if (e)
			*e = problem;
		return r;
	}
	item = vec_push_in(&c->idmapped, &c->arena);
	if (!item)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the id-mapped mounts");
	if (!m->is_directory)
		m->place = c->idmapped_files++;
	item->mount = m;
	return 0;
}

/* A directory whose flags only HOST can lock. A pre-mount hook may mount what lies there: then INIT
 * opens it. */
static bool is_locked_root(const struct compiler *c)
{
	const struct attributes attributes = compile_mount_attributes(&c->root_options, true);

	return c->facts->rootfs.source.kind == SOURCE_TREE && c->has_user_ns && c->has_mount_ns &&
	       c->facts->caller.is_root && c->facts->caller.in_initial_user_ns &&
	       c->values->hooks[HOOK_PRE_MOUNT].count == 0 && (attributes.set || attributes.clear);
}

/* The root counts as an entry whose target is the root. */
static int take_root(struct compiler *c, struct err *e)
{
	const bool is_made = c->root_is_host_made && c->in_user_ns;
	const bool is_plain = c->root_options.idmap == MOUNT_IDMAP_NONE;
	const char *key = is_made && is_plain ? "lxc.rootfs.path" : "lxc.rootfs.options";
	struct mount_entry *entry;

	if (!c->has_root || (is_plain && !is_made && !is_locked_root(c)))
		return 0;
	entry = arena_alloc(&c->arena, sizeof(*entry));
	if (!entry)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the id-mapped mounts");
	entry->source = c->facts->rootfs.path;
	entry->target = "";
	entry->fstype = "none";
	entry->options = c->root_options;
	entry->options.set |= MOUNT_BIND | MOUNT_RBIND;
	/* Those of a file system go to it when it is mounted. */
	if (c->root_is_host_made)
		entry->options.data = NULL;
	c->root_mount = (struct compiler_mount){
		.entry = entry,
		.target = "",
		.object =
			compile_textf(c, "%s on %s", entry->source, c->values->rootfs_mount.mount),
		.origin = compile_key_origin(c, key),
		.is_directory = true,
		.fstype = c->facts->rootfs.fstype,
		.r_user_ns = PLAN_NO_REGISTER,
		.r_tree = PLAN_NO_REGISTER,
	};
	return take(c, &c->root_mount, e);
}

static void make_stash(struct compiler *c)
{
	struct plan_step *step;

	if (c->idmapped_files == 0)
		return;
	c->r_stash = plan_build_register(&c->b, REGISTER_FD, "places");
	step = STEP(c, SECTION_START, OP_STASH, "id-mapped files", "");
	step->out = c->r_stash;
	step->arg[0] = c->idmapped_files;
}

static const char *scratch_object(const struct compiler *c)
{
	for (size_t i = 0; i < c->idmapped.count; i++)
		if (is_mapped(c->idmapped.items[i].mount))
			return "id-mapped mounts";
	return c->idmapped.count > 0 ? "the root file system" : "a root that can be changed";
}

int compile_idmapped_host(struct compiler *c, struct err *e)
{
	struct plan_step *step;
	int r = take_root(c, e);

	for (size_t i = 0; i < c->mounts.count && r >= 0; i++)
		if (c->mounts.items[i].entry->options.idmap != MOUNT_IDMAP_NONE)
			r = take(c, &c->mounts.items[i], e);
	if (r < 0 || (c->idmapped.count == 0 && !c->binds_host_root))
		return r;
	for (size_t i = 0; i < c->idmapped.count; i++)
		if (is_mapped(c->idmapped.items[i].mount))
			c->idmapped.items[i].mount->r_user_ns =
				open_user_ns(c, c->idmapped.items[i].mount);
	c->r_mount_ns = plan_build_register(&c->b, REGISTER_FD, "mount namespace");
	step = STEP(c, SECTION_START, OP_MOUNT_NS_ENTER, scratch_object(c), "");
	step->out = c->r_mount_ns;
	step->arg[0] = c->idmapped.count > 0;
	step->arg[1] = c->binds_host_root;
	make_stash(c);
	for (size_t i = 0; i < c->idmapped.count; i++) {
		struct compiler_mount *m = c->idmapped.items[i].mount;

		if (m == &c->root_mount && c->root_is_host_made)
			mount_tree(c, m);
		else if (is_mapped(m))
			make_tree(c, m);
		else
			make_locked_root(c, m);
	}
	return 0;
}

/* One step of the pile: OP_TREE_HAND_OVER or OP_TREE_TAKE. */
static struct plan_step *pile_step(struct compiler *c, enum plan_op op, const char *object,
				   const char *origin, const char *path)
{
	uint32_t text = plan_build_text(&c->b, path);
	struct plan_step *step = STEP(c, SECTION_START, op, object, origin);

	step->arg[0] = text;
	return step;
}

/* Not optional, even of an entry that is: the child has to know what lies where. */
static void hand_over(struct compiler *c, bool are_directories)
{
	for (size_t i = 0; i < c->idmapped.count; i++) {
		const struct compiler_mount *m = c->idmapped.items[i].mount;

		if (m->is_directory == are_directories)
			pile_step(c, OP_TREE_HAND_OVER, m->object, m->origin, place_of(c, m))->in =
				m->r_made;
	}
}

int compile_idmapped_leave(struct compiler *c, struct err *e)
{
	if (c->r_mount_ns == PLAN_NO_REGISTER)
		return 0;
	if (c->r_stash != PLAN_NO_REGISTER)
		pile_step(c, OP_TREE_HAND_OVER, "id-mapped files", "", "/..")->in = c->r_stash;
	hand_over(c, false);
	hand_over(c, true);
	STEP(c, SECTION_START, OP_MOUNT_NS_LEAVE, scratch_object(c), "")->in = c->r_mount_ns;
	compile_fd_close(c, SECTION_START, "user namespace", c->r_user_ns);
	for (size_t i = 0; i < c->idmapped.count; i++) {
		const struct compiler_mount *m = c->idmapped.items[i].mount;

		if (m->entry->options.idmap == MOUNT_IDMAP_PATH)
			compile_fd_close(c, SECTION_START, "user namespace", m->r_user_ns);
	}
	return 0;
}

static void take_over(struct compiler *c, bool are_directories)
{
	for (size_t i = c->idmapped.count; i > 0; i--) {
		struct compiler_mount *m = c->idmapped.items[i - 1].mount;
		struct plan_step *step;

		if (m->is_directory != are_directories)
			continue;
		m->r_tree = plan_build_register(&c->b, REGISTER_FD,
						is_mapped(m) ? "id-mapped tree inside"
							     : "root file system inside");
		step = pile_step(c, OP_TREE_TAKE, m->object, m->origin, place_of(c, m));
		step->in = m->r_made;
		step->out = m->r_tree;
	}
}

const char *compile_idmapped_name(const struct compiler *c, size_t i)
{
	return is_mapped(c->idmapped.items[i].mount) ? "id-mapped tree" : "root file system";
}

/* Which trees there are init sees from the descriptors that it has at the clone: HOST keeps them
 * open until the gate behind it. */
int compile_idmapped_open(struct compiler *c, struct err *e)
{
	take_over(c, true);
	take_over(c, false);
	if (c->r_stash != PLAN_NO_REGISTER)
		pile_step(c, OP_TREE_TAKE, "id-mapped files", "", "/..")->in = c->r_stash;
	for (size_t i = 0; i < c->idmapped.count; i++)
		compile_fd_close(c, SECTION_START, compile_idmapped_name(c, i),
				 c->idmapped.items[i].mount->r_made);
	compile_fd_close(c, SECTION_START, "places", c->r_stash);
	return 0;
}
