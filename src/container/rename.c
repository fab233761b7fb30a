/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Another name for a container (spec/storage.md §10.2). The renaming is one rename(2) of its
 * directory, which the journal (container/creation.h) goes along with:
 *
 *	before   the new configuration is written beside the old one, clone hooks run
 *	rename(2)
 *	behind   volume, configuration, snapshots, dependency lists, host name: each may be done
 *	         twice, and is, when whoever began it was killed
 */

#include "container/rename.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"
#include "config/rewrite.h"
#include "container/address.h"
#include "container/clone.h"
#include "container/creation.h"
#include "container/depend.h"
#include "container/directory.h"
#include "container/partial.h"
#include "container/paths.h"
#include "container/runs.h"
#include "sys/file.h"

#define LOG_CATEGORY "rename"
#include "base/log.h"

enum { CONFIG_SIZE_MAX = 16 << 20, CONFIG_MODE = 0640 };

/* The new configuration, until the directory has its new name. */
static const char staged[] = "/.config-renamed";

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

bool rename_take_note(struct rename_notes *notes, const char *line)
{
	const char *rest;

	if ((rest = text_after(line, "rename-from ")))
		notes->from = rest;
	else if ((rest = text_after(line, "rename-to ")))
		notes->to = rest;
	else if ((rest = text_after(line, "rename-volume ")))
		notes->volume = rest;
	else if (strcmp(line, "rename-keeps-name") == 0)
		notes->keeps_name = true;
	else
		return false;
	return true;
}

/* A container under both its names. */
struct renaming {
	struct container *old, *new;
	char *old_directory, *new_directory;
	struct storage_volume from, to; /* ROOTFS_DETECT: there is none */
	const struct rename_options *options;
};

static int open_names(const char *lxcpath, const char *old, const char *new, struct renaming *ret,
		      struct err *e)
{
	int r = container_open_bare(old, lxcpath, &ret->old, e);

	if (r == 0)
		r = container_open_bare(new, lxcpath, &ret->new, e);
	if (r < 0)
		return r;
	ret->old_directory = container_path(ret->old, "");
	ret->new_directory = container_path(ret->new, "");
	return ret->old_directory && ret->new_directory ? 0 : no_memory(e);
}

static void finish_names(struct renaming *r)
{
	container_free(r->old);
	container_free(r->new);
	free(r->old_directory);
	free(r->new_directory);
	storage_volume_finish(&r->from);
	storage_volume_finish(&r->to);
}

/* -- behind the rename(2) */

/* The text of a configuration whose directory has moved; the volume's name is put in when it is
 * none that moves with it. */
static int rewrite_text(const struct renaming *r, const char *text, const char *uts_name,
			const char *rootfs, struct str *ret, struct err *e)
{
	const struct config_rewrite how = {
		.old_directory = r->old_directory,
		.new_directory = r->new_directory,
		.uts_name = uts_name,
		.rootfs = rootfs,
	};
	struct config_file_copies files = {};
	struct config config;
	autostr moved = {};
	int result;

	config_move_paths(text, r->old_directory, r->new_directory, &moved);
	if (!uts_name && !rootfs) {
		str_add_bytes(ret, str_text(&moved), moved.len);
		return str_failed(&moved) || str_failed(ret) ? no_memory(e) : 0;
	}
	if (str_failed(&moved) || config_init(&config, NULL) < 0)
		return no_memory(e);
	config.only_files = true;
	/* Files that it includes may have moved already, or not yet: what they say stays as it is.
	 */
	config.keep_going = true;
	result = config_load_text(&config, r->new->config_file, str_text(&moved), moved.len, e);
	if (result == 0)
		result = config_rewrite(&config, &how, &files, e);
	if (result == 0)
		config_text(&config, ret);
	config_finish(&config);
	return result == 0 && str_failed(ret) ? no_memory(e) : result;
}

/* A volume that has a name of its own gets the one of the new place: `ret` is it as text, or empty
 * when it moved with the directory. */
static int rename_volume(const struct storage_volume *volume, const char *directory,
			 const char *former, const struct container *c, bool really,
			 struct storage_volume *ret, struct err *e)
{
	struct storage_wish wish;

	clone_make_wish(c, directory, volume->type, &wish);
	wish.former = former;
	return storage_rename(volume, &wish, really, ret, e);
}

static bool moves_with_directory(enum rootfs_type type)
{
	return type != ROOTFS_LVM && type != ROOTFS_ZFS && type != ROOTFS_RBD;
}

