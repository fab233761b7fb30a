/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Creating a container (spec/cli.md §3.9, storage.md §3 and §13). What was made is removed again
 * when any of it fails; when we are killed, the locked marker tells the next command, which removes
 * it. Storage: a directory; other kinds are refused.
 */

#include "container/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/directory.h"
#include "base/macros.h"
#include "container/destroy.h"
#include "container/directory.h"
#include "container/partial.h"
#include "container/paths.h"
#include "container/template.h"
#include "sys/file.h"

#define LOG_CATEGORY "create"
#include "base/log.h"

enum { CONFIG_SIZE_MAX = 16 << 20 };

/* A creation under way: what is to be removed when it fails. */
struct creation {
	struct container *container;
	const struct create_options *options;
	char *template_path; /* heap, or NULL */
	char *rootfs;        /* heap: directory that the template fills */
	int marker_fd;
	bool made_directory; /* LXCPATH/NAME */
	bool made_own;       /* … /rootfs in it */
	bool made_chosen;    /* the directory of --dir */
	char *old_config;    /* heap: of a container that was defined before; NULL = it was not */
	size_t old_length;
};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

/* One word of a comma list of backends, in the order asked for: the first that works. */
static int check_backend(const struct create_options *options, struct err *e)
{
	static const char *const known[] = {"btrfs",   "loop",      "lvm", "nbd",
					    "overlay", "overlayfs", "rbd", "zfs"};
	const char *at = options->backend ? options->backend : "dir";
	bool later = false;
	int r;

	while (*at) {
		size_t len = strcspn(at, ",");
		bool is_known = false;

		if ((len == 3 && memcmp(at, "dir", 3) == 0) ||
		    (len == 4 && (memcmp(at, "none", 4) == 0 || memcmp(at, "best", 4) == 0)))
			return 0;
		for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
			is_known = is_known ||
				   (strlen(known[i]) == len && memcmp(at, known[i], len) == 0);
		if (!is_known)
			return err_set(e, ERR_USAGE, 0, "%.*s is not a valid backing storage type",
				       (int)len, at);
		later = true;
		at += len + (at[len] == ',');
	}
	if (!later)
		return 0;
	r = err_set(e, ERR_UNSUPPORTED, 0, "storage of the kind %s is not built yet",
		    options->backend);
	err_hint(e, "use dir");
	return r;
}

static int check_options(const struct container *c, const struct create_options *options,
			 struct err *e)
{
	int r = path_check_name(c->name, e);

