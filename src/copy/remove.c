/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Recursive removal by descriptors. A directory that lies very deep is moved up to the top and
 * removed from there, so that no tree can use up our descriptors or our stack. openat2(2) with
 * RESOLVE_NO_XDEV keeps us on the mount, where st_dev would not see a bind mount.
 */

#include "copy/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"

enum {
	DEPTH_MAX = 100, /* directories that are open at once */
	ROUNDS_MAX = 64, /* others may put new things in while we remove */
};

struct removal {
	int top_fd;     /* where deep directories are moved */
	unsigned moved; /* how many were */
	const char *const *kept;
	struct remove_problem *problem;
	char way[PATH_MAX]; /* where we are, below the top */
};

static int open_directory(int dirfd, const char *name, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
	};
	int fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* One component more; what is longer than a path can be ends where it does. */
static void add_component(char way[PATH_MAX], const char *name)
{
	size_t len = strlen(way);
	size_t more = strlen(name);

	if (len > 0 && more > 0 && len < PATH_MAX - 1)
		way[len++] = '/';
	if (more > PATH_MAX - 1 - len)
		more = PATH_MAX - 1 - len;
	memcpy(way + len, name, more);
	way[len + more] = '\0';
}

static void note(struct removal *r, const char *name, int errnum)
{
	if (r->problem->errnum)
		return;
	r->problem->errnum = errnum;
	memcpy(r->problem->path, r->way, sizeof(r->way));
	add_component(r->problem->path, name);
}

/* Immutable and append-only files (chattr +i, +a) refuse to go, and such directories to let go. */
static bool make_mutable(int fd)
{
	const int locked = FS_IMMUTABLE_FL | FS_APPEND_FL;
	int flags = 0; /* the kernel takes an int, whatever the call's number says */

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || !(flags & locked))
		return false;
	flags &= ~locked;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

/* To be asked for its flags. A device or pipe has none, and may do something when it is opened. */
static int open_harmless(int dirfd, const char *name)
{
	autoclose int place = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[sizeof("/proc/self/fd/") + 12];
	struct stat status;
	int fd;

	if (place < 0 || fstat(place, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return -ENODEV;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* `is_inside`: the directory is part of what is removed. */
static int unlink_entry(int dirfd, const char *name, int flags, bool is_inside)
{
	autoclose int fd = -EBADF;
	int r;

	if (unlinkat(dirfd, name, flags) == 0 || errno == ENOENT)
		return 0;
	r = -errno;
	if (r == -EPERM && is_inside && make_mutable(dirfd))
		r = unlinkat(dirfd, name, flags) < 0 ? -errno : 0;
	if (r != -EPERM)
		return r;
	fd = open_harmless(dirfd, name);
	if (fd >= 0 && make_mutable(fd))
		r = unlinkat(dirfd, name, flags) < 0 ? -errno : 0;
	return r;
}

static bool is_kept(const char *const *kept, const char *name)
{
	for (; kept && *kept; kept++)
		if (strcmp(*kept, name) == 0)
			return true;
	return false;
}

/* By its descriptor: a link that somebody puts in its place meanwhile is not followed. */
static bool let_us_in(int dirfd, const char *name)
{
	autoclose int fd = open_directory(dirfd, name, O_PATH);
	char path[32];

	if (fd < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, 0700) == 0;
}

/* An owner who is not root needs the rights to look and to remove. */
static int open_to_empty(int dirfd, const char *name)
{
	int fd = open_directory(dirfd, name, O_RDONLY);
	struct stat status;

	if (fd == -EACCES && let_us_in(dirfd, name))
		fd = open_directory(dirfd, name, O_RDONLY);
	if (fd >= 0 && geteuid() != 0 && fstat(fd, &status) == 0 && (status.st_mode & 0700) != 0700)
		fchmod(fd, 0700);
	return fd;
}

static bool move_up(struct removal *r, int dirfd, const char *name)
{
	char moved[64];

	snprintf(moved, sizeof(moved), ".tare-removed-%d-%u", (int)getpid(), r->moved);
	if (renameat(dirfd, name, r->top_fd, moved) < 0)
		return false;
	r->moved++;
	return true;
}

static int empty(struct removal *r, int fd, unsigned depth);

/* One directory in another. */
static int remove_directory(struct removal *r, int dirfd, const char *name, unsigned depth)
{
	size_t len = strlen(r->way);
	int fd, result;

	if (depth >= DEPTH_MAX && move_up(r, dirfd, name))
		return 0;
	fd = open_to_empty(dirfd, name);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		note(r, name, -fd);
		return fd;
	}
	add_component(r->way, name);
	result = empty(r, fd, depth + 1);
	r->way[len] = '\0';
	if (result == 0) {
		result = unlink_entry(dirfd, name, AT_REMOVEDIR, true);
		if (result < 0)
			note(r, name, -result);
	}
	return result;
}

static int remove_entry(struct removal *r, int dirfd, const struct dirent *entry, unsigned depth)
{
	int result = -EISDIR;

	if (entry->d_type != DT_DIR)
		result = unlink_entry(dirfd, entry->d_name, 0, true);
	if (result == -EISDIR)
		return remove_directory(r, dirfd, entry->d_name, depth);
	if (result < 0)
		note(r, entry->d_name, -result);
	return result;
}

/*
 * Everything in an open directory, which is closed. Entries that were removed while we read may
 * hide others, and deep directories come to the top: so it is read again until nothing is found.
 */
static int empty(struct removal *r, int fd, unsigned depth)
{
	DIR *directory = fdopendir(fd);
	int result = 0;
	unsigned found = 1;

	if (!directory) {
		result = -errno;
		close(fd);
		return result;
	}
	for (int round = 0; round < ROUNDS_MAX && found > 0 && result == 0; round++) {
		unsigned moved = r->moved;
		struct dirent *entry;

		found = 0;
		rewinddir(directory);
		while ((entry = readdir(directory))) {
			int removed;

			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			    (depth == 0 && is_kept(r->kept, entry->d_name)))
				continue;
			found++;
			removed = remove_entry(r, fd, entry, depth);
			if (removed < 0)
				result = removed;
		}
		/* A deep tree comes up piece by piece: that is progress. */
		if (r->moved != moved)
			round = 0;
	}
	closedir(directory);
	return result;
}

static bool has_entries(int dirfd, const char *name, const char *const *kept)
{
	struct stat status;
	autoclose int fd = open_directory(dirfd, name, O_RDONLY);

	for (; fd >= 0 && kept && *kept; kept++)
		if (fstatat(fd, *kept, &status, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

int remove_tree(int dirfd, const char *name, const char *const *kept,
		struct remove_problem *ret_problem)
{
	struct removal r = {.kept = kept, .problem = ret_problem};
	int result;

	*ret_problem = (struct remove_problem){};
	result = unlink_entry(dirfd, name, 0, false);
	if (result != -EISDIR && result != -EPERM) {
		if (result < 0)
			note(&r, "", -result);
		return result;
	}
	r.top_fd = open_to_empty(dirfd, name);
	if (r.top_fd == -ENOENT)
		return 0;
	if (r.top_fd < 0) {
		note(&r, "", -r.top_fd);
		return r.top_fd;
	}
	result = empty(&r, r.top_fd, 0);
	if (result == 0 && !has_entries(dirfd, name, kept)) {
		result = unlink_entry(dirfd, name, AT_REMOVEDIR, false);
		if (result < 0)
			note(&r, "", -result);
	}
	return result;
}
