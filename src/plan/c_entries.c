/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mount entries: lxc.mount.fstab, lxc.mount.entry and what lxc.apparmor.allow_nesting and
 * lxc.mount.auto = shmounts add (spec/config.md §7, spec/runtime.md §8).
 *
 * A bind mount is a clone of the source's mount; everything else is a new file system. Entries
 * without a target inside the root are told and left out, as LXC does.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/macros.h"

#define LOG_CATEGORY "conf"
#include "base/log.h"

/* The target below the root; NULL when it lies elsewhere. */
static const char *find_target(struct compiler *c, const char *target)
{
	const char *own, *rest;

	if (!c->has_root || *target != '/')
		return target + strspn(target, "/");
	own = compile_textf(c, "%s/%s/rootfs", c->request->lxcpath, c->request->name);
	rest = compile_path_below(target, own);
	return rest ? rest : compile_path_below(target, c->facts->rootfs.path);
}

static int add_mount(struct compiler *c, const struct mount_entry *entry, const char *origin,
		     struct compiler_mount **ret, struct err *e)
{
	const char *target = find_target(c, entry->target);
	struct compiler_mount *m;

	*ret = NULL;
	if (!target) {
		log_warn("Ignoring mount point \"%s\" (%s)", entry->target, origin);
		return 0;
	}
	m = vec_push_in(&c->mounts, &c->arena);
	if (!m)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the mount entries");
	m->entry = entry;
	m->target = target;
	m->origin = origin;
	m->object = compile_textf(c, "%s on %s", entry->source, *target ? target : "/");
	m->r_user_ns = m->r_tree = PLAN_NO_REGISTER;
	*ret = m;
	return 0;
}

/* 0; 1 = left out; negative. */
static int check_entry(struct compiler *c, const struct mount_entry *entry, const char *origin,
		       struct err *e)
{
	struct err problem = {};
	unsigned next = 0;
	int kind;

	if ((entry->options.set & MOUNT_MOVE) && !mount_options_is_bind(&entry->options) &&
	    !entry->options.optional)
		return compile_unsupported(c, "lxc.mount.entry", origin,
					   "moving a mount (the option \"move\")", e);
	while ((kind = mount_entry_check(entry, &next, &problem)) > 0) {
		if (kind != MOUNT_ENTRY_BROKEN)
			continue;
		if (entry->options.optional) {
			log_info("%s: %s", origin, err_cause(&problem));
			return 1;
		}
		err_origin(&problem, "%s", origin);
		if (e)
			*e = problem;
		return problem.code;
	}
	return 0;
}

static int add_fact(struct compiler *c, const struct facts_mount *fact, struct err *e)
{
	const struct config_items *entries = &c->values->mount.entries;
	const char *origin = "";
	struct compiler_mount *m;
	int r;

	if (fact->from_fstab)
		origin = compile_textf(c, "%s:%u", c->values->mount.fstab, fact->entry.line);
	else if (fact->index < entries->count)
		origin = compile_origin(c, entries->items[fact->index].origin, "lxc.mount.entry");
	r = check_entry(c, &fact->entry, origin, e);
	if (r == 0)
		r = add_mount(c, &fact->entry, origin, &m, e);
	else
		return r < 0 ? r : 0;
	if (r < 0 || !m)
		return r;
	m->is_directory = fact->source_is_directory;
	m->fstype = fact->source_fstype;
	return 0;
}

/* An entry that no line spells out. */
static int add_text(struct compiler *c, const char *line, const char *origin,
		    struct compiler_mount **ret, struct err *e)
{
	struct mount_entry *entry = arena_alloc(&c->arena, sizeof(*entry));
	int r;

	if (!entry)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the mount entries");
	r = mount_entry_parse(line, &c->arena, entry, e);
	return r < 0 ? r : add_mount(c, entry, origin, ret, e);
}

static int add_others(struct compiler *c, struct err *e)
{
	static const char *const nesting[] = {
		"proc dev/.lxc/proc proc create=dir,optional 0 0",
		"sys dev/.lxc/sys sysfs create=dir,optional 0 0",
	};
	const struct config_automounts *automatic = &c->values->mount.automatic;
	struct compiler_mount *m;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(nesting) && r >= 0; i++)
		if (c->values->apparmor.allow_nesting && c->values->mount.entries.count > 0)
			r = add_text(c, nesting[i],
				     compile_key_origin(c, "lxc.apparmor.allow_nesting"), &m, e);
	if (r >= 0 && automatic->shared_host) {
		struct mount_entry *entry = arena_alloc(&c->arena, sizeof(*entry));

		if (!entry)
			return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the mount entries");
		entry->source = automatic->shared_host;
		entry->target =
			automatic->shared_container + strspn(automatic->shared_container, "/");
		entry->fstype = "none";
		entry->options.set = MOUNT_BIND;
		entry->options.create = MOUNT_CREATE_DIR;
		r = add_mount(c, entry, compile_key_origin(c, "lxc.mount.auto"), &m, e);
		if (r >= 0 && m)
			m->is_shared_tree = m->is_directory = true;
	}
	return r;
}

