/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Units of systemd, as cgroup version 2 shows them. An ordinary user may use what systemd has
 * delegated and nothing else; what is to be done about it stands in scope.h.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * How much of a path (of /proc/PID/cgroup, slashes at its front as they come) leads to the scope
 * or service that it is in: its length up to the end of that name. 0: it is in none.
 */
size_t cgroup_unit_length(const char *path);

/* The name of that unit, which stands at the end of so much of the path. */
const char *cgroup_unit_name(const char *path, size_t length);

/*
 * Whether a start by this process has to ask systemd for a cgroup: an ordinary user's, where
 * systemd runs and all controllers are version 2's. Costs root one system call.
 */
bool cgroup_unit_is_needed(void);

/*
 * Whether this process may put others from its own cgroup into the directory MOUNT/PATH of version
 * 2: it must be allowed to write to cgroup.procs of the lowest directory above both.
 */
bool cgroup_unit_is_reachable(const char *mount, const char *path);