static int rename_own_volume(const struct renaming *r, struct err *e)
{
	struct storage_volume renamed = {};
	int result;

	if (r->from.type == ROOTFS_DETECT || moves_with_directory(r->from.type))
		return 0;
	result = rename_volume(&r->from, r->new_directory, r->old_directory, r->new, true, &renamed,
			       e);
	storage_volume_finish(&renamed);
	return result;
}

static int put_config(const struct renaming *r, struct err *e)
{
	autofree char *path = container_path(r->new, staged);

	if (!path)
		return no_memory(e);
	if (rename(path, r->new->config_file) == 0 || errno == ENOENT)
		return 0;
	return err_set(e, ERR_FILE_WRITE, errno, "cannot replace \"%s\"", r->new->config_file);
}

/* A snapshot's volume may be called after the container, too: then it gets the name of now, which
 * is appended to `ret`. `text` is the snapshot's configuration. */
static int rename_snapshot_volume(const struct container *snapshot, const char *former,
				  const char *text, struct str *ret, struct err *e)
{
	autofree char *directory = container_path(snapshot, "");
	struct storage_volume volume = {};
	struct storage_volume renamed = {};
	struct config config;
	int r = directory && config_init(&config, NULL) == 0 ? 0 : no_memory(e);

	if (r < 0)
		return r;
	config.only_files = config.keep_going = true;
	r = config_load_text(&config, snapshot->config_file, text, strlen(text), e);
	if (r == 0 && config.values.rootfs.path && !moves_with_directory(config.values.rootfs.type))
		r = storage_detect(&config.values.rootfs, &volume, e);
	if (r == 0 && volume.path && !moves_with_directory(volume.type)) {
		r = rename_volume(&volume, directory, former, snapshot, true, &renamed, e);
		if (r == 0)
			storage_volume_print(&renamed, ret);
	}
	storage_volume_finish(&renamed);
	storage_volume_finish(&volume);
	config_finish(&config);
	return r;
}

static int replace_config(const struct container *c, const char *old, const struct str *text,
			  struct err *e)
{
	int r = 0;

	if (strcmp(old, str_text(text)) != 0)
		r = file_replace(AT_FDCWD, c->config_file, str_text(text), text->len, CONFIG_MODE);
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot write \"%s\"", c->config_file) : 0;
}

static int rewrite_snapshot(const struct renaming *r, struct container *snapshot,
			    const char *former, struct err *e)
{
	const struct renaming inner = {.old_directory = r->old_directory,
				       .new_directory = r->new_directory,
				       .new = snapshot};
	autofree char *text = NULL;
	autostr rootfs = {};
	autostr moved = {};
	int result = file_read_all(AT_FDCWD, snapshot->config_file, CONFIG_SIZE_MAX, &text, NULL);

	if (result < 0)
		return err_set(e, ERR_FILE_READ, -result, "cannot read \"%s\"",
			       snapshot->config_file);
	result = rename_snapshot_volume(snapshot, former, text, &rootfs, e);
	if (result == 0)
		result = rewrite_text(&inner, text, NULL, rootfs.len > 0 ? str_text(&rootfs) : NULL,
				      &moved, e);
	return result == 0 ? replace_config(snapshot, text, &moved, e) : result;
}

/* One snapshot: `lxcpath` is where they are now, `former` where they were. */
static int move_snapshot(const struct renaming *r, const char *lxcpath, const char *former,
			 const char *name, struct err *e)
{
	const struct container was = {.name = (char *)name, .lxcpath = (char *)former};
	autofree char *old_directory = path_join(former, name);
	autofree char *directory = path_join(lxcpath, name);
	struct container *snapshot = NULL;
	int result = container_open_bare(name, lxcpath, &snapshot, e);

	if (result == 0 && (!directory || !old_directory))
		result = no_memory(e);
	if (result == 0) {
		directory_remove_unfinished(directory, "config");
		result = rewrite_snapshot(r, snapshot, old_directory, e);
	}
	if (result == 0)
		result = depend_rename(snapshot, &was, e);
	container_free(snapshot);
	return result;
}

static int move_snapshots(const struct renaming *r, struct err *e)
{
	autofree char *lxcpath = path_join(r->new_directory, "snaps");
	autofree char *former = path_join(r->old_directory, "snaps");
	struct container_names names = {};
	int result;

	if (!lxcpath || !former)
		return no_memory(e);
	result = container_list_defined(lxcpath, &names, e);
	for (size_t i = 0; result >= 0 && i < names.count; i++)
		result = move_snapshot(r, lxcpath, former, names.items[i], e);
	container_names_finish(&names);
	return result < 0 ? result : 0;
}

