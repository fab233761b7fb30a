/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writing and undoing the notes of a creation. The disk lock is held from looking at what is there
 * until the marker appears: two creations at once can't both believe that they were first.
 */

#include "container/creation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "base/num.h"
#include "container/depend.h"
#include "container/directory.h"
#include "container/partial.h"
#include "container/rename.h"
#include "container/restore.h"
#include "storage/removal.h"
#include "sys/file.h"

#define LOG_CATEGORY "create"
#include "base/log.h"

enum { CONFIG_SIZE_MAX = 16 << 20, CONFIG_MODE = 0640 };

static const char first_line[] = "tare 1\n";

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

/* Which configuration the undoing has to bring back. */
static int note_config(const struct container *c, struct str *notes, struct err *e)
{
	autofree char *old = NULL;
	size_t len;
	int r = file_read_all(AT_FDCWD, c->config_file, CONFIG_SIZE_MAX, &old, &len);

	if (r == -ENOENT) {
		str_addf(notes, "new-config %s\n", c->config_file);
		return 0;
	}
	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "cannot read \"%s\"", c->config_file);
	str_addf(notes, "old-config %zu %s\n", len, c->config_file);
	str_add_bytes(notes, old, len);
	str_add_char(notes, '\n');
	return 0;
}

static int refuse_defined(const struct container *c, struct err *e)
{
	int r = err_set(e, ERR_ALREADY_DEFINED, 0, "Container \"%s\" already exists in \"%s\"",
			c->name, c->lxcpath);

	err_hint(e, "another program has created it meanwhile");
	return r;
}

/* An entry is read back by idmap_entry_parse(). */
static void note_maps(const struct container *c, struct str *notes)
{
	const struct config_idmaps *maps = c->config ? &c->config->values.idmaps : NULL;

	for (size_t i = 0; maps && i < maps->count; i++) {
		str_add(notes, "idmap ");
		idmap_entry_print(&maps->items[i].entry, notes);
		str_add_char(notes, '\n');
	}
}

static int make_marker(const struct container *c, bool made, struct err *e)
{
	autostr notes = {};
	int r;

	str_add(&notes, first_line);
	if (made)
		str_add(&notes, "made-directory\n");
	note_maps(c, &notes);
	r = note_config(c, &notes, e);
	if (r < 0)
		return r;
	if (str_failed(&notes))
		return no_memory(e);
	return partial_create(c, str_text(&notes), notes.len, e);
}

/* The sticky bit means: just made, and without its marker yet. */
static const mode_t half_made = S_ISVTX | 0770;

/* One that is still empty goes when whoever made it was killed. Under the disk lock. */
static void remove_half_made(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) &&
	    (status.st_uid == geteuid() || geteuid() == 0))
		rmdir(path);
}

/* 1 = made, 0 = it was there, or negative. */
static int make_half(const struct container *c, const char *path, struct err *e)
{
	int r = directory_make_parents(path, 0755);

	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "cannot create the directory \"%s\"",
			       c->lxcpath);
	remove_half_made(path);
	if (mkdir(path, half_made) == 0)
		return 1;
	if (errno == EEXIST)
		return 0;
	r = err_set(e, ERR_FILE_WRITE, errno, "cannot create the container's directory \"%s\"",
		    path);
	err_hint(e,
		 "containers are made in lxc.lxcpath or what -P names, which must be a directory "
		 "that you may write to");
	return r;
}

static int complete_directory(const struct container *c, const char *path, struct err *e)
{
	if (chmod(path, half_made & 0777) < 0)
		return err_set(e, ERR_FILE_WRITE, errno, "cannot set the mode of \"%s\"", path);
	return directory_give_to_root(c->config, path, e);
}

int creation_begin(const struct container *c, bool was_defined, struct err *e)
{
	autoclose int lock_fd = container_lock_disk(c, e);
	autofree char *path = container_path(c, "");
	autoclose int fd = -EBADF;
	int made, r;

	if (lock_fd < 0)
		return lock_fd;
	if (!path)
		return no_memory(e);
	if (container_is_defined(c) && !was_defined)
		return refuse_defined(c, e);
	made = make_half(c, path, e);
	if (made < 0)
		return made;
	fd = make_marker(c, made > 0, e);
	/* Somebody else may have put something there meanwhile: then it stays. */
	if (fd < 0 && made > 0)
		rmdir(path);
	if (fd < 0 || made == 0)
		return take_fd(fd);
	r = complete_directory(c, path, e);
	if (r < 0) {
		creation_undo(c, c->config, fd, NULL);
		return r;
	}
	return take_fd(fd);
}

