/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Locks between processes that live on files: LXC's disk lock (spec/runtime.md §1) and whatever
 * else is taken for a while. A lock belongs to the open file description: threads that opened the
 * file themselves exclude each other too, and children that inherit the descriptor share the lock.
 * It ends when the last copy of the descriptor is closed, also by death.
 */

#include <sys/types.h>

#include "base/time.h"

/*
 * Open a lock file in a directory; a missing one is made with mode 0600. It is never followed as a
 * symbolic link (CVE-2015-1331): -ELOOP; what is no regular file is -EINVAL. Lock files are never
 * removed: that would split the lock in two. Returns a descriptor or -errno.
 */
int lock_open(int dirfd, const char *name);

/*
 * Take the write lock, waiting until `deadline` (base/time.h): 0 tries once, USEC_INFINITY waits
 * for ever. Returns 0, -EAGAIN when somebody else still holds it, or -errno. Waiting with a
 * deadline looks again every few milliseconds, in no fair order.
 */
int lock_take(int fd, usec_t deadline);

/* Whether somebody else holds the lock, now: 1 or 0, or -errno. Needs no right to write. */
int lock_is_held(int fd);

/*
 * A process that has the file of `fd` open and locked, of those that /proc shows us: the kernel
 * itself names no holder of these locks. Looks through all processes: for error messages. 0 or
 * -ESRCH.
 */
int lock_find_holder(int fd, pid_t *ret);
