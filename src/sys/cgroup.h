/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Directories and files of control groups, of both versions: cgroups(7). What only version 1 has
 * stands in cgroup1.h. Nothing here uses the heap.
 *
 * A path is relative to a base directory's descriptor, without a leading slash, and never leads
 * out of it: anything else is -EINVAL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The directory MOUNT/BASE/PATH; the last two may be "". A descriptor (O_PATH) or -errno. */
int cgroup_open(const char *mount, const char *base, const char *path);

/* One below a descriptor. */
int cgroup_open_at(int base_fd, const char *path);

/*
 * Make a new directory, and those above it that are missing. *ret_made counts the latter, also on
 * failure. -EEXIST: the last one is there already.
 */
int cgroup_make(int base_fd, const char *path, unsigned *ret_made);

/*
 * Remove an empty directory, then up to `made` of those above it as long as they are empty. What
 * the kernel still holds on to (EBUSY) is tried again for half a second. A path that is not there
 * is fine.
 */
int cgroup_unmake(int base_fd, const char *path, unsigned made);

/*
 * The same with everything below it, depth first. `kill`: processes inside get SIGKILL. -EBUSY:
 * processes are in it that must or will not go.
 */
int cgroup_remove(int base_fd, const char *path, unsigned made, bool kill);

/* Whether no process is in it; not those below it, on version 1. 1 or 0, or -errno. */
int cgroup_is_empty(int cgroup_fd);

/* SIGKILL to all processes in a directory and below it, as they are now. 0 or -errno. */
int cgroup_kill_all(int cgroup_fd);

/* A file of it. Reading returns the length without a newline at the end; -EFBIG. */
int cgroup_write(int cgroup_fd, const char *file, const char *value);
int cgroup_read(int cgroup_fd, const char *file, char *ret, size_t room);

/* Move a process (0 = the calling one) there. */
int cgroup_move(int cgroup_fd, pid_t pid);

/* Move all processes of one (not of those below it) to another. 0 or -errno; -EBUSY: they are
 * forked faster than they can be moved, or the other one may hold none (version 2). */
int cgroup_move_all(int cgroup_fd, int to_fd);
