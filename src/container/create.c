/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Creating a container (spec/cli.md §3.9, storage.md §3 and §13), journalled: whatever fails or
 * kills us, what was there before is there again (container/creation.h).
 */

#include "container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "container/create_storage.h"
#include "container/creation.h"
#include "container/paths.h"
#include "container/template.h"

#define LOG_CATEGORY "create"
#include "base/log.h"

struct creation {
	struct container *container;
	const struct create_options *options;
	char *template_path; /* heap, or NULL */
	struct create_storage storage;
	int marker_fd;
};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

static int refuse_directory(const char *path, const char *why, struct err *e)
{
	int r = err_set(e, ERR_USAGE, 0, "the root file system can't be in \"%s\": %s", path, why);

	err_hint(e, "name a directory of its own: it is filled by the template, and removed with "
		    "the container");
	return r;
}

/* --dir: what destroying the container would refuse to remove is not filled either. */
static int check_directory(const struct container *c, const char *path, struct err *e)
{
	autofree char *own = container_path(c, "");
	autofree char *real = realpath(path, NULL);
	autofree char *real_lxcpath = realpath(c->lxcpath, NULL);

	if (!own)
		return no_memory(e);
	/* What isn't there will be made, and what can't be looked at is told when it is used. */
	if (path_is_of_system(real ? real : path))
		return refuse_directory(path, "it is a directory of the system", e);
	if (real &&
	    (path_is_below(own, real) || (real_lxcpath && path_is_below(real_lxcpath, real))))
		return refuse_directory(path, "containers are kept there", e);
	return 0;
}

static int check_options(const struct container *c, const struct create_options *options,
			 struct err *e)
{
	int r = path_check_name(c->name, e);

	if (r == 0 && strpbrk(c->name, " \t"))
		log_warn("%s: blanks in a name confuse commands that separate names by them",
			 c->name);
	if (r == 0)
		r = create_storage_check(options, e);
	if (r == 0 && options->directory && options->directory[0] != '/')
		r = err_set(e, ERR_USAGE, 0, "--dir should use absolute path");
	if (r == 0 && options->directory && strchr(options->directory, '\n'))
		r = err_set(e, ERR_USAGE, 0, "a path with a line break can't be configured");
	if (r == 0 && options->directory)
		r = check_directory(c, options->directory, e);
	return r;
}

/* What can't be found out counts as there: it is not created over. */
static bool exists(const struct config_rootfs *rootfs)
{
	struct storage_volume volume = {};
	bool there = storage_detect(rootfs, &volume, NULL) < 0 ||
		     storage_exists(&volume, NULL) != 0;

	storage_volume_finish(&volume);
	return there;
}

/* Defined already, and not only as a configuration that waits for its root file system. */
static int refuse_existing(const struct container *c, struct err *e)
{
	const struct config_rootfs *rootfs = c->config ? &c->config->values.rootfs : NULL;
	int r;

	if (!container_is_defined(c) || !rootfs || !rootfs->path || !exists(rootfs))
		return 0;
	r = err_set(e, ERR_ALREADY_DEFINED, 0, "Container \"%s\" already exists in \"%s\"", c->name,
		    c->lxcpath);
	err_hint(e, "destroy it with lxc-destroy first, or choose another name");
	return r;
}

static int reload(struct container *c, struct err *e)
{
	container_clear_config(c);
	return container_load_config(c, NULL, e);
}

static int check_result(const struct creation *creation, struct err *e)
{
	const char *path = creation->container->config->values.rootfs.path;
	int r;

	if (!path || !create_storage_is_empty(&creation->storage, path))
		return 0;
	r = err_set(e, ERR_TEMPLATE_FAILED, 0,
		    "the template \"%s\" ended without an error, but installed nothing",
		    creation->template_path);
	err_hint(e, "the container is removed again; look at what the template printed");
	return r;
}

static const char *backend_of(const struct creation *creation)
{
	const struct storage_type *type = storage_type(creation->storage.volume.type);

	return type ? type->name : NULL;
}

