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
 * The same with a mode that the umask applies to. One that nobody else makes directories with marks
 * them from their first moment on as ours: cgroup_settle() gives the directory, and those `made`
 * above it, their proper mode; cgroup_unmake_marked() removes what is empty and still has exactly
 * this mode and our uid, from the bottom up, whether or not the lower ones are there.
 */
int cgroup_make_as(int base_fd, const char *path, mode_t mode, unsigned *ret_made);
int cgroup_settle(int base_fd, const char *path, unsigned made, mode_t mode);
void cgroup_unmake_marked(int base_fd, const char *path, mode_t mark);

/*
 * Remove an empty directory, then up to `made` of those above it as long as they are empty. What
 * the kernel still holds on to (EBUSY) is tried again for half a second. A path that is not there
 * is fine.
 */
int cgroup_unmake(int base_fd, const char *path, unsigned made);

/* Only up to `made` of those above it, as long as they are empty. */
void cgroup_unmake_above(int base_fd, const char *path, unsigned made);

/*
 * The same with everything below it, depth first. `kill`: processes inside get SIGKILL. -EBUSY:
 * processes are in it that must or will not go.
 */
int cgroup_remove(int base_fd, const char *path, unsigned made, bool kill);

/* Whether no process is in it; not those below it, on version 1. 1 or 0, or -errno. */
int cgroup_is_empty(int cgroup_fd);

/* SIGKILL to all processes in a directory and below it, as they are now. 0 or -errno. */
int cgroup_kill_all(int cgroup_fd);

/* Move all processes in a directory and below it into another one, as they are now. 0 or -errno;
 * that one could not be moved is no error. */
int cgroup_evacuate(int base_fd, const char *path, int to_fd);

/* The same for the processes in that directory itself, whatever is below it. */
int cgroup_clear(int cgroup_fd, int to_fd);

/* A file of it. Reading returns the length without a newline at the end; -EFBIG. */
int cgroup_write(int cgroup_fd, const char *file, const char *value);
int cgroup_read(int cgroup_fd, const char *file, char *ret, size_t room);
/* Into that of a directory and of all below it; those below may refuse it. */
int cgroup_write_all(int cgroup_fd, const char *file, const char *value);

/*
 * Move the calling process there, which has one thread. In version 1 this is a matter of
 * microseconds; all else waits for a grace period of RCU in the kernel, 7 to 16 ms.
 */
int cgroup_enter(int cgroup_fd, unsigned version);

/* Move a process (0 = the calling one) with all its threads there. */
int cgroup_move(int cgroup_fd, pid_t pid);
