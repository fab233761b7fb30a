/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Opening files inside a directory tree whose content somebody else controls: the root file system
 * of a container. The kernel keeps every step of the way inside; no link that the container has
 * put there, and none of procfs's magic links, leads out.
 *
 * All return a close-on-exec descriptor or -errno. `flags` and `mode` are those of openat(2); the
 * mode counts only when something may be created. Errors worth knowing: -EXDEV (the way would lead
 * out; same_mount), -ELOOP (one of procfs's links, or too many), -EAGAIN (others kept
 * moving things while we looked, many times over), -ENOSYS (a kernel before 5.6). May be used after
 * clone, in the INIT lane.
 */

#include <sys/types.h>

/*
 * As if `dirfd` were the root directory: an absolute path, an absolute link and ".." at the top
 * all stay inside.
 */
int resolve_open(int dirfd, const char *path, int flags, mode_t mode);

/* As the caller sees it, over every link but the magic ones of procfs (/proc/self/fd/N): -ELOOP. */
int resolve_open_here(const char *path, int flags);

/* As if `dirfd` were the root directory, and over no symbolic link at all: -ELOOP. */
int resolve_open_direct(int dirfd, const char *path, int flags);

/* The same, and into nothing that is mounted below `dirfd`: -EXDEV. For what must be of one file
 * system, procfs above all. */
int resolve_open_same_mount(int dirfd, const char *path, int flags);

/* The same over links, "/proc/self" above all, but never out of `dirfd`; not over magic ones. */
int resolve_open_same_mount_by_links(int dirfd, const char *path, int flags);
