/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Destroying a container (spec/storage.md §5): what stands in the way, destroy hooks, storage, the
 * directory. It is noted before anything goes, and whoever finds that we were killed goes on
 * (container/creation.h). Its control address is held meanwhile, so that it can't be started.
 */

#include "container/destroy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/address.h"
#include "container/creation.h"
#include "container/depend.h"
#include "container/hooks.h"
#include "container/partial.h"
#include "container/paths.h"
#include "container/runs.h"
#include "storage/removal.h"

#define LOG_CATEGORY "destroy"
#include "base/log.h"

int destroy_tree_but(const struct config *config, const char *path, const char *const *kept,
		     struct err *e)
{
	return removal_tree(config ? &config->values.idmaps : NULL, path, kept, e);
}

int destroy_tree(const struct config *config, const char *path, struct err *e)
{
	return destroy_tree_but(config, path, NULL, e);
}

static int refuse_path(const struct container *c, const char *path, const char *why, struct err *e)
{
	int r = err_set(e, ERR_STORAGE, 0, "the root file system \"%s\" is not removed: %s", path,
			why);

	err_object(e, c->name);
	err_hint(e, "correct lxc.rootfs.path in \"%s\", or set lxc.rootfs.managed = 0",
		 c->config_file);
	return r;
}

/* What is removed is a path of the host's. */
static bool has_path(const struct storage_volume *volume)
{
	return volume->type == ROOTFS_DIR || volume->type == ROOTFS_BTRFS ||
	       volume->type == ROOTFS_OVERLAY || volume->type == ROOTFS_LOOP;
}

/* Whether one of the paths of another volume, between colons for an overlay, is `path`, below or
 * above it: 1, 0, or negative. What can't be looked at may well be there. */
static int touches(const struct storage_volume *other, const char *path, struct err *e)
{
	for (const char *at = other->path; *at;) {
		const char *end = other->type == ROOTFS_OVERLAY ? strstr(at, ":/") : NULL;
		size_t len = end ? (size_t)(end - at) : strlen(at);
		autofree char *part = strndup(at, len);
		autofree char *real = part ? realpath(part, NULL) : NULL;

		if (real && (path_is_below(real, path) || path_is_below(path, real)))
			return 1;
		if (!real && errno != ENOENT && errno != ENOTDIR)
			return err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"",
				       part ? part : other->path);
		at += len + (at[len] != '\0');
	}
	return 0;
}

/* Whether another container's root file system is there: 1, 0, or negative. What can't be read may
 * well be there. */
static int uses_volume(const char *lxcpath, const char *name, const struct storage_volume *volume,
		       struct err *e)
{
	struct container *other = NULL;
	struct storage_volume used = {};
	struct config config;
	int r = container_open_bare(name, lxcpath, &other, e);

	if (r < 0)
		return r;
	r = config_init(&config, NULL);
	config.only_files = true;
	if (r == 0)
		r = config_load(&config, other->config_file, e);
	/* Listed, and gone meanwhile. */
	if (r < 0 && !container_is_defined(other))
		r = 0;
	if (config.values.rootfs.path && storage_detect(&config.values.rootfs, &used, e) == 0) {
		if (has_path(volume))
			r = touches(&used, volume->path, e);
		else
			r = used.type == volume->type && strcmp(used.path, volume->path) == 0;
	}
	storage_volume_finish(&used);
	config_finish(&config);
	container_free(other);
	return r;
}

/* What lies outside of the container's own directory may be somebody else's. */
static int check_other(const struct container *c, const char *name,
		       const struct storage_volume *volume, struct err *e)
{
	autofree char *real_lxcpath = realpath(c->lxcpath, NULL);
	autofree char *own = real_lxcpath ? path_join(real_lxcpath, name) : NULL;
	autostr why = {};
	int r = has_path(volume) && own && path_is_below(volume->path, own)
			? 1
			: uses_volume(c->lxcpath, name, volume, e);

	if (r == 0)
		return 0;
	if (r < 0)
		return err_wrap(e, r, "it is not known whether container %s uses \"%s\"", name,
				volume->path);
	str_addf(&why, "container %s uses it", name);
	return refuse_path(c, volume->path, str_text(&why), e);
}

