/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * File systems on new volumes: made by mkfs, and given another identity on copies of devices.
 */

#include "base/err.h"
#include "storage/storage.h"

/* "mkfs.FSTYPE PATH", by the program; then the root directory is given to container root. */
int filesystem_make(const struct storage_volume *volume, const struct storage_wish *wish,
		    const char *device, const char *fstype, struct err *e);

/* Of an existing volume; heap. */
int filesystem_type(const struct storage_volume *volume, char **ret, struct err *e);

/* Of a device or file that is a copy, block by block, of another one: xfs and btrfs refuse to mount
 * a second one with the same UUID. */
int filesystem_renew(const struct storage_volume *volume, const struct storage_wish *wish,
		     const char *device, bool is_file, struct err *e);

/* The root directory inside a volume becomes container root's, 0755, when ids are mapped. */
int filesystem_give_root(const struct storage_volume *volume, const struct storage_wish *wish,
			 struct err *e);
