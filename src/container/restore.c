/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Restoring snapshots: to a new name, which is a copy like any other, and in place (restore.h).
 */

#include "container/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lxc/lxccontainer.h>

#include "base/macros.h"
#include "base/path.h"
#include "config/rewrite.h"
#include "container/address.h"
#include "container/creation.h"
#include "container/depend.h"
#include "container/destroy.h"
#include "container/partial.h"
#include "container/paths.h"
#include "container/runs.h"
#include "container/snapshot.h"
#include "sys/file.h"

#define LOG_CATEGORY "restore"
#include "base/log.h"

enum { CONFIG_MODE = 0640 };

struct restoring {
	struct container *container;
	struct container *snapshot;
	struct container *copy;
	const struct snapshot_options *options;
	struct storage_volume old, new, final, aside; /* restore.h */
	bool old_moves;                               /* aside; else it stays where it is */
	uint64_t size;                                /* of the old volume, 0 = as it comes */
	struct str swap;                              /* the list */
};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

static int open_snapshot(const struct container *c, const char *name, struct container **ret,
			 struct err *e)
{
	autofree char *lxcpath = snapshot_lxcpath(c);
	struct container *snapshot = NULL;
	int r;

	if (!lxcpath)
		return no_memory(e);
	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return err_set(e, ERR_USAGE, 0, "\"%s\" is no snapshot's name", name);
	r = snapshot_check_lxcpath(lxcpath, e);
	if (r < 0)
		return r;
	r = container_open(name, lxcpath, &snapshot, e);
	if (r == 0 && snapshot && !container_is_defined(snapshot)) {
		r = err_set(e, ERR_NOT_DEFINED, 0, "Could not open snapshot %s", name);
		err_hint(e, "lxc-snapshot -n %s -L lists those that there are", c->name);
		container_free(snapshot);
	}
	if (r < 0)
		return err_wrap(e, r, "Could not open snapshot %s", name);
	*ret = snapshot;
	return 0;
}

/* As the container's own volume is; 0 with type 0 when it has none. */
static int find_volume(const struct container *c, struct storage_volume *ret, struct err *e)
{
	return c->config && c->config->values.rootfs.path
		       ? storage_detect(&c->config->values.rootfs, ret, e)
		       : 0;
}

/* Which type a restored container has: that of the container it takes the place of. */
static const char *choose_type(const struct storage_volume *old,
			       const struct storage_volume *snapshot)
{
	enum rootfs_type type = old->type ? old->type : snapshot->type;

	/* An overlay above a snapshot would keep that from being destroyed. */
	if (type == ROOTFS_OVERLAY && snapshot->type != ROOTFS_OVERLAY)
		type = snapshot->type;
	return type ? storage_type(type)->name : NULL;
}

static bool can_snapshot(const char *type)
{
	return type && storage_type_named(type, strlen(type))->snapshots;
}

static struct clone_options options_of(const struct snapshot_options *options, const char *type)
{
	struct clone_options how = {
		.type = type,
		.progress = options->progress,
		.progress_data = options->data,
	};

	if (can_snapshot(type))
		how.flags = LXC_CLONE_SNAPSHOT | LXC_CLONE_MAYBE_SNAPSHOT;
	return how;
}

/* The lower directory of a container that was made as an overlay is in its own one, and its
 * snapshots', which are there as well, say nothing of that. */
static int note_lower(void *data, struct container *copy, struct err *e)
{
	const struct container *c = data;
	autofree char *own = container_path(c, "/");
	struct storage_volume volume = {};
	int r = own ? find_volume(copy, &volume, e) : no_memory(e);

	if (r == 0 && volume.type == ROOTFS_OVERLAY && text_starts(volume.path, own))
		r = depend_add(copy, c->lxcpath, c->name, e);
	storage_volume_finish(&volume);
	return r;
}

static int restore_beside(struct container *c, struct container *snapshot, const char *new_name,
			  const struct snapshot_options *options, struct err *e)
{
	struct storage_volume old = {}, kept = {};
	struct clone_options how;
	int r = find_volume(c, &old, e);

	if (r == 0)
		r = find_volume(snapshot, &kept, e);
	if (r == 0) {
		how = options_of(options, choose_type(&old, &kept));
		how.name = new_name;
		how.lxcpath = c->lxcpath;
		how.prepare = note_lower;
		how.prepare_data = c;
		r = container_clone(snapshot, &how, NULL, e);
	}
	storage_volume_finish(&old);
	storage_volume_finish(&kept);
	return r;
}

