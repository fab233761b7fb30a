/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Putting a restored copy into the container's place, and removing what is left: by the command
 * that restores, and by whoever finds that it was killed. Everything is asked anew from the disk.
 */

#include "container/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "child/userns.h"
#include "container/clone.h"
#include "container/creation.h"
#include "container/depend.h"
#include "container/snapshot.h"
#include "storage/removal.h"
#include "storage/storage.h"
#include "sys/file.h"

#define LOG_CATEGORY "restore"
#include "base/log.h"

const char restore_note[] = "restoring";
const char restore_notes[] = "tare 1\nrestoring\n";
static const char restore_name[] = ".restore";

enum { SWAP_SIZE_MAX = 1 << 20 };

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

static bool is_trusted(const struct stat *status)
{
	return status->st_uid == geteuid() || status->st_uid == 0;
}

/* What is removed is what its configuration says: nobody else may have written that. Its directory
 * may be the container root's, as that of a copy with mapped ids is. */
static int check_copy(const struct container *copy, struct err *e)
{
	autofree char *path = container_path(copy, "");
	struct stat status;
	const char *wrong = NULL;
	int r = snapshot_check_lxcpath(copy->lxcpath, e);

	if (r < 0)
		return r;
	if (!path)
		return no_memory(e);
	if (lstat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : err_set(e, ERR_FILE_OPEN, errno, "cannot look at \"%s\"", path);
	if (!S_ISDIR(status.st_mode))
		wrong = path;
	else if (lstat(copy->lxcpath, &status) < 0 || !is_trusted(&status))
		wrong = copy->lxcpath;
	else if (lstat(copy->config_file, &status) == 0 &&
		 (!S_ISREG(status.st_mode) || !is_trusted(&status) || status.st_nlink != 1))
		wrong = copy->config_file;
	if (!wrong)
		return 0;
	r = err_set(e, ERR_PERMISSION, EPERM, "\"%s\" is somebody else's", wrong);
	err_hint(e, "no restoration has left \"%s\" like this: look what it is, and remove it",
		 path);
	return r;
}

int restore_open_copy(const struct container *c, struct container **ret, struct err *e)
{
	autofree char *lxcpath = snapshot_lxcpath(c);
	struct container *copy = NULL;
	int r = lxcpath ? container_open_bare(restore_name, lxcpath, &copy, e) : no_memory(e);

	if (r == 0 && copy)
		r = check_copy(copy, e);
	if (r < 0)
		container_free(take_ptr(copy));
	*ret = copy;
	return r;
}

/* The list of what is exchanged. */
struct swap {
	const struct container *container;
	struct container *copy;
	char *text; /* heap: the file, cut into lines */
	struct storage_volume new, final, aside;
	struct {
		VEC_OF(const char *)
	} files; /* in the text */
	bool needs;
};

static void swap_finish(struct swap *swap)
{
	free(swap->text);
	vec_finish(&swap->files);
	storage_volume_finish(&swap->new);
	storage_volume_finish(&swap->final);
	storage_volume_finish(&swap->aside);
}

static int take_line(struct swap *swap, const char *line)
{
	const char *rest;
	const char **file;

	if ((rest = text_after(line, "file "))) {
		file = vec_push(&swap->files);
		if (!file)
			return -ENOMEM;
		*file = rest;
		return 0;
	}
	if ((rest = text_after(line, "new ")))
		return storage_volume_parse(rest, &swap->new);
	if ((rest = text_after(line, "final ")))
		return storage_volume_parse(rest, &swap->final);
	if ((rest = text_after(line, "aside ")))
		return storage_volume_parse(rest, &swap->aside);
	if (strcmp(line, "needs") == 0)
		swap->needs = true;
	return 0;
}

/* 1, 0 = there is none, or negative. It is ours, or it is not obeyed. */
static int read_swap(struct swap *swap, struct err *e)
{
	autofree char *path = container_path(swap->copy, "/swap");
	autoclose int fd = -EBADF;
	struct stat status;
	int r;

	if (!path)
		return no_memory(e);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot open \"%s\"", path);
	if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_nlink != 1)
		return err_set(e, ERR_PERMISSION, EPERM, "\"%s\" is somebody else's", path);
	r = file_read_fd(fd, SWAP_SIZE_MAX, &swap->text, NULL);
	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "cannot read \"%s\"", path);
	for (char *at = swap->text, *line; r == 0 && (line = strsep(&at, "\n"));)
		r = take_line(swap, line);
	/* strsep(3) has put ends into it. */
	return r < 0 ? err_set(e, ERR_STORAGE, -r, "cannot understand \"%s\"", path) : 1;
}

