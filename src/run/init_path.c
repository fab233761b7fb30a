/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names below a base are looked up as if the base were the root (sys/resolve.h), each time from the
 * base: a path is never continued from a directory that a link of the container's may have led to.
 * Nothing is ever created through a symbolic link. openat2(2), mkdirat(2), mknodat(2).
 */

#include "run/init.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "sys/resolve.h"
#include "sys/syscall.h"

enum { PARENT_MODE = 0755 };

int init_open(struct init_lane *l, int base, const char *path, int flags)
{
	l->call = __NR_openat2;
	return base < 0 ? resolve_open_here(path, flags) : resolve_open(base, path, flags, 0);
}

static int open_directory(struct init_lane *l, int base, const char *path)
{
	return init_open(l, base, path, O_PATH | O_DIRECTORY);
}

/* A copy of the path without slashes at its end. Its length or -errno. */
static int copy_path(const char *path, char buf[static PATH_MAX])
{
	size_t length = init_text_length(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(buf, path, length);
	buf[length] = '\0';
	return (int)length;
}

/* The offset of the last name in the first `length` bytes of a path. */
static size_t last_name(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length;
}

/* The directory made of the first `length` bytes of path: a descriptor of its own, or -errno. */
static int open_prefix(struct init_lane *l, int base, char *path, size_t length)
{
	const char kept = path[length];
	int fd;

	path[length] = '\0';
	fd = open_directory(l, base, length > 0 ? path : ".");
	path[length] = kept;
	return fd;
}

/*
 * Make what is missing of `path`. From the end backwards it looks for what is there, because that
 * is near: mostly the last name alone is missing. The descriptor of the directory, -EBADF when the
 * last name was made and nobody wants it, or -errno.
 */
static int make_directories(struct init_lane *l, int base, char *path, size_t length, uint32_t mode,
			    bool is_wanted)
{
	size_t there = last_name(path, length);
	int fd = open_prefix(l, base, path, there);

	while (fd == -ENOENT && there > 0) {
		there = last_name(path, there);
		fd = open_prefix(l, base, path, there);
	}
	while (fd >= 0 && there < length) {
		size_t end = there;
		char kept;
		int r;

		while (end < length && path[end] == '/')
			end++;
		there = end;
		while (end < length && path[end] != '/')
			end++;
		init_umask_clear(l);
		l->call = __NR_mkdirat;
		kept = path[end];
		path[end] = '\0';
		r = sys_mkdirat(fd, path + there, end < length ? PARENT_MODE : mode);
		path[end] = kept;
		sys_close(fd);
		if (r < 0 && r != -EEXIST)
			return r;
		there = end;
		if (r == 0 && there == length && !is_wanted)
			return -EBADF;
		fd = open_prefix(l, base, path, there);
		/* A link that leads nowhere stands there. */
		if (fd == -ENOENT && r == -EEXIST)
			return -ELOOP;
	}
	return fd;
}

int init_make_directory(struct init_lane *l, int base, const char *path, uint32_t mode)
{
	char copy[PATH_MAX];
	int length, fd = open_directory(l, base, path);

	if (fd == -ENOENT) {
		length = copy_path(path, copy);
		if (length <= 0)
			return length < 0 ? length : -EINVAL;
		fd = make_directories(l, base, copy, (size_t)length, mode, false);
		if (fd == -EBADF)
			return 0;
	}
	if (fd < 0)
		return fd;
	sys_close(fd);
	return 0;
}

int init_place_open(struct init_lane *l, int base, const char *path, bool make,
		    struct init_place *ret)
{
	char copy[PATH_MAX];
	int length = copy_path(path, copy);
	size_t at, name_length;

	if (length < 0)
		return length;
	at = last_name(copy, (size_t)length);
	name_length = (size_t)length - at;
	if (name_length == 0 ||
	    (copy[at] == '.' && (name_length == 1 || (name_length == 2 && copy[at + 1] == '.'))))
		return -EINVAL;
	if (name_length >= sizeof(ret->name))
		return -ENAMETOOLONG;
	memcpy(ret->name, copy + at, name_length + 1);

	/* "/name" and "name" stand in the base itself. */
	if (base >= 0 && (at == 0 || (at == 1 && copy[0] == '/'))) {
		ret->fd = base;
		ret->is_owned = false;
		return 0;
	}
	ret->fd = open_prefix(l, base, copy, at);
	if (ret->fd == -ENOENT && make) {
		while (at > 1 && copy[at - 1] == '/')
			at--;
		copy[at] = '\0';
		ret->fd = make_directories(l, base, copy, at, PARENT_MODE, true);
	}
	ret->is_owned = true;
	return ret->fd < 0 ? ret->fd : 0;
}

void init_place_close(const struct init_place *place)
{
	if (place->is_owned)
		sys_close(place->fd);
}

int init_make_file(struct init_lane *l, int base, const char *path, uint32_t mode)
{
	struct init_place place;
	struct stat status;
	int r, fd = init_open(l, base, path, O_PATH);

	if (fd >= 0) {
		l->call = __NR_fstat;
		r = sys_fstat(fd, &status);
		sys_close(fd);
		if (r < 0)
			return r;
		return S_ISDIR(status.st_mode) ? -EISDIR : 0;
	}
	if (fd != -ENOENT)
		return fd;
	r = init_place_open(l, base, path, true, &place);
	if (r < 0)
		return r;
	init_umask_clear(l);
	l->call = __NR_mknodat;
	/* Unlike an open, this never follows a link. */
	r = sys_mknodat(place.fd, place.name, S_IFREG | (mode & 07777), 0);
	init_place_close(&place);
	if (r == -EEXIST) {
		init_note(l, "a symbolic link that leads nowhere stands there");
		return -ELOOP;
	}
	return r;
}