/* What is asked before anything is made. */
static int check(const struct container *c, struct err *e)
{
	autostr names = {};
	int r;

	if (c->config && !c->config->values.rootfs_mount.managed) {
		r = err_set(e, ERR_UNSUPPORTED, 0,
			    "the root file system of container %s is not managed", c->name);
		err_hint(e,
			 "with lxc.rootfs.managed = 0 nothing removes it; restore to a new name");
		return r;
	}
	r = depend_is_needed(c, &names, e);
	if (r > 0) {
		r = err_set(e, ERR_STORAGE, 0, "container rootfs has dependent snapshots: %s",
			    str_text(&names));
		err_object(e, c->name);
		err_hint(e, "destroy these first, or restore to a new name (-N)");
	}
	/* The old one is removed in the end. */
	return r == 0 ? destroy_check_storage(c, e) : r;
}

/* What no snapshot has would be lost with the old volume. */
static int check_inside(const struct restoring *r, struct err *e)
{
	autostr path = {};
	int result = storage_inside(&r->old, &path, e);

	if (result <= 0)
		return result;
	result = err_set(e, ERR_STORAGE, ENOTEMPTY,
			 "\"%s\" is a subvolume, which no snapshot of container %s has",
			 str_text(&path), r->container->name);
	err_hint(e, "move it out of the container, or restore to a new name (-N)");
	return result;
}

/* A loop file gets the size and file system that it had. */
static int look_at_old(struct restoring *r, struct err *e)
{
	struct err why = {};
	int result = find_volume(r->container, &r->old, e);

	if (result < 0)
		return result;
	if (r->old.type == ROOTFS_LOOP && storage_size(&r->old, &r->size, &why) < 0)
		log_warn("%s: %s: the restored one gets the default size", r->container->name,
			 err_cause(&why));
	return 0;
}

static bool is_path(enum rootfs_type type)
{
	return type == ROOTFS_DIR || type == ROOTFS_BTRFS || type == ROOTFS_OVERLAY ||
	       type == ROOTFS_LOOP;
}

/* The volume with another place: of an overlay, another upper directory. */
static int move_to(const struct storage_volume *volume, const char *place,
		   struct storage_volume *ret, struct err *e)
{
	autostr path = {};

	str_add_bytes(&path, volume->path, (size_t)(restore_place(volume) - volume->path));
	str_add(&path, place);
	if (str_failed(&path) || storage_volume_set(ret, volume->type, str_text(&path)) < 0)
		return no_memory(e);
	return 0;
}

/* Whether the old volume's place is one that a volume of the copy may take. */
static bool keeps_place(const struct restoring *r)
{
	autofree char *own = container_path(r->container, "");
	autofree char *real_own = own ? realpath(own, NULL) : NULL;
	autofree char *place = r->old.type == r->new.type ? realpath(restore_place(&r->old), NULL)
							  : NULL;

	return real_own && place && strcmp(real_own, place) != 0 && path_is_below(place, real_own);
}