static bool is_there(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

/* Whether a volume is a path of its own, which is moved by rename(2); else its driver does it. */
static bool is_path(const struct storage_volume *volume)
{
	return volume->type == ROOTFS_DIR || volume->type == ROOTFS_BTRFS ||
	       volume->type == ROOTFS_OVERLAY || volume->type == ROOTFS_LOOP;
}

const char *restore_place(const struct storage_volume *volume)
{
	const char *place = volume->path;

	for (const char *at = place; volume->type == ROOTFS_OVERLAY && (at = strstr(at, ":/"));
	     at++)
		place = at + 1;
	return place;
}

int restore_rename(const struct container *c, const char *suffix, const struct container *former,
		   const struct storage_volume *volume, bool really, struct storage_volume *ret,
		   struct err *e)
{
	autofree char *directory = container_path(c, suffix);
	autofree char *former_directory = container_path(former, "");
	autostr name = {};
	struct storage_wish wish;

	str_addf(&name, "%s%s", c->name, suffix);
	if (!directory || !former_directory || str_failed(&name))
		return no_memory(e);
	clone_make_wish(c, directory, volume->type, &wish);
	wish.name = str_text(&name);
	wish.former = former_directory;
	return storage_rename(volume, &wish, really, ret, e);
}

static int volume_is_there(const struct storage_volume *volume, struct err *e)
{
	return is_path(volume) ? is_there(restore_place(volume)) : storage_exists(volume, e);
}

struct move {
	const char *from, *to;
};

static int rename_inside(void *argument)
{
	const struct move *move = argument;

	return rename(move->from, move->to) < 0 ? -errno : 0;
}

/* Who may not write to a directory may not move it to another one: it is container root's. */
static int move_path(const struct swap *swap, const char *from, const char *to, struct err *e)
{
	const struct config *config = swap->copy->config;
	struct move move = {from, to};
	const struct userns_call call = {rename_inside, &move, -EBADF};
	int status = 0;
	int r = rename(from, to) < 0 ? -errno : 0;

	if ((r == -EACCES || r == -EPERM) && geteuid() != 0 && config &&
	    config->values.idmaps.count > 0) {
		r = userns_run(&config->values.idmaps, &call, &status, e);
		if (r < 0)
			return err_wrap(e, r, "cannot move \"%s\" to \"%s\"", from, to);
		r = r == USERNS_CALL_FAILED ? -status : status ? -ECHILD : 0;
	}
	if (r == 0)
		return 0;
	err_set(e, ERR_STORAGE, -r, "cannot move \"%s\" to \"%s\"", from, to);
	if (r == -EBUSY)
		err_hint(e, "something is mounted there: unmount it first");
	else if (r == -EXDEV)
		err_hint(e, "they are on different file systems: restore to a new name instead");
	return r;
}

/* To a place that is the container's (final), the copy's (new) or beside that (aside). */
static int move_volume(const struct swap *swap, const struct storage_volume *from,
		       const struct storage_volume *to, struct err *e)
{
	struct storage_volume moved = {};
	int r;

	if (is_path(from))
		return move_path(swap, restore_place(from), restore_place(to), e);
	if (to == &swap->final)
		r = restore_rename(swap->container, "", swap->copy, from, true, &moved, e);
	else
		r = restore_rename(swap->copy, to == &swap->aside ? ".old" : "", swap->container,
				   from, true, &moved, e);
	storage_volume_finish(&moved);
	return r;
}

/* What was at `final` goes aside, what is new takes its place. */
static int swap_volumes(const struct swap *swap, struct err *e)
{
	int r;

	if (!swap->new.type)
		return 0;
	r = volume_is_there(&swap->new, e);
	if (r <= 0)
		return r;
	r = volume_is_there(&swap->final, e);
	if (r > 0)
		r = move_volume(swap, &swap->final, &swap->aside, e);
	return r == 0 ? move_volume(swap, &swap->new, &swap->final, e) : r;
}

/* All as it was. */
static int swap_back(const struct swap *swap, struct err *e)
{
	int r;

	if (!swap->new.type)
		return 0;
	r = volume_is_there(&swap->new, e);
	if (r == 0 && (r = volume_is_there(&swap->final, e)) > 0)
		r = move_volume(swap, &swap->final, &swap->new, e);
	if (r < 0)
		return r;
	r = volume_is_there(&swap->aside, e);
	return r > 0 ? move_volume(swap, &swap->aside, &swap->final, e) : r;
}

/* An overlay's work directory knows the upper one that it was made for; a mount makes another. */
static int remove_work(const struct swap *swap, struct err *e)
{
	const char *upper = restore_place(&swap->final);
	const char *slash = swap->new.type == ROOTFS_OVERLAY ? strrchr(upper, '/') : NULL;
	const struct config *config = swap->copy->config;
	const struct config_idmaps *maps = config ? &config->values.idmaps : NULL;
	autostr work = {};

	if (!slash)
		return 0;
	str_add_bytes(&work, upper, (size_t)(slash - upper));
	str_add(&work, "/work");
	return str_failed(&work) ? no_memory(e) : removal_tree(maps, str_text(&work), NULL, e);
}

/* One that is not there has been moved. */
static int move_file(const struct swap *swap, const char *name, struct err *e)
{
	autofree char *from = container_path(swap->copy, "/");
	autofree char *to = container_path(swap->container, "/");
	autostr from_path = {};
	autostr to_path = {};
	int r;

	if (!from || !to)
		return no_memory(e);
	str_addf(&from_path, "%s%s", from, name);
	str_addf(&to_path, "%s%s", to, name);
	if (str_failed(&from_path) || str_failed(&to_path))
		return no_memory(e);
	if (!is_there(str_text(&from_path)))
		return 0;
	r = directory_make_parents(str_text(&to_path), 0755);
	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "cannot make the way to \"%s\"",
			       str_text(&to_path));
	return move_path(swap, str_text(&from_path), str_text(&to_path), e);
}

