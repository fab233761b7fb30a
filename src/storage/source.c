/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From a volume's type and path to what is mounted (spec/storage.md §4). Only what is mounted from
 * is looked at: directories are not opened, nothing is made.
 */

#include "storage/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "storage/source_internal.h"
#include "sys/superblock.h"

int source_no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep what a root file system is");
}

const char *const *source_end_words(struct source_words *words, struct arena *arena)
{
	const char **end = vec_push_in(words, arena);

	return end ? words->items : NULL;
}

int source_finish_words(struct source_look *look, struct source_words *words, struct err *e)
{
	const char *const *data = NULL;

	if (look->options && look->options->data) {
		data = mount_options_data_words(look->options->data, look->arena);
		if (!data)
			return source_no_memory(e);
	}
	for (; data && *data; data++) {
		const char **item = vec_push_in(words, look->arena);

		if (!item)
			return source_no_memory(e);
		*item = *data;
	}
	if (words->count == 0)
		return 0;
	look->ret->options = source_end_words(words, look->arena);
	return look->ret->options ? 0 : source_no_memory(e);
}

const char *const *source_user_options(const struct storage_source *source, struct arena *arena)
{
	struct source_words words = {};
	const char **item;

	for (const char *const *at = source->options; at && *at; at++) {
		item = vec_push_in(&words, arena);
		if (!item)
			return NULL;
		*item = *at;
	}
	item = vec_push_in(&words, arena);
	if (!item)
		return NULL;
	*item = "userxattr";
	return source_end_words(&words, arena);
}

/* -- devices and files */

static int cannot_open(const struct source_look *look, int errnum, struct err *e)
{
	int r = err_set(e, ERR_STORAGE, errnum, "Cannot use the root file system \"%s\"",
			look->path);

	if (errnum == ENOENT && text_starts(look->path, "/dev/rbd/"))
		err_hint(e, "the image is not mapped: rbd map");
	else if (errnum == ENOENT && text_starts(look->path, "/dev/"))
		err_hint(e, "the volume is not there or not active: lvs, vgchange -ay");
	else if (errnum == ENOTBLK)
		err_hint(e, "only block devices can be mounted; a file is \"loop:%s\"", look->path);
	return r;
}

/* A file system that is not recognised may be one that the kernel has besides. */
static int no_file_system(const struct source_look *look, const struct superblock *found,
			  struct err *e)
{
	int r = err_set(e, ERR_STORAGE, EMEDIUMTYPE, "There is no file system on \"%s\": it %s%s",
			look->path,
			found->other      ? "holds "
			: found->is_blank ? "is empty"
					  : "holds something that is not recognised",
			found->other ? found->other : "");

	if (found->is_blank)
		err_hint(e, "mkfs.ext4 makes one");
	return r;
}

static int look_at_file_system(struct source_look *look, int fd, struct err *e)
{
	char name[FILE_SYSTEM_NAME_ROOM];
	struct superblock found;
	int r = superblock_probe(fd, &found);

	if (r < 0)
		return err_set(e, ERR_STORAGE, -r, "Cannot read \"%s\"", look->path);
	look->ret->fstype = found.fstype;
	if (found.fstype)
		return 0;
	if (found.other || found.is_blank || superblock_candidate(0, name) == 0)
		return no_file_system(look, &found, e);
	return 0;
}

static int add_option(struct source_look *look, struct source_words *words, const char *option,
		      struct err *e)
{
	const char **item = vec_push_in(words, look->arena);

	if (!item)
		return source_no_memory(e);
	*item = option;
	return 0;
}

/*
 * What is written nowhere must not be written by a log that is replayed either: the device refuses
 * to be written, and the file system says so. A copy of an xfs has its UUID, and two of one UUID
 * are refused, for they might be one by two ways: here they are not.
 */
static int finish_device(struct source_look *look, struct err *e)
{
	struct source_words words = {};
	int r = 0;

	look->ret->is_read_only = look->read_only ||
				  (look->options && (look->options->set & MOUNT_RO));
	if (look->ret->is_read_only)
		r = add_option(look, &words, "ro", e);
	if (r == 0 && look->ret->fstype && strcmp(look->ret->fstype, "xfs") == 0)
		r = add_option(look, &words, "nouuid", e);
	return r < 0 ? r : source_finish_words(look, &words, e);
}

static int source_of_device(struct source_look *look, bool is_file, struct err *e)
{
	autoclose int fd = open(look->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return cannot_open(look, errno, e);
	if (S_ISBLK(status.st_mode))
		look->ret->kind = SOURCE_MOUNT;
	else if (is_file && S_ISREG(status.st_mode))
		look->ret->kind = SOURCE_LOOP;
	else
		return cannot_open(look, S_ISDIR(status.st_mode) ? EISDIR : ENOTBLK, e);
	look->ret->device = look->path;
	r = look_at_file_system(look, fd, e);
	return r < 0 ? r : finish_device(look, e);
}

/* As zfs(8) mounts: the data set's own mount point is not where it goes. */
static int source_of_data_set(struct source_look *look, struct err *e)
{
	struct source_words words = {};
	const char *const texts[] = {"zfsutil",
				     arena_printf(look->arena, "mntpoint=%s", look->path), "ro"};

	look->ret->kind = SOURCE_MOUNT;
	look->ret->device = look->path;
	look->ret->fstype = "zfs";
	look->ret->is_read_only = look->read_only ||
				  (look->options && (look->options->set & MOUNT_RO));
	for (size_t i = 0; i < (look->ret->is_read_only ? 3U : 2U); i++) {
		int r = texts[i] ? add_option(look, &words, texts[i], e) : source_no_memory(e);

		if (r < 0)
			return r;
	}
	return source_finish_words(look, &words, e);
}

/* FILE or FILE:PARTITION. */
static int source_of_network(struct source_look *look, struct err *e)
{
	const char *colon = strrchr(look->path, ':');
	struct storage_source *ret = look->ret;

	ret->kind = SOURCE_NETWORK;
	ret->device = look->path;
	if (colon && colon[1] >= '1' && colon[1] <= '9' && !colon[2]) {
		ret->device = arena_strndup(look->arena, look->path, (size_t)(colon - look->path));
		ret->partition = (unsigned)(colon[1] - '0');
	}
	if (!ret->device)
		return source_no_memory(e);
	if (access(ret->device, R_OK) < 0)
		return cannot_open(look, errno, e);
	return finish_device(look, e);
}

int storage_source(enum rootfs_type type, const char *path, const struct mount_options *options,
		   bool read_only, struct arena *arena, struct storage_source *ret, struct err *e)
{
	struct storage_source source = {};
	struct source_look look = {path, options, read_only, arena, &source};
	int r = 0;

	switch (type) {
	case ROOTFS_OVERLAY:
		r = source_of_overlay(&look, e);
		break;
	case ROOTFS_LOOP:
		r = source_of_device(&look, true, e);
		break;
	case ROOTFS_LVM:
	case ROOTFS_RBD:
		r = source_of_device(&look, false, e);
		break;
	case ROOTFS_ZFS:
		r = source_of_data_set(&look, e);
		break;
	case ROOTFS_NBD:
		r = source_of_network(&look, e);
		break;
	case ROOTFS_DETECT:
	case ROOTFS_DIR:
	case ROOTFS_BTRFS:
		source.device = path;
		break;
	}
	if (r < 0)
		return r;
	*ret = source;
	return 0;
}
