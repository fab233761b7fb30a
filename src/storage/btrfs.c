/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Subvolumes of btrfs, by ioctl(2) (linux/btrfs.h, btrfs-subvolume(8)). Subvolumes inside one that
 * is destroyed are found by BTRFS_IOC_GET_SUBVOL_ROOTREF, which needs no rights (Linux 4.18), and
 * go first. Ordinary users may destroy only with the mount option user_subvol_rm_allowed; without
 * it a subvolume is emptied, and removed like a directory.
 */

#include "storage/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "storage/place.h"
#include "storage/removal.h"

#define LOG_CATEGORY "btrfs"
#include "base/log.h"

enum { ROOT_INODE = 256, DEPTH_MAX = 64, BATCHES_MAX = 4096 };

static bool is_btrfs(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && (unsigned long)status.f_type == BTRFS_SUPER_MAGIC;
}

/* The root of a subvolume has this inode number, and no other directory has it. */
static bool is_subvolume(int fd)
{
	struct stat status;

	return is_btrfs(fd) && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_ino == ROOT_INODE;
}

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The directory that `path` is in, and its name there. */
static int open_parent(const char *path, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	autofree char *parent = NULL;
	int fd;

	if (!slash || !slash[1] || strlen(slash + 1) >= BTRFS_SUBVOL_NAME_MAX)
		return err_set(e, ERR_STORAGE, EINVAL, "\"%s\" can be no subvolume", path);
	parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!parent)
		return place_no_memory(e);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot open \"%s\"", parent);
	*ret_name = slash + 1;
	return fd;
}

static int name(const struct storage_wish *wish, const struct storage_volume *source, bool snapshot,
		struct str *ret, struct err *e)
{
	if (snapshot && source->type != ROOTFS_BTRFS)
		return place_refuse_snapshot(
			source->type, "btrfs snapshot from @ backing store is not supported", e);
	str_addf(ret, "%s/rootfs", wish->directory);
	return 0;
}

/* The nearest directory above that is there tells. */
static bool works(const struct storage_wish *wish)
{
	autofree char *path = strdup(wish->directory);
	int fd = -ENOENT;
	char *slash;
	bool found;

	while (path && (fd = open(path[0] ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 &&
	       (errno == ENOENT || errno == ENOTDIR) && (slash = strrchr(path, '/')))
		*slash = '\0';
	if (fd < 0)
		return false;
	found = is_btrfs(fd);
	close(fd);
	return found;
}

static int exists(const struct storage_volume *volume, struct err *e)
{
	return place_is_there(volume->path, e);
}

static int explain_creation(const char *path, int parent_fd, int errnum, struct err *e)
{
	int r = err_set(e, ERR_STORAGE, errnum, "cannot make the btrfs subvolume \"%s\"", path);

	if (!is_btrfs(parent_fd))
		err_hint(e, "its directory is on another file system: choose a lxcpath (-P) on "
			    "btrfs, or another kind of storage (-B)");
	return r;
}

static int create(const struct storage_volume *volume, const struct storage_wish *wish,
		  uint64_t size, const char *fstype, struct err *e)
{
	struct btrfs_ioctl_vol_args_v2 args = {};
	const char *base = "";
	int r = directory_make_parents(volume->path, 0755);
	autoclose int fd = r < 0 ? r : open_parent(volume->path, &base, e);

	if (r < 0)
		return err_set(e, ERR_STORAGE, -r, "cannot create the way to \"%s\"", volume->path);
	if (fd < 0)
		return fd;
	memcpy(args.name, base, strlen(base) + 1);
	if (ioctl(fd, BTRFS_IOC_SUBVOL_CREATE_V2, &args) < 0)
		return explain_creation(volume->path, fd, errno, e);
	if (fchmodat(fd, base, 0755, 0) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot set the mode of \"%s\"",
			       volume->path);
	return place_give(volume->path, wish->maps, e);
}

static int snapshot(const struct storage_volume *source, const struct storage_volume *volume,
		    const struct storage_wish *wish, struct err *e)
{
	struct btrfs_ioctl_vol_args_v2 args = {};
	const char *base = "";
	autoclose int source_fd = open_directory(source->path);
	autoclose int fd = source_fd < 0 ? -EBADF : open_parent(volume->path, &base, e);
	int r;

	if (source_fd < 0)
		return err_set(e, ERR_STORAGE, -source_fd, "cannot open \"%s\"", source->path);
	if (fd < 0)
		return fd;
	if (!is_subvolume(source_fd)) {
		r = err_set(e, ERR_STORAGE, EINVAL, "\"%s\" is no btrfs subvolume", source->path);
		err_hint(e, "a plain directory can only be copied: its path should begin with "
			    "dir:, not btrfs:");
		return r;
	}
	args.fd = source_fd;
	memcpy(args.name, base, strlen(base) + 1);
	if (ioctl(fd, BTRFS_IOC_SNAP_CREATE_V2, &args) == 0)
		return 0;
	if (errno == EXDEV || !is_btrfs(fd))
		return err_set(e, ERR_STORAGE, EXDEV,
			       "\"%s\" and \"%s\" are not on the same btrfs file system",
			       source->path, volume->path);
	return err_set(e, ERR_STORAGE, errno, "cannot make \"%s\" as a snapshot of \"%s\"",
		       volume->path, source->path);
}

static int destroy_in(int parent_fd, const char *base, unsigned depth);

/* Read-only subvolumes let nothing inside go. */
static void make_writable(int fd)
{
	uint64_t flags = 0;

	if (ioctl(fd, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) == 0 && (flags & BTRFS_SUBVOL_RDONLY)) {
		flags &= ~(uint64_t)BTRFS_SUBVOL_RDONLY;
		(void)ioctl(fd, BTRFS_IOC_SUBVOL_SETFLAGS, &flags);
	}
}

/* Below the subvolume `fd`, whose content somebody else may control. */
static int open_below(int fd, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
	};
	int below = (int)syscall(SYS_openat2, fd, path, &how, sizeof(how));

	return below < 0 ? -errno : below;
}

static int destroy_child(int fd, uint64_t tree, uint64_t directory, unsigned depth)
{
	autofree struct btrfs_ioctl_ino_lookup_user_args *where = calloc(1, sizeof(*where));
	autoclose int parent_fd = -EBADF;

	if (!where)
		return -ENOMEM;
	where->dirid = directory;
	where->treeid = tree;
	/* Somebody may have moved or removed it meanwhile: the next look tells. */
	if (ioctl(fd, BTRFS_IOC_INO_LOOKUP_USER, where) < 0)
		return errno == ENOENT ? 0 : -errno;
	parent_fd = open_below(fd, where->path[0] ? where->path : ".");
	if (parent_fd < 0)
		return parent_fd;
	return destroy_in(parent_fd, where->name, depth);
}

/* Batches of what lies in one subvolume, until there are none. */
static int destroy_children(int fd, unsigned depth)
{
	autofree struct btrfs_ioctl_get_subvol_rootref_args *children =
		calloc(1, sizeof(*children));
	int r = 0;

	if (!children)
		return -ENOMEM;
	for (unsigned batch = 0; r == 0 && batch < BATCHES_MAX; batch++) {
		*children = (struct btrfs_ioctl_get_subvol_rootref_args){};
		/* -EOVERFLOW: there are more than fit. */
		if (ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, children) < 0 && errno != EOVERFLOW)
			return -errno;
		if (children->num_items == 0)
			return 0;
		make_writable(fd);
		for (unsigned i = 0; r == 0 && i < children->num_items; i++)
			r = destroy_child(fd, children->rootref[i].treeid,
					  children->rootref[i].dirid, depth + 1);
	}
	return r < 0 ? r : -EBUSY;
}

