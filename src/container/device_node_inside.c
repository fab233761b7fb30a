/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device nodes, as a child in the container's mount namespace makes and removes them.
 *
 * What it makes belongs to container root. Names are resolved from the container's root directory,
 * over descriptors. A link may lead to a directory of the host's that is mounted inside: where
 * container root is an ordinary user of the host, the child may write no more than that user. Where
 * a device could not be opened (a container with a user namespace of its own, "nodev") the host's
 * node is bind-mounted on an empty file, as a start does it.
 */

#include "container/device_node_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/capability.h"
#include "sys/credentials.h"
#include "sys/mount.h"
#include "sys/resolve.h"

enum { PARENT_MODE = 0755 };

static bool is_same(const struct stat *st, const struct node_device *device)
{
	return (st->st_mode & S_IFMT) == (device->mode & S_IFMT) && st->st_rdev == device->number;
}

/* From here on files are what their owners and modes say, as for any user. */
static int drop_file_rights(void)
{
	struct capability_sets sets = {0};
	int r = credentials_set_groups(0, NULL);

	if (r == 0)
		r = capability_get(&sets);
	if (r < 0)
		return r;
	sets.effective &= ~(UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_DAC_READ_SEARCH |
			    UINT64_C(1) << CAP_FOWNER);
	return capability_set(&sets);
}

/* Become whoever makes files for container root. Its root directory, or -errno. */
static int enter(const struct node_job *job)
{
	int r, fd;

	if (setns(job->mounts_fd, CLONE_NEWNS) < 0)
		return -errno;
	umask(0);
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		return -errno;
	setfsgid(job->owner_gid);
	setfsuid(job->owner_uid);
	r = job->has_own_users ? drop_file_rights() : 0;
	if (r < 0)
		return r;
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Whether a directory of the container's, called by the first `end` bytes of the target, is the one
 * that we have there: a root or a /dev that is bound, or a container that is about to begin. */
static bool is_hosts(const struct node_job *job, int directory, size_t end)
{
	autofree char *path = strndup(job->target, end);
	autoclose int fd = -EBADF;
	struct stat inside, outside;

	if (!path)
		return true;
	fd = resolve_open(job->host_fd, end > 0 ? path : "/", O_PATH | O_DIRECTORY, 0);
	return fd >= 0 && fstat(fd, &outside) == 0 && fstat(directory, &inside) == 0 &&
	       inside.st_dev == outside.st_dev && inside.st_ino == outside.st_ino;
}

/* Make the directory that the first `end` bytes of the target name, unless it is there; its parent
 * is. */
static int make_directory(const struct node_job *job, int root, int parent, size_t begin,
			  size_t end)
{
	autofree char *name = strndup(job->target + begin, end - begin);
	autofree char *whole = strndup(job->target, end);
	int fd;

	if (!name || !whole)
		return -ENOMEM;
	fd = resolve_open(root, whole, O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT)
		return fd;
	if (is_hosts(job, parent, begin))
		return -EXDEV;
	if (mkdirat(parent, name, PARENT_MODE) < 0 && errno != EEXIST)
		return -errno;
	return resolve_open(root, whole, O_PATH | O_DIRECTORY, 0);
}

/* All of them in the first `length` bytes: a descriptor of the last, or -errno. */
static int make_directories(const struct node_job *job, int root, size_t length)
{
	int fd = resolve_open(root, "/", O_PATH | O_DIRECTORY, 0);
	size_t end = 0;

	while (fd >= 0) {
		size_t begin = end + strspn(job->target + end, "/");
		int parent = fd;

		end = begin + strcspn(job->target + begin, "/");
		if (begin >= length)
			break;
		fd = make_directory(job, root, parent, begin, end);
		close(parent);
	}
	return fd;
}

/* The directory of the target, made when it is wanted, and the target's last name (heap). */
static int open_parent(const struct node_job *job, int root, bool make, char **ret_name,
		       bool *ret_is_hosts)
{
	const char *path = job->target;
	autofree char *directory = NULL;
	size_t end = strlen(path), begin;
	int fd;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
		;
	*ret_name = strndup(path + begin, end - begin);
	directory = strndup(path, begin);
	if (!*ret_name || !directory)
		return -ENOMEM;
	if (!**ret_name || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0)
		return -EINVAL;
	fd = make ? make_directories(job, root, begin)
		  : resolve_open(root, begin > 0 ? directory : "/", O_PATH | O_DIRECTORY, 0);
	if (fd >= 0)
		*ret_is_hosts = is_hosts(job, fd, begin);
	return fd;
}

/* What stands in the way goes, unless something would be lost. 1: the device is there already. */
static int make_room(int parent, const char *name, const struct node_job *job, bool is_in_host)
{
	struct stat st;
	int r = fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;

	if (r == 0 && is_same(&st, &job->device))
		return 1;
	if (is_in_host)
		return -EXDEV;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode) && st.st_size > 0)
		return -EEXIST;
	return unlinkat(parent, name, 0) < 0 ? -errno : 0;
}

static int bind_node(int parent, const char *name, int tree_fd)
{
	autoclose int fd = -EBADF;
	int r;

	if (tree_fd < 0)
		return tree_fd;
	fd = openat(parent, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = mount_attach(tree_fd, fd, "");
	if (r < 0)
		unlinkat(parent, name, 0);
	return r;
}

static bool has_no_devices(int directory)
{
	struct statvfs st;

	return fstatvfs(directory, &st) == 0 && (st.f_flag & ST_NODEV);
}

int node_add_inside(void *argument)
{
	const struct node_job *job = argument;
	autoclose int root = enter(job);
	autoclose int parent = -EBADF;
	autofree char *name = NULL;
	bool is_in_host;
	int r;

	if (root < 0)
		return root;
	parent = open_parent(job, root, true, &name, &is_in_host);
	if (parent < 0)
		return parent;
	r = make_room(parent, name, job, is_in_host);
	if (r != 0)
		return r < 0 ? r : 0;
	job->result->is_made = true;
	if (job->has_own_users || has_no_devices(parent))
		return bind_node(parent, name, job->tree_fd);
	if (mknodat(parent, name, job->device.mode, job->device.number) == 0)
		return 0;
	return errno == EPERM ? bind_node(parent, name, job->tree_fd) : -errno;
}

/* A node that is a mount is taken off first: the file below it is all that is left then. */
int node_remove_inside(void *argument)
{
	const struct node_job *job = argument;
	autoclose int root = enter(job);
	autoclose int parent = -EBADF;
	autofree char *name = NULL;
	struct stat st;
	bool is_in_host;
	int r;

	if (root < 0)
		return root;
	parent = open_parent(job, root, false, &name, &is_in_host);
	if (parent < 0)
		return parent;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!node_is_device(st.st_mode))
		return -ENODEV;
	if (is_in_host)
		return -EXDEV;
	job->result->device = (struct node_device){st.st_mode, st.st_rdev};
	if (fchdir(parent) < 0)
		return -errno;
	r = mount_detach(name);
	if (r < 0 && r != -EINVAL)
		return r;
	return unlinkat(parent, name, 0) < 0 ? -errno : 0;
}
