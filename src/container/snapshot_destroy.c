/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Destroying snapshots, and containers with all that depends on them. What goes is listed first, in
 * the order in which it goes, and nothing is touched when something stands in the way.
 */

#include "container/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/creation.h"
#include "container/depend.h"
#include "container/destroy.h"
#include "container/partial.h"
#include "container/paths.h"
#include "container/restore.h"
#include "storage/storage.h"

#define LOG_CATEGORY "snapshot"
#include "base/log.h"

enum { DEPTH_MAX = 32 }; /* of snapshots of snapshots of clones … */

struct doomed {
	struct container *container;
};

struct doom {
	VEC_OF(struct doomed) /* who goes, in this order */
	unsigned flags;       /* DESTROY_WITH_* */
	bool has_snapshots;   /* of those that go, though nobody asked for that */
	struct str needed;    /* who stays and needs one that goes */
};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

static void doom_finish(struct doom *doom)
{
	for (size_t i = 0; i < doom->count; i++)
		container_free(doom->items[i].container);
	vec_finish(doom);
	str_finish(&doom->needed);
}

static bool is_doomed(const struct doom *doom, const char *lxcpath, const char *name)
{
	for (size_t i = 0; i < doom->count; i++)
		if (strcmp(doom->items[i].container->lxcpath, lxcpath) == 0 &&
		    strcmp(doom->items[i].container->name, name) == 0)
			return true;
	return false;
}

static int doom_with_all(struct doom *doom, const char *lxcpath, const char *name, unsigned depth,
			 struct err *e);

/* A directory among the snapshots that is none, and would be lost with them. */
static int refuse_strangers(const struct snapshot_list *list, struct err *e)
{
	DIR *directory = opendir(list->lxcpath);
	const struct dirent *entry;
	int r = 0;

	while (directory && r == 0 && (entry = readdir(directory))) {
		bool is_known = entry->d_name[0] == '.';

		for (size_t i = 0; !is_known && i < list->count; i++)
			is_known = strcmp(list->items[i].name, entry->d_name) == 0;
		if (!is_known) {
			r = err_set(e, ERR_STORAGE, ENOTEMPTY, "\"%s/%s\" is no complete snapshot",
				    list->lxcpath, entry->d_name);
			err_hint(e, "wait if it is being made; else look what it is, and remove "
				    "it");
		}
	}
	if (directory)
		closedir(directory);
	return r;
}

static bool is_path(enum rootfs_type type)
{
	return type == ROOTFS_DIR || type == ROOTFS_BTRFS || type == ROOTFS_OVERLAY ||
	       type == ROOTFS_LOOP;
}

/* Whether `place` is in the snapshot's directory, or not there at all. 0, or negative. */
static int check_place(const struct container *snapshot, const char *place, struct err *e)
{
	autofree char *own = container_path(snapshot, "");
	autofree char *real_own = own ? realpath(own, NULL) : NULL;
	autofree char *real = realpath(place, NULL);
	int r;

	if (!real && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (real && real_own && strcmp(real, real_own) != 0 && path_is_below(real, real_own))
		return 0;
	r = err_set(e, ERR_STORAGE, EPERM,
		    "the root file system \"%s\" of snapshot %s is not in \"%s/%s\"", place,
		    snapshot->name, snapshot->lxcpath, snapshot->name);
	err_hint(e, "it may be another's and is not removed: correct lxc.rootfs.path in \"%s\"",
		 snapshot->config_file);
	return r;
}

/* A snapshot's storage was made in its directory. Where the path of another place is (a renamed
 * container's former one), there may be another container's snapshot. */
static int check_snapshot(struct doom *doom, const char *lxcpath, const char *name, struct err *e)
{
	struct storage_volume volume = {};
	struct container *snapshot = NULL;
	int r = 0;

	for (size_t i = 0; i < doom->count; i++)
		if (strcmp(doom->items[i].container->lxcpath, lxcpath) == 0 &&
		    strcmp(doom->items[i].container->name, name) == 0)
			snapshot = doom->items[i].container;
	if (snapshot && !snapshot->config)
		r = container_load_config(snapshot, NULL, e);
	if (r < 0 || !snapshot || !snapshot->config->values.rootfs.path ||
	    !snapshot->config->values.rootfs_mount.managed)
		return r;
	r = storage_detect(&snapshot->config->values.rootfs, &volume, e);
	if (r == 0 && is_path(volume.type))
		r = check_place(snapshot, restore_place(&volume), e);
	storage_volume_finish(&volume);
	return r;
}

static int doom_snapshots(struct doom *doom, const struct container *c, unsigned depth,
			  struct err *e)
{
	struct snapshot_list list = {};
	int r = container_snapshots(c, &list, e);

	if (r == 0)
		r = refuse_strangers(&list, e);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		r = doom_with_all(doom, list.lxcpath, list.items[i].name, depth + 1, e);
		if (r == 0)
			r = check_snapshot(doom, list.lxcpath, list.items[i].name, e);
	}
	snapshot_list_finish(&list);
	return r;
}