	if (r == 0 && strpbrk(c->name, " \t"))
		log_warn("%s: blanks in a name confuse commands that separate names by them",
			 c->name);
	if (r == 0)
		r = check_backend(options, e);
	if (r == 0 && options->directory && options->directory[0] != '/')
		r = err_set(e, ERR_USAGE, 0, "--dir should use absolute path");
	return r;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool exists(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0;
}

/* Defined already, and not only as a configuration that waits for its root file system. */
static int refuse_existing(const struct container *c, struct err *e)
{
	const struct config_rootfs *rootfs = c->config ? &c->config->values.rootfs : NULL;
	int r;

	if (!container_is_defined(c) || !rootfs || !rootfs->path || !exists(rootfs->path))
		return 0;
	r = err_set(e, ERR_ALREADY_DEFINED, 0, "Container \"%s\" already exists in \"%s\"", c->name,
		    c->lxcpath);
	err_hint(e, "destroy it with lxc-destroy first, or choose another name");
	return r;
}

/* What an earlier creation left whose creator has died. */
static int clear_abandoned(const struct container *c, struct err *e)
{
	int r = partial_look(c, e);

	if (r == PARTIAL_HELD)
		return partial_refuse(c, e);
	return r == PARTIAL_ABANDONED ? destroy_abandoned(c, e) : r;
}

static int set_rootfs(struct creation *creation, struct err *e)
{
	autostr value = {};

	str_addf(&value, "dir:%s", creation->rootfs);
	if (str_failed(&value))
		return no_memory(e);
	return container_set_item(creation->container, "lxc.rootfs.path", str_text(&value),
				  "(lxc-create)", e);
}

/* 1 = made, 0 = it was there: not ours to remove. */
static int make_directory(const char *path, struct err *e)
{
	int r = directory_make_parents(path, 0755);

	if (r < 0)
		return err_set(e, ERR_STORAGE, -r, "cannot create the way to \"%s\"", path);
	if (mkdir(path, 0755) == 0)
		return 1;
	return errno == EEXIST ? 0 : err_set(e, ERR_STORAGE, errno, "cannot create \"%s\"", path);
}

/* LXCPATH/NAME/rootfs, and the place that --dir names. */
static int make_rootfs(struct creation *creation, struct err *e)
{
	const struct container *c = creation->container;
	autofree char *own = container_path(c, "/rootfs");
	const char *chosen = creation->options->directory;
	int r;

	if (own)
		creation->rootfs = strdup(chosen ? chosen : own);
	if (!creation->rootfs)
		return no_memory(e);
	r = make_directory(own, e);
	creation->made_own = r > 0;
	if (r >= 0 && chosen) {
		r = make_directory(chosen, e);
		creation->made_chosen = r > 0;
	}
	if (r < 0)
		return r;
	if (chmod(creation->rootfs, 0755) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot set the mode of \"%s\"",
			       creation->rootfs);
	return directory_give_to_root(c->config, creation->rootfs, e);
}

static int make_storage(struct creation *creation, struct err *e)
{
	const struct container *c = creation->container;
	const char *chosen = creation->options->directory;
	int r = 0;

	/* Intent first: who finds the marker abandoned removes what it names. */
	if (chosen && !exists(chosen))
		r = partial_note(creation->marker_fd, chosen);
	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "cannot write \"%s/%s/partial\"", c->lxcpath,
			       c->name);
	r = make_rootfs(creation, e);
	return r == 0 ? set_rootfs(creation, e) : r;
}

/* A root file system that the configuration names must be there; it is not ours to remove. */
static int use_rootfs(struct creation *creation, struct err *e)
{
	const char *path = creation->container->config->values.rootfs.path;

	if (!exists(path))
		return err_set(e, ERR_ROOTFS, 0, "The rootfs \"%s\" does not exist", path);
	creation->rootfs = strdup(path);
	return creation->rootfs ? 0 : no_memory(e);
}

static int reload(struct container *c, struct err *e)
{
	container_clear_config(c);
	return container_load_config(c, NULL, e);
}

