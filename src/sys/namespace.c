/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setns(2), unshare(2), ioctl_ns(2). What may be entered by whom is the kernel's to say.
 */

#include "sys/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/procfs.h"

int namespace_open(pid_t pid, const char *name)
{
	autoclose int directory = procfs_open_pid(pid);
	char path[32];
	int fd;

	if (directory < 0)
		return directory;
	if (snprintf(path, sizeof(path), "ns/%s", name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	/* These are magic links, and following them is the point: the directory is proven procfs.
	 */
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int namespace_open_path(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, NS_GET_NSTYPE) < 0)
		return -EINVAL;
	return take_fd(fd);
}

uint64_t namespace_number(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : (uint64_t)status.st_ino;
}

int namespace_new_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -errno;
	return 0;
}

int namespace_enter_mounts(int fd)
{
	char path[PATH_MAX];
	const char *cwd = getcwd(path, sizeof(path));

	/* Root and working directory become the new namespace's root. */
	if (setns(fd, CLONE_NEWNS) < 0)
		return -errno;
	if (cwd && cwd[0] == '/' && chdir(cwd) < 0)
		return chdir("/") < 0 ? -errno : 0;
	return 0;
}
