/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The journal of a creation, and of a destruction. What a creation makes or changes is noted in its
 *marker (LXCPATH/NAME/partial, container/partial.h) before it happens, and one function undoes what
 *the notes say: for the creation that fails, and for whoever finds that its creator was killed. So
 *a container is as before, or complete; what was there before stays. (What a template has written
 * into a root file system that was there can't be taken back.)
 *
 * The notes, one a line, behind the line "tare 1":
 *
 *	made-directory              LXCPATH/NAME: all of it goes
 *	new-config PATH             there was no configuration
 *	old-config LENGTH PATH      the old one follows: LENGTH bytes and a newline
 *	making PATH                 is about to be made: goes when it is an empty directory
 *	made DEVICE:INODE PATH      goes with all below it, when it is still this one
 *	volume MARK TYPE:PATH       is about to be made: is destroyed, if it bears the mark
 *	                            (storage/storage.h); the mark "-": in any case
 *	idmap ENTRY                 of the container, for the ids of what is removed
 *	destroying                  the container: all of it goes, the configuration last
 *	rename-…                    another name for the container (container/rename.h)
 */

#include "base/err.h"
#include "container/container.h"
#include "storage/storage.h"

/*
 * Begin: make the container's directory and the marker, which is complete when it appears.
 * `was_defined`: what the caller has found; when it has changed since, this is refused. Returns the
 * marker's descriptor, which holds its lock, or negative; then nothing of it is left.
 */
int creation_begin(const struct container *c, bool was_defined, struct err *e);

/* Make a directory (0755) with its parents, noted. 1 = made, 0 = it was there, or negative. */
int creation_make_directory(int marker_fd, const char *path, struct err *e);

/* Note a volume that is about to be made. Nothing of its name may be there, unless it is of a type
 * that has marks. 0 or negative. */
int creation_note_volume(int marker_fd, const struct storage_volume *volume, const char *mark,
			 struct err *e);

/*
 * Destroy the container with this volume (type ROOTFS_DETECT: it has none): from here on, whoever
 * finds that we were killed goes on. When it fails, what could not be removed is there, with the
 * configuration, and nobody goes on.
 */
int creation_reverse(const struct container *c, const struct storage_volume *volume, struct err *e);

/* The new state holds. Negative: somebody has moved the container's directory away, or removed it;
 * then there is nothing to be undone at its place, either. */
int creation_commit(const struct container *c, int marker_fd, struct err *e);

/*
 * Back to the old state: all that the notes say, and the marker. `config` for the ids of what is
 * removed (may be NULL). When it fails, the marker stays, and whoever finds it tries again.
 */
int creation_undo(const struct container *c, const struct config *config, int marker_fd,
		  struct err *e);

/*
 * A creation whose creator has died is undone, a destruction finished, a renaming or restoration
 * one of both; one under way is refused. What it was, 0 = there is none, or negative.
 */
enum creation_kind {
	CREATION_UNDONE = 1, /* or a copy */
	CREATION_DESTROYED,
	CREATION_RENAMED,
	CREATION_RESTORED,
};
int creation_clear(const struct container *c, struct err *e);
