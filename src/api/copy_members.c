/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members that copy and rename (spec/api.md §7), and what lxc-copy needs beside them.
 */

#include "api/object.h"

#include <tare/tare.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/macros.h"
#include "container/ephemeral.h"

static bool rename_container(struct lxc_container *c, const char *newname)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	if (!newname || !newname[0]) {
		object_explain_usage(c, "renaming needs a new name");
		return false;
	}
	if (!object_has_config(c))
		return false;
	r = tare_rename(c, newname, false, NULL, &e);
	if (r < 0)
		object_explain(c, &e, "cannot rename the container");
	return r == 0;
}

int tare_rename(struct lxc_container *c, const char *name, bool keep_name, char *const *arguments,
		struct err *e)
{
	int r = container_rename(
		object_lock(c), name,
		&(struct rename_options){.keep_name = keep_name, .arguments = arguments}, e);

	object_unlock(c);
	return r;
}

/* `bdevdata` means nothing to any kind of storage. */
static struct lxc_container *clone_container(struct lxc_container *c, const char *newname,
					     const char *lxcpath, int flags, const char *bdevtype,
					     const char *bdevdata, uint64_t newsize,
					     char **hookargs)
{
	const struct clone_options options = {
		.name = newname,
		.lxcpath = lxcpath,
		.flags = (unsigned)flags,
		.type = bdevtype,
		.size = newsize,
		.arguments = hookargs,
	};
	struct lxc_container *copy;
	struct err e = {0};
	int r;

	if (!c)
		return NULL;
	r = container_clone(object_lock(c), &options, NULL, &e);
	object_unlock(c);
	if (r < 0) {
		object_explain(c, &e, "cannot copy the container");
		return NULL;
	}
	copy = tare_container_new(newname ? newname : c->name, lxcpath ? lxcpath : c->config_path,
				  &e);
	if (!copy)
		object_explain(c, &e, "cannot open the copy");
	return copy;
}

/* Between the copy engine and a command. */
struct watcher {
	const struct tare_clone *clone;
	atomic_bool cancel;
};

static void watch(void *data, const struct copy_progress *progress)
{
	struct watcher *w = data;
	const struct tare_counts counts = {
		.bytes = progress->bytes,
		.shared_bytes = progress->shared_bytes,
		.files = progress->files,
		.directories = progress->directories,
		.total_bytes = progress->total_bytes,
		.total_files = progress->total_files,
	};

	if (!w->clone->progress(w->clone->progress_data, &counts))
		atomic_store(&w->cancel, true);
}

static int refuse_tmpfs(struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, 0,
		       "A container can only be placed on a tmpfs when the overlay storage driver "
		       "is used");
}

static int copy_mounts(const struct tare_clone *clone, struct ephemeral_mount **ret, struct err *e)
{
	struct ephemeral_mount *mounts = calloc(clone->mount_count + 1, sizeof(*mounts));

	if (!mounts)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	for (size_t i = 0; i < clone->mount_count; i++)
		mounts[i] = (struct ephemeral_mount){
			.is_overlay = clone->mounts[i].is_overlay,
			.source = clone->mounts[i].source,
			.target = clone->mounts[i].target,
			.is_read_only = clone->mounts[i].is_read_only,
		};
	*ret = mounts;
	return 0;
}

int tare_clone(struct lxc_container *c, const struct tare_clone *clone, struct err *e)
{
	autofree struct ephemeral_mount *mounts = NULL;
	struct watcher watcher = {.clone = clone};
	struct ephemeral ephemeral = {
		.keeps_data = clone->keeps_data,
		.on_tmpfs = clone->on_tmpfs,
		.keeps_name = clone->flags & LXC_CLONE_KEEPNAME,
		.mount_count = clone->mount_count,
	};
	struct clone_options options = {
		.name = clone->name,
		.lxcpath = clone->lxcpath,
		.flags = clone->flags | (clone->is_ephemeral ? LXC_CLONE_SNAPSHOT : 0),
		.type = clone->type || !clone->on_tmpfs ? clone->type : "overlay",
		.size = clone->size,
		.arguments = clone->arguments,
		.prepare = clone->is_ephemeral ? ephemeral_prepare : NULL,
		.prepare_data = &ephemeral,
		.progress = clone->progress ? watch : NULL,
		.progress_data = &watcher,
		.cancel = &watcher.cancel,
	};
	int r = copy_mounts(clone, &mounts, e);

	if (r < 0)
		return r;
	ephemeral.mounts = mounts;
	r = container_clone(object_lock(c), &options, NULL, e);
	object_unlock(c);
	return r == -EOPNOTSUPP && clone->on_tmpfs ? refuse_tmpfs(e) : r;
}

int tare_choose_name(const char *name, const char *lxcpath, char **ret, struct err *e)
{
	return ephemeral_choose_name(name, lxcpath, ret, e);
}

void object_set_copy_members(struct lxc_container *c)
{
	c->rename = rename_container;
	c->clone = clone_container;
}