/* The path without links, but for the last part: that is what moves. Heap, NULL = there is none. */
static char *real_place(const char *path)
{
	autofree char *copy = strdup(path);
	autofree char *above = NULL;
	char *slash;

	for (size_t len = copy ? strlen(copy) : 0; len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	slash = copy ? strrchr(copy, '/') : NULL;
	if (!copy || (slash && slash[1] == '\0'))
		return take_ptr(copy);
	if (slash)
		*slash = '\0';
	above = realpath(slash ? slash > copy ? copy : "/" : ".", NULL);
	return above ? path_join(above, slash ? slash + 1 : copy) : NULL;
}

/* What follows the container's directory, "/rootfs", of a path in it; NULL: it lies elsewhere. */
static char *part_inside(const char *path, const char *directory)
{
	autofree char *place = real_place(path);
	autofree char *own = realpath(directory, NULL);

	if (!place || !own || !path_is_below(place, own) || strcmp(place, own) == 0)
		return NULL;
	return strdup(place + strlen(own));
}

/* Whether it is the container's alone: /etc/hostname of a tree elsewhere is not its to write. */
static bool is_own_root(const struct renaming *r, const struct storage_volume *volume)
{
	const char *upper = volume->type == ROOTFS_OVERLAY ? strrchr(volume->path, ':') : NULL;
	autofree char *inside = NULL;

	if (!moves_with_directory(volume->type))
		return true;
	inside = part_inside(upper ? upper + 1 : volume->path, r->new_directory);
	return inside != NULL;
}

/* With the new configuration, as the file has it. */
static int put_hostname(const struct renaming *r, struct err *e)
{
	autofree char *place = container_path(r->new, "/rootfs");
	struct storage_volume volume = {};
	struct clone_root root = {
		.container = r->new,
		.volume = &volume,
		.place = place,
		.sets_hostname = true,
		.lock_fd = -EBADF,
	};
	int result;

	if (!place)
		return no_memory(e);
	result = storage_detect(&r->new->config->values.rootfs, &volume, e);
	if (result == 0 && is_own_root(r, &volume))
		result = clone_adapt_root(&root, e);
	storage_volume_finish(&volume);
	return result;
}

static int load_new(const struct renaming *r, struct err *e)
{
	autofree char *text = NULL;
	struct config *config;
	size_t len;
	int result = file_read_all(AT_FDCWD, r->new->config_file, CONFIG_SIZE_MAX, &text, &len);

	if (result < 0)
		return err_set(e, ERR_FILE_READ, -result, "cannot read \"%s\"",
			       r->new->config_file);
	config = malloc(sizeof(*config));
	if (!config)
		return no_memory(e);
	result = config_init(config, NULL);
	container_clear_config(r->new);
	r->new->config = config;
	if (result < 0)
		return no_memory(e);
	config->only_files = config->keep_going = true;
	return config_load_text(config, r->new->config_file, text, len, e);
}

/* Everything behind the rename(2); may have been done in part. */
static int finish(const struct renaming *r, bool keeps_name, struct err *e)
{
	struct err why = {};
	int result = put_config(r, e);

	if (result == 0)
		result = move_snapshots(r, e);
	if (result == 0)
		result = depend_rename(r->new, r->old, e);
	if (result < 0)
		return result;
	/* A name that can't be written must not keep the container from being used. */
	if (!keeps_name && r->from.type != ROOTFS_DETECT &&
	    (load_new(r, &why) < 0 || put_hostname(r, &why) < 0))
		log_warn("%s: its /etc/hostname keeps the old name: %s", r->new->name,
			 err_cause(&why));
	directory_remove_unfinished(r->new_directory, staged + 1);
	partial_remove(r->new);
	container_remove_lock(r->old);
	return 0;
}

static int drop(const struct container *c, struct err *e)
{
	autofree char *directory = container_path(c, "");
	autofree char *path = container_path(c, staged);

	if (!path || !directory)
		return no_memory(e);
	directory_remove_unfinished(directory, staged + 1);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, ERR_FILE_WRITE, errno, "cannot remove \"%s\"", path);
	partial_remove(c);
	return 0;
}