static int destroy_in(int parent_fd, const char *base, unsigned depth)
{
	struct btrfs_ioctl_vol_args args = {};
	autoclose int fd = open_below(parent_fd, base);
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (depth > DEPTH_MAX || strlen(base) >= sizeof(args.name))
		return -ELOOP;
	if (!is_subvolume(fd))
		return -ENOTDIR;
	r = destroy_children(fd, depth);
	if (r < 0)
		return r;
	memcpy(args.name, base, strlen(base) + 1);
	return ioctl(parent_fd, BTRFS_IOC_SNAP_DESTROY, &args) < 0 && errno != ENOENT ? -errno : 0;
}

static int destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		   const char *mark, struct err *e)
{
	const char *base = "";
	autoclose int fd = -EBADF;
	autoclose int parent_fd = -EBADF;
	int r = place_check_removal(volume->path, e);

	if (r < 0)
		return r;
	fd = open_directory(volume->path);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd >= 0 && is_subvolume(fd)) {
		parent_fd = open_parent(volume->path, &base, e);
		if (parent_fd < 0)
			return parent_fd;
		r = destroy_in(parent_fd, base, 0);
		if (r == 0)
			return 0;
		/* Others but root lack the right to destroy, or even to look. What is nested too
		 * deep is left to the removal, too. */
		if (r != -EPERM && r != -EACCES && r != -ELOOP && r != -ENAMETOOLONG)
			return err_set(e, ERR_STORAGE, -r,
				       "cannot destroy the btrfs subvolume \"%s\"", volume->path);
		log_info("\"%s\" can't be destroyed as a subvolume (errno %d), it is emptied",
			 volume->path, -r);
	}
	return removal_tree(maps, volume->path, NULL, e);
}

static int find_inside(int fd, struct btrfs_ioctl_ino_lookup_user_args *where)
{
	autofree struct btrfs_ioctl_get_subvol_rootref_args *children =
		calloc(1, sizeof(*children));

	if (!children)
		return -ENOMEM;
	if (ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, children) < 0 && errno != EOVERFLOW)
		return -errno;
	if (children->num_items == 0)
		return 0;
	where->dirid = children->rootref[0].dirid;
	where->treeid = children->rootref[0].treeid;
	return ioctl(fd, BTRFS_IOC_INO_LOOKUP_USER, where) < 0 ? -errno : 1;
}

static int inside(const struct storage_volume *volume, struct str *ret, struct err *e)
{
	autofree struct btrfs_ioctl_ino_lookup_user_args *where = calloc(1, sizeof(*where));
	autoclose int fd = open_directory(volume->path);
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR || (fd >= 0 && !is_subvolume(fd)))
		return 0;
	r = fd < 0 ? fd : where ? find_inside(fd, where) : -ENOMEM;
	if (r < 0)
		return err_set(e, ERR_STORAGE, -r,
			       "cannot look for subvolumes in the btrfs subvolume \"%s\"",
			       volume->path);
	if (r > 0)
		str_addf(ret, "%s/%s%s", volume->path, where->path, where->name);
	return r;
}

const struct storage_driver storage_btrfs = {
	.name = name,
	.works = works,
	.exists = exists,
	.create = create,
	.snapshot = snapshot,
	.snapshots_last = true,
	.destroy = destroy,
	.inside = inside,
};