static int fill(struct creation *creation, struct err *e)
{
	struct container *c = creation->container;
	struct template_run run = {
		.container = c,
		.path = creation->template_path,
		.rootfs = creation->storage.rootfs,
		.root_fd = creation->storage.root_fd,
		.backend = creation->storage.is_made ? backend_of(creation) : NULL,
		.argv = creation->options->argv,
		.marker_fd = creation->marker_fd,
		.quiet = creation->options->quiet,
	};
	int r = container_save_config(c, NULL, e);

	if (r < 0 || !creation->template_path)
		return r;
	r = template_run(&run, e);
	if (r == 0)
		r = template_mark_config(&run, e);
	if (r == 0)
		r = reload(c, e);
	return r == 0 ? check_result(creation, e) : r;
}

/* The first problem is what counts: one more that hinders the removal goes to the log. */
static void undo(struct creation *creation)
{
	struct container *c = creation->container;
	struct err e = {};

	/* What is mounted can't be destroyed. */
	cleanup_close(&creation->storage.root_fd);
	creation->storage.root_fd = -EBADF;

	if (creation_undo(c, c->config, creation->marker_fd, &e) < 0)
		log_error("%s: the failed creation can't be removed: %s", c->name, err_cause(&e));
	/* Another try with this object must not find a root file system that is gone. */
	if (c->config && creation->storage.is_made)
		config_clear(c->config, "lxc.rootfs.path", NULL);
}

/* The marker goes before the mark: what is complete must not be lost. */
static int commit(const struct creation *creation, struct err *e)
{
	const struct create_storage *storage = &creation->storage;
	struct err why = {};
	int r = creation_commit(creation->container, creation->marker_fd, e);

	if (r == 0 && storage->is_made && storage_commit(&storage->volume, storage->mark, &why) < 0)
		log_warn("%s: %s", creation->container->name, err_cause(&why));
	return r;
}

static int create_journalled(struct creation *creation, bool was_defined, struct err *e)
{
	struct container *c = creation->container;
	int r;

	creation->marker_fd = creation_begin(c, was_defined, e);
	if (creation->marker_fd < 0)
		return creation->marker_fd;
	if (c->config->values.rootfs.path)
		r = create_storage_use(c, creation->marker_fd, &creation->storage, e);
	else if (creation->template_path)
		r = create_storage_make(c, creation->options, creation->marker_fd,
					&creation->storage, e);
	else
		r = 0;
	if (r == 0)
		r = fill(creation, e);
	if (r == 0)
		return commit(creation, e);
	undo(creation);
	return r;
}

/* Arguments that only ask something: nothing is created. */
static int ask_template(const struct creation *creation, struct err *e)
{
	autofree char *rootfs = container_path(creation->container, "/rootfs");
	const struct template_run run = {
		.container = creation->container,
		.path = creation->template_path,
		.rootfs = rootfs,
		.root_fd = -EBADF,
		.argv = creation->options->argv,
		.marker_fd = -EBADF,
		.quiet = creation->options->quiet,
	};

	return template_run(&run, e);
}

static int create(struct creation *creation, bool was_defined, struct err *e)
{
	const struct create_options *options = creation->options;
	int r;

	if (options->template_name) {
		r = template_find(options->template_name, &creation->template_path, e);
		if (r < 0)
			return r;
		if (template_only_informs(options->template_name, options->argv))
			return ask_template(creation, e);
	}
	return create_journalled(creation, was_defined, e);
}

int container_create(struct container *c, const struct create_options *options, struct err *e)
{
	struct creation creation = {
		.container = c,
		.options = options,
		.storage = {.root_fd = -EBADF},
		.marker_fd = -EBADF,
	};
	bool was_defined = false;
	int r = check_options(c, options, e);

	if (r == 0)
		r = creation_clear(c, e);
	if (r >= 0) {
		was_defined = container_is_defined(c);
		r = options->template_name ? refuse_existing(c, e) : 0;
	}
	if (r == 0)
		r = container_load_default(c, e);
	if (r == 0)
		r = create(&creation, was_defined, e);
	cleanup_close(&creation.marker_fd);
	free(creation.template_path);
	create_storage_finish(&creation.storage);
	return r < 0 ? err_wrap(e, r, "Failed to create container %s", c->name) : 0;
}
