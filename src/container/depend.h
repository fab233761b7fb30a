/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who depends on whom (spec/storage.md §10): LXCPATH/NAME/lxc_snapshots lists the containers whose
 * storage needs ours, LXCPATH/NAME/lxc_rdepends those that ours needs. Pairs of lines: lxcpath,
 * name; old files hold a number instead.
 */

#include "base/err.h"
#include "base/str.h"
#include "container/container.h"

/* Whether others need this container's storage: 1 or 0, their names are appended, blank-separated;
 * or negative: what can't be read is not nobody. */
int depend_is_needed(const struct container *c, struct str *names, struct err *e);

/* The container goes: take it out of the lists of those that it needs. */
int depend_leave(const struct container *c, struct err *e);

/* Whether it has snapshots of its own, in snaps/ or in LXCPATHsnaps/NAME: 1, 0, or negative. */
int depend_has_snapshots(const struct container *c, struct err *e);