int rename_recover(const struct container *c, const struct rename_notes *notes, struct err *e)
{
	struct renaming r = {};
	int result;

	if (!notes->to || strcmp(notes->to, c->name) != 0)
		return drop(c, e);
	result = open_names(c->lxcpath, notes->from, notes->to, &r, e);
	if (result == 0 && notes->volume && storage_volume_parse(notes->volume, &r.from) < 0)
		result = err_set(e, ERR_STORAGE, EINVAL, "\"%s\" is no volume", notes->volume);
	if (result == 0)
		result = rename_own_volume(&r, e);
	if (result == 0)
		result = finish(&r, notes->keeps_name, e);
	finish_names(&r);
	return result < 0 ? err_wrap(e, result, "cannot finish renaming %s to %s", notes->from,
				     notes->to)
			  : 0;
}

/* -- before it */

static int refuse_needed(const char *name, const struct str *names, struct err *e)
{
	int r = err_set(e, ERR_STORAGE, 0, "%s is needed by: %s", name, str_text(names));

	err_hint(e, "their storage leads to it by its name: destroy them first");
	return r;
}

static int check_needed(const struct container *c, struct err *e)
{
	autostr names = {};
	int r = depend_is_needed(c, &names, e);

	return r > 0 ? refuse_needed(c->name, &names, e) : r;
}

/* One that is being made, or undone: it would be lost half way. */
static int check_unfinished(const char *lxcpath, struct err *e)
{
	DIR *directory = opendir(lxcpath);
	struct dirent *entry;
	int r = 0;

	if (!directory)
		return errno == ENOENT
			       ? 0
			       : err_set(e, ERR_FILE_OPEN, errno, "cannot open \"%s\"", lxcpath);
	while (r == 0 && (entry = readdir(directory))) {
		const struct container snapshot = {.name = entry->d_name,
						   .lxcpath = (char *)lxcpath};

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = partial_look(&snapshot, e);
		if (r == PARTIAL_HELD)
			r = partial_refuse(&snapshot, e);
		else if (r > 0)
			r = 0;
	}
	closedir(directory);
	return r;
}

static int check_snapshot(const char *lxcpath, const char *name, struct err *e)
{
	struct container *snapshot = NULL;
	int r = container_open_bare(name, lxcpath, &snapshot, e);

	if (r == 0)
		r = check_needed(snapshot, e);
	if (snapshot)
		container_free(snapshot);
	return r;
}

/* Snapshots move along, unless others need them or an old LXC has put them elsewhere. */
static int check_snapshots(const struct container *c, struct err *e)
{
	autofree char *lxcpath = container_path(c, "/snaps");
	struct container_names names = {};
	struct stat status;
	autostr old = {};
	int r;

	str_addf(&old, "%ssnaps/%s", c->lxcpath, c->name);
	if (!lxcpath || str_failed(&old))
		return no_memory(e);
	if (stat(str_text(&old), &status) == 0) {
		r = err_set(e, ERR_UNSUPPORTED, 0,
			    "Renaming a container with snapshots is not supported");
		err_hint(e, "an LXC before 1.1 has put them into \"%s\"; newer ones move along",
			 str_text(&old));
		return r;
	}
	r = check_unfinished(lxcpath, e);
	if (r == 0)
		r = container_list_defined(lxcpath, &names, e);
	for (size_t i = 0; r >= 0 && i < names.count; i++)
		r = check_snapshot(lxcpath, names.items[i], e);
	container_names_finish(&names);
	return r < 0 ? r : 0;
}

static int check_new(const struct renaming *r, struct err *e)
{
	struct stat status;
	int result = path_check_name(r->new->name, e);

	if (result == 0)
		result = creation_clear(r->new, e);
	if (result < 0)
		return result;
	if (container_is_defined(r->new))
		return err_set(e, ERR_ALREADY_DEFINED, 0, "error: clone: %s exists",
			       r->new->config_file);
	if (lstat(r->new_directory, &status) == 0)
		return err_set(e, ERR_ALREADY_DEFINED, EEXIST, "\"%s\" is in the way",
			       r->new_directory);
	return 0;
}

static int find_storage(struct renaming *r, const struct container *c, struct err *e)
{
	int result;

	if (!c->config->values.rootfs.path)
		return 0;
	result = storage_detect(&c->config->values.rootfs, &r->from, e);
	return result == 0 ? rename_volume(&r->from, r->new_directory, r->old_directory, r->new,
					   false, &r->to, e)
			   : result;
}

