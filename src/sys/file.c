/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading whole files and replacing them by rename(2). An unnamed temporary (O_TMPFILE) is no
 * option: linkat(2) does not replace. Deliberately no writing in place, no copying between files.
 */

#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

enum {
	READ_FIRST = 4096,
	LINKS_MAX = 40, /* what the kernel allows, path_resolution(7) */
	NAMES_MAX = 16, /* temporary names to try */
	RANDOM_LENGTH = 6,
};

/* Behind the name of the file that is replaced. */
static const char temporary_suffix[] = ".tare-";

/* Where a replacement takes place: the directory and name behind all links. */
struct place {
	int dir_fd;
	char name[NAME_MAX + 1];
	char temporary[NAME_MAX + 1];
	bool exists;
	struct stat status; /* of the old file, if it exists */
};

static ssize_t read_some(int fd, char *buffer, size_t room)
{
	ssize_t got;

	do
		got = read(fd, buffer, room);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

int file_read_fd(int fd, size_t max, char **ret, size_t *ret_len)
{
	autofree char *data = NULL;
	size_t room = 0;
	size_t len = 0;
	ssize_t got;

	do {
		/* One byte stays free for the terminator. */
		if (len + 1 >= room) {
			char *grown;

			room = room ? room * 2 : READ_FIRST;
			grown = realloc(data, room);
			if (!grown)
				return -ENOMEM;
			data = grown;
		}
		got = read_some(fd, data + len, room - len - 1);
		if (got < 0)
			return (int)got;
		len += (size_t)got;
		if (len > max)
			return -EFBIG;
	} while (got > 0);

	data[len] = '\0';
	if (ret_len)
		*ret_len = len;
	*ret = take_ptr(data);
	return 0;
}

int file_read_all(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : file_read_fd(fd, max, ret, ret_len);
}

/* Split a path into the directory, opened, and the name in it. */
static int open_parent(int dirfd, const char *path, struct place *place)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char parent[PATH_MAX] = ".";
	size_t parent_len;
	int fd;

	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return path[0] == '\0' ? -ENOENT : -EISDIR;
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (slash) {
		/* The slash stays: it is the path of the root directory. */
		parent_len = (size_t)(name - path);
		if (parent_len >= sizeof(parent))
			return -ENAMETOOLONG;
		memcpy(parent, path, parent_len);
		parent[parent_len] = '\0';
	}

	fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	memcpy(place->name, name, strlen(name) + 1);
	place->dir_fd = fd;
	return 0;
}

/* The kernel's rule for links that it follows itself: fs.protected_symlinks, proc_sys_fs(5). */
static bool is_trusted(const struct stat *link, const struct stat *dir)
{
	bool is_shared = (dir->st_mode & S_ISVTX) && (dir->st_mode & S_IWOTH);

	return !is_shared || link->st_uid == geteuid() || link->st_uid == dir->st_uid;
}

/* Read the link at the place: 1, or 0 when there is none. */
static int read_link(const struct place *place, char target[PATH_MAX])
{
	autoclose int fd = openat(place->dir_fd, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat link;
	struct stat dir;
	ssize_t len;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &link) < 0 || fstat(place->dir_fd, &dir) < 0)
		return -errno;
	if (!S_ISLNK(link.st_mode))
		return 0;
	if (!is_trusted(&link, &dir))
		return -EACCES;
	len = readlinkat(fd, "", target, PATH_MAX);
	if (len < 0)
		return -errno;
	if (len == PATH_MAX)
		return -ENAMETOOLONG;
	target[len] = '\0';
	return 1;
}

/* Follow links to the place itself. The caller closes place->dir_fd in any case. */
static int find_place(int dirfd, const char *path, struct place *place)
{
	char target[PATH_MAX] = "";
	int r;

	r = open_parent(dirfd, path, place);
	for (unsigned i = 0; r == 0; i++) {
		autoclose int link_dir_fd = -EBADF;

		r = read_link(place, target);
		if (r <= 0)
			return r;
		if (i == LINKS_MAX)
			return -ELOOP;
		link_dir_fd = take_fd(place->dir_fd);
		r = open_parent(link_dir_fd, target, place);
	}
	return r;
}

