/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The table of drivers, what is the same for all of them, and finding out the type of a volume.
 */

#include "storage/storage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/macros.h"
#include "storage/driver.h"
#include "storage/filesystem.h"
#include "storage/place.h"

static const uint64_t default_size = 1 << 30;

static const struct storage_driver *driver_of(enum rootfs_type type)
{
	switch (type) {
	case ROOTFS_DIR:
		return &storage_dir;
	case ROOTFS_BTRFS:
		return &storage_btrfs;
	case ROOTFS_OVERLAY:
		return &storage_overlay;
	case ROOTFS_LOOP:
		return &storage_loop;
	case ROOTFS_LVM:
		return &storage_lvm;
	case ROOTFS_ZFS:
		return &storage_zfs;
	case ROOTFS_RBD:
		return &storage_rbd;
	case ROOTFS_NBD:
		return &storage_nbd;
	case ROOTFS_DETECT:
		break;
	}
	return NULL;
}

static const char *name_of(enum rootfs_type type)
{
	const struct storage_type *row = storage_type(type);

	return row ? row->name : "none";
}

static int refuse(enum rootfs_type type, const char *what, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "storage of the kind %s can't be %s",
		       name_of(type), what);
}

void storage_choose_mark(char ret[STORAGE_MARK_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[STORAGE_MARK_SIZE / 2];

	/* Never fails for so few bytes once the kernel has begun (getrandom(2)). */
	while (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * sizeof(bytes)] = '\0';
}

/* Paths are put on one line, by the configuration and by journals. */
static int take_path(enum rootfs_type type, struct str *path, struct storage_volume *ret,
		     struct err *e)
{
	if (str_failed(path))
		return place_no_memory(e);
	if (strchr(str_text(path), '\n'))
		return err_set(e, ERR_USAGE, EINVAL,
			       "a path with a line break can't be configured");
	return storage_volume_set(ret, type, str_text(path)) < 0 ? place_no_memory(e) : 0;
}

int storage_name(const struct storage_wish *wish, const struct storage_volume *source,
		 bool snapshot, struct storage_volume *ret, struct err *e)
{
	const struct storage_driver *driver = driver_of(wish->type);
	autostr path = {};
	int r;

	if (!driver || !driver->name)
		return refuse(wish->type, "made, only used", e);
	/* Where a volume of another type lies says nothing. */
	if (source && !snapshot && source->type != wish->type)
		source = NULL;
	r = driver->name(wish, source, snapshot, &path, e);
	return r < 0 ? r : take_path(wish->type, &path, ret, e);
}

bool storage_works(const struct storage_wish *wish)
{
	const struct storage_driver *driver = driver_of(wish->type);

	return driver && driver->create && (!driver->works || driver->works(wish));
}

int storage_exists(const struct storage_volume *volume, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);

	return driver ? driver->exists(volume, e) : 0;
}

static int refuse_existing(const struct storage_volume *volume, struct err *e)
{
	int r = err_set(e, ERR_STORAGE, EEXIST, "%s:%s is there already", name_of(volume->type),
			volume->path);

	err_hint(e, "it stays as it is: remove it, or choose another name");
	return r;
}

/* As wished, as the source, or as always. */
static int find_size(const struct storage_wish *wish, const struct storage_volume *source,
		     uint64_t *ret, struct err *e)
{
	const struct storage_driver *driver = source ? driver_of(source->type) : NULL;

	*ret = wish->size ? wish->size : default_size;
	if (wish->size || !driver || !driver->size)
		return 0;
	return driver->size(source, ret, e);
}

/* What is only packed, never empty: a copy of it is one that can be written. */
static bool can_be_made(const char *fstype)
{
	static const char *const packed[] = {"squashfs", "erofs",  "iso9660",
					     "udf",      "cramfs", "romfs"};

	for (size_t i = 0; i < ARRAY_LENGTH(packed); i++)
		if (strcmp(fstype, packed[i]) == 0)
			return false;
	return true;
}

static int find_fstype(const struct storage_wish *wish, const struct storage_volume *source,
		       char **ret, struct err *e)
{
	const struct storage_type *type = source ? storage_type(source->type) : NULL;

	if (!wish->fstype && type && type->is_block) {
		int r = filesystem_type(source, ret, e);

		if (r < 0 || can_be_made(*ret))
			return r;
		free(*ret);
	}
	*ret = strdup(wish->fstype ? wish->fstype : "ext4");
	return *ret ? 0 : place_no_memory(e);
}

int storage_create(const struct storage_volume *volume, const struct storage_wish *wish,
		   const struct storage_volume *source, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);
	autofree char *fstype = NULL;
	uint64_t size = 0;
	int r = driver && driver->create ? driver->exists(volume, e)
					 : refuse(volume->type, "made, only used", e);

	if (r > 0)
		return refuse_existing(volume, e);
	if (r == 0 && storage_type(volume->type)->is_block) {
		r = find_size(wish, source, &size, e);
		if (r == 0)
			r = find_fstype(wish, source, &fstype, e);
	}
	return r == 0 ? driver->create(volume, wish, size, fstype, e) : r;
}

int storage_snapshot(const struct storage_volume *source, const struct storage_volume *volume,
		     const struct storage_wish *wish, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);
	int r = driver && driver->snapshot ? driver->exists(volume, e)
					   : refuse(volume->type, "a snapshot", e);

	if (r > 0)
		return refuse_existing(volume, e);
	return r == 0 ? driver->snapshot(source, volume, wish, e) : r;
}

int storage_snapshots_last(const struct storage_volume *volume, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);

	if (driver && driver->snapshots_really_last)
		return driver->snapshots_really_last(volume, e);
	return driver && driver->snapshots_last;
}

int storage_release(const struct storage_volume *volume, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);

	return driver && driver->release ? driver->release(volume, e) : 0;
}

int storage_commit(const struct storage_volume *volume, const char *mark, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);

	return driver && driver->commit && mark ? driver->commit(volume, mark, e) : 0;
}

int storage_destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		    const char *mark, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);

	return driver && driver->destroy ? driver->destroy(volume, maps, mark, e)
					 : refuse(volume->type, "destroyed", e);
}

int storage_rename(const struct storage_volume *volume, const struct storage_wish *wish,
		   bool really, struct storage_volume *ret, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);
	autostr path = {};
	int r = 0;

	if (!driver || !driver->name)
		return refuse(volume->type, "renamed", e);
	if (driver->rename)
		r = driver->rename(volume, wish, really, &path, e);
	else
		place_follow(volume->path, strlen(volume->path), wish, &path);
	return r < 0 ? r : take_path(volume->type, &path, ret, e);
}

int storage_inside(const struct storage_volume *volume, struct str *ret, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);

	return driver && driver->inside ? driver->inside(volume, ret, e) : 0;
}

int storage_size(const struct storage_volume *volume, uint64_t *ret, struct err *e)
{
	const struct storage_driver *driver = driver_of(volume->type);

	if (!driver || !driver->size)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			       "storage of the kind %s has no size of its own",
			       name_of(volume->type));
	return driver->size(volume, ret, e);
}
