/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files below /proc/PID, on a descriptor that is proven to be procfs: a file system that somebody
 * else has put there cannot divert what we write (CVE-2025-52881).
 */

#include <stddef.h>
#include <sys/types.h>

/* /proc itself, as one below. */
int procfs_open_root(void);

/* /proc/PID (0 = our own) as a directory descriptor, or -errno. -EXDEV: /proc is no procfs. */
int procfs_open_pid(pid_t pid);

/* Read a whole small file below it; the text is terminated. Its length, or -errno; -EFBIG. */
int procfs_read(int directory, const char *name, char *ret, size_t room);

/* Write a file below it with one write(2), as the kernel's files want it. 0 or -errno. */
int procfs_write(int directory, const char *name, const char *value);