static bool is_empty_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool empty = directory != NULL;

	while (directory && empty && (entry = readdir(directory)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (directory)
		closedir(directory);
	return empty;
}

static int check_result(const struct creation *creation, struct err *e)
{
	const char *path = creation->container->config->values.rootfs.path;
	int r;

	if (!is_directory(path) || !is_empty_directory(path))
		return 0;
	r = err_set(e, ERR_TEMPLATE_FAILED, 0,
		    "the template \"%s\" ended without an error, but installed nothing",
		    creation->template_path);
	err_hint(e, "the container is removed again; look at what the template printed");
	return r;
}

static int fill(struct creation *creation, struct err *e)
{
	struct container *c = creation->container;
	struct template_run run = {
		.container = c,
		.path = creation->template_path,
		.rootfs = creation->rootfs,
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

/* Before a container's first configuration nothing of LXCPATH/NAME was there but what we made. */
static int remove_directory(const struct creation *creation, struct err *e)
{
	static const char *const last[] = {"config", "partial", NULL};
	const struct container *c = creation->container;
	autofree char *path = container_path(c, "");
	int r;

	if (!path)
		return no_memory(e);
	r = destroy_tree_but(c->config, path, last, e);
	return r == 0 ? destroy_tree(c->config, path, e) : r;
}

/* The directory was there: only what we made in it goes, and the configuration is as before. */
static int restore_directory(const struct creation *creation, struct err *e)
{
	const struct container *c = creation->container;
	autofree char *own = container_path(c, "/rootfs");
	int r = 0;

	if (creation->made_own && own)
		r = destroy_tree(c->config, own, e);
	if (r == 0 && creation->old_config) {
		r = file_replace(AT_FDCWD, c->config_file, creation->old_config,
				 creation->old_length, 0640);
		if (r < 0)
			err_set(e, ERR_FILE_WRITE, -r, "cannot restore \"%s\"", c->config_file);
	} else if (r == 0) {
		unlink(c->config_file);
	}
	if (r == 0)
		partial_remove(c);
	return r;
}

/* The first problem is what counts: one more that hinders the removal goes to the log. */
static void remove_made(const struct creation *creation)
{
	struct container *c = creation->container;
	struct err e = {};
	int r = 0;

	if (creation->made_chosen)
		r = destroy_tree(c->config, creation->rootfs, &e);
	if (r == 0 && creation->made_directory)
		r = remove_directory(creation, &e);
	else if (r == 0)
		r = restore_directory(creation, &e);
	if (r < 0)
		log_error("%s: the failed creation can't be removed: %s", c->name, err_cause(&e));
	/* Another try with this object must not find a root file system that is gone. */
	if (c->config && (creation->made_own || creation->made_chosen))
		config_clear(c->config, "lxc.rootfs.path", NULL);
}

static int create_in_directory(struct creation *creation, struct err *e)
{
	struct container *c = creation->container;
	int r;

	creation->marker_fd = partial_create(c, e);
	if (creation->marker_fd < 0)
		return creation->marker_fd;
	if (container_is_defined(c)) {
		r = file_read_all(AT_FDCWD, c->config_file, CONFIG_SIZE_MAX, &creation->old_config,
				  &creation->old_length);
		if (r < 0)
			return err_set(e, ERR_FILE_READ, -r, "cannot read \"%s\"", c->config_file);
	}
	if (c->config->values.rootfs.path)
		r = use_rootfs(creation, e);
	else
		r = make_storage(creation, e);
	if (r == 0)
		r = fill(creation, e);
	if (r < 0)
		remove_made(creation);
	else
		partial_remove(c);
	return r;
}

static int create_with_template(struct container *c, const struct create_options *options,
				struct err *e)
{
	struct creation creation = {.container = c, .options = options, .marker_fd = -EBADF};
	int r = template_find(options->template_name, &creation.template_path, e);

	if (r == 0 && template_only_informs(options->template_name, options->argv)) {
		autofree char *rootfs = container_path(c, "/rootfs");
		struct template_run run = {
			.container = c,
			.path = creation.template_path,
			.rootfs = rootfs,
			.argv = options->argv,
			.marker_fd = -EBADF,
			.quiet = options->quiet,
		};

		r = template_run(&run, e);
	} else if (r == 0) {
		r = directory_make_own(c, e);
		creation.made_directory = r > 0;
		if (r >= 0)
			r = create_in_directory(&creation, e);
	}
	/* A marker of ours that could not be made leaves a directory without anything. */
	if (r < 0 && creation.made_directory) {
		autofree char *path = container_path(c, "");

		if (path)
			rmdir(path);
	}
	cleanup_close(&creation.marker_fd);
	free(creation.template_path);
	free(creation.rootfs);
	free(creation.old_config);
	return r;
}

/* Without a template: a configuration, for the host's root or one that is there already. */
static int create_config(struct container *c, struct err *e)
{
	const char *rootfs = c->config->values.rootfs.path;
	autofree char *directory = container_path(c, "");
	bool was_there;
	int r;

	if (!directory)
		return no_memory(e);
	if (rootfs && !exists(rootfs))
		return err_set(e, ERR_ROOTFS, 0, "The rootfs \"%s\" does not exist", rootfs);
	was_there = exists(directory);
	r = container_save_config(c, NULL, e);
	if (r < 0 && !was_there)
		rmdir(directory);
	return r;
}

int container_create(struct container *c, const struct create_options *options, struct err *e)
{
	int r = check_options(c, options, e);

	if (r == 0)
		r = clear_abandoned(c, e);
	if (r == 0 && options->template_name)
		r = refuse_existing(c, e);
	if (r == 0)
		r = container_load_default(c, e);
	if (r == 0 && options->template_name)
		r = create_with_template(c, options, e);
	else if (r == 0)
		r = create_config(c, e);
	return r < 0 ? err_wrap(e, r, "Failed to create container %s", c->name) : 0;
}