/* Those that need its storage, but for its own snapshots, which are treated as such. */
static int doom_dependents(struct doom *doom, const struct container *c, unsigned depth,
			   struct err *e)
{
	autofree char *own = snapshot_lxcpath(c);
	struct depend_pairs pairs = {};
	int r = own ? depend_list(c, &pairs, e) : no_memory(e);

	if (r == 0 && pairs.nameless > 0)
		str_addf(&doom->needed, " (%llu containers)", (unsigned long long)pairs.nameless);
	for (size_t i = 0; r == 0 && i < pairs.count; i++) {
		const struct depend_pair *pair = &pairs.items[i];

		if (strcmp(pair->lxcpath, own) == 0 || is_doomed(doom, pair->lxcpath, pair->name))
			continue;
		if (doom->flags & DESTROY_WITH_CLONES)
			r = doom_with_all(doom, pair->lxcpath, pair->name, depth + 1, e);
		else
			str_addf(&doom->needed, " %s", pair->name);
	}
	depend_pairs_finish(&pairs);
	return r;
}

static int doom_one(struct doom *doom, struct container *c, unsigned depth, struct err *e)
{
	struct doomed *place;
	int r = depend_has_snapshots(c, e);

	if (r > 0 && !(doom->flags & DESTROY_WITH_SNAPSHOTS)) {
		doom->has_snapshots = true;
		r = 0;
	} else if (r > 0) {
		r = doom_snapshots(doom, c, depth, e);
	}
	if (r == 0)
		r = doom_dependents(doom, c, depth, e);
	if (r < 0)
		return r;
	place = vec_push(doom);
	if (!place)
		return no_memory(e);
	place->container = c;
	return 0;
}

/* What goes with a container, then itself. */
static int doom_with_all(struct doom *doom, const char *lxcpath, const char *name, unsigned depth,
			 struct err *e)
{
	struct container *c = NULL;
	int r;

	if (is_doomed(doom, lxcpath, name))
		return 0;
	if (depth > DEPTH_MAX)
		return err_set(e, ERR_STORAGE, ELOOP, "container %s needs itself", name);
	r = container_open_bare(name, lxcpath, &c, e);
	if (r == 0)
		r = creation_clear(c, e);
	if (r >= 0 && container_is_defined(c))
		r = doom_one(doom, c, depth, e);
	else if (r >= 0)
		container_free(take_ptr(c));
	if (r < 0)
		container_free(c);
	return r < 0 ? r : 0;
}

static int refuse_needed(const struct container *c, const struct doom *doom, struct err *e)
{
	err_set(e, ERR_STORAGE, 0, "%s is needed by:%s", c->name, str_text(&doom->needed));
	err_hint(e, "destroy these first, or all of them together by lxc-destroy -s --clones");
	return DESTROY_HAS_CLONES;
}

/* Before anything goes: DESTROY_RUNNING, 0, or negative. */
static int check_stopped(const struct doom *doom, struct err *e)
{
	for (size_t i = 0; i < doom->count; i++) {
		enum container_state state = STATE_STOPPED;
		int r = container_state(doom->items[i].container, 0, &state, e);

		if (r < 0)
			return r;
		if (state != STATE_STOPPED) {
			err_set(e, ERR_ALREADY_RUNNING, 0, "%s is running",
				doom->items[i].container->name);
			return DESTROY_RUNNING;
		}
	}
	return 0;
}

