/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The storage of a copy (spec/storage.md §6, §7): of which kind it is, whether it is a snapshot,
 * where it lies, and making it. Kinds and what they can are the drivers' (storage/storage.h).
 *
 * Better than LXC: a path that lacks the container's name can be copied; a subvolume of btrfs is
 * copied when somebody asks for another kind of storage, or when the target is on another file
 * system; the plain copy of an overlay is a directory.
 */

#include "container/clone.h"

#include <errno.h>
#include <string.h>

#include <lxc/lxccontainer.h>

#include "base/macros.h"
#include "container/creation.h"
#include "container/depend.h"
#include "container/directory.h"
#include "container/paths.h"

#define LOG_CATEGORY "clone"
#include "base/log.h"

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

static const char *item_or(const char *key, const char *otherwise)
{
	const char *value = container_system_item(key);

	return value && value[0] ? value : otherwise;
}

void clone_make_wish(const struct container *c, const char *directory, enum rootfs_type type,
		     struct storage_wish *ret)
{
	*ret = (struct storage_wish){
		.type = type,
		.directory = directory,
		.name = c->name,
		.lvm_group = item_or("lxc.bdev.lvm.vg", "lxc"),
		.lvm_thin_pool = item_or("lxc.bdev.lvm.thin_pool", "lxc"),
		.zfs_root = item_or("lxc.bdev.zfs.root", "lxc"),
		.rbd_pool = item_or("lxc.bdev.rbd.rbdpool", "lxc"),
		.rbd_user = item_or("lxc.bdev.rbd.rbduser", NULL),
		.maps = c->config ? &c->config->values.idmaps : NULL,
	};
}

static const char *name_of(enum rootfs_type type)
{
	const struct storage_type *row = storage_type(type);

	return row ? row->name : "none";
}

static bool wants(const struct cloning *c, unsigned flag)
{
	return (c->options->flags & flag) != 0;
}

/* Whether the target's directory is on btrfs: a subvolume can be there. */
static bool is_on_btrfs(const struct cloning *c, const char *directory)
{
	struct storage_wish wish;

	clone_make_wish(c->target, directory, ROOTFS_BTRFS, &wish);
	return storage_works(&wish);
}

static int parse_type(const char *name, enum rootfs_type *ret, struct err *e)
{
	const struct storage_type *row = storage_type_named(name, strlen(name));
	int r;

	if (row) {
		*ret = row->type;
		return 0;
	}
	r = err_set(e, ERR_USAGE, 0, "%s is not a valid backing storage type", name);
	err_hint(e, "there are dir, btrfs, overlay, loop, lvm, zfs and rbd");
	return r;
}

/* Rule 6.5. */
static int choose_type(struct cloning *c, const char *directory, enum rootfs_type *ret,
		       struct err *e)
{
	const enum rootfs_type source = c->from.type;
	const bool is_snapshot = wants(c, LXC_CLONE_SNAPSHOT);

	if (c->options->type)
		return parse_type(c->options->type, ret, e);
	*ret = source;
	/* lxc-snapshot makes those of a loop file as LXC makes them: as directories. */
	if ((wants(c, LXC_CLONE_KEEPBDEVTYPE) && source != ROOTFS_LOOP) ||
	    (source == ROOTFS_BTRFS && is_on_btrfs(c, directory)))
		return 0;
	if (is_snapshot && source == ROOTFS_DIR)
		*ret = ROOTFS_OVERLAY;
	else if ((c->is_elsewhere && (!is_snapshot || wants(c, LXC_CLONE_MAYBE_SNAPSHOT))) ||
		 (!is_snapshot && source == ROOTFS_OVERLAY))
		*ret = ROOTFS_DIR;
	return 0;
}

static int check_user(enum rootfs_type type, struct err *e)
{
	const struct storage_type *row = storage_type(type);
	int r;

	if (geteuid() == 0 || (row && row->is_for_everyone))
		return 0;
	r = err_set(e, ERR_PERMISSION, EPERM,
		    "Unsupported snapshot type \"%s\" for unprivileged users", name_of(type));
	err_hint(e, "choose dir, btrfs or overlay by -B, or be root");
	return r;
}