static int note(const struct renaming *r, struct err *e)
{
	autostr notes = {};

	str_addf(&notes, "tare 1\nrename-from %s\nrename-to %s\n", r->old->name, r->new->name);
	if (r->from.type != ROOTFS_DETECT) {
		str_add(&notes, "rename-volume ");
		storage_volume_print(&r->from, &notes);
		str_add_char(&notes, '\n');
	}
	if (r->options->keep_name)
		str_add(&notes, "rename-keeps-name\n");
	if (str_failed(&notes))
		return no_memory(e);
	return partial_create(r->old, str_text(&notes), notes.len, e);
}

/* The next of the directories of an overlay; of all else, the whole path. Heap. */
static char *take_part(enum rootfs_type type, const char **path)
{
	const char *end = type == ROOTFS_OVERLAY ? strchr(*path, ':') : NULL;
	char *part = end ? strndup(*path, (size_t)(end - *path)) : strdup(*path);

	*path = end ? end + 1 : *path + strlen(*path);
	return part;
}

/* Whether all that lies in the old directory has its place in the new one. */
static bool root_follows(const struct renaming *r, const char *path)
{
	const char *old = r->from.path;

	while (*old) {
		autofree char *old_part = take_part(r->from.type, &old);
		autofree char *part = take_part(r->from.type, &path);
		autofree char *inside = old_part ? part_inside(old_part, r->old_directory) : NULL;
		const char *rest = part ? text_after(part, r->new_directory) : NULL;

		if (!old_part || !part || (inside && (!rest || *rest != '/')))
			return false;
	}
	return true;
}

/* Whether the root file system that a text configures will be there: 1 = no, with e; or negative.
 */
static int check_text(const struct renaming *r, const struct str *text, struct err *e)
{
	struct config config;
	const char *path;
	int result;

	if (r->from.type == ROOTFS_DETECT || !moves_with_directory(r->from.type))
		return 0;
	if (config_init(&config, NULL) < 0)
		return no_memory(e);
	config.only_files = config.keep_going = true;
	result = config_load_text(&config, r->new->config_file, str_text(text), text->len, e);
	path = config.values.rootfs.path;
	if (result == 0 && (!path || !root_follows(r, path))) {
		err_set(e, ERR_UNSUPPORTED, EXDEV,
			"the root file system \"%s\" would be lost, as the new configuration "
			"would have \"%s\"",
			r->from.path, path ? path : "none");
		err_hint(e, "write its whole path into lxc.rootfs.path of \"%s\", below \"%s\"",
			 r->old->config_file, r->old_directory);
		result = 1;
	}
	config_finish(&config);
	return result;
}

/* What lxc.rootfs.path has to say where moving what is written there is not enough. Nothing when
 * that can't be said: of an overlay. */
static int add_moved_root(const struct renaming *r, struct str *ret)
{
	struct storage_volume moved = {};
	autofree char *inside = NULL;
	autostr path = {};
	int result;

	if (r->from.type == ROOTFS_OVERLAY)
		return 0;
	inside = part_inside(r->from.path, r->old_directory);
	if (!inside)
		return 0;
	str_addf(&path, "%s%s", r->new_directory, inside);
	result = str_failed(&path) ? -ENOMEM
				   : storage_volume_set(&moved, r->from.type, str_text(&path));
	if (result == 0)
		storage_volume_print(&moved, ret);
	storage_volume_finish(&moved);
	return result == 0 && str_failed(ret) ? -ENOMEM : result;
}

/* `rootfs` may be empty. As check_text(). */
static int make_text(const struct renaming *r, const struct str *old, const struct str *rootfs,
		     struct str *ret, struct err *e)
{
	int result = rewrite_text(r, str_text(old), r->options->keep_name ? NULL : r->new->name,
				  rootfs->len > 0 ? str_text(rootfs) : NULL, ret, e);

	return result == 0 ? check_text(r, ret, e) : result;
}

static int stage_config(const struct renaming *r, const struct container *c, struct err *e)
{
	autofree char *path = container_path(r->old, staged);
	autostr rootfs = {};
	autostr old = {};
	autostr text = {};
	int result;

	config_text(c->config, &old);
	if (r->from.type != ROOTFS_DETECT && !moves_with_directory(r->from.type))
		storage_volume_print(&r->to, &rootfs);
	if (!path || str_failed(&old) || str_failed(&rootfs))
		return no_memory(e);
	result = make_text(r, &old, &rootfs, &text, e);
	if (result > 0 && add_moved_root(r, &rootfs) < 0)
		return no_memory(e);
	if (result > 0 && rootfs.len > 0) {
		str_reset(&text);
		result = make_text(r, &old, &rootfs, &text, e);
	}
	if (result != 0)
		return result < 0 ? result : -EXDEV;
	result = file_replace(AT_FDCWD, path, str_text(&text), text.len, CONFIG_MODE);
	return result < 0 ? err_set(e, ERR_FILE_WRITE, -result, "cannot write \"%s\"", path) : 0;
}

