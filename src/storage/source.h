/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a volume becomes a tree: what a plan's steps and storage_open() do alike. Finding out may
 * look at the host (the superblock on a device); a source itself is only data, and outlives
 * nothing: all its texts lie in the arena.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/model.h"

enum source_kind {
	SOURCE_TREE,   /* the directory `device` as it is, with what is mounted below it */
	SOURCE_MOUNT,  /* fsopen(fstype), source = device, options */
	SOURCE_LOOP,   /* the same behind a loop device on the file `device` */
	SOURCE_NETWORK /* the same behind /dev/nbdN, which qemu-nbd serves from `device` */
};

struct source_option {
	const char *key;
	const char *value; /* NULL = a flag */
};

struct storage_source {
	enum source_kind kind;
	const char *device;
	const char *fstype;
	const struct source_option *options;
	size_t option_count;
	unsigned partition; /* SOURCE_NETWORK: 1 …; 0 = all of it */
	/* Overlay: directories that are made before when they are missing (upper, work), NULL else.
	 */
	const char *upper, *work;
};

/*
 * The source of a volume of this type (never ROOTFS_DETECT) and path. `read_only`: an overlay
 * without its upper layer being written, a file system that replays no log. -errno with e: the file
 * is not there, no file system is on it.
 */
int storage_source(enum rootfs_type type, const char *path, bool read_only, struct arena *arena,
		   struct storage_source *ret, struct err *e);
