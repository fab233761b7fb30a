/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * File systems in sparse files. A snapshot is a copy of the file, whose blocks are shared where the
 * file system below can do that (ioctl_ficlone(2)).
 */

#include "storage/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "storage/filesystem.h"
#include "storage/place.h"

enum { SECTOR = 512, PIECE = 8 << 20, BUFFER = 1 << 20, LOCK_ATTEMPTS = 50 };

static int name(const struct storage_wish *wish, const struct storage_volume *source, bool snapshot,
		struct str *ret, struct err *e)
{
	if (snapshot && source->type != ROOTFS_LOOP)
		return place_refuse_snapshot(
			source->type, "loop snapshot from @ backing store is not supported", e);
	str_addf(ret, "%s/rootdev", wish->directory);
	return 0;
}

static int exists(const struct storage_volume *volume, struct err *e)
{
	return place_is_there(volume->path, e);
}

static int make_file(const char *path, struct err *e)
{
	int r = directory_make_parents(path, 0755);
	int fd;

	if (r < 0)
		return err_set(e, ERR_STORAGE, -r, "cannot create the way to \"%s\"", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : err_set(e, ERR_STORAGE, errno, "cannot create \"%s\"", path);
}

static int create(const struct storage_volume *volume, const struct storage_wish *wish,
		  uint64_t size, const char *fstype, struct err *e)
{
	autoclose int fd = make_file(volume->path, e);
	int r;

	if (fd < 0)
		return fd;
	if (size > INT64_MAX - SECTOR)
		size = INT64_MAX - SECTOR;
	if (ftruncate(fd, (off_t)((size + SECTOR - 1) / SECTOR * SECTOR)) < 0) {
		r = err_set(e, ERR_STORAGE, errno, "cannot make \"%s\" %llu bytes long",
			    volume->path, (unsigned long long)size);
		if (errno == EFBIG)
			err_hint(e, "the file system below takes no files of this size");
		return r;
	}
	r = filesystem_make(volume, wish, volume->path, fstype, e);
	if (r == 0 && fsync(fd) < 0)
		r = err_set(e, ERR_STORAGE, errno, "cannot write \"%s\"", volume->path);
	return r;
}

/* By hand where the kernel can't: between two kinds of file systems, from devices. */
static int copy_bytes(int source, int target, off_t at, off_t end)
{
	autofree char *buffer = malloc(BUFFER);

	if (!buffer)
		return -ENOMEM;
	while (at < end) {
		size_t want = end - at < BUFFER ? (size_t)(end - at) : BUFFER;
		ssize_t got = pread(source, buffer, want, at);

		if (got <= 0)
			return got < 0 ? -errno : 0;
		for (ssize_t done = 0; done < got;) {
			ssize_t put =
				pwrite(target, buffer + done, (size_t)(got - done), at + done);

			if (put < 0)
				return -errno;
			done += put;
		}
		at += got;
	}
	return 0;
}

static bool needs_hand(int errnum)
{
	return errnum == EXDEV || errnum == EOPNOTSUPP || errnum == EINVAL || errnum == ENOSYS;
}

/* One piece without holes. */
static int copy_extent(int source, int target, off_t at, off_t end)
{
	while (at < end) {
		off_t to = at;
		size_t want = end - at < PIECE ? (size_t)(end - at) : PIECE;
		ssize_t got = copy_file_range(source, &at, target, &to, want, 0);

		if (got < 0)
			return needs_hand(errno) ? copy_bytes(source, target, at, end) : -errno;
		if (got == 0)
			return 0;
	}
	return 0;
}

static int copy_extents(int source, int target, off_t size)
{
	off_t at = 0;

	while (at < size) {
		off_t data = lseek(source, at, SEEK_DATA);
		off_t hole;
		int r;

		/* Devices have no holes. */
		if (data < 0 && errno == EINVAL)
			return copy_extent(source, target, at, size);
		if (data < 0)
			return errno == ENXIO ? 0 : -errno;
		hole = lseek(source, data, SEEK_HOLE);
		r = hole < 0 ? -errno : copy_extent(source, target, data, hole);
		if (r < 0)
			return r;
		at = hole;
	}
	return 0;
}

static int copy_file(int source, int target)
{
	struct stat status;
	uint64_t bytes;

	if (ioctl(target, FICLONE, source) == 0)
		return 0;
	if (fstat(source, &status) < 0)
		return -errno;
	bytes = (uint64_t)status.st_size;
	if (S_ISBLK(status.st_mode) && ioctl(source, BLKGETSIZE64, &bytes) < 0)
		return -errno;
	if (ftruncate(target, (off_t)bytes) < 0)
		return -errno;
	return copy_extents(source, target, (off_t)bytes);
}

static int snapshot(const struct storage_volume *source, const struct storage_volume *volume,
		    const struct storage_wish *wish, struct err *e)
{
	autoclose int source_fd = open(source->path, O_RDONLY | O_CLOEXEC);
	autoclose int fd = -EBADF;
	int r;

	if (source_fd < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot open \"%s\"", source->path);
	fd = make_file(volume->path, e);
	if (fd < 0)
		return fd;
	r = copy_file(source_fd, fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return err_set(e, ERR_STORAGE, -r, "cannot copy \"%s\" to \"%s\"", source->path,
			       volume->path);
	return filesystem_renew(volume, wish, volume->path, true, e);
}

/* Who has it as a loop device has locked it; one that is going away takes a moment. Links and file
 * systems without locks are passed over. */
static int check_use(const char *path, int *ret_fd, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int r;

	*ret_fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*ret_fd < 0)
		return 0;
	for (unsigned i = 0; i < LOCK_ATTEMPTS; i++) {
		if (flock(*ret_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return 0;
		nanosleep(&pause, NULL);
	}
	r = err_set(e, ERR_STORAGE, EBUSY, "\"%s\" is not removed: it is in use", path);
	err_hint(e, "a container that runs or a copy has it: losetup -j %s", path);
	return r;
}

static int destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		   const char *mark, struct err *e)
{
	autoclose int fd = -EBADF;
	struct stat status;
	int r;

	if (lstat(volume->path, &status) == 0 && !S_ISREG(status.st_mode) &&
	    !S_ISLNK(status.st_mode))
		return err_set(e, ERR_STORAGE, EINVAL, "\"%s\" is not removed: it is no file",
			       volume->path);
	r = check_use(volume->path, &fd, e);
	if (r < 0)
		return r;
	if (unlink(volume->path) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_set(e, ERR_STORAGE, errno, "cannot remove \"%s\"", volume->path);
}

static int device_size(const char *path, uint64_t *ret, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, ret) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot find out the size of \"%s\"", path);
	return 0;
}

static int size(const struct storage_volume *volume, uint64_t *ret, struct err *e)
{
	struct stat status;

	if (stat(volume->path, &status) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", volume->path);
	*ret = (uint64_t)status.st_size;
	return S_ISBLK(status.st_mode) ? device_size(volume->path, ret, e) : 0;
}

const struct storage_driver storage_loop = {
	.name = name,
	.exists = exists,
	.create = create,
	.snapshot = snapshot,
	.snapshots_last = true,
	.destroy = destroy,
	.size = size,
};