/* What is there now, and whether it may be replaced. */
static int examine_old(struct place *place)
{
	if (fstatat(place->dir_fd, place->name, &place->status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	place->exists = true;
	if (S_ISDIR(place->status.st_mode))
		return -EISDIR;
	if (!S_ISREG(place->status.st_mode))
		return -EINVAL;
	if (faccessat(place->dir_fd, place->name, W_OK, AT_EACCESS) < 0)
		return -errno;
	return 0;
}

/* Early in boot there is no randomness yet. Names need not be secret, only free: O_EXCL sees to it.
 */
static void fill_without_randomness(unsigned char bytes[RANDOM_LENGTH], unsigned attempt)
{
	struct timespec now = {0};
	uint64_t number;

	clock_gettime(CLOCK_MONOTONIC, &now);
	number = (((uint64_t)getpid() << 20) ^ (uint64_t)now.tv_nsec) + attempt;
	/* Five bits are a letter. */
	for (size_t i = 0; i < RANDOM_LENGTH; i++)
		bytes[i] = (unsigned char)(number >> (5 * i));
}

/* ".NAME.tare-XXXXXX", NAME cut between two characters if the whole would be too long. */
static void choose_temporary(struct place *place, unsigned attempt)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345"; /* 32: no bias */
	const size_t name_max = NAME_MAX - 1 - LITERAL_LENGTH(temporary_suffix) - RANDOM_LENGTH;
	unsigned char bytes[RANDOM_LENGTH];
	char ending[RANDOM_LENGTH + 1] = "";
	size_t len = strlen(place->name);

	if (len > name_max) {
		len = name_max;
		while (len > 0 && (place->name[len] & 0xc0) == 0x80)
			len--;
	}
	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != (ssize_t)sizeof(bytes))
		fill_without_randomness(bytes, attempt);
	for (size_t i = 0; i < RANDOM_LENGTH; i++)
		ending[i] = letters[bytes[i] % LITERAL_LENGTH(letters)];
	snprintf(place->temporary, sizeof(place->temporary), ".%.*s%s%s", (int)len, place->name,
		 temporary_suffix, ending);
}

/* An old file's mode is set when its owner is: until then nobody else looks in. */
static int create_temporary(struct place *place, mode_t mode)
{
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		int fd;

		choose_temporary(place, i);
		fd = openat(place->dir_fd, place->temporary,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			    place->exists ? 0600 : mode);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : -errno;
	}
	return -EEXIST;
}

int file_write_fd(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t written = write(fd, at, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		len -= (size_t)written;
	}
	return 0;
}

static int give_to_owner(int fd, const struct stat *old)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != old->st_uid || status.st_gid != old->st_gid) {
		if (fchown(fd, old->st_uid, old->st_gid) < 0)
			return -errno;
	}
	/* New content does not run with the rights that somebody gave to the old one. */
	return fchmod(fd, old->st_mode & 0777) < 0 ? -errno : 0;
}

/* Everything up to the point where the new file takes the old one's name. */
static int complete(int fd, const struct place *place, const void *bytes, size_t len)
{
	int r = file_write_fd(fd, bytes, len);

	if (r == 0 && place->exists)
		r = give_to_owner(fd, &place->status);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(place->dir_fd, place->temporary, place->dir_fd, place->name) < 0)
		r = -errno;
	return r;
}

static int replace_at(struct place *place, const void *bytes, size_t len, mode_t mode)
{
	autoclose int fd = -EBADF;
	int r;

	r = examine_old(place);
	if (r < 0)
		return r;
	fd = create_temporary(place, mode);
	if (fd < 0)
		return fd;

	r = complete(fd, place, bytes, len);
	if (r < 0) {
		unlinkat(place->dir_fd, place->temporary, 0);
		return r;
	}
	/* EINVAL: a file system that does not flush directories. */
	return fsync(place->dir_fd) < 0 && errno != EINVAL ? -errno : 0;
}

int file_replace(int dirfd, const char *path, const void *bytes, size_t len, mode_t mode)
{
	struct place place = {.dir_fd = -EBADF};
	int r;

	r = find_place(dirfd, path, &place);
	if (r == 0)
		r = replace_at(&place, bytes, len, mode);
	cleanup_close(&place.dir_fd);
	return r;
}
