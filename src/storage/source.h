/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a volume becomes a tree: what a plan's steps and storage_open() do alike. Finding out may
 * look at the host (the superblock on a device); a source itself is only data, and outlives
 * nothing: all its texts lie in the arena.
 *
 * An overlay says where its marks are: in attributes trusted.overlay.*, which only root of the host
 * may set, or in user.overlay.*, which everybody may, told by the option "userxattr". An upper
 * directory that has one kind must not be used with the other: what was removed would reappear.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/model.h"
#include "config/mount_options.h"

enum source_kind {
	SOURCE_TREE,   /* the directory `device` as it is, with what is mounted below it */
	SOURCE_MOUNT,  /* fsopen(fstype), source = device, options */
	SOURCE_LOOP,   /* the same behind a loop device on the file `device` */
	SOURCE_NETWORK /* the same behind /dev/nbdN, which qemu-nbd serves from `device` */
};

struct storage_source {
	enum source_kind kind;
	const char *device;
	/* NULL: the superblock tells when the device is there (SOURCE_NETWORK), or none that is
	 * known is there, and those that superblock_candidate() says are tried. */
	const char *fstype;
	/* "name" or "name=value", ending in NULL, as fsconfig(2) takes them; NULL: none. */
	const char *const *options;
	bool is_long; /* overlay: options for mount(2) alone, too long for fsconfig(2) */
	bool is_read_only;
	unsigned partition; /* SOURCE_NETWORK: 1 …; 0 = all of it */
	/* Overlay: its lower directories, the topmost first, ending in NULL; those that are made
	 * before when they are missing (upper, work), NULL when it is read-only. */
	const char *const *lowers;
	const char *upper, *work;
	bool has_trusted_marks, has_user_marks; /* in its upper directory */
};

static inline bool source_is_overlay(const struct storage_source *source)
{
	return source->kind == SOURCE_MOUNT && source->fstype &&
	       strcmp(source->fstype, "overlay") == 0;
}

/* Whether it is a file system that only root of the host mounts: on a block device, or zfs. */
static inline bool source_is_on_device(const struct storage_source *source)
{
	return source->kind != SOURCE_TREE && !source_is_overlay(source);
}

/*
 * The source of a volume of this type (never ROOTFS_DETECT) and path. `options`: those of
 * lxc.rootfs.options, or NULL. `read_only`: an overlay without its upper layer being written, a
 * file system that writes nothing; also said by `options`, but for overlays, whose mount alone is
 * read-only then. -errno with e: the file is not there, no file system is on it.
 */
int storage_source(enum rootfs_type type, const char *path, const struct mount_options *options,
		   bool read_only, struct arena *arena, struct storage_source *ret, struct err *e);

/* The same options and "userxattr". NULL: out of memory. */
const char *const *source_user_options(const struct storage_source *source, struct arena *arena);
