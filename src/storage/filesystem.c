/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * mkfs, xfs_admin, btrfstune. Which package has the program is known for the usual ones.
 */

#include "storage/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/macros.h"
#include "child/command.h"
#include "storage/place.h"
#include "storage/source.h"

static const struct {
	const char *fstype, *package;
} packages[] = {
	{"ext2", "e2fsprogs"}, {"ext3", "e2fsprogs"},         {"ext4", "e2fsprogs"},
	{"xfs", "xfsprogs"},   {"btrfs", "btrfs-progs"},      {"f2fs", "f2fs-tools"},
	{"jfs", "jfsutils"},   {"reiserfs", "reiserfsprogs"}, {"nilfs2", "nilfs-tools"},
};

static const char *package_of(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_LENGTH(packages); i++)
		if (strcmp(packages[i].fstype, fstype) == 0)
			return packages[i].package;
	return NULL;
}

int filesystem_give_root(const struct storage_volume *volume, const struct storage_wish *wish,
			 struct err *e)
{
	autoclose int root = -EBADF;
	autoclose int fd = -EBADF;

	if (!wish->maps || wish->maps->count == 0)
		return 0;
	root = storage_open(volume, NULL, 0, e);
	if (root < 0)
		return root;
	fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot open the root directory of \"%s\"",
			       volume->path);
	return place_give_open(fd, volume->path, wish->maps, e);
}

int filesystem_make(const struct storage_volume *volume, const struct storage_wish *wish,
		    const char *device, const char *fstype, struct err *e)
{
	autostr program = {};
	const char *argv[] = {NULL, device, NULL};
	const struct command command = {
		.argv = argv, .package = package_of(fstype), .lock_fd = wish->lock_fd};
	int r;

	if (!fstype[0] || fstype[strspn(fstype, "abcdefghijklmnopqrstuvwxyz0123456789_.-")])
		return err_set(e, ERR_USAGE, 0, "\"%s\" is no name of a file system", fstype);
	str_addf(&program, "mkfs.%s", fstype);
	if (str_failed(&program))
		return place_no_memory(e);
	argv[0] = str_text(&program);
	r = command_run(&command, NULL, e);
	if (r != 0)
		return err_wrap(e, r < 0 ? r : -EIO, "cannot make the file system %s on \"%s\"",
				fstype, device);
	return filesystem_give_root(volume, wish, e);
}

int filesystem_type(const struct storage_volume *volume, char **ret, struct err *e)
{
	struct storage_source source = {};
	struct arena arena = {};
	int r = storage_source(volume->type, volume->path, NULL, true, &arena, &source, e);

	if (r == 0) {
		*ret = strdup(source.fstype ? source.fstype : "ext4");
		r = *ret ? 0 : place_no_memory(e);
	}
	arena_finish(&arena);
	return r;
}

int filesystem_renew(const struct storage_volume *volume, const struct storage_wish *wish,
		     const char *device, bool is_file, struct err *e)
{
	const char *const xfs[] = {"xfs_admin", "-U", "generate", device, NULL};
	const char *const xfs_file[] = {"xfs_admin", "-f", "-U", "generate", device, NULL};
	const char *const btrfs[] = {"btrfstune", "-f", "-u", device, NULL};
	struct command command = {.lock_fd = wish->lock_fd};
	autofree char *fstype = NULL;
	int r = filesystem_type(volume, &fstype, e);

	if (r < 0)
		return r;
	if (strcmp(fstype, "xfs") == 0)
		command.argv = is_file ? xfs_file : xfs;
	else if (strcmp(fstype, "btrfs") == 0)
		command.argv = btrfs;
	else
		return 0;
	command.package = package_of(fstype);
	r = command_run(&command, NULL, e);
	if (r == 0)
		return 0;
	return err_wrap(e, r < 0 ? r : -EIO,
			"cannot give the copy \"%s\" an identity of its own, without which it "
			"can't be mounted beside its original",
			device);
}