static int run_hooks(const struct renaming *r, const struct container *c, int lock_fd,
		     struct err *e)
{
	const struct container called = {.name = r->new->name,
					 .lxcpath = c->lxcpath,
					 .config_file = c->config_file,
					 .config = c->config};
	autofree char *place = container_path(r->old, "/rootfs");
	autofree char *config_file = container_path(r->old, staged);
	const struct clone_root root = {
		.container = &called,
		.volume = &r->from,
		.place = place,
		.config_file = config_file,
		.source_name = c->name,
		.arguments = r->options->arguments,
		.runs_hooks = true,
		.lock_fd = lock_fd,
	};

	if (r->from.type == ROOTFS_DETECT || c->config->values.hooks[HOOK_CLONE].count == 0)
		return 0;
	return place && config_file ? clone_adapt_root(&root, e) : no_memory(e);
}

static int swap_directories(const char *from, const char *to)
{
	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	/* NFS has no such flag; that nothing is there was looked at. */
	return errno == EINVAL && rename(from, to) == 0 ? 0 : -errno;
}

static int sync_lxcpath(const struct container *c)
{
	autoclose int fd = open(c->lxcpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* The one step that decides. A volume that can't follow undoes it. */
static int move(const struct renaming *r, struct err *e)
{
	int result = swap_directories(r->old_directory, r->new_directory);

	if (result == 0)
		result = sync_lxcpath(r->new);
	if (result < 0)
		return err_set(e, ERR_FILE_WRITE, -result, "cannot rename \"%s\" to \"%s\"",
			       r->old_directory, r->new_directory);
	result = rename_own_volume(r, e);
	if (result < 0)
		(void)swap_directories(r->new_directory, r->old_directory);
	return result;
}

static int rename_locked(const struct renaming *r, const struct container *c, struct err *e)
{
	autoclose int marker_fd = note(r, e);
	struct err undoing = {};
	int result;

	if (marker_fd < 0)
		return marker_fd;
	/* Again: who begins something with it from now on finds the marker. */
	result = check_snapshots(c, e);
	if (result == 0)
		result = check_needed(c, e);
	if (result == 0)
		result = stage_config(r, c, e);
	if (result == 0)
		result = run_hooks(r, c, marker_fd, e);
	if (result == 0)
		result = move(r, e);
	if (result == 0)
		return finish(r, r->options->keep_name, e);
	if (drop(r->old, &undoing) < 0)
		log_error("%s: %s", c->name, err_cause(&undoing));
	return result;
}

static int prepare(struct renaming *r, struct container *c, struct err *e)
{
	int result = runs_repair_last(c->lxcpath, c->name, e);

	if (result >= 0)
		result = creation_clear(c, e);
	if (result < 0)
		return result;
	if (!container_is_defined(c))
		return err_set(e, ERR_NOT_DEFINED, 0, "Container %s is not defined", c->name);
	result = c->config ? 0 : container_load_config(c, NULL, e);
	if (result == 0)
		result = check_new(r, e);
	if (result == 0)
		result = check_snapshots(c, e);
	if (result == 0)
		result = check_needed(c, e);
	return result == 0 ? find_storage(r, c, e) : result;
}

int container_rename(struct container *c, const char *name, const struct rename_options *options,
		     struct err *e)
{
	static const struct rename_options plain;
	struct renaming r = {.options = options ? options : &plain};
	autoclose int address_fd = -EBADF;
	autoclose int new_address_fd = -EBADF;
	int result = open_names(c->lxcpath, c->name, name, &r, e);

	if (result == 0)
		result = prepare(&r, c, e);
	if (result == 0)
		result = address_hold(c, &address_fd, e);
	if (result == 0)
		result = address_hold(r.new, &new_address_fd, e);
	if (result == ADDRESS_IS_USED)
		result = err_set(e, ERR_ALREADY_RUNNING, 0, "%s is running",
				 address_fd < 0 ? c->name : name);
	if (result == 0)
		result = rename_locked(&r, c, e);
	finish_names(&r);
	return result < 0 ? err_wrap(e, result, "Renaming container %s to %s failed", c->name, name)
			  : 0;
}
