/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Where a container's snapshots are, and which there are. Of each its directory is looked at for a
 * configuration and a marker, and its time is read: nothing else, as there may be thousands.
 */

#include "container/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "base/num.h"
#include "container/creation.h"
#include "container/paths.h"

#define LOG_CATEGORY "snapshot"
#include "base/log.h"

enum { TIMESTAMP_ROOM = 256 };

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

void snapshot_list_finish(struct snapshot_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].timestamp);
	}
	vec_finish(list);
	free(list->lxcpath);
	list->lxcpath = NULL;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

char *snapshot_lxcpath(const struct container *c)
{
	autofree char *own = container_path(c, "/snaps");
	autostr old = {};

	str_addf(&old, "%ssnaps", c->lxcpath);
	if (!own || str_failed(&old))
		return NULL;
	if (!is_directory(str_text(&old)))
		return take_ptr(own);
	str_addf(&old, "/%s", c->name);
	if (str_failed(&old))
		return NULL;
	/* Another container's old snapshots make no old ones of ours. */
	return !is_directory(str_text(&old)) && is_directory(own) ? take_ptr(own) : str_take(&old);
}

int snapshot_check_lxcpath(const char *lxcpath, struct err *e)
{
	struct stat status;
	int r;

	if (lstat(lxcpath, &status) < 0 || !S_ISLNK(status.st_mode))
		return 0;
	r = err_set(e, ERR_PERMISSION, ELOOP, "the snapshots' directory \"%s\" is a symbolic link",
		    lxcpath);
	err_hint(e, "what it leads to may be somebody else's: replace it by that directory");
	return r;
}

int snapshot_make_lxcpath(const char *lxcpath, struct err *e)
{
	int r = snapshot_check_lxcpath(lxcpath, e);

	if (r < 0)
		return r;
	r = directory_make_parents(lxcpath, 0755);
	/* A read-only file system may say so before it says that the directory exists. */
	if (r == 0 && mkdir(lxcpath, 0755) < 0)
		r = -errno;
	if (r < 0 && access(lxcpath, F_OK) == 0)
		r = 0;
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot create the directory \"%s\"", lxcpath)
		     : 0;
}

/* "snap" and a number: true. */
static bool is_numbered(const char *name, uint64_t *ret)
{
	const char *digits = text_after(name, "snap");

	return digits && digits[0] >= '0' && digits[0] <= '9' && num_take_u64(&digits, ret) == 0 &&
	       *digits == '\0';
}

static int by_number(const void *a, const void *b)
{
	const char *name_a = ((const struct snapshot *)a)->name;
	const char *name_b = ((const struct snapshot *)b)->name;
	uint64_t number_a, number_b;
	bool is_numbered_a = is_numbered(name_a, &number_a);
	bool is_numbered_b = is_numbered(name_b, &number_b);

	if (is_numbered_a != is_numbered_b)
		return is_numbered_a ? -1 : 1;
	if (is_numbered_a && number_a != number_b)
		return number_a < number_b ? -1 : 1;
	return strcmp(name_a, name_b);
}

static bool has_file(int dirfd, const char *name, const char *file)
{
	char path[NAME_MAX + 16];
	struct stat status;

	return snprintf(path, sizeof(path), "%s/%s", name, file) < (int)sizeof(path) &&
	       fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* NULL also when there is none. Its first line, in one read(2): this is done a thousand times. */
static char *read_timestamp(int dirfd, const char *name)
{
	char path[NAME_MAX + 16], text[TIMESTAMP_ROOM];
	autoclose int fd = -EBADF;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/ts", name);
	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (length < 0)
		return NULL;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strdup(text);
}

/* What an interrupted command has left is finished or undone by the next one: this. */
static void clear_unfinished(const char *lxcpath, const char *name)
{
	struct container *c = NULL;
	struct err e = {};

	if (container_open_bare(name, lxcpath, &c, NULL) < 0)
		return;
	if (creation_clear(c, &e) < 0 && e.id != ERR_CREATING)
		log_warn("%s: what an interrupted command has left can't be undone: %s", name,
			 err_cause(&e));
	container_free(c);
}

static int add(struct snapshot_list *list, int dirfd, const char *name)
{
	struct snapshot *item;

	if (has_file(dirfd, name, "partial")) {
		clear_unfinished(list->lxcpath, name);
		if (has_file(dirfd, name, "partial"))
			return 0;
	}
	if (!has_file(dirfd, name, "config"))
		return 0;
	item = vec_push(list);
	if (!item)
		return -ENOMEM;
	item->name = strdup(name);
	item->timestamp = read_timestamp(dirfd, name);
	return item->name ? 0 : -ENOMEM;
}

static int read_names(struct snapshot_list *list, struct err *e)
{
	int fd = open(list->lxcpath, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	int r = 0;

	if (!directory && fd >= 0)
		close(fd);
	if (!directory)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : err_set(e, ERR_FILE_READ, errno,
					 "cannot list the snapshots in \"%s\"", list->lxcpath);
	do {
		errno = 0;
		entry = readdir(directory);
		if (entry && entry->d_name[0] != '.')
			r = add(list, dirfd(directory), entry->d_name);
	} while (entry && r == 0);
	if (r < 0)
		r = no_memory(e);
	else if (errno)
		r = err_set(e, ERR_FILE_READ, errno, "cannot list the snapshots in \"%s\"",
			    list->lxcpath);
	closedir(directory);
	return r;
}

int container_snapshots(const struct container *c, struct snapshot_list *ret, struct err *e)
{
	struct snapshot_list list = {.lxcpath = snapshot_lxcpath(c)};
	int r = list.lxcpath ? snapshot_check_lxcpath(list.lxcpath, e) : no_memory(e);

	if (r == 0)
		r = read_names(&list, e);
	if (r < 0) {
		snapshot_list_finish(&list);
		return r;
	}
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(*list.items), by_number);
	*ret = list;
	return 0;
}