static int check_others(const struct container *c, const struct storage_volume *volume,
			struct err *e)
{
	struct container_names names = {};
	int r = container_list_defined(c->lxcpath, &names, e);

	for (size_t i = 0; r >= 0 && i < names.count; i++)
		if (strcmp(names.items[i], c->name) != 0)
			r = check_other(c, names.items[i], volume, e);
	container_names_finish(&names);
	return r < 0 ? r : 0;
}

/* A directory, or the upper one of an overlay, as it is called without links. 0, or negative. */
static int check_directory(const struct container *c, const struct storage_volume *volume,
			   const char *path, struct err *e)
{
	autofree char *own = container_path(c, "");
	autofree char *real_own = own ? realpath(own, NULL) : NULL;
	struct storage_volume place = {.type = ROOTFS_DIR, .path = realpath(path, NULL)};
	struct stat status;
	int r = 0;

	if (!place.path && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!place.path || !real_own || stat(place.path, &status) < 0)
		r = err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", path);
	else if (S_ISDIR(status.st_mode) == (volume->type == ROOTFS_LOOP))
		r = refuse_path(
			c, path,
			volume->type == ROOTFS_LOOP ? "it is no file" : "it is no directory", e);
	else if (path_is_of_system(place.path) || path_is_below(real_own, place.path))
		r = refuse_path(c, path, "it is a directory of the system", e);
	else if (!path_is_below(place.path, real_own))
		r = check_others(c, &place, e);
	storage_volume_finish(&place);
	return r;
}

static int refuse_link(const struct container *c, const char *path, const char *link, uid_t owner,
		       struct err *e)
{
	autostr why = {};

	str_addf(&why, "\"%s\" is a symbolic link of uid %u's", link, (unsigned)owner);
	return refuse_path(c, path, str_text(&why), e);
}

/* Links in the container's directory are followed when we or root have made them: its own root, who
 * may write there, could name anything of the host's. 0, or negative. */
static int check_links(const struct container *c, const char *path, struct err *e)
{
	autofree char *own = container_path(c, "");
	autofree char *part = strdup(path);
	struct stat directory, status;
	bool is_inside = false;

	if (!own || !part)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (stat(own, &directory) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", own);
	for (char *at = part; at && *at;) {
		char *end = strchr(at + 1, '/');

		if (end)
			*end = '\0';
		if (is_inside && lstat(part, &status) == 0 && S_ISLNK(status.st_mode) &&
		    status.st_uid != 0 && status.st_uid != geteuid())
			return refuse_link(c, path, part, status.st_uid, e);
		if (stat(part, &status) == 0 && status.st_dev == directory.st_dev &&
		    status.st_ino == directory.st_ino)
			is_inside = true;
		if (end)
			*end = '/';
		at = end;
	}
	return 0;
}

/* 0: `*ret` is what to remove (of type ROOTFS_DETECT: nothing), or negative. */
static int find_storage(const struct container *c, struct storage_volume *ret, struct err *e)
{
	const struct config_rootfs *rootfs = &c->config->values.rootfs;
	autofree char *real = NULL;
	const char *path;
	int r;

	if (!rootfs->path)
		return 0;
	r = storage_detect(rootfs, ret, e);
	if (r < 0)
		return r;
	if (!has_path(ret))
		return check_others(c, ret, e);
	path = ret->path;
	for (const char *at = path; ret->type == ROOTFS_OVERLAY && (at = strstr(at, ":/")); at++)
		path = at + 1;
	r = check_links(c, path, e);
	if (r == 0)
		r = check_directory(c, ret, path, e);
	/* Behind such a link, what it leads to is meant. */
	real = r == 0 && ret->type != ROOTFS_OVERLAY ? realpath(path, NULL) : NULL;
	if (real && storage_volume_set(ret, ret->type, real) < 0)
		r = err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	return r;
}

int destroy_check_storage(const struct container *c, struct err *e)
{
	struct storage_volume volume = {};
	int r = c->config ? find_storage(c, &volume, e) : 0;

	storage_volume_finish(&volume);
	return r;
}

/* Whether a container that is in no list has its root file system, or a layer of it, in our
 * directory. One whose configuration can't be read does not keep all others from being destroyed.
 * 0, or negative. */
static int check_users(const struct container *c, struct err *e)
{
	struct container_names names = {};
	autofree char *own = container_path(c, "");
	int r = own ? container_list_defined(c->lxcpath, &names, e)
		    : err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");

	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		struct container *other = NULL;

		if (strcmp(names.items[i], c->name) == 0 ||
		    container_open_bare(names.items[i], c->lxcpath, &other, NULL) < 0)
			continue;
		if (depend_uses_directory(other, own, NULL) > 0) {
			r = err_set(e, ERR_STORAGE, 0,
				    "the root file system of container %s is in \"%s\"",
				    names.items[i], own);
			err_hint(e, "destroy that one first, or correct its lxc.rootfs.path");
		}
		container_free(other);
	}
	container_names_finish(&names);
	return r < 0 ? r : 0;
}

