/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members that create and destroy (spec/api.md §7).
 */

#include "api/object.h"

#include <stdlib.h>

/* Empty texts are as good as none. */
static const char *text_of(const char *text)
{
	return text && text[0] ? text : NULL;
}

static bool create(struct lxc_container *c, const char *t, const char *bdevtype,
		   struct bdev_specs *specs, int flags, char *const argv[])
{
	static const struct bdev_specs none;
	const struct bdev_specs *s = specs ? specs : &none;
	struct err e = {0};
	int r;

	if (!c)
		return false;
	r = container_create(object_lock(c),
			     &(struct create_options){
				     .template_name = t,
				     .backend = bdevtype,
				     .directory = s->dir,
				     .fstype = text_of(s->fstype),
				     .size = s->fssize,
				     .lvm_group = text_of(s->lvm.vg),
				     .lvm_volume = text_of(s->lvm.lv),
				     .lvm_thin_pool = text_of(s->lvm.thinpool),
				     .zfs_root = text_of(s->zfs.zfsroot),
				     .rbd_pool = text_of(s->rbd.rbdpool),
				     .rbd_image = text_of(s->rbd.rbdname),
				     .rbd_user = text_of(s->rbd.rbduser),
				     .quiet = flags & LXC_CREATE_QUIET,
				     .argv = argv,
			     },
			     &e);
	object_unlock(c);
	if (r != 0)
		object_explain(c, &e, "cannot create the container");
	return r == 0;
}

static bool createl(struct lxc_container *c, const char *t, const char *bdevtype,
		    struct bdev_specs *specs, int flags, ...)
{
	bool failed, done;
	va_list ap;
	char **argv;

	if (!c)
		return false;
	va_start(ap, flags);
	argv = object_collect(ap, NULL, &failed);
	va_end(ap);
	if (failed) {
		object_explain(c, NULL, "out of memory");
		return false;
	}
	done = create(c, t, bdevtype, specs, flags, argv);
	free(argv);
	return done;
}

static void explain_destroy(struct lxc_container *c, int outcome, struct err *e)
{
	if (outcome == DESTROY_NOT_DEFINED)
		err_set(e, ERR_NOT_DEFINED, 0, "Container is not defined");
	else if (outcome == DESTROY_RUNNING)
		err_set(e, ERR_ALREADY_RUNNING, 0, "container %s is not stopped", c->name);
	else if (outcome == DESTROY_HAS_SNAPSHOTS)
		err_set(e, ERR_STORAGE, 0, "Container %s has snapshots;  not removing", c->name);
	else if (outcome == DESTROY_HAS_CLONES)
		err_set(e, ERR_STORAGE, 0, "container %s has snapshots on its rootfs", c->name);
}

static bool destroy(struct lxc_container *c)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	r = container_destroy(object_lock(c), &e);
	object_unlock(c);
	if (r > 0)
		explain_destroy(c, r, &e);
	if (r != 0)
		object_explain(c, &e, "cannot destroy the container");
	return r == 0;
}

static bool destroy_with_snapshots(struct lxc_container *c)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	r = container_destroy_with(object_lock(c), DESTROY_WITH_SNAPSHOTS, &e);
	object_unlock(c);
	if (r > 0 && !err_is_set(&e))
		explain_destroy(c, r, &e);
	if (r != 0)
		object_explain(c, &e, "cannot destroy the container");
	return r == 0;
}

void object_set_create_members(struct lxc_container *c)
{
	c->create = create;
	c->createl = createl;
	c->destroy = destroy;
	c->destroy_with_snapshots = destroy_with_snapshots;
}
