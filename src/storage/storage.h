/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where root file systems are kept. A volume is what lxc.rootfs.path names: a type, and a text that
 * means something to the type's driver (spec/storage.md §1):
 *
 *	dir, btrfs    /path/of/the/rootfs
 *	overlay       /lower[:/lower …]:/upper, the work directory beside the upper one
 *	loop          /path/of/a/file
 *	lvm           /dev/GROUP/VOLUME
 *	zfs           DATASET
 *	rbd           /dev/rbd/POOL/IMAGE
 *	nbd           /path/of/a/file[:PARTITION]
 *
 * Nothing here knows containers, their configuration files or journals. Whoever makes a volume has
 * noted its name durably before, and destroys what the note names when it failed or was killed: so
 * every function may be interrupted anywhere, and storage_destroy() takes what is half made, too,
 * and what is not there.
 *
 * No mount is ever attached to a mount namespace that others see: storage_open() mounts detached,
 * and what it took (a loop device, a mount) goes with the last descriptor, also behind kill -9.
 *
 * Programs (lvcreate, zfs, rbd, mkfs) are run by child/command.h: their argv is logged, what they
 * say becomes the error.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "config/model.h"

struct storage_volume {
	enum rootfs_type type; /* never ROOTFS_DETECT; 0 (that) = no volume */
	char *path;            /* heap: what stands behind "TYPE:" */
	/* rbd: whom to be for Ceph where no wish says it, borrowed; NULL = its default user.
	 * Forgotten by storage_volume_set(). */
	const char *user;
};

void storage_volume_finish(struct storage_volume *volume);
/* 0 or -ENOMEM. */
int storage_volume_set(struct storage_volume *ret, enum rootfs_type type, const char *path);

/* "TYPE:PATH", the value of lxc.rootfs.path; and back. -EINVAL: no such type. */
void storage_volume_print(const struct storage_volume *volume, struct str *out);
int storage_volume_parse(const char *text, struct storage_volume *ret);

/* What a type can. */
struct storage_type {
	const char *name;
	enum rootfs_type type;
	bool makes;           /* a new volume: all but nbd */
	bool snapshots;       /* lxc-copy -s without another type */
	bool backs_up;        /* lxc-snapshot is allowed: by a snapshot, else a copy of the type */
	bool is_block;        /* has a file system of its own: --fstype, --fssize */
	bool is_for_everyone; /* without being root */
};

const struct storage_type *storage_type(enum rootfs_type type);
/* Exact names only, "overlayfs" and "aufs" among them; NULL = there is none. */
const struct storage_type *storage_type_named(const char *name, size_t len);

/*
 * The volume of a configured root file system, whose type is looked for when the configuration
 * names none (spec/storage.md §2; a subvolume of btrfs is one). A path that is not there is a
 * directory. Runs programs only for what is no path. 0, or negative with e.
 */
int storage_detect(const struct config_rootfs *rootfs, struct storage_volume *ret, struct err *e);

/* A new volume, as asked for. All texts are borrowed. */
struct storage_wish {
	enum rootfs_type type;
	const char *directory; /* of its container: LXCPATH/NAME */
	const char *name;      /* of its container */
	const char *path;      /* dir: somewhere else than DIRECTORY/rootfs, or NULL */
	const char *fstype;    /* NULL = the source's, else ext4 */
	uint64_t size;         /* bytes; 0 = the source's, else 1 GiB */
	/* Never NULL where the type needs them but for lvm_volume and rbd_image, whose default is
	 * the container's name, and rbd_user. */
	const char *lvm_group, *lvm_volume, *lvm_thin_pool;
	const char *zfs_root;
	const char *rbd_pool, *rbd_image, *rbd_user;
	/* Of the container, or NULL: its root owns the volume's root directory. */
	const struct config_idmaps *maps;
	/* What marks a volume that has no place in the container's directory as made by this
	 * operation (a tag of lvm, a property of zfs and rbd): [a-z0-9]+, chosen by chance
	 * (storage_choose_mark()). */
	const char *mark;
	/* Above 0: the journal's descriptor. Programs that make the volume keep it open, and so its
	 * lock, until they have ended, also when we are killed. */
	int lock_fd;
	/* storage_rename(): the directory that its container had; NULL = another one beside
	 * `directory`. */
	const char *former;
};

