/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What only systemd may do for an ordinary user: a cgroup of the user's own, and moving a process
 * there from another part of the tree (spec/runtime.md §11). Asked over the user's session bus by
 * libsystemd, which only lxc-compile opens.
 */

#include <sys/types.h>

#include "base/err.h"

/*
 * Have a process put into a new scope that is delegated, NAME-N.scope for the first N that is free.
 * A process in a unit that is delegated already stays there. 0 when it is there, or negative with e
 * set.
 */
int scope_enter(const char *name, pid_t pid, struct err *e);

/* Have a process put into a directory ("/lxc.monitor.c1") of a unit that is delegated. */
int scope_attach(const char *unit, const char *directory, pid_t pid, struct err *e);
