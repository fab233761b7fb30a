/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open file description locks: fcntl(2), Linux 3.15. LXC takes the same kind, so we and it exclude
 * each other. Therefore there is no fallback to flock(2) either: on the same file it would exclude
 * nobody. File systems that have no locks say -ENOLCK.
 */

#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"

static const usec_t first_pause = 1 * USEC_PER_MSEC;
static const usec_t longest_pause = 16 * USEC_PER_MSEC;

int lock_open(const char *path)
{
	autoclose int fd = -EBADF;
	struct stat status;
	int r;

	r = directory_make_parents(path, 0755);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
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

int lock_release(int fd)
{
	return set_lock(fd, F_OFD_SETLK, F_UNLCK);
}

int lock_is_held(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return -errno;
	return lock.l_type != F_UNLCK;
}