int compile_collect_mounts(struct compiler *c, struct err *e)
{
	const struct config_automounts *automatic = &c->values->mount.automatic;
	const struct facts_mounts *facts = &c->facts->mounts;
	int r = 0;

	for (size_t i = 0; i < facts->count && r >= 0; i++)
		r = add_fact(c, &facts->items[i], e);
	if (r >= 0)
		r = add_others(c, e);
	if (r < 0 || c->has_mount_ns)
		return r;
	if (c->mounts.count == 0 && !automatic->proc && !automatic->sys && !automatic->cgroup)
		return 0;
	r = err_set(e, ERR_CONFIG_CONFLICT, 0,
		    "Mounts need a mount namespace of the container's own");
	err_origin(e, "%s",
		   c->mounts.count > 0 ? c->mounts.items[0].origin
				       : compile_key_origin(c, "lxc.mount.auto"));
	return r;
}

/*
 * A file system on a device is told that nothing will be written: the device may refuse more. Of
 * all others the mount alone is read-only, since their superblock may be everybody's.
 */
static bool is_on_device(const struct mount_entry *entry)
{
	static const char *const names[] = {"proc",   "sysfs",   "tmpfs",   "devpts", "mqueue",
					    "cgroup", "cgroup2", "overlay", NULL};

	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], entry->fstype) == 0)
			return false;
	return *entry->source == '/';
}

/* The options of a file system, one a word. */
static const char *const *split_data(struct compiler *c, const struct mount_entry *entry)
{
	const char *const *data = mount_options_data_words(entry->options.data, &c->arena);
	const char **words;
	size_t count = 0;

	while (data && data[count])
		count++;
	words = data ? arena_alloc(&c->arena, (count + 2) * sizeof(*words)) : NULL;
	if (!words) {
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
		return NULL;
	}
	memcpy(words, data, count * sizeof(*words));
	if ((entry->options.set & MOUNT_RO) && is_on_device(entry))
		words[count++] = "ro";
	return count > 0 ? words : NULL;
}

/* The directories of an overlay that lie beside the container's own files. */
static void make_overlay_directories(struct compiler *c, struct about about,
				     const char *const *words)
{
	const char *own = compile_textf(c, "%s/%s", c->request->lxcpath, c->request->name);

	for (size_t i = 0; words && words[i]; i++) {
		const char *path = text_after(words[i], "upperdir=");

		if (!path)
			path = text_after(words[i], "workdir=");
		if (!path || !compile_path_below(path, own))
			continue;
		about.object = path;
		compile_make_directory(c, about, (struct place){PLAN_NO_REGISTER, path});
	}
}

static void make_target(struct compiler *c, const struct compiler_mount *m, struct about about)
{
	about.object = m->target;
	if (m->entry->options.create & MOUNT_CREATE_DIR) {
		/* A file may be bound on a file that is there. */
		if (mount_options_is_bind(&m->entry->options) && !m->is_directory)
			about.flags |= STEP_OPTIONAL;
		compile_make_directory(c, about, compile_inside(c, m->target));
	} else if (m->entry->options.create & MOUNT_CREATE_FILE) {
		compile_make_file(c, about, compile_inside(c, m->target));
	}
}

static void open_source(struct compiler *c, const struct compiler_mount *m, struct about about)
{
	const struct mount_options *o = &m->entry->options;
	bool is_bind = mount_options_is_bind(o);
	struct attributes attributes = compile_mount_attributes(o, is_bind);
	uint16_t tree = compile_tree_register(c);

	if (is_bind) {
		struct place from = {o->relative ? c->r_root : PLAN_NO_REGISTER, m->entry->source};

		compile_tree_open(c, about, tree, from, (o->set & MOUNT_RBIND) != 0);
	} else {
		struct file_system fs = {m->entry->fstype, m->entry->source,
					 split_data(c, m->entry), attributes.set};

		if (text_starts(m->entry->fstype, "overlay"))
			make_overlay_directories(c, about, fs.options);
		compile_fs_open(c, about, tree, &fs);
		attributes.set = 0;
	}
	compile_tree_options(c, about, tree, attributes);
}

static void attach_mount(struct compiler *c, const struct compiler_mount *m)
{
	struct about about = {m->object, m->origin, m->entry->options.optional ? STEP_OPTIONAL : 0};
	uint16_t tree = m->r_tree;

	make_target(c, m, about);
	if (tree == PLAN_NO_REGISTER) {
		open_source(c, m, about);
		tree = c->r_tree;
	}
	compile_tree_attach(c, about, tree, compile_inside(c, m->target));
}

int compile_entries(struct compiler *c, struct err *e)
{
	for (size_t i = 0; i < c->mounts.count; i++)
		if (c->mounts.items[i].entry->options.idmap == MOUNT_IDMAP_NONE)
			attach_mount(c, &c->mounts.items[i]);
	for (size_t i = 0; i < c->mounts.count; i++)
		if (c->mounts.items[i].entry->options.idmap != MOUNT_IDMAP_NONE &&
		    !c->mounts.items[i].is_left_out)
			attach_mount(c, &c->mounts.items[i]);
	return 0;
}

int compile_shared_trees(struct compiler *c, struct err *e)
{
	const struct attributes slave = {
		.propagation = MS_SLAVE, .is_recursive = true, .user_ns = PLAN_NO_REGISTER};

	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct compiler_mount *m = &c->mounts.items[i];
		struct about about = {m->target, m->origin, 0};

		if (!m->is_shared_tree)
			continue;
		compile_path_open(c, about, compile_tree_register(c), compile_inside(c, m->target));
		compile_tree_attributes(c, about, c->r_tree, &slave);
	}
	return 0;
}
