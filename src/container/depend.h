/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who depends on whom (spec/storage.md §10): LXCPATH/NAME/lxc_snapshots lists the containers whose
 * storage needs ours, LXCPATH/NAME/lxc_rdepends those that ours needs. Pairs of lines: lxcpath,
 * name; old files hold a number instead.
 */

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "container/container.h"

/* Containers that need another one's storage. */
struct depend_pair {
	char *lxcpath, *name; /* heap */
};
struct depend_pairs {
	VEC_OF(struct depend_pair)
	uint64_t nameless; /* an old list only says how many */
};
void depend_pairs_finish(struct depend_pairs *pairs);

/* Those that need this one's, exist and say so themselves: in their list, or by a root file system
 * below our directory. 0, or negative: what can't be read is not nobody. */
int depend_list(const struct container *c, struct depend_pairs *ret, struct err *e);

/* Whether its root file system, or a layer of it, is in the directory: 1, 0, or negative. */
int depend_uses_directory(const struct container *c, const char *directory, struct err *e);

/* Whether others need this container's storage: 1 or 0, their names are appended, blank-separated;
 * or negative: what can't be read is not nobody. */
int depend_is_needed(const struct container *c, struct str *names, struct err *e);

/* The container goes: take it out of the lists of those that it needs. */
int depend_leave(const struct container *c, struct err *e);

/*
 * The container's storage needs that of the container `name` below `lxcpath`: both files say so.
 * The container's own comes first, so that depend_leave() undoes what was begun. Entries of
 * containers that are gone are left out. ERR_NOT_DEFINED: there is no such container any more.
 */
int depend_add(const struct container *c, const char *lxcpath, const char *name, struct err *e);

/* The same for all that `source` needs. */
int depend_inherit(const struct container *c, const struct container *source, struct err *e);

/*
 * The container had the name and lxcpath of `former`: the lists of those that it needs say the
 * present ones. Doing it twice is fine.
 */
int depend_rename(const struct container *c, const struct container *former, struct err *e);

/* Take out of both files the containers that are gone for good. How many, or negative. */
int depend_clean(const struct container *c, struct err *e);

/* Whether it has snapshots of its own, in snaps/ or in LXCPATHsnaps/NAME: 1, 0, or negative. */
int depend_has_snapshots(const struct container *c, struct err *e);
