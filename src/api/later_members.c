/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members whose subject later versions bring (checkpoints, mounts):
 * each returns the failure that its callers know and says why in error_string.
 */

#include "api/object.h"

#include <errno.h>

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
	c->checkpoint = checkpoint;
	c->restore = restore;
	c->migrate = migrate;
	c->mount = mount_inside;
	c->umount = umount_inside;
}
