/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Copying a container (spec/storage.md §6, §8): what is asked first, then one journalled creation
 * (container/creation.h) of storage, files, dependencies, configuration, in this order. The
 * configuration is last but the hooks: until it is there, there is no container.
 */

#include "container/clone.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lxc/lxccontainer.h>

#include "base/macros.h"
#include "container/address.h"
#include "container/creation.h"
#include "container/partial.h"
#include "container/paths.h"

#define LOG_CATEGORY "clone"
#include "base/log.h"

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

static int check_source(struct cloning *c, struct err *e)
{
	enum container_state state = STATE_STOPPED;
	int r = 0;

	if (!container_is_defined(c->source))
		return err_set(e, ERR_NOT_DEFINED, 0, "Container %s is not defined",
			       c->source->name);
	if (partial_look(c->source, NULL) != PARTIAL_NONE)
		return partial_refuse(c->source, e);
	if (!c->source->config)
		r = container_load_config(c->source, NULL, e);
	if (r == 0)
		r = container_state(c->source, 0, &state, e);
	if (r < 0)
		return r;
	c->source_runs = state != STATE_STOPPED;
	if (!c->source_runs || c->options->flags & LXC_CLONE_ALLOW_RUNNING)
		return 0;
	return err_set(e, ERR_ALREADY_RUNNING, 0,
		       "error: Original container (%s) is running. Use --allowrunning if you want "
		       "to force a snapshot of the running container.",
		       c->source->name);
}

/* As long as its address is held it can be neither started nor destroyed nor renamed. Another copy
 * of it may hold it: check_source_again() finds what comes behind that one. */
static int hold_source(struct cloning *c, struct err *e)
{
	int r;

	if (c->source_runs || c->options->flags & LXC_CLONE_ALLOW_RUNNING)
		return 0;
	r = address_hold(c->source, &c->source_fd, e);
	return r == ADDRESS_IS_USED ? 0 : r;
}

/* Before the copy counts. */
static int check_source_again(struct cloning *c, struct err *e)
{
	enum container_state state = STATE_STOPPED;
	int r = 0;

	if (!container_is_defined(c->source) || partial_look(c->source, NULL) != PARTIAL_NONE)
		return err_set(e, ERR_NOT_DEFINED, 0,
			       "container %s was destroyed or changed while it was copied",
			       c->source->name);
	if (c->source_runs || c->options->flags & LXC_CLONE_ALLOW_RUNNING)
		return 0;
	r = container_state(c->source, 0, &state, e);
	if (r < 0 || state == STATE_STOPPED)
		return r;
	r = err_set(e, ERR_ALREADY_RUNNING, 0, "container %s was started while it was copied",
		    c->source->name);
	err_hint(e, "stop it first, or copy it as it runs: lxc-copy --allowrunning");
	return r;
}

