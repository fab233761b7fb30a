/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who depends on whom (spec/storage.md §10): LXCPATH/NAME/lxc_snapshots lists the containers whose
 * storage needs ours, LXCPATH/NAME/lxc_rdepends those that ours needs. Pairs of lines: lxcpath,
 * name; old files hold a number instead.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "container/container.h"

/* Whether others need this container's storage; their names are appended, blank-separated. */
bool depend_is_needed(const struct container *c, struct str *names);

/* The container goes: take it out of the lists of those that it needs. */
int depend_leave(const struct container *c, struct err *e);

/* Whether it has snapshots of its own: in snaps/, or in LXCPATHsnaps/NAME. */
bool depend_has_snapshots(const struct container *c);
