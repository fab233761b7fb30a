/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writing a user namespace's id maps: user_namespaces(7).
 */

#include <stdbool.h>
#include <sys/types.h>

/*
 * Write the maps of a process that is in a new user namespace: lines of "inside outside count".
 * `deny_setgroups` is what a writer without CAP_SETGID must do first. 0 or -errno; *ret_file (may
 * be NULL) names the file under /proc/PID that was refused. -EPERM has many reasons, all in
 * user_namespaces(7); -EINVAL: the map itself is wrong or overlaps.
 */
int idmap_write(pid_t pid, const char *uid_map, const char *gid_map, bool deny_setgroups,
		const char **ret_file);

/*
 * A user namespace with these maps that no process is in: a descriptor, or -errno. Needs the right
 * to write any map.
 */
int idmap_make_namespace(const char *uid_map, const char *gid_map);