static bool is_empty(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	bool empty = directory != NULL;

	while (directory && empty && (entry = readdir(directory)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (directory)
		closedir(directory);
	return empty;
}

static int refuse_place(const char *path, struct err *e)
{
	int r = err_set(e, ERR_ALREADY_DEFINED, 0, "\"%s\" is there already, without a container",
			path);

	err_hint(e, "look what is in it, and remove it, or choose another name");
	return r;
}

/* Nothing that is there may be mixed up with the copy; an empty directory is taken for none. */
static int clear_place(const struct container *target, struct err *e)
{
	autoclose int lock_fd = container_lock_disk(target, e);
	autofree char *path = container_path(target, "");
	struct stat status;

	if (lock_fd < 0)
		return lock_fd;
	if (!path)
		return no_memory(e);
	/* The sticky bit: somebody has just begun to create it. */
	if (lstat(path, &status) < 0 || (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX)))
		return 0;
	if (!S_ISDIR(status.st_mode) || !is_empty(path) || rmdir(path) < 0)
		return refuse_place(path, e);
	return 0;
}

static int check_target(const struct cloning *c, struct err *e)
{
	struct stat status;
	const char *name = c->target->name;
	int r = path_check_name(name + (c->options->is_hidden && name[0] == '.'), e);

	if (r < 0)
		return r;
	if (stat(c->target->lxcpath, &status) < 0 || !S_ISDIR(status.st_mode)) {
		r = err_set(e, ERR_USAGE, 0, "the lxcpath \"%s\" does not exist",
			    c->target->lxcpath);
		err_hint(e, "make the directory first: mkdir -p \"%s\"", c->target->lxcpath);
		return r;
	}
	r = creation_clear(c->target, e);
	if (r < 0)
		return r;
	if (container_is_defined(c->target))
		return err_set(e, ERR_ALREADY_DEFINED, 0, "error: clone: %s exists",
			       c->target->config_file);
	return clear_place(c->target, e);
}

static bool is_cancelled(const struct cloning *c)
{
	return c->options->cancel && atomic_load(c->options->cancel);
}

static int adapt_root(const struct cloning *c, struct err *e)
{
	autofree char *place = container_path(c->target, "/rootfs");
	const struct clone_root root = {
		.container = c->target,
		.volume = &c->to,
		.place = place,
		.config_file = c->target->config_file,
		.source_name = c->source->name,
		.arguments = c->options->arguments,
		.runs_hooks = true,
		.sets_hostname = !(c->options->flags & LXC_CLONE_KEEPNAME),
		.lock_fd = c->marker_fd,
	};

	if (c->to.type == ROOTFS_DETECT)
		return 0;
	return place ? clone_adapt_root(&root, e) : no_memory(e);
}

/* Everything behind the marker. */
static int fill(struct cloning *c, struct err *e)
{
	int r = clone_make_storage(c, e);

	if (r == 0)
		r = clone_note_dependencies(c, e);
	if (r == 0)
		r = clone_copy_files(c, e);
	if (r == 0 && c->options->prepare)
		r = c->options->prepare(c->options->prepare_data, c->target, e);
	if (r == 0)
		r = container_save_config(c->target, NULL, e);
	if (r == 0)
		r = adapt_root(c, e);
	if (r == 0)
		r = check_source_again(c, e);
	if (r == 0 && is_cancelled(c))
		r = err_set(e, ERR_SYSTEM, ECANCELED, "it was interrupted");
	if (r == 0 && c->to.type != ROOTFS_DETECT)
		r = storage_commit(&c->to, c->mark, e);
	return r;
}

static int make(struct cloning *c, struct err *e)
{
	struct err undoing = {};
	int r;

	c->marker_fd = creation_begin(c->target, false, e);
	if (c->marker_fd < 0)
		return c->marker_fd;
	r = fill(c, e);
	if (r == 0)
		return creation_commit(c->target, c->marker_fd, e);
	if (creation_undo(c->target, c->target->config, c->marker_fd, &undoing) < 0)
		log_error("%s: the failed copy can't be removed: %s", c->target->name,
			  err_cause(&undoing));
	return r;
}

static int clone_to(struct cloning *c, struct err *e)
{
	int r = check_source(c, e);

	if (r == 0)
		r = hold_source(c, e);
	if (r == 0)
		r = check_target(c, e);
	if (r == 0)
		r = clone_choose_storage(c, e);
	if (r == 0)
		r = clone_make_config(c, e);
	return r == 0 ? make(c, e) : r;
}

int container_clone(struct container *source, const struct clone_options *options,
		    struct container **ret, struct err *e)
{
	const char *name = options->name ? options->name : source->name;
	const char *lxcpath = options->lxcpath ? options->lxcpath : source->lxcpath;
	struct cloning c = {
		.source = source, .options = options, .marker_fd = -EBADF, .source_fd = -EBADF};
	int r = container_open_bare(name, lxcpath, &c.target, e);

	if (r < 0)
		return r;
	c.is_elsewhere = strcmp(c.target->lxcpath, source->lxcpath) != 0;
	r = clone_to(&c, e);
	cleanup_close(&c.marker_fd);
	cleanup_close(&c.source_fd);
	storage_volume_finish(&c.from);
	storage_volume_finish(&c.to);
	container_free(c.target);
	return r == 0 && ret ? container_open(name, lxcpath, ret, e) : r;
}