/* Whom the container needs from now on, as the copy did. */
static int move_needs(const struct swap *swap, struct err *e)
{
	autofree char *own = container_path(swap->container, "/lxc_rdepends");
	autofree char *copied = container_path(swap->copy, "/lxc_rdepends");
	int r = 0;

	if (!own || !copied)
		return no_memory(e);
	if (!swap->needs || is_there(copied))
		r = depend_leave(swap->container, e);
	if (r < 0)
		return r;
	if (!swap->needs)
		return unlink(own) == 0 || errno == ENOENT
			       ? 0
			       : err_set(e, ERR_FILE_WRITE, errno, "cannot remove \"%s\"", own);
	if (is_there(copied))
		r = move_path(swap, copied, own, e);
	return r == 0 ? depend_rename(swap->container, swap->copy, e) : r;
}

static int move_if_there(const struct swap *swap, const struct container *to, const char *suffix,
			 struct err *e)
{
	autofree char *from = container_path(swap->copy, suffix);
	autofree char *path = container_path(to, "/config");

	if (!from || !path)
		return no_memory(e);
	return is_there(from) ? move_path(swap, from, path, e) : 0;
}

static void sync_directory(const struct container *c)
{
	autofree char *path = container_path(c, "");
	autoclose int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;

	if (fd >= 0)
		fsync(fd);
}

static int remove_swap(const struct swap *swap, struct err *e)
{
	autofree char *path = container_path(swap->copy, "/swap");

	if (!path)
		return no_memory(e);
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	return err_set(e, ERR_FILE_WRITE, errno, "cannot remove \"%s\"", path);
}

static int carry_out(const struct swap *swap, struct err *e)
{
	int r = remove_work(swap, e);

	if (r == 0)
		r = move_needs(swap, e);
	for (size_t i = 0; r == 0 && i < swap->files.count; i++)
		r = move_file(swap, swap->files.items[i], e);
	if (r == 0)
		r = move_if_there(swap, swap->container, "/config.new", e);
	if (r < 0)
		return r;
	sync_directory(swap->container);
	/* From here on the copy is the old state. */
	r = move_if_there(swap, swap->copy, "/config.aside", e);
	return r == 0 ? remove_swap(swap, e) : r;
}

int restore_destroy_copy(struct container *copy, struct err *e)
{
	struct storage_volume volume = {};
	autofree char *path = container_path(copy, "");
	int r;

	if (!path)
		return no_memory(e);
	r = creation_clear(copy, e);
	if (r < 0 || !is_there(path))
		return r < 0 ? r : 0;
	container_clear_config(copy);
	copy->is_looked_at = true;
	r = container_is_defined(copy) ? container_load_config(copy, NULL, e) : 0;
	if (r == 0 && copy->config && copy->config->values.rootfs.path)
		r = storage_detect(&copy->config->values.rootfs, &volume, e);
	/* Other snapshots may have been made of the old volume. */
	if (r == 0 && volume.type)
		r = storage_release(&volume, e);
	if (r == 0)
		r = creation_reverse(copy, &volume, e);
	if (r == 0)
		container_remove_lock(copy);
	storage_volume_finish(&volume);
	return r;
}

/* As restore_settle() has it, but for what is left over. */
static int settle(struct swap *swap, struct err *e)
{
	int r = read_swap(swap, e);

	if (r <= 0)
		return r;
	/* For its ids. */
	swap->copy->is_looked_at = true;
	r = container_is_defined(swap->copy) ? container_load_config(swap->copy, NULL, e) : 0;
	if (r == 0)
		r = swap_volumes(swap, e);
	if (r == 0)
		return carry_out(swap, e);
	/* What can't be moved (something is mounted on it) stays where it was. */
	if (swap_back(swap, NULL) < 0 || remove_swap(swap, NULL) < 0)
		return err_wrap(e, r, "container %s is between its old and its restored state",
				swap->container->name);
	return RESTORE_UNDONE;
}

int restore_settle(const struct container *c, struct err *e)
{
	struct swap swap = {.container = c};
	struct err why = {};
	int r = restore_open_copy(c, &swap.copy, e);

	if (r < 0 || !swap.copy)
		return r;
	r = settle(&swap, e);
	if (r >= 0 && restore_destroy_copy(swap.copy, &why) < 0)
		log_warn("%s: what restoring has left in \"%s/%s\" can't be removed; \"tare "
			 "repair\" tries again: %s",
			 c->name, swap.copy->lxcpath, swap.copy->name, err_cause(&why));
	container_free(swap.copy);
	swap_finish(&swap);
	return r;
}
