/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proc(5). Names below the directory are resolved without links, so that "root/…" or "fd/…" lead
 * nowhere, and without leaving the file system.
 */

#include "sys/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/kernel.h"
#include "sys/resolve.h"

enum { PROC_ROOT_INODE = 1 };

int procfs_open_root(void)
{
	autoclose int root = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct statfs fs;
	struct stat st;

	if (root < 0)
		return -errno;
	if (fstatfs(root, &fs) < 0 || fstat(root, &st) < 0)
		return -errno;
	if ((unsigned long)fs.f_type != KERNEL_PROC_MAGIC || st.st_ino != PROC_ROOT_INODE)
		return -EXDEV;
	return take_fd(root);
}

int procfs_open_pid(pid_t pid)
{
	autoclose int root = procfs_open_root();
	char name[16];
	int fd;

	if (root < 0)
		return root;
	snprintf(name, sizeof(name), "%d", pid ? pid : getpid());
	fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int procfs_read(int directory, const char *name, char *ret, size_t room)
{
	autoclose int fd = resolve_open_same_mount(directory, name, O_RDONLY);
	size_t used = 0;

	if (fd < 0)
		return fd;
	while (used < room) {
		ssize_t got = read(fd, ret + used, room - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0) {
			ret[used] = '\0';
			return (int)used;
		}
		used += (size_t)got;
	}
	return -EFBIG;
}

int procfs_write(int directory, const char *name, const char *value)
{
	autoclose int fd = resolve_open_same_mount(directory, name, O_WRONLY);
	const size_t length = strlen(value);
	ssize_t written;

	if (fd < 0)
		return fd;
	do
		written = write(fd, value, length);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -EIO;
}