int clone_choose_storage(struct cloning *c, struct err *e)
{
	autofree char *directory = container_path(c->target, "");
	enum rootfs_type type = ROOTFS_DETECT;
	struct storage_wish wish;
	int r;

	if (!directory)
		return no_memory(e);
	if (!c->source->config->values.rootfs.path)
		return 0;
	r = storage_detect(&c->source->config->values.rootfs, &c->from, e);
	if (r == 0)
		r = choose_type(c, directory, &type, e);
	if (r == 0)
		r = check_user(type, e);
	if (r < 0)
		return r;
	c->is_snapshot = wants(c, LXC_CLONE_SNAPSHOT) ||
			 (type == ROOTFS_BTRFS && c->from.type == ROOTFS_BTRFS);
	if (wants(c, LXC_CLONE_MAYBE_SNAPSHOT) &&
	    (type != c->from.type || !storage_type(type)->snapshots))
		c->is_snapshot = false;
	if (type == ROOTFS_OVERLAY && !c->is_snapshot)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			       "The overlay storage driver can only be used for snapshots");
	clone_make_wish(c->target, directory, type, &wish);
	return storage_name(&wish, &c->from, c->is_snapshot, &c->to, e);
}

/* Nobody asked for a snapshot: a copy will do. */
static bool may_be_copied(const struct cloning *c)
{
	return !wants(c, LXC_CLONE_SNAPSHOT) || wants(c, LXC_CLONE_MAYBE_SNAPSHOT);
}

static int make_copy(struct cloning *c, const struct storage_wish *wish, struct err *e)
{
	int r = storage_create(&c->to, wish, &c->from, e);

	if (r < 0)
		return r;
	r = clone_copy_root(c, e);
	if (r == -ENOSPC)
		err_hint(e, "the storage of the copy is full: it needs as much room as the "
			    "original uses (-L sets the size of a new volume)");
	return r < 0 ? err_wrap(e, r, "cannot copy %s:%s to %s:%s", name_of(c->from.type),
				c->from.path, name_of(c->to.type), c->to.path)
		     : 0;
}

int clone_make_storage(struct cloning *c, struct err *e)
{
	autofree char *directory = container_path(c->target, "");
	struct storage_wish wish;
	int r;

	if (c->to.type == ROOTFS_DETECT)
		return 0;
	if (!directory)
		return no_memory(e);
	storage_choose_mark(c->mark);
	clone_make_wish(c->target, directory, c->to.type, &wish);
	wish.fstype = c->options->fstype;
	wish.size = c->options->size;
	wish.mark = c->mark;
	wish.lock_fd = c->marker_fd;
	r = creation_note_volume(c->marker_fd, &c->to, c->mark, e);
	if (r < 0)
		return r;
	if (!c->is_snapshot)
		return make_copy(c, &wish, e);
	r = clone_flush_source(c, e);
	if (r == 0)
		r = storage_snapshot(&c->from, &c->to, &wish, e);
	if (r != -EXDEV || !may_be_copied(c))
		return r;
	/* Two file systems of btrfs. */
	c->is_snapshot = false;
	return make_copy(c, &wish, e);
}

/* Whether the copy's storage is gone when the source's is: 1, 0 or negative. */
static int needs_source(const struct cloning *c, struct err *e)
{
	autofree char *directory = container_path(c->source, "");
	const char *part;
	int r;

	if (!directory)
		return no_memory(e);
	if (c->from.type != c->to.type)
		return 1;
	/* The lower directory of an overlay that was made as one. */
	part = c->to.type == ROOTFS_OVERLAY ? text_after(c->to.path, directory) : NULL;
	if (part && *part == '/')
		return 1;
	r = storage_snapshots_last(&c->from, e);
	return r < 0 ? r : r == 0;
}

/* Snapshots that lie in the source's own directory go and move with it. */
static bool is_own_snapshot(const struct cloning *c)
{
	autofree char *own = container_path(c->source, "");

	return own && path_is_below(c->target->lxcpath, own);
}

int clone_note_dependencies(const struct cloning *c, struct err *e)
{
	int r;

	if (!c->is_snapshot)
		return 0;
	if (c->to.type == ROOTFS_OVERLAY && c->from.type == ROOTFS_OVERLAY) {
		r = depend_inherit(c->target, c->source, e);
		if (r < 0)
			return r;
	}
	if (is_own_snapshot(c))
		return 0;
	r = needs_source(c, e);
	return r > 0 ? depend_add(c->target, c->source->lxcpath, c->source->name, e) : r;
}
