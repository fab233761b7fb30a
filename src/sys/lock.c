/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open file description locks: fcntl(2), Linux 3.15. LXC takes the same kind, so we and it exclude
 * each other. Therefore there is no fallback to flock(2) either: on the same file it would exclude
 * nobody. File systems that have no locks say -ENOLCK.
 */

#include "sys/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "sys/procfs.h"

static const usec_t first_pause = 1 * USEC_PER_MSEC;
static const usec_t longest_pause = 16 * USEC_PER_MSEC;

int lock_open(int dirfd, const char *name)
{
	autoclose int fd = -EBADF;
	struct stat status;

	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		    0600);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return take_fd(fd);
}

static int set_lock(int fd, int command, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
	int r;

	do
		r = fcntl(fd, command, &lock);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

int lock_take(int fd, usec_t deadline)
{
	usec_t pause = first_pause;

	if (deadline == USEC_INFINITY)
		return set_lock(fd, F_OFD_SETLKW, F_WRLCK);

	for (;;) {
		int r = set_lock(fd, F_OFD_SETLK, F_WRLCK);
		usec_t left = time_left(deadline);
		struct timespec wait = {0};

		if (r != -EAGAIN || left == 0)
			return r;
		wait.tv_nsec = (long)(pause < left ? pause : left) * 1000;
		nanosleep(&wait, NULL);
		if (pause < longest_pause)
			pause *= 2;
	}
}

int lock_is_held(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return -errno;
	return lock.l_type != F_UNLCK;
}

/* Whether a descriptor's entry in fdinfo tells of one of these locks. proc_pid_fdinfo(5). */
static bool has_lock(int process, const char *number)
{
	char path[32], text[2048];
	int length;

	snprintf(path, sizeof(path), "fdinfo/%.20s", number);
	length = procfs_read(process, path, text, sizeof(text));
	return length > 0 && strstr(text, "\nlock:") && strstr(text, "OFDLCK");
}

static bool holds_lock(int process, const struct stat *file)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat status;
	bool holds = false;

	if (!directory && fd >= 0)
		close(fd);
	while (directory && !holds && (entry = readdir(directory)))
		holds = fstatat(fd, entry->d_name, &status, 0) == 0 &&
			status.st_dev == file->st_dev && status.st_ino == file->st_ino &&
			has_lock(process, entry->d_name);
	if (directory)
		closedir(directory);
	return holds;
}

int lock_find_holder(int fd, pid_t *ret)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	struct stat file;
	int r = -ESRCH;

	while (directory && r < 0 && fstat(fd, &file) == 0 && (entry = readdir(directory))) {
		const char *at = entry->d_name;
		autoclose int process = -EBADF;
		uint64_t pid;

		if (num_take_u64(&at, &pid) < 0 || *at)
			continue;
		process = procfs_open_pid((pid_t)pid);
		if (process < 0 || !holds_lock(process, &file))
			continue;
		*ret = (pid_t)pid;
		r = 0;
	}
	if (directory)
		closedir(directory);
	return r;
}