static int refuse_outcome(const struct container *c, int outcome, struct err *e)
{
	static const char *const why[] = {
		[DESTROY_NOT_DEFINED] = "is not defined",
		[DESTROY_RUNNING] = "is running",
		[DESTROY_HAS_SNAPSHOTS] = "has snapshots",
		[DESTROY_HAS_CLONES] = "has clones",
	};

	return err_set(e, ERR_STORAGE, EBUSY, "%s/%s %s", c->lxcpath, c->name, why[outcome]);
}

/* All in their order: 0, or negative. */
static int carry_out(struct doom *doom, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		struct container *c = doom->items[i].container;
		int r = container_destroy(c, e);

		if (r > 0 && r != DESTROY_NOT_DEFINED)
			return refuse_outcome(c, r, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The empty directory, which LXC removes with the last one. */
static void remove_lxcpath(const struct container *c)
{
	autofree char *lxcpath = snapshot_lxcpath(c);

	if (lxcpath && rmdir(lxcpath) < 0 && errno != ENOENT && errno != ENOTEMPTY)
		log_warn("%s: cannot remove the empty directory \"%s\"", c->name, lxcpath);
}

static int check_doom(const struct container *c, const struct doom *doom, struct err *e)
{
	if (doom->needed.len > 0)
		return refuse_needed(c, doom, e);
	return doom->has_snapshots ? DESTROY_HAS_SNAPSHOTS : check_stopped(doom, e);
}

int container_destroy_with(struct container *c, unsigned flags, struct err *e)
{
	struct doom doom = {.flags = flags};
	int r = creation_clear(c, e);

	if (r < 0)
		return r;
	if (r == 0 && !container_is_defined(c))
		return DESTROY_NOT_DEFINED;
	if (!container_is_defined(c))
		return 0;
	r = c->config ? 0 : container_load_config(c, NULL, e);
	if (r < 0)
		return r;
	if (!c->config->values.rootfs_mount.managed)
		return container_destroy(c, e);
	r = doom_with_all(&doom, c->lxcpath, c->name, 0, e);
	if (r == 0)
		r = check_doom(c, &doom, e);
	/* Else they would be gone, and the container would stay. Clones that go may use it now. */
	if (r == 0 && !(flags & DESTROY_WITH_CLONES))
		r = destroy_check_storage(c, e);
	/* The last one is the container itself, which may have other things in memory. */
	if (r == 0)
		r = carry_out(&doom, doom.count - 1, e);
	if (r == 0) {
		remove_lxcpath(c);
		r = container_destroy(c, e);
	}
	doom_finish(&doom);
	return r < 0 ? err_wrap(e, r, "cannot destroy container %s", c->name) : r;
}

int container_snapshot_destroy(const struct container *c, const char *snapshot, struct err *e)
{
	autofree char *lxcpath = snapshot_lxcpath(c);
	struct doom doom = {};
	int r;

	if (!lxcpath)
		return no_memory(e);
	if (!snapshot[0] || snapshot[0] == '.' || strchr(snapshot, '/'))
		return err_set(e, ERR_USAGE, 0, "\"%s\" is no snapshot's name", snapshot);
	r = snapshot_check_lxcpath(lxcpath, e);
	if (r == 0)
		r = doom_with_all(&doom, lxcpath, snapshot, 0, e);
	if (r == 0)
		r = check_snapshot(&doom, lxcpath, snapshot, e);
	if (r == 0 && doom.count == 0) {
		r = err_set(e, ERR_NOT_DEFINED, 0, "Could not find snapshot %s", snapshot);
		err_hint(e, "lxc-snapshot -n %s -L lists those that there are", c->name);
	}
	if (r == 0 && doom.count > 0) {
		r = check_doom(doom.items[0].container, &doom, e);
		if (r == DESTROY_HAS_SNAPSHOTS)
			r = refuse_outcome(doom.items[0].container, r, e);
	}
	if (r > 0)
		r = -EBUSY;
	if (r == 0)
		r = carry_out(&doom, doom.count, e);
	doom_finish(&doom);
	return r;
}

int container_snapshot_destroy_all(const struct container *c, struct err *e)
{
	struct doom doom = {.flags = DESTROY_WITH_SNAPSHOTS};
	int r = doom_snapshots(&doom, c, 0, e);

	if (r == 0)
		r = check_doom(c, &doom, e);
	if (r > 0)
		r = -EBUSY;
	if (r == 0)
		r = carry_out(&doom, doom.count, e);
	if (r == 0)
		remove_lxcpath(c);
	doom_finish(&doom);
	return r;
}
