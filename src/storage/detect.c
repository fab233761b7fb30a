/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What kind of storage a path without a type is (spec/storage.md §2): looked at, in the order of
 * LXC, but that a subvolume of btrfs is one.
 */

#include "storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "base/macros.h"
#include "child/command.h"
#include "storage/place.h"
#include "sys/file.h"

enum { BTRFS_ROOT_INODE = 256, UUID_SIZE_MAX = 4096 };

static bool is_subvolume(const char *path, const struct stat *status)
{
	struct statfs fs;

	return status->st_ino == BTRFS_ROOT_INODE && statfs(path, &fs) == 0 &&
	       (unsigned long)fs.f_type == BTRFS_SUPER_MAGIC;
}

static bool is_rbd(const char *path)
{
	return text_starts(path, "/dev/rbd/");
}

/* 0 with the type, or -ENODATA: something that holds no root file system. Block devices of no
 * manager are mounted like logical volumes. */
static int look(const char *path, enum rootfs_type *ret)
{
	struct stat status;

	if (is_rbd(path)) {
		*ret = ROOTFS_RBD;
	} else if (stat(path, &status) < 0) {
		*ret = ROOTFS_DIR;
	} else if (S_ISDIR(status.st_mode)) {
		*ret = is_subvolume(path, &status) ? ROOTFS_BTRFS : ROOTFS_DIR;
	} else if (S_ISBLK(status.st_mode)) {
		*ret = ROOTFS_LVM;
	} else if (S_ISREG(status.st_mode)) {
		*ret = ROOTFS_LOOP;
	} else {
		return -ENODATA;
	}
	return 0;
}

/* Data sets are named without a slash in front. */
static bool is_data_set(const char *text)
{
	const char *const argv[] = {"zfs", "get", "-H", "-o", "name", "type", text, NULL};
	const struct command command = {.argv = argv, .package = "zfsutils-linux"};
	struct command_words words = {};
	bool found;

	if (text[0] == '-' || !command_is_there("zfs"))
		return false;
	found = command_run(&command, &words, NULL) == 0 &&
		strncmp(str_text(&words.output), text, strlen(text)) == 0;
	command_words_finish(&words);
	return found;
}

int storage_detect(const struct config_rootfs *rootfs, struct storage_volume *ret, struct err *e)
{
	enum rootfs_type type = rootfs->type;
	int r = 0;

	if (!rootfs->path)
		return err_set(e, ERR_STORAGE, EINVAL, "no root file system is configured");
	if (type == ROOTFS_DETECT && rootfs->path[0] != '/' && is_data_set(rootfs->path))
		type = ROOTFS_ZFS;
	if (type == ROOTFS_DETECT)
		r = look(rootfs->path, &type);
	if (r < 0) {
		r = err_set(e, ERR_STORAGE, -r,
			    "\"%s\" is no directory, block device or file that could hold a root "
			    "file system",
			    rootfs->path);
		err_hint(e, "correct lxc.rootfs.path");
		return r;
	}
	return storage_volume_set(ret, type, rootfs->path) < 0 ? place_no_memory(e) : 0;
}
