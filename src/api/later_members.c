/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members whose subject later versions bring (snapshots, checkpoints):
 * each returns the failure that its callers know and says why in error_string.
 */

#include "api/object.h"

#include <errno.h>
#include <stddef.h>

#include "container/depend.h"

static int snapshot(struct lxc_container *c, const char *commentfile)
{
	if (c)
		object_explain_missing(c, "making snapshots");
	return -1;
}

/* The member is_defined(), explaining when it is not. */
static bool must_be_defined(struct lxc_container *c)
{
	struct err e = {0};

	if (c->is_defined(c))
		return true;
	err_set(&e, ERR_NOT_DEFINED, 0, "container \"%s\" is not defined", c->name);
	object_explain(c, &e, "");
	return false;
}

/* Whether there are snapshots, which an LXC of before made; explains when nobody can tell. */
static int has_snapshots(struct lxc_container *c)
{
	struct err e = {0};
	int r = depend_has_snapshots(object_container(c), &e);

	if (r < 0)
		object_explain(c, &e, "cannot look for snapshots");
	return r;
}

static int snapshot_list(struct lxc_container *c, struct lxc_snapshot **snapshots)
{
	int r;

	if (!c)
		return -1;
	if (!snapshots) {
		object_explain_usage(c, "a list of snapshots needs a place to put it");
		return -1;
	}
	if (!must_be_defined(c))
		return -1;
	r = has_snapshots(c);
	if (r == 0)
		*snapshots = NULL;
	if (r <= 0)
		return r < 0 ? -1 : 0;
	object_explain_missing(c, "listing snapshots");
	return -1;
}

static bool snapshot_restore(struct lxc_container *c, const char *snapname, const char *newname)
{
	if (c)
		object_explain_missing(c, "restoring snapshots");
	return false;
}

static bool snapshot_destroy(struct lxc_container *c, const char *snapname)
{
	if (c)
		object_explain_missing(c, "destroying snapshots");
	return false;
}

static bool snapshot_destroy_all(struct lxc_container *c)
{
	int r = c && must_be_defined(c) ? has_snapshots(c) : -1;

	if (r > 0)
		object_explain_missing(c, "destroying snapshots");
	return r == 0;
}

static bool destroy_with_snapshots(struct lxc_container *c)
{
	return snapshot_destroy_all(c) && c->destroy(c);
}

static bool checkpoint(struct lxc_container *c, char *directory, bool stop, bool verbose)
{
	if (c)
		object_explain_missing(c, "checkpoints");
	return false;
}

static bool restore(struct lxc_container *c, char *directory, bool verbose)
{
	if (c)
		object_explain_missing(c, "restoring checkpoints");
	return false;
}

static int migrate(struct lxc_container *c, unsigned int cmd, struct migrate_opts *opts,
		   unsigned int size)
{
	if (c)
		object_explain_missing(c, "checkpoints");
	return 1;
}

static int mount_inside(struct lxc_container *c, const char *source, const char *target,
			const char *filesystemtype, unsigned long mountflags, const void *data,
			struct lxc_mount *mnt)
{
	if (c)
		object_explain_missing(c, "mounting into a running container");
	return -EINVAL;
}

static int umount_inside(struct lxc_container *c, const char *target, unsigned long mountflags,
			 struct lxc_mount *mnt)
{
	if (c)
		object_explain_missing(c, "unmounting in a running container");
	return -EINVAL;
}

void object_set_later_members(struct lxc_container *c)
{
	c->snapshot = snapshot;
	c->snapshot_list = snapshot_list;
	c->snapshot_restore = snapshot_restore;
	c->snapshot_destroy = snapshot_destroy;
	c->snapshot_destroy_all = snapshot_destroy_all;
	c->destroy_with_snapshots = destroy_with_snapshots;
	c->checkpoint = checkpoint;
	c->restore = restore;
	c->migrate = migrate;
	c->mount = mount_inside;
	c->umount = umount_inside;
}
