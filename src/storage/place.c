/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Directories of volumes. Modes are set behind umask(2), which belongs to all threads of the
 * caller.
 */

#include "storage/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "base/path.h"
#include "child/userns.h"
#include "sys/file.h"

enum { PLACE_MODE = 0755, MOUNTS_SIZE_MAX = 64 << 20 };

int place_no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

/* Of container root: id 0, or the first one that is mapped; as it is when none is. */
static uint32_t root_id(const struct config_idmaps *maps, char kind)
{
	struct host_id id;

	if (config_host_id(maps, kind, (struct container_id){0}, &id) == 0)
		return id.value;
	for (size_t i = 0; i < maps->count; i++)
		if (maps->items[i].entry.kind == kind)
			return maps->items[i].entry.host.value;
	return ID_INVALID;
}

/* In the helper's namespace: root there, and the caller's group. */
static int give_inside(void *argument)
{
	const char *path = argument;

	return lchown(path, 0, (gid_t)-1) < 0 ? -errno : 0;
}

static int give_by_helper(const char *path, const struct config_idmaps *maps, struct err *e)
{
	const struct userns_call call = {give_inside, (char *)path, -EBADF};
	int status;
	int r = userns_run(maps, &call, &status, e);

	if (r < 0)
		return err_wrap(e, r, "cannot give \"%s\" to container root", path);
	if (r == USERNS_CALL_FAILED)
		return err_set(e, ERR_PERMISSION, status, "cannot give \"%s\" to container root",
			       path);
	return status == 0 ? 0
			   : err_set(e, ERR_PERMISSION, ECHILD,
				     "cannot give \"%s\" to container root", path);
}

int place_give(const char *path, const struct config_idmaps *maps, struct err *e)
{
	if (!maps || maps->count == 0)
		return 0;
	if (geteuid() != 0)
		return give_by_helper(path, maps, e);
	if (lchown(path, root_id(maps, 'u'), root_id(maps, 'g')) < 0)
		return err_set(e, ERR_PERMISSION, errno, "cannot give \"%s\" to container root",
			       path);
	return 0;
}

int place_give_open(int fd, const char *name, const struct config_idmaps *maps, struct err *e)
{
	if (fchmod(fd, PLACE_MODE) < 0)
		return err_set(e, ERR_PERMISSION, errno, "cannot set the mode of \"%s\"", name);
	if (!maps || maps->count == 0)
		return 0;
	if (fchown(fd, root_id(maps, 'u'), root_id(maps, 'g')) < 0)
		return err_set(e, ERR_PERMISSION, errno, "cannot give \"%s\" to container root",
			       name);
	return 0;
}

int place_make(const char *path, const struct config_idmaps *maps, struct err *e)
{
	int r = directory_make_parents(path, PLACE_MODE);

	if (r < 0)
		return err_set(e, ERR_STORAGE, -r, "cannot create the way to \"%s\"", path);
	if (mkdir(path, PLACE_MODE) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot create \"%s\"", path);
	if (chmod(path, PLACE_MODE) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot set the mode of \"%s\"", path);
	return place_give(path, maps, e);
}

int place_make_missing(const char *path, const struct config_idmaps *maps, struct err *e)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : place_make(path, maps, e);
}

int place_is_there(const char *path, struct err *e)
{
	struct stat status;

	if (lstat(path, &status) == 0)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", path);
}

/* The first mount at or below `path`, from the fifth field of mountinfo (proc(5)) on, or NULL. */
static char *find_mount(char *mounts, const char *path)
{
	for (char *line = mounts; *line;) {
		char *next = line + strcspn(line, "\n");
		char *place = line;

		if (*next)
			*next++ = '\0';
		for (int i = 0; i < 4; i++) {
			place += strcspn(place, " ");
			place += *place == ' ';
		}
		place[strcspn(place, " ")] = '\0';
		text_unescape(place);
		if (path_is_below(place, path))
			return place;
		line = next;
	}
	return NULL;
}

int place_check_removal(const char *path, struct err *e)
{
	autofree char *real = realpath(path, NULL);
	autofree char *mounts = NULL;
	const char *mount;
	int r;

	if (!real)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", path);
	if (path_is_of_system(real))
		return err_set(e, ERR_STORAGE, EBUSY,
			       "\"%s\" is not removed: it is a directory of the system", real);
	/* Without /proc the removal itself finds them, a little later. */
	if (file_read_all(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_SIZE_MAX, &mounts, NULL) < 0)
		return 0;
	mount = find_mount(mounts, real);
	if (!mount)
		return 0;
	r = err_set(e, ERR_STORAGE, EBUSY, "\"%s\" is not removed: something is mounted on \"%s\"",
		    path, mount);
	err_hint(e, "unmount it first: umount -R %s", mount);
	return r;
}

void place_follow(const char *path, size_t len, const struct storage_wish *wish, struct str *ret)
{
	size_t former = wish->former ? strlen(wish->former) : 0;

	if (former == 0) {
		const char *slash = strrchr(wish->directory, '/');
		size_t above = slash ? (size_t)(slash - wish->directory) + 1 : 0;

		/* The next component is another container, whichever. */
		if (above > 0 && len > above && memcmp(path, wish->directory, above) == 0)
			former = above + strcspn(path + above, "/");
	} else if (len < former || memcmp(path, wish->former, former) != 0) {
		former = 0;
	}
	if (former > 0 && (former >= len || path[former] == '/')) {
		str_add(ret, wish->directory);
		if (former < len)
			str_add_bytes(ret, path + former, len - former);
	} else {
		str_add_bytes(ret, path, len);
	}
}

void place_volume_name(const struct storage_wish *wish, struct str *ret)
{
	static const char snaps[] = "/snaps";
	const char *slash = strrchr(wish->directory, '/');
	size_t len = slash ? (size_t)(slash - wish->directory) : 0;
	const char *begin;

	if (len > LITERAL_LENGTH(snaps) &&
	    memcmp(slash - LITERAL_LENGTH(snaps), snaps, LITERAL_LENGTH(snaps)) == 0) {
		len -= LITERAL_LENGTH(snaps);
		begin = wish->directory + len;
		while (begin > wish->directory && begin[-1] != '/')
			begin--;
		str_add_bytes(ret, begin, (size_t)(wish->directory + len - begin));
		str_add_char(ret, '-');
	}
	str_add(ret, wish->name);
}

int place_refuse_snapshot(enum rootfs_type source, const char *format, struct err *e)
{
	const struct storage_type *type = storage_type(source);
	const char *mark = strchr(format, '@');
	autostr text = {};

	/* Sentences of LXC, with a @ where the source's type stands. */
	str_add_bytes(&text, format, mark ? (size_t)(mark - format) : strlen(format));
	if (mark)
		str_addf(&text, "%s%s", type ? type->name : "none", mark + 1);
	return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "%s", str_text(&text));
}