/* What is there must be the old volume, or nothing that anybody would miss. */
static int check_free(const struct restoring *r, const char *place, struct err *e)
{
	int result;

	/* Also an empty directory, which rmdir(2) has tried. */
	if (access(place, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (rmdir(place) == 0)
		return 0;
	result = err_set(e, ERR_STORAGE, EEXIST, "\"%s\" is in the way of the restored one", place);
	err_hint(e,
		 "container %s has its root file system elsewhere: move that away, or restore "
		 "to a new name",
		 r->container->name);
	return result;
}

/* A directory, subvolume, overlay or file: it comes to where the old one is, if that is in the
 * container's directory, else to where a new container's would be. */
static int place_path(struct restoring *r, struct err *e)
{
	autofree char *own = container_path(r->container, "");
	autofree char *copy = container_path(r->copy, "");
	autofree char *aside = container_path(r->copy, "/aside");
	const char *below = own && copy ? text_after(restore_place(&r->new), copy) : NULL;
	autostr place = {};
	int result;

	if (!own || !copy || !aside)
		return no_memory(e);
	if (!below)
		return err_set(e, ERR_STORAGE, 0, "\"%s\" is not in \"%s\"", r->new.path, copy);
	r->old_moves = keeps_place(r);
	if (r->old_moves) {
		result = move_to(&r->new, restore_place(&r->old), &r->final, e);
		return result == 0 ? move_to(&r->old, aside, &r->aside, e) : result;
	}
	str_addf(&place, "%s%s", own, below);
	if (str_failed(&place))
		return no_memory(e);
	result = check_free(r, str_text(&place), e);
	if (result == 0)
		result = move_to(&r->new, str_text(&place), &r->final, e);
	if (result == 0 && r->old.type &&
	    storage_volume_set(&r->aside, r->old.type, r->old.path) < 0)
		result = no_memory(e);
	return result;
}

/* A volume that is called after its container: each gets the name that goes with its new place. One
 * that has another name keeps it. */
static int place_volume(struct restoring *r, struct err *e)
{
	int result = restore_rename(r->container, "", r->copy, &r->new, false, &r->final, e);

	if (result == 0 && r->old.type)
		result =
			restore_rename(r->copy, ".old", r->container, &r->old, false, &r->aside, e);
	r->old_moves = result == 0 && r->old.type && strcmp(r->old.path, r->aside.path) != 0;
	return result;
}

static void add_volume(struct str *out, const char *word, const struct storage_volume *volume)
{
	if (!volume->type)
		return;
	str_add(out, word);
	storage_volume_print(volume, out);
	str_add_char(out, '\n');
}

static int place_volumes(struct restoring *r, struct err *e)
{
	int result = find_volume(r->copy, &r->new, e);

	if (result < 0)
		return result;
	if (!r->new.type)
		result = r->old.type ? storage_volume_set(&r->aside, r->old.type, r->old.path) : 0;
	else
		result = is_path(r->new.type) ? place_path(r, e) : place_volume(r, e);
	if (result < 0)
		return result == -ENOMEM ? no_memory(e) : result;
	add_volume(&r->swap, "new ", &r->new);
	add_volume(&r->swap, "final ", &r->final);
	/* Else it is destroyed where it is. */
	if (r->old_moves)
		add_volume(&r->swap, "aside ", &r->aside);
	return 0;
}

/* The configuration that the container gets: the snapshot's, with its own paths and name. */
static int write_new(struct restoring *r, struct err *e)
{
	autofree char *own = container_path(r->container, "");
	autofree char *copy = container_path(r->copy, "");
	autofree char *path = container_path(r->copy, "/config.new");
	struct config_file_copies files = {};
	struct config_rewrite how = {
		.old_directory = copy, .new_directory = own, .uts_name = r->container->name};
	autostr rootfs = {};
	struct config config;
	int result;

	storage_volume_print(&r->final, &rootfs);
	if (!own || !copy || !path || str_failed(&rootfs) || config_init(&config, NULL) < 0)
		return no_memory(e);
	how.rootfs = r->final.type ? str_text(&rootfs) : NULL;
	config.only_files = true;
	result = config_load(&config, r->copy->config_file, e);
	if (result == 0)
		result = config_rewrite(&config, &how, &files, e);
	for (size_t i = 0; result == 0 && i < files.count; i++)
		str_addf(&r->swap, "file %s\n", files.items[i].to + strlen(own) + 1);
	if (result == 0)
		result = config_save(&config, path, e);
	config_finish(&config);
	if (result == 0 && chmod(path, CONFIG_MODE) < 0)
		result = err_set(e, ERR_FILE_WRITE, errno, "cannot set the mode of \"%s\"", path);
	return result;
}

/* The old one, about the old volume: what remains of .restore is destroyed by it. */
static int write_aside(const struct restoring *r, struct err *e)
{
	autofree char *path = container_path(r->copy, "/config.aside");
	autostr rootfs = {};
	struct config config;
	int result;

	storage_volume_print(&r->aside, &rootfs);
	if (!path || str_failed(&rootfs) || config_init(&config, NULL) < 0)
		return no_memory(e);
	config.only_files = true;
	result = config_load(&config, r->container->config_file, e);
	if (result == 0)
		result = config_set(&config, "lxc.rootfs.path", str_text(&rootfs), "(restore)", e);
	if (result == 0)
		result = config_save(&config, path, e);
	config_finish(&config);
	return result;
}

/* All that is needed to take the container's place, up to the file that says so. */
static int prepare(struct restoring *r, struct err *e)
{
	autofree char *path = container_path(r->copy, "/swap");
	autofree char *needs = container_path(r->copy, "/lxc_rdepends");
	int result;

	if (!path || !needs)
		return no_memory(e);
	result = place_volumes(r, e);
	if (result == 0)
		result = write_new(r, e);
	if (result == 0)
		result = write_aside(r, e);
	if (result < 0)
		return result;
	if (access(needs, F_OK) == 0)
		str_add(&r->swap, "needs\n");
	if (str_failed(&r->swap))
		return no_memory(e);
	result = file_replace(AT_FDCWD, path, str_text(&r->swap), r->swap.len, 0600);
	return result < 0 ? err_set(e, ERR_FILE_WRITE, -result, "cannot write \"%s\"", path) : 0;
}

/* The container must not need its own snapshot: that could never be destroyed. */
static int release_snapshot(const struct restoring *r, const struct storage_volume *kept,
			    struct err *e)
{
	autofree char *needs = container_path(r->copy, "/lxc_rdepends");
	int result;

	if (kept->type != ROOTFS_ZFS)
		return 0;
	if (!needs)
		return no_memory(e);
	result = storage_release(kept, e);
	if (result == 0)
		result = depend_leave(r->copy, e);
	if (result == 0 && unlink(needs) < 0 && errno != ENOENT)
		result = err_set(e, ERR_FILE_WRITE, errno, "cannot remove \"%s\"", needs);
	return result;
}

static int copy_beside(struct restoring *r, struct err *e)
{
	struct storage_volume kept = {};
	struct clone_options how;
	int result = find_volume(r->snapshot, &kept, e);

	if (result < 0)
		return result;
	how = options_of(r->options, choose_type(&r->old, &kept));
	how.name = r->copy->name;
	how.lxcpath = r->copy->lxcpath;
	how.flags |= LXC_CLONE_KEEPNAME | LXC_CLONE_KEEPMACADDR;
	how.size = r->size;
	how.is_hidden = true;
	result = container_clone(r->snapshot, &how, NULL, e);
	if (result == 0)
		result = release_snapshot(r, &kept, e);
	storage_volume_finish(&kept);
	r->copy->is_looked_at = true;
	return result == 0 ? container_load_config(r->copy, NULL, e) : result;
}

static int restore_marked(struct restoring *r, struct err *e)
{
	/* What an interrupted one has left that could not be removed then. */
	int result = restore_destroy_copy(r->copy, e);

	if (result == 0)
		result = copy_beside(r, e);
	if (result == 0)
		result = prepare(r, e);
	if (result == 0) {
		result = restore_settle(r->container, e);
		if (result == RESTORE_UNDONE)
			result = err_is_set(e) ? -EIO : -EBUSY;
	}
	return result;
}

static int restore_held(struct restoring *r, struct err *e)
{
	struct container *c = r->container;
	autoclose int marker_fd = -EBADF;
	int result = check(c, e);

	if (result == 0)
		result = look_at_old(r, e);
	if (result == 0)
		result = check_inside(r, e);
	if (result == 0)
		result = restore_open_copy(c, &r->copy, e);
	if (result < 0 || !r->copy)
		return result;
	marker_fd = partial_create(c, restore_notes, strlen(restore_notes), e);
	if (marker_fd < 0)
		return marker_fd;
	result = restore_marked(r, e);
	/* Unless it is in between: then the marker stays, and the next command tries again. */
	if (result == 0 || restore_settle(c, NULL) >= 0)
		partial_remove(c);
	if (result < 0)
		return result;
	container_clear_config(c);
	return container_load_config(c, NULL, e);
}

static int restore_in_place(struct container *c, struct container *snapshot,
			    const struct snapshot_options *options, struct err *e)
{
	struct restoring r = {.container = c, .snapshot = snapshot, .options = options};
	autoclose int address_fd = -EBADF;
	int result = address_hold(c, &address_fd, e);

	if (result == ADDRESS_IS_USED) {
		result = err_set(e, ERR_ALREADY_RUNNING, 0, "container %s is running", c->name);
		err_hint(e, "stop it first: lxc-stop -P \"%s\" -n %s", c->lxcpath, c->name);
	}
	if (result == 0)
		result = restore_held(&r, e);
	container_free(r.copy);
	storage_volume_finish(&r.old);
	storage_volume_finish(&r.new);
	storage_volume_finish(&r.final);
	storage_volume_finish(&r.aside);
	str_finish(&r.swap);
	return result;
}

int container_restore(struct container *c, const char *snapshot, const char *new_name,
		      const struct snapshot_options *options, struct err *e)
{
	struct container *from = NULL;
	int r = runs_repair(c->lxcpath, c->name, e);

	if (r >= 0)
		r = creation_clear(c, e);
	if (r >= 0 && !container_is_defined(c))
		r = err_set(e, ERR_NOT_DEFINED, 0, "container %s is not defined", c->name);
	if (r >= 0)
		r = c->config ? 0 : container_load_config(c, NULL, e);
	if (r >= 0)
		r = open_snapshot(c, snapshot, &from, e);
	if (r >= 0 && from)
		r = snapshot_check_stopped(from, e);
	if (r < 0 || !from) {
		container_free(from);
		return r;
	}
	if (new_name && strcmp(new_name, c->name) != 0)
		r = restore_beside(c, from, new_name, options, e);
	else
		r = restore_in_place(c, from, options, e);
	container_free(from);
	return r;
}
