/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Restoring in place, and what happens to one that was interrupted.
 *
 * The snapshot is first copied to SNAPSHOTS/.restore, a container of its own with a journal of its
 * own. Then the file `swap` appears there, at once and complete: from that moment the new state
 * holds, and what it lists is carried out, each step by what is there and what is not, so that it
 * can be interrupted anywhere:
 *
 *	new VOLUME     the copy's volume …
 *	final VOLUME   … becomes this; what is there moves aside
 *	aside VOLUME   the old volume's place then
 *	file PATH      of the copy's directory, replaces the container's (hooks, fstab)
 *	needs          the copy's lxc_rdepends replaces the container's
 *
 * The configuration goes last. What remains in .restore is then the old state, and is destroyed as
 * the new one would have been without a `swap`.
 */

#include "base/err.h"
#include "container/container.h"
#include "storage/storage.h"

/* What the container's marker says meanwhile, and the line of it that matters. */
extern const char restore_notes[], restore_note[];

/*
 * Finish or undo what is found there. 0, also when nothing is; RESTORE_UNDONE: the new state could
 * not be put in place (e says why), the old one holds; or negative: neither does yet.
 */
enum { RESTORE_UNDONE = 1 };
int restore_settle(const struct container *c, struct err *e);

/* SNAPSHOTS/.restore, which need not be there. */
int restore_open_copy(const struct container *c, struct container **ret, struct err *e);

/* Remove it, with its volume. 0, also when nothing is there, or negative. */
int restore_destroy_copy(struct container *copy, struct err *e);

/* The path that is moved with a volume: an overlay's upper directory, else its own. */
const char *restore_place(const struct storage_volume *volume);

/* storage_rename() of a volume of `former` that becomes that of `c`, whose directory and name get
 * the suffix. */
int restore_rename(const struct container *c, const char *suffix, const struct container *former,
		   const struct storage_volume *volume, bool really, struct storage_volume *ret,
		   struct err *e);