enum { STORAGE_MARK_SIZE = 17 };
void storage_choose_mark(char ret[STORAGE_MARK_SIZE]);

/*
 * What the wished volume is called. `source`: it will be a copy, or with `snapshot` a snapshot, of
 * that one, and lies where that one lies when both are of a type; or NULL. Looks at nothing and
 * makes nothing. -EOPNOTSUPP with e: there is no such copy or snapshot (spec/storage.md §7).
 */
int storage_name(const struct storage_wish *wish, const struct storage_volume *source,
		 bool snapshot, struct storage_volume *ret, struct err *e);

/*
 * Whether a new volume of the wished type could be made: is there such a file system, group, data
 * set, program? Silent, and changes nothing. For `best` and lists of types.
 */
bool storage_works(const struct storage_wish *wish);

/* Whether something of that name is there, whoever made it: 1, 0 or negative with e. */
int storage_exists(const struct storage_volume *volume, struct err *e);

/*
 * Make the volume empty, its root directory owned by container root, 0755. The container's
 * directory is there. `source` (or NULL): size and file system are that one's if the wish has none.
 * -EEXIST with e: it is there already, and stays as it is.
 */
int storage_create(const struct storage_volume *volume, const struct storage_wish *wish,
		   const struct storage_volume *source, struct err *e);

/* Make it as a copy-on-write clone of the source. The driver's own copies (an overlay's upper
 * directory, a loop file where blocks can't be shared) are made, too. -EXDEV: subvolumes on two
 * file systems (btrfs); then nothing was made. */
int storage_snapshot(const struct storage_volume *source, const struct storage_volume *volume,
		     const struct storage_wish *wish, struct err *e);

/*
 * Whether a snapshot of this volume lives on when the volume is destroyed: 1, 0 (thick logical
 * volumes, data sets; what can't be snapshotted at all) or negative with e.
 */
int storage_snapshots_last(const struct storage_volume *volume, struct err *e);

/*
 * Let go of what was made of the volume: snapshots that don't outlast it, but can be made to
 * (zfs promote), do then; it needs them instead. 0 also when there are none, or negative.
 */
int storage_release(const struct storage_volume *volume, struct err *e);

/* It is complete, and nobody's undoing must find its mark any more. */
int storage_commit(const struct storage_volume *volume, const char *mark, struct err *e);

/*
 * Destroy the volume; one that is not there is fine. `maps`: of its container, or NULL. `mark`:
 * only one that bears it, when it is of a type that has marks; NULL: in any case. Never removes
 * what is mounted, what others need (-EBUSY), or a directory of the system.
 */
int storage_destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		    const char *mark, struct err *e);

/*
 * Its container is called otherwise now, and lies in `wish->directory`: what the volume is called
 * then, and with `really` it is so. Doing it twice is fine.
 */
int storage_rename(const struct storage_volume *volume, const struct storage_wish *wish,
		   bool really, struct storage_volume *ret, struct err *e);

/* What is inside the volume and no snapshot of it has: a subvolume of btrfs. 1: the path of one is
 * added to `ret`; 0: nothing; or negative. */
int storage_inside(const struct storage_volume *volume, struct str *ret, struct err *e);

/* Bytes of a block volume, else -EOPNOTSUPP (e is set). */
int storage_size(const struct storage_volume *volume, uint64_t *ret, struct err *e);

enum {
	STORAGE_READ_ONLY = 1, /* nothing is written, not even by the file system itself */
};

/*
 * The volume's root directory, mounted nowhere: a descriptor to be taken as if it were O_PATH
 * (openat(fd, ".") reads it), or negative with e. A detached mount goes with it, and may be
 * attached by move_mount(2) while it is open. `options`: those of lxc.rootfs.options, or NULL; only
 * `ro` and those for the file system count, idmap= does not.
 *
 * -EROFS: STORAGE_READ_ONLY, and the file system has a log that must be replayed first. -ETXTBSY:
 * the file of a loop volume is in use by a container that runs, or another copy. Read-only, a block
 * device that is mounted is seen as those see it who have mounted it.
 *
 * Who is not root in the initial user namespace opens overlays in a user namespace that has a mount
 * namespace of its own.
 */
int storage_open(const struct storage_volume *volume, const char *options, unsigned flags,
		 struct err *e);
