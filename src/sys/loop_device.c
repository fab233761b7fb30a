/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sector sizes, partitions and direct I/O are left as the kernel chooses them.
 */

#include "sys/loop_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

enum {
	ATTEMPTS = 100,     /* of finding a free device that is still free */
	PAUSE_FROM = 5,     /* further ones wait in between */
	LOCK_ATTEMPTS = 50, /* a device that is going away takes a moment */
};

static void pause_milliseconds(long milliseconds)
{
	const struct timespec time = {.tv_nsec = milliseconds * 1000000};

	nanosleep(&time, NULL);
}

void loop_device_path(unsigned number, char ret[LOOP_PATH_ROOM])
{
	snprintf(ret, LOOP_PATH_ROOM, "/dev/loop%u", number);
}

/* Before Linux 5.8. The status is refused while the page cache of the device is being dropped. */
static int attach_in_two_steps(int fd, int file_fd, const struct loop_info64 *info)
{
	int r = 0;

	if (ioctl(fd, LOOP_SET_FD, file_fd) < 0)
		return -errno;
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		r = ioctl(fd, LOOP_SET_STATUS64, info) < 0 ? -errno : 0;
		if (r != -EAGAIN)
			break;
		pause_milliseconds(10);
	}
	if (r < 0)
		ioctl(fd, LOOP_CLR_FD, 0);
	return r;
}

static int attach(int fd, int file_fd, const char *name, bool read_only)
{
	struct loop_config config = {
		.fd = (__u32)file_fd,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0),
	};

	/* All of it is the path's beginning: only old programs look at it. */
	snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s", name);
	if (ioctl(fd, LOOP_CONFIGURE, &config) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOTTY && errno != ENOSYS)
		return -errno;
	return attach_in_two_steps(fd, file_fd, &config.info);
}

/* The device that has just been free. -EBUSY: it is not any more. */
static int take_device(int number, int file_fd, const char *name, bool read_only)
{
	char path[LOOP_PATH_ROOM];
	autoclose int fd = -EBADF;
	int r;

	loop_device_path((unsigned)number, path);
	fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? -ENXIO : -errno;
	r = attach(fd, file_fd, name, read_only);
	return r < 0 ? r : take_fd(fd);
}

static int find_device(int file_fd, const char *name, bool read_only, unsigned *ret_number)
{
	autoclose int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number, r = -EBUSY;

	if (control < 0)
		return errno == ENOENT || errno == ENODEV ? -ENXIO : -errno;
	for (long i = 0; i < ATTEMPTS; i++) {
		if (i >= PAUSE_FROM)
			pause_milliseconds(i < 20 ? i : 20);
		number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			return -errno;
		r = take_device(number, file_fd, name, read_only);
		/* A node that is not there yet appears, or never: that is told then. */
		if (r != -EBUSY && r != -ENXIO)
			break;
		if (r == -ENXIO && i > PAUSE_FROM)
			break;
	}
	if (r >= 0)
		*ret_number = (unsigned)number;
	return r;
}

/* File systems without locks are passed over. */
static int lock(int file_fd, bool read_only)
{
	for (unsigned i = 0; i < LOCK_ATTEMPTS; i++) {
		if (flock(file_fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 ||
		    errno != EWOULDBLOCK)
			return 0;
		pause_milliseconds(20);
	}
	return -ETXTBSY;
}

int loop_device_attach(int file_fd, const char *name, bool read_only, unsigned *ret_number)
{
	int r = lock(file_fd, read_only);

	return r < 0 ? r : find_device(file_fd, name, read_only, ret_number);
}

int loop_device_open(const char *path, bool read_only, unsigned *ret_number)
{
	autoclose int fd =
		open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	return loop_device_attach(fd, path, read_only, ret_number);
}