static int check_needed(const struct container *c, struct err *e)
{
	autostr names = {};
	int r = depend_is_needed(c, &names, e);

	if (r <= 0)
		return r;
	err_set(e, ERR_STORAGE, 0, "%s is needed by: %s", c->name, str_text(&names));
	err_hint(e, "destroy these first, or all of them together by lxc-destroy -s --clones");
	return DESTROY_HAS_CLONES;
}

/* What is asked before anything is touched: 0, an outcome, or negative. */
static int check_obstacles(const struct container *c, struct err *e)
{
	int r = partial_look(c, e);

	if (r < 0)
		return r;
	if (r == PARTIAL_HELD)
		return partial_refuse(c, e);
	r = depend_has_snapshots(c, e);
	if (r != 0)
		return r < 0 ? r : DESTROY_HAS_SNAPSHOTS;
	return check_needed(c, e);
}

static int destroy_locked(struct container *c, const struct storage_volume *volume, struct err *e)
{
	autoclose int lock_fd = container_lock_disk(c, e);
	int r;

	if (lock_fd < 0)
		return lock_fd;
	/* A snapshot that a hook has made, or a copy that began meanwhile: it writes itself down
	 * under the same lock. */
	r = depend_has_snapshots(c, e);
	if (r != 0)
		return r < 0 ? r : DESTROY_HAS_SNAPSHOTS;
	r = check_needed(c, e);
	if (r != 0)
		return r;
	log_info("destroying container %s", c->name);
	r = creation_reverse(c, volume, e);
	if (r == 0)
		container_remove_lock(c);
	return r;
}

static int destroy_defined(struct container *c, struct err *e)
{
	struct storage_volume volume = {};
	autoclose int address_fd = -EBADF;
	int r = 0;

	if (!c->config)
		r = container_load_config(c, NULL, e);
	if (r >= 0)
		r = address_hold(c, &address_fd, e);
	if (r == ADDRESS_IS_USED)
		return DESTROY_RUNNING;
	if (r == 0)
		r = check_obstacles(c, e);
	if (r == 0 && !c->config->values.rootfs_mount.managed)
		return 0;
	if (r == 0)
		r = find_storage(c, &volume, e);
	if (r == 0)
		r = check_users(c, e);
	/* Hooks may run commands that lock the container: the lock is taken behind them. */
	if (r == 0)
		r = hooks_run(c, &(struct hook_call){.kind = HOOK_DESTROY, .type = "destroy"}, e);
	if (r == 0)
		r = destroy_locked(c, &volume, e);
	storage_volume_finish(&volume);
	return r;
}

int container_destroy(struct container *c, struct err *e)
{
	int r = runs_repair_last(c->lxcpath, c->name, e);

	if (r < 0)
		return err_wrap(e, r, "an earlier run of container %s can't be undone", c->name);
	r = creation_clear(c, e);
	if (r < 0)
		return r;
	if (!container_is_defined(c))
		return r > 0 ? 0 : DESTROY_NOT_DEFINED;
	r = destroy_defined(c, e);
	return r < 0 ? err_wrap(e, r, "cannot destroy container %s", c->name) : r;
}