static int note(int marker_fd, struct str *line, struct err *e)
{
	int r = str_failed(line) ? -ENOMEM : partial_note(marker_fd, str_text(line), line->len);

	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot write the creation's marker") : 0;
}

static int note_made(int marker_fd, const char *path, struct err *e)
{
	autostr line = {};
	struct stat status;

	if (lstat(path, &status) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", path);
	str_addf(&line, "made %llu:%llu %s\n", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino, path);
	return note(marker_fd, &line, e);
}

int creation_make_directory(int marker_fd, const char *path, struct err *e)
{
	autostr line = {};
	struct stat status;
	int r;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	str_addf(&line, "making %s\n", path);
	r = note(marker_fd, &line, e);
	if (r < 0)
		return r;
	r = directory_make_parents(path, 0755);
	if (r < 0)
		return err_set(e, ERR_STORAGE, -r, "cannot create the way to \"%s\"", path);
	if (mkdir(path, 0755) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot create \"%s\"", path);
	r = note_made(marker_fd, path, e);
	return r < 0 ? r : 1;
}

static void print_volume(const struct storage_volume *volume, const char *mark, struct str *line)
{
	str_addf(line, "volume %s ", mark);
	storage_volume_print(volume, line);
	str_add_char(line, '\n');
}

int creation_note_volume(int marker_fd, const struct storage_volume *volume, const char *mark,
			 struct err *e)
{
	autostr line = {};

	print_volume(volume, mark, &line);
	return note(marker_fd, &line, e);
}

int creation_commit(const struct container *c, int marker_fd, struct err *e)
{
	return partial_commit(c, marker_fd, e);
}

/* What is to be undone behind the directories. */
struct undoing {
	const struct container *container;
	struct config_idmaps maps; /* of the configuration, and noted: the first that fits counts */
	bool made_directory;
	bool destroying;
	const char *config_path; /* NULL = the notes say nothing of it */
	const char *old_config;  /* NULL = there was none */
	size_t old_length;
	struct rename_notes rename;
	bool restoring;
};

/* "made DEVICE:INODE PATH": somebody may have put another one in its place since. */
static int remove_made(const struct undoing *u, const char *note, struct err *e)
{
	uint64_t device, inode;
	struct stat status;

	if (num_take_u64(&note, &device) < 0 || *note++ != ':' || num_take_u64(&note, &inode) < 0 ||
	    *note++ != ' ' || *note != '/')
		return 0;
	if (lstat(note, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", note);
	if (status.st_dev != device || status.st_ino != inode || !S_ISDIR(status.st_mode)) {
		log_warn("%s: \"%s\" is not the directory that its creation has made: it stays",
			 u->container->name, note);
		return 0;
	}
	return removal_tree(&u->maps, note, NULL, e);
}

/* "volume MARK TYPE:PATH". What was made in the container's directory goes with that, too. */
static int remove_volume(const struct undoing *u, const char *note, struct err *e)
{
	struct storage_volume volume = {};
	const char *blank = strchr(note, ' ');
	autofree char *mark = blank ? strndup(note, (size_t)(blank - note)) : NULL;
	int r;

	if (!blank || storage_volume_parse(blank + 1, &volume) < 0)
		return 0;
	if (!mark)
		return no_memory(e);
	volume.user = container_system_item("lxc.bdev.rbd.rbduser");
	r = storage_destroy(&volume, &u->maps, strcmp(mark, "-") == 0 ? NULL : mark, e);
	storage_volume_finish(&volume);
	return r;
}

static void take_map(struct undoing *u, const char *note)
{
	struct idmap_entry entry;
	struct config_idmap *map;

	if (idmap_entry_parse(note, &entry, NULL) < 0)
		return;
	map = vec_push(&u->maps);
	if (map)
		map->entry = entry;
}

/* Maps that are configured or were. The same entry twice is refused by the kernel. */
static bool has_map(const struct undoing *u, const char *note)
{
	struct idmap_entry entry;

	if (idmap_entry_parse(note, &entry, NULL) < 0)
		return true;
	for (size_t i = 0; i < u->maps.count; i++)
		if (u->maps.items[i].entry.kind == entry.kind &&
		    u->maps.items[i].entry.inside.value == entry.inside.value)
			return true;
	return false;
}

/* The line is consumed, and what follows it. NULL: the notes end here. */
static char *take_note(struct undoing *u, char *line, const char *end, int *ret, struct err *e)
{
	char *newline = memchr(line, '\n', (size_t)(end - line));
	const char *rest;
	uint64_t length;

	/* A note that a crash has cut off tells of nothing that was done. */
	if (!newline)
		return NULL;
	*newline = '\0';
	if (strcmp(line, "made-directory") == 0) {
		u->made_directory = true;
	} else if ((rest = text_after(line, "new-config "))) {
		u->config_path = rest;
	} else if ((rest = text_after(line, "old-config "))) {
		if (num_take_u64(&rest, &length) < 0 || *rest != ' ' ||
		    length >= (size_t)(end - newline))
			return NULL;
		u->config_path = rest + 1;
		u->old_config = newline + 1;
		u->old_length = (size_t)length;
		newline += 1 + length;
	} else if (strcmp(line, "destroying") == 0) {
		u->destroying = u->made_directory = true;
	} else if ((rest = text_after(line, "idmap "))) {
		if (!has_map(u, rest))
			take_map(u, rest);
	} else if ((rest = text_after(line, "volume "))) {
		*ret = remove_volume(u, rest, e);
	} else if ((rest = text_after(line, "made "))) {
		*ret = remove_made(u, rest, e);
	} else if (rename_take_note(&u->rename, line)) {
		return newline + 1;
	} else if (strcmp(line, restore_note) == 0) {
		u->restoring = true;
	} else if ((rest = text_after(line, "making ")) && !text_starts(newline + 1, "made ")) {
		rmdir(rest);
	}
	return newline + 1;
}

/* Config before the marker, the marker before the directory: whoever is interrupted goes on. */
static int remove_directory(const struct undoing *u, struct err *e)
{
	static const char *const first[] = {"config", "partial", NULL};
	static const char *const second[] = {"partial", NULL};
	autofree char *path = container_path(u->container, "");
	int r;

	if (!path)
		return no_memory(e);
	r = removal_tree(&u->maps, path, first, e);
	if (r == 0)
		r = removal_tree(&u->maps, path, second, e);
	if (r < 0)
		return r;
	/* Whoever is killed behind the marker leaves what looks like one that was never begun. */
	(void)chmod(path, half_made);
	return removal_tree(&u->maps, path, NULL, e);
}

/* What a creator that was killed while it replaced the configuration left. */
static void remove_unfinished_files(const struct container *c)
{
	autofree char *path = container_path(c, "");
	autoclose int lock_fd = container_lock_to_read(c);

	if (path && lock_fd >= 0)
		directory_remove_unfinished(path, "config");
}

static int restore_config(const struct undoing *u, struct err *e)
{
	int r;

	if (!u->config_path)
		return 0;
	remove_unfinished_files(u->container);
	if (!u->old_config) {
		if (unlink(u->config_path) == 0 || errno == ENOENT)
			return 0;
		return err_set(e, ERR_FILE_WRITE, errno, "cannot remove \"%s\"", u->config_path);
	}
	r = file_replace(AT_FDCWD, u->config_path, u->old_config, u->old_length, CONFIG_MODE);
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot restore \"%s\"", u->config_path) : 0;
}

static void take_configured_maps(struct undoing *u, const struct config *config)
{
	const struct config_idmaps *maps = config ? &config->values.idmaps : NULL;

	for (size_t i = 0; maps && i < maps->count; i++) {
		struct config_idmap *map = vec_push(&u->maps);

		if (map)
			*map = maps->items[i];
	}
}

/* Everything that the notes say. */
static int follow_notes(struct undoing *u, char *notes, size_t len, struct err *e)
{
	const struct container *c = u->container;
	char *at = text_starts(notes, first_line) ? notes + strlen(first_line) : NULL;
	int r = 0;

	if (!at)
		log_warn("%s: another program has begun to create it and did not end: look "
			 "whether it is complete, or destroy it",
			 c->name);
	while (r == 0 && at && *at)
		at = take_note(u, at, notes + len, &r, e);
	/* A copy may have said already whose storage it needs. */
	if (r == 0 && u->made_directory)
		r = depend_leave(c, e);
	if (r < 0)
		return r;
	if (u->rename.from)
		return rename_recover(c, &u->rename, e);
	if (u->restoring)
		r = restore_settle(c, e);
	if (r < 0)
		return r;
	if (u->made_directory)
		return remove_directory(u, e);
	r = restore_config(u, e);
	if (r == 0)
		partial_remove(c);
	return r;
}

static enum creation_kind kind_of(const struct undoing *u)
{
	if (u->rename.from)
		return CREATION_RENAMED;
	if (u->restoring)
		return CREATION_RESTORED;
	return u->destroying ? CREATION_DESTROYED : CREATION_UNDONE;
}

/* An enum creation_kind, or negative. */
static int undo(const struct container *c, const struct config *config, int marker_fd,
		struct err *e)
{
	struct undoing u = {.container = c};
	autofree char *notes = NULL;
	size_t len;
	int r = partial_read(marker_fd, &notes, &len);

	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "cannot read \"%s/%s/partial\"", c->lxcpath,
			       c->name);
	take_configured_maps(&u, config);
	r = follow_notes(&u, notes, len, e);
	/* Nobody wants to lose a container bit by bit, whenever something stands in the way less.
	 */
	if (r < 0 && u.destroying)
		partial_remove(c);
	vec_finish(&u.maps);
	return r < 0 ? r : (int)kind_of(&u);
}

int creation_undo(const struct container *c, const struct config *config, int marker_fd,
		  struct err *e)
{
	int r = undo(c, config, marker_fd, e);

	return r < 0 ? r : 0;
}

int creation_reverse(const struct container *c, const struct storage_volume *volume, struct err *e)
{
	autoclose int marker_fd = -EBADF;
	autostr notes = {};

	str_addf(&notes, "%sdestroying\n", first_line);
	note_maps(c, &notes);
	if (volume->type != ROOTFS_DETECT)
		print_volume(volume, "-", &notes);
	if (str_failed(&notes))
		return no_memory(e);
	marker_fd = partial_create(c, str_text(&notes), notes.len, e);
	return marker_fd < 0 ? marker_fd : creation_undo(c, c->config, marker_fd, e);
}

/* The configuration on disk, as far as it can be read: for the ids of what is removed. */
static void load_quietly(const char *path, struct config *ret)
{
	struct stat status;

	if (config_init(ret, NULL) < 0 || stat(path, &status) < 0)
		return;
	ret->only_files = true;
	config_load(ret, path, NULL);
}

/* A creator that was killed before it came to its marker. */
static int clear_half_made(const struct container *c)
{
	autofree char *path = container_path(c, "");
	autoclose int lock_fd = -EBADF;
	struct stat status;

	if (!path || lstat(path, &status) < 0 || !(status.st_mode & S_ISVTX))
		return 0;
	lock_fd = container_lock_to_read(c);
	if (lock_fd >= 0)
		remove_half_made(path);
	return lstat(path, &status) < 0 && errno == ENOENT ? CREATION_UNDONE : 0;
}

int creation_clear(const struct container *c, struct err *e)
{
	autoclose int marker_fd = -EBADF;
	struct config config;
	int r = partial_look(c, e);

	if (r == PARTIAL_NONE)
		return clear_half_made(c);
	if (r == PARTIAL_HELD)
		return partial_refuse(c, e);
	if (r < 0)
		return r;
	marker_fd = partial_seize(c, e);
	/* Somebody else was quicker. */
	if (marker_fd == -ENOENT)
		return 0;
	if (marker_fd < 0)
		return marker_fd;
	load_quietly(c->config_file, &config);
	r = undo(c, &config, marker_fd, e);
	config_finish(&config);
	return r;
}
