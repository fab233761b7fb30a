/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Snapshots of a container (spec/storage.md §9). Each is a container of its own, named snap0, snap1
 * … in the lxcpath LXCPATH/NAME/snaps, with two files more: `ts`, the time, and `comment`. Where
 * LXC before 1.1 has left a directory LXCPATHsnaps, they are in LXCPATHsnaps/NAME.
 *
 * Making one is a copy, destroying one is a destruction, and both are journalled as such. Restoring
 * in place is a copy beside, whose volume and configuration then take the place of the old ones:
 * the container's marker (container/creation.h) says how far that came, and whoever finds it undoes
 * or finishes it.
 */

#include "base/err.h"
#include "base/vec.h"
#include "container/container.h"
#include "copy/copy.h"

struct snapshot {
	char *name;      /* heap */
	char *timestamp; /* heap: "2026:11:22 02:58:49"; NULL = nobody knows */
};

struct snapshot_list {
	VEC_OF(struct snapshot)
	char *lxcpath; /* heap: where they are */
};

void snapshot_list_finish(struct snapshot_list *list);

/* The lxcpath of a container's snapshots, which need not be there: heap, NULL when memory is out.
 */
char *snapshot_lxcpath(const struct container *c);

/* Refuse one that is a symbolic link, whose snapshots are somewhere else. 0, also when nothing is
 * there, or negative. */
int snapshot_check_lxcpath(const char *lxcpath, struct err *e);

/* Make that directory, if it is missing. 0, or negative. */
int snapshot_make_lxcpath(const char *lxcpath, struct err *e);

/* A container that is to be copied as it is on the disk: 0, or negative (ERR_ALREADY_RUNNING). */
int snapshot_check_stopped(struct container *c, struct err *e);

/*
 * All complete ones, sorted: snapI by their numbers, then the others by name. A list that cannot be
 * read is an error, a container without any has an empty one. 0, or negative.
 */
int container_snapshots(const struct container *c, struct snapshot_list *ret, struct err *e);

struct snapshot_options {
	const char *name;         /* NULL: snapI with the smallest I that is free */
	const char *comment_file; /* its content becomes the comment; "-" = standard input; NULL */
	/* What people should know before it begins (a sentence), and how far the copy is. Both may
	 * be NULL. */
	void (*tell)(void *data, const char *text);
	copy_progress_fn progress;
	void *data;
};

/*
 * Make a snapshot of a container that is defined and stopped. `ret_name` (heap, may be NULL) gets
 * its name. Returns I, 0 for one with a chosen name, or negative; then nothing is left of it.
 */
int container_snapshot(struct container *c, const struct snapshot_options *options, char **ret_name,
		       struct err *e);

/*
 * Back to a snapshot. `new_name` NULL or the container's own: in place. The snapshots stay, MAC
 * addresses and the size of a loop file, too; lxc.uts.name becomes the container's name. Refused
 * when others need the container's storage. What fails or is killed leaves it as it was.
 * Else a new container that begins as the snapshot is.
 */
int container_restore(struct container *c, const char *snapshot, const char *new_name,
		      const struct snapshot_options *options, struct err *e);

/* Destroy one. What containers that depend on it are called stands in the error. */
int container_snapshot_destroy(const struct container *c, const char *snapshot, struct err *e);

/* Destroy all, and the directory that they were in. When one is needed by others, none is. */
int container_snapshot_destroy_all(const struct container *c, struct err *e);
