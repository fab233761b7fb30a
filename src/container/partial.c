/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The marker of an unfinished creation: making it, finding out whether its creator lives.
 */

#include "container/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/file.h"
#include "sys/lock.h"

enum { PARTIAL_SIZE_MAX = 17 << 20 }; /* with a whole configuration in it */

/* Its mode is 0000, as LXC makes it: an owner who is not root must lift that to look inside. */
static int open_marker(const struct container *c, int flags)
{
	autofree char *path = container_path(c, "/partial");
	autoclose int place = -EBADF;
	char proc[sizeof("/proc/self/fd/") + 12];
	struct stat status;
	int fd;

	if (!path)
		return -ENOMEM;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 || errno != EACCES)
		return fd >= 0 ? fd : -errno;
	place = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (place < 0 || fstat(place, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_uid != geteuid())
		return -EACCES;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", place);
	if (chmod(proc, 0600) < 0)
		return -errno;
	fd = open(proc, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd >= 0 ? fd : -errno;
}

/* Who has ended its creation has removed it, before it let go of the lock. */
static bool is_gone(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_nlink == 0;
}

int partial_look(const struct container *c, struct err *e)
{
	autoclose int fd = open_marker(c, O_RDONLY);
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return PARTIAL_NONE;
	r = fd < 0 ? fd : lock_is_held(fd);
	if (r < 0)
		return err_set(e, ERR_FILE_OPEN, -r, "cannot look at \"%s/%s/partial\"", c->lxcpath,
			       c->name);
	if (is_gone(fd))
		return PARTIAL_NONE;
	return r ? PARTIAL_HELD : PARTIAL_ABANDONED;
}

static int refuse_owner(const struct container *c, uid_t owner, struct err *e)
{
	int r = err_set(
		e, ERR_PERMISSION, EPERM,
		"user %u may have made \"%s/%s/partial\", the mark of an interrupted creation",
		(unsigned)owner, c->lxcpath, c->name);

	err_hint(e, "it is not obeyed: have that user destroy the container, or remove \"%s/%s\"",
		 c->lxcpath, c->name);
	return r;
}

/* Others own the directories that it lies in: containers' roots, users whom root looks after. */
static int check_owner(const struct container *c, int fd, struct err *e)
{
	struct stat marker, lxcpath;

	if (fstat(fd, &marker) < 0 || stat(c->lxcpath, &lxcpath) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot look at \"%s/%s/partial\"",
			       c->lxcpath, c->name);
	if (marker.st_uid != geteuid())
		return refuse_owner(c, marker.st_uid, e);
	if (lxcpath.st_uid != geteuid() && lxcpath.st_uid != 0)
		return refuse_owner(c, lxcpath.st_uid, e);
	if (S_ISREG(marker.st_mode) && marker.st_nlink == 1)
		return 0;
	return err_set(e, ERR_FILE_OPEN, EINVAL, "\"%s/%s/partial\" is no file of its own",
		       c->lxcpath, c->name);
}

int partial_seize(const struct container *c, struct err *e)
{
	autoclose int fd = open_marker(c, O_RDWR);
	int r = fd < 0 ? fd : lock_take(fd, 0);

	if (r == -ENOENT || (r == 0 && is_gone(fd)))
		return -ENOENT;
	if (r == -EAGAIN)
		return partial_refuse(c, e);
	if (r < 0)
		return err_set(e, ERR_FILE_OPEN, -r, "cannot lock \"%s/%s/partial\"", c->lxcpath,
			       c->name);
	r = check_owner(c, fd, e);
	return r < 0 ? r : take_fd(fd);
}

/* A file without a name, or with one of its own where the file system has no such (`ret_name`). */
static int make_file(int dirfd, char *ret_name, size_t room)
{
	int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0000);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd >= 0 ? fd : -errno;
	snprintf(ret_name, room, ".partial.tare-%d", (int)getpid());
	unlinkat(dirfd, ret_name, 0);
	fd = openat(dirfd, ret_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0000);
	return fd >= 0 ? fd : -errno;
}

static int link_file(int fd, int dirfd, const char *name)
{
	char path[32];

	if (name[0]) {
		if (syscall(SYS_renameat2, dirfd, name, dirfd, "partial", RENAME_NOREPLACE) == 0)
			return 0;
		/* NFS can't: a crash in between leaves two names. */
		return errno == EINVAL && linkat(dirfd, name, dirfd, "partial", 0) == 0 ? 0
											: -errno;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dirfd, "partial", AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

int partial_create(const struct container *c, const char *text, size_t len, struct err *e)
{
	autofree char *path = container_path(c, "");
	char name[48] = "";
	autoclose int dirfd = -EBADF;
	autoclose int fd = -EBADF;
	int r;

	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dirfd < 0 ? -errno : make_file(dirfd, name, sizeof(name));
	r = fd < 0 ? fd : lock_take(fd, 0);
	if (r == 0)
		r = partial_note(fd, text, len);
	if (r == 0)
		r = link_file(fd, dirfd, name);
	if (name[0])
		unlinkat(dirfd, name, 0);
	if (r == -EEXIST)
		return partial_refuse(c, e);
	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "cannot create \"%s/partial\"", path);
	return take_fd(fd);
}

int partial_note(int fd, const char *text, size_t len)
{
	int r = file_write_fd(fd, text, len);

	return r < 0 ? r : fdatasync(fd) < 0 ? -errno : 0;
}

int partial_read(int fd, char **ret, size_t *ret_len)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return file_read_fd(fd, PARTIAL_SIZE_MAX, ret, ret_len);
}

int partial_commit(const struct container *c, int fd, struct err *e)
{
	autofree char *path = container_path(c, "/partial");
	struct stat own, there;
	int r;

	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (fstat(fd, &own) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot look at \"%s\"", path);
	if (lstat(path, &there) < 0 || there.st_dev != own.st_dev || there.st_ino != own.st_ino) {
		r = err_set(e, ERR_CREATING, ESTALE,
			    "\"%s\" is not there any more, or is another one's", path);
		err_hint(e, "somebody has moved or removed \"%s/%s\" while it was created",
			 c->lxcpath, c->name);
		return r;
	}
	if (unlink(path) < 0)
		return err_set(e, ERR_FILE_WRITE, errno, "cannot remove \"%s\"", path);
	return 0;
}

void partial_remove(const struct container *c)
{
	autofree char *path = container_path(c, "/partial");

	if (path)
		unlink(path);
}

int partial_refuse(const struct container *c, struct err *e)
{
	int r = err_set(e, ERR_CREATING, 0, "Ongoing container creation detected");

	err_object(e, c->name);
	err_hint(e, "wait until the program that creates it has ended");
	return r;
}
