/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One struct of functions for each type of volume, behind storage.h, whose contracts they have. A
 * function that is NULL: nothing is to be done (commit), or the type can't.
 */

#include "storage/storage.h"

struct storage_driver {
	/* The wished volume's path is added to `ret`. `source`: only of this type, or with
	 * `snapshot`. */
	int (*name)(const struct storage_wish *wish, const struct storage_volume *source,
		    bool snapshot, struct str *ret, struct err *e);
	bool (*works)(const struct storage_wish *wish); /* NULL = always */
	int (*exists)(const struct storage_volume *volume, struct err *e);
	/* `size` and `fstype` are known, when the type is a block type. */
	int (*create)(const struct storage_volume *volume, const struct storage_wish *wish,
		      uint64_t size, const char *fstype, struct err *e);
	int (*snapshot)(const struct storage_volume *source, const struct storage_volume *volume,
			const struct storage_wish *wish, struct err *e);
	bool snapshots_last;
	int (*snapshots_really_last)(const struct storage_volume *volume, struct err *e);
	/* NULL: nothing that is made of a volume needs it. */
	int (*release)(const struct storage_volume *volume, struct err *e);
	int (*commit)(const struct storage_volume *volume, const char *mark, struct err *e);
	int (*destroy)(const struct storage_volume *volume, const struct config_idmaps *maps,
		       const char *mark, struct err *e);
	/* The path that the volume has then is added to `ret`. NULL: where it lay in the former
	 * directory, it lies in the new one, and the container's rename(2) has done it. */
	int (*rename)(const struct storage_volume *volume, const struct storage_wish *wish,
		      bool really, struct str *ret, struct err *e);
	int (*size)(const struct storage_volume *volume, uint64_t *ret, struct err *e);
	/* NULL: a snapshot has all. */
	int (*inside)(const struct storage_volume *volume, struct str *ret, struct err *e);
};

extern const struct storage_driver storage_dir, storage_btrfs, storage_overlay, storage_loop,
	storage_lvm, storage_zfs, storage_rbd, storage_nbd;
