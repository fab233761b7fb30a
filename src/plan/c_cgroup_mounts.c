/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.mount.auto = cgroup…: what the container sees on /sys/fs/cgroup (runtime.md §8, cgroup1.md
 * §6).
 *
 * With a cgroup namespace every hierarchy is mounted afresh, since the kernel shows the container's
 * own part only. Without one, binds of the host's mounts take the container's directories to where
 * /proc/self/cgroup says that they are; they are opened before the tmpfs covers them, because
 * without a root of its own the container mounts over the host's view.
 */

#include "plan/c_cgroup.h"

#include <linux/capability.h>
#include <linux/mount.h>
#include <string.h>

#include "base/log.h"

#define LOG_CATEGORY "cgroup"
#define TARGET       "/sys/fs/cgroup"

enum {
	/* relatime is the kernel's default: MOUNT_ATTR_RELATIME is 0 */
	CGROUP_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
};

/* What a container may do where. */
struct view {
	bool is_full;       /* whole hierarchies, where there is no namespace to show less */
	bool own_is_ro;     /* the container's own directories */
	bool others_are_ro; /* everything above them */
};

static struct view view_of(const struct compiler *c)
{
	bool is_admin = c->bounding & UINT64_C(1) << CAP_SYS_ADMIN;
	struct view view = {};

	switch (c->values->mount.automatic.cgroup) {
	case CGROUP_AUTOMOUNT_FULL_DEFAULT:
		view.is_full = true;
		view.others_are_ro = !is_admin;
		break;
	case CGROUP_AUTOMOUNT_DEFAULT:
		view.others_are_ro = !is_admin;
		break;
	case CGROUP_AUTOMOUNT_FULL_MIXED:
		view.is_full = true;
		view.others_are_ro = true;
		break;
	case CGROUP_AUTOMOUNT_MIXED:
		view.others_are_ro = true;
		break;
	case CGROUP_AUTOMOUNT_FULL_RO:
		view = (struct view){true, true, true};
		break;
	case CGROUP_AUTOMOUNT_RO:
	case CGROUP_AUTOMOUNT_V2_RO:
		view = (struct view){false, true, true};
		break;
	case CGROUP_AUTOMOUNT_FULL_RW:
		view.is_full = true;
		break;
	case CGROUP_AUTOMOUNT_OFF:
	case CGROUP_AUTOMOUNT_RW:
	case CGROUP_AUTOMOUNT_V2:
		break;
	}
	return view;
}

static bool is_v2_only(enum cgroup_automount automount)
{
	return automount == CGROUP_AUTOMOUNT_V2 || automount == CGROUP_AUTOMOUNT_V2_RO;
}

static const char *origin_of(struct compiler *c)
{
	return compile_key_origin(c, "lxc.mount.auto");
}

static struct about about_path(struct compiler *c, const char *path)
{
	return (struct about){path, origin_of(c), 0};
}

static void make_directory(struct compiler *c, const char *path)
{
	compile_make_directory(c, about_path(c, path), compile_inside(c, path));
}

static void attach(struct compiler *c, uint16_t tree, const char *path)
{
	compile_tree_attach(c, about_path(c, path), tree, compile_inside(c, path));
}

/* To be attached before the next one is made. */
static uint16_t new_mount(struct compiler *c, const char *type, const char *const *options,
			  uint64_t attributes)
{
	const struct file_system fs = {type, type, options, attributes};
	uint16_t tree = compile_tree_register(c);

	compile_fs_open(c, about_path(c, type), tree, &fs);
	return tree;
}

/* The container's own part of the unified hierarchy, alone. */
static void mount_unified(struct compiler *c, bool read_only)
{
	uint64_t attributes = CGROUP_ATTRIBUTES | (read_only ? MOUNT_ATTR_RDONLY : 0);
	uint16_t tree = new_mount(c, "cgroup2", NULL, attributes);

	make_directory(c, TARGET);
	attach(c, tree, TARGET);
}

static void mount_tmpfs(struct compiler *c)
{
	static const char *const options[] = {"size=10240k", "mode=755", NULL};
	uint16_t tree = new_mount(c, "tmpfs", options, CGROUP_ATTRIBUTES);

	make_directory(c, TARGET);
	attach(c, tree, TARGET);
}

/* cpu → cpu,cpuacct, as systemd makes them for hierarchies of several controllers. */
static void link_controllers(struct compiler *c, const struct facts_hierarchy *h)
{
	const char *const *words;

	if (h->version != 1 || !strchr(h->name, ','))
		return;
	words = compile_words(c, h->name);
	for (size_t i = 0; words[i]; i++) {
		const char *path = compile_textf(c, TARGET "/%s", words[i]);

		compile_make_link(c, about_path(c, path), compile_inside(c, path), h->name);
	}
}

/* Nothing more is to be made in the tmpfs. */
static void seal_tmpfs(struct compiler *c)
{
	const struct attributes attributes = {.set = MOUNT_ATTR_RDONLY,
					      .user_ns = PLAN_NO_REGISTER};
	uint16_t top = compile_tree_register(c);

	compile_path_open(c, about_path(c, TARGET), top, compile_inside(c, TARGET));
	compile_tree_attributes(c, about_path(c, TARGET), top, &attributes);
}

static size_t hierarchy_count(const struct compiler *c)
{
	size_t count = c->facts->cgroup.hierarchies.count;

	return count < PLAN_HIERARCHIES_MAX ? count : PLAN_HIERARCHIES_MAX;
}

