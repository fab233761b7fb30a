/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Volumes that are directories. They lie in the container's directory, or where lxc-create's --dir
 * says.
 */

#include "storage/driver.h"

#include "storage/place.h"
#include "storage/removal.h"

static int name(const struct storage_wish *wish, const struct storage_volume *source, bool snapshot,
		struct str *ret, struct err *e)
{
	if (snapshot)
		return place_refuse_snapshot(source ? source->type : ROOTFS_DIR,
					     "Directories cannot be snapshotted", e);
	if (wish->path)
		str_add(ret, wish->path);
	else
		str_addf(ret, "%s/rootfs", wish->directory);
	return 0;
}

static int exists(const struct storage_volume *volume, struct err *e)
{
	return place_is_there(volume->path, e);
}

static int create(const struct storage_volume *volume, const struct storage_wish *wish,
		  uint64_t size, const char *fstype, struct err *e)
{
	return place_make(volume->path, wish->maps, e);
}

static int destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		   const char *mark, struct err *e)
{
	int r = place_check_removal(volume->path, e);

	return r < 0 ? r : removal_tree(maps, volume->path, NULL, e);
}

const struct storage_driver storage_dir = {
	.name = name,
	.exists = exists,
	.create = create,
	.destroy = destroy,
};
