/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Namespaces by descriptor: namespaces(7), setns(2).
 */

#include <stdint.h>
#include <sys/types.h>

/* A namespace of a process (0 = ours) by its name in /proc/PID/ns: descriptor or -errno. */
int namespace_open(pid_t pid, const char *name);

/* By the path of its file. -EINVAL: something else is there. */
int namespace_open_path(const char *path);

/* The number that tells it from others of its kind, by the path of its file; 0: not to be had. */
uint64_t namespace_number(const char *path);

/*
 * A mount namespace of our own in which every mount is dependent on (a slave of) the one it was
 * copied from. The calling process has one thread. 0 or -errno.
 */
int namespace_new_mounts(void);

/* Back into a mount namespace; the working directory is kept when its path exists there. */
int namespace_enter_mounts(int fd);