/* With a cgroup namespace. */
static void mount_fresh(struct compiler *c, const struct view *view)
{
	uint64_t attributes = CGROUP_ATTRIBUTES | (view->own_is_ro ? MOUNT_ATTR_RDONLY : 0);

	mount_tmpfs(c);
	for (size_t i = 0; i < hierarchy_count(c); i++) {
		const struct facts_hierarchy *h = &c->facts->cgroup.hierarchies.items[i];
		const char *path = compile_textf(c, TARGET "/%s", h->name);
		uint16_t tree = h->version == 2
					? new_mount(c, "cgroup2", NULL, attributes)
					: new_mount(c, "cgroup", compile_words(c, h->mount_options),
						    attributes);

		make_directory(c, path);
		attach(c, tree, path);
		link_controllers(c, h);
	}
	if (view->others_are_ro)
		seal_tmpfs(c);
}

/* A clone of a place in a hierarchy of the host; where it is read-only, that cannot be undone in a
 * user namespace. */
static uint16_t open_bind(struct compiler *c, const char *path, const char *object, bool read_only)
{
	const struct attributes attributes = {.set = MOUNT_ATTR_RDONLY,
					      .user_ns = PLAN_NO_REGISTER};
	uint16_t tree = plan_build_register(&c->b, REGISTER_FD, "cgroup tree");

	compile_tree_open(c, about_path(c, object), tree,
			  (struct place){PLAN_NO_REGISTER, path, true}, false);
	if (read_only)
		compile_tree_attributes(c, about_path(c, object), tree, &attributes);
	return tree;
}

static const char *below(struct compiler *c, const char *directory, const char *base)
{
	return *base ? compile_textf(c, "%s/%s", directory, base)
		     : compile_textf(c, "%s", directory);
}

/* Without a cgroup namespace. */
static void mount_binds(struct compiler *c, const struct view *view)
{
	const char *payload = compile_reference(c, c->r_payload);
	bool hierarchies = view->is_full;
	bool own = !view->is_full || (view->others_are_ro && !view->own_is_ro);
	uint16_t whole_tree[PLAN_HIERARCHIES_MAX] = {0}, own_tree[PLAN_HIERARCHIES_MAX] = {0};

	for (size_t i = 0; i < hierarchy_count(c); i++) {
		const struct facts_hierarchy *h = &c->facts->cgroup.hierarchies.items[i];
		const char *base = below(c, h->mount, h->base);

		if (hierarchies)
			whole_tree[i] = open_bind(c, h->mount, h->mount, view->others_are_ro);
		if (own)
			own_tree[i] = open_bind(c, compile_textf(c, "%s/%s", base, payload), base,
						view->own_is_ro);
	}
	mount_tmpfs(c);
	for (size_t i = 0; i < hierarchy_count(c); i++) {
		const struct facts_hierarchy *h = &c->facts->cgroup.hierarchies.items[i];
		const char *top = compile_textf(c, TARGET "/%s", h->name);
		const char *base = below(c, top, h->base);
		struct place place = compile_inside(c, compile_textf(c, "%s/%s", base, payload));

		place.has_references = true;

		if (hierarchies) {
			make_directory(c, top);
			attach(c, whole_tree[i], top);
		} else {
			compile_make_directory(c, about_path(c, base), place);
		}
		if (own)
			compile_tree_attach(c, about_path(c, base), own_tree[i], place);
		link_controllers(c, h);
	}
	if (view->others_are_ro)
		seal_tmpfs(c);
}

static int refuse(struct compiler *c, const char *text, const char *hint, struct err *e)
{
	int r = err_set(e, ERR_CGROUP_FAILED, 0, "%s", text);

	err_origin(e, "%s", origin_of(c));
	err_hint(e, "%s", hint);
	return err_wrap(e, r, "Failed to mount cgroups");
}

static bool is_in_cgroup_ns(const struct compiler *c)
{
	return c->has_cgroup_ns || c->r_share[NAMESPACE_CGROUP] != PLAN_NO_REGISTER;
}

static int compile_unified(struct compiler *c, bool read_only, struct err *e)
{
	if (!is_in_cgroup_ns(c))
		return refuse(c, "The unified hierarchy can only be mounted in a cgroup namespace",
			      "let the container have a cgroup namespace (lxc.namespace.keep, "
			      ".clone, .share), or remove cgroup from lxc.mount.auto",
			      e);
	mount_unified(c, read_only);
	return 0;
}

int compile_cgroup_mounts(struct compiler *c, struct err *e)
{
	enum cgroup_automount automount = c->values->mount.automatic.cgroup;
	const struct facts_cgroup *cgroup = &c->facts->cgroup;
	bool is_admin = c->bounding & UINT64_C(1) << CAP_SYS_ADMIN;
	bool force = c->values->mount.automatic.cgroup_force || !is_admin;
	struct view view = view_of(c);

	if (automount == CGROUP_AUTOMOUNT_OFF || !c->has_mount_ns)
		return 0;
	if (cgroup->layout == CGROUP_LAYOUT_UNIFIED)
		return compile_unified(c, view.own_is_ro, e);
	if (is_v2_only(automount)) {
		if (!cgroup->has_cgroup2)
			return refuse(
				c, "No unified cgroup hierarchy mounted on the host",
				"mount cgroup2 on /sys/fs/cgroup/unified, or use cgroup:force", e);
		if (!is_in_cgroup_ns(c))
			return refuse(c,
				      "Force-mounting the unified cgroup hierarchy without cgroup "
				      "namespace support is currently not supported",
				      "let the container have a cgroup namespace", e);
		mount_unified(c, view.own_is_ro);
		return 0;
	}
	if (c->r_payload == PLAN_NO_REGISTER) {
		log_info("lxc.mount.auto: no cgroup hierarchy is usable: none is mounted");
		return 0;
	}
	if (!is_in_cgroup_ns(c)) {
		mount_binds(c, &view);
	} else if (force) {
		mount_fresh(c, &view);
	}
	return 0;
}
