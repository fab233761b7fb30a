/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members about snapshots (spec/api.md §7).
 */

#include "api/object.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "container/snapshot.h"

/* The members need a configuration file; explains when there is none. */
static bool must_be_defined(struct lxc_container *c)
{
	struct err e = {0};

	if (c->is_defined(c))
		return true;
	err_set(&e, ERR_NOT_DEFINED, 0, "container \"%s\" is not defined", c->name);
	object_explain(c, &e, "");
	return false;
}

/* A file may be called "-", which means something else below. */
static int snapshot(struct lxc_container *c, const char *commentfile)
{
	struct snapshot_options options = {.comment_file = commentfile};
	struct err e = {0};
	int r;

	if (!c || !must_be_defined(c))
		return -1;
	if (commentfile && strcmp(commentfile, "-") == 0)
		options.comment_file = "./-";
	r = container_snapshot(object_lock(c), &options, NULL, &e);
	object_unlock(c);
	if (r < 0)
		object_explain(c, &e, "cannot make a snapshot");
	return r < 0 ? -1 : r;
}

static void free_snapshot(struct lxc_snapshot *s)
{
	free(s->name);
	free(s->comment_pathname);
	free(s->timestamp);
	free(s->lxcpath);
}

/* Takes the item's texts over. */
static bool show(struct snapshot *item, const char *lxcpath, struct lxc_snapshot *ret)
{
	struct str comment = {0};

	str_addf(&comment, "%s/%s/comment", lxcpath, item->name);
	*ret = (struct lxc_snapshot){
		.name = item->name,
		.timestamp = item->timestamp,
		.lxcpath = strdup(lxcpath),
		.comment_pathname = str_failed(&comment) ? NULL : str_take(&comment),
		.free = free_snapshot,
	};
	item->name = item->timestamp = NULL;
	str_finish(&comment);
	return ret->lxcpath && ret->comment_pathname;
}

/* An array of them, or NULL: memory is out. */
static struct lxc_snapshot *show_all(struct snapshot_list *list)
{
	struct lxc_snapshot *all = calloc(list->count, sizeof(*all));
	bool works = all != NULL;

	for (size_t i = 0; works && i < list->count; i++)
		works = show(&list->items[i], list->lxcpath, &all[i]);
	if (works || !all)
		return all;
	for (size_t i = 0; i < list->count; i++)
		free_snapshot(&all[i]);
	free(all);
	return NULL;
}

static int snapshot_list(struct lxc_container *c, struct lxc_snapshot **snapshots)
{
	struct snapshot_list list = {0};
	struct err e = {0};
	int count;

	if (!c)
		return -1;
	if (!snapshots) {
		object_explain_usage(c, "a list of snapshots needs a place to put it");
		return -1;
	}
	if (!must_be_defined(c))
		return -1;
	if (container_snapshots(object_container(c), &list, &e) < 0) {
		object_explain(c, &e, "cannot list the snapshots");
		return -1;
	}
	count = list.count > INT_MAX ? INT_MAX : (int)list.count;
	*snapshots = count > 0 ? show_all(&list) : NULL;
	snapshot_list_finish(&list);
	if (count > 0 && !*snapshots) {
		object_explain(c, NULL, "out of memory");
		return -1;
	}
	return count;
}

static bool snapshot_restore(struct lxc_container *c, const char *snapname, const char *newname)
{
	const struct snapshot_options options = {0};
	struct err e = {0};
	int r;

	if (!c)
		return false;
	if (!snapname) {
		object_explain_usage(c, "no snapshot is named");
		return false;
	}
	if (!must_be_defined(c))
		return false;
	r = container_restore(object_lock(c), snapname, newname, &options, &e);
	object_unlock(c);
	if (r != 0)
		object_explain(c, &e, "cannot restore the snapshot");
	return r == 0;
}

static bool snapshot_destroy(struct lxc_container *c, const char *snapname)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	if (!snapname) {
		object_explain_usage(c, "no snapshot is named");
		return false;
	}
	if (!must_be_defined(c))
		return false;
	r = container_snapshot_destroy(object_container(c), snapname, &e);
	if (r != 0)
		object_explain(c, &e, "cannot destroy the snapshot");
	return r == 0;
}

static bool snapshot_destroy_all(struct lxc_container *c)
{
	struct err e = {0};
	int r;

	if (!c || !must_be_defined(c))
		return false;
	r = container_snapshot_destroy_all(object_container(c), &e);
	if (r != 0)
		object_explain(c, &e, "cannot destroy the snapshots");
	return r == 0;
}

void object_set_snapshot_members(struct lxc_container *c)
{
	c->snapshot = snapshot;
	c->snapshot_list = snapshot_list;
	c->snapshot_restore = snapshot_restore;
	c->snapshot_destroy = snapshot_destroy;
	c->snapshot_destroy_all = snapshot_destroy_all;
}
