/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The mount API by descriptor (Linux 5.2; attributes and id mapping 5.12), and the three old calls
 * that it does not replace. Names inside a container's root are resolved by sys/resolve.h before;
 * here they are descriptors, "" or paths that nobody else controls.
 *
 * May be used after clone, in the INIT lane. All return 0 or more, or -errno; descriptors are
 * close-on-exec. Source: fsopen(2), fsconfig(2), fsmount(2), open_tree(2), move_mount(2),
 * mount_setattr(2), pivot_root(2).
 */

#include <stdbool.h>
#include <stddef.h>

#include "sys/kernel.h"

/* An O_PATH descriptor of a clone of the mount at `path` below dirfd; "" = dirfd itself. */
int mount_clone_tree(int dirfd, const char *path, bool recursive);

/* `path` "" = the mount fd itself. */
int mount_set_attributes(int fd, const char *path, bool recursive, const struct mount_attr *a);

/* Attach the mount `fd` on target_fd ("" = itself, or a path below it, not following a link). */
int mount_attach(int fd, int target_fd, const char *path);

/* A file system context: parameters, then mount_fs_create(), then mount_fs_mount(). */
int mount_fs_open(const char *type);
int mount_fs_flag(int fs_fd, const char *key);
int mount_fs_string(int fs_fd, const char *key, const char *value);
int mount_fs_create(int fs_fd);
/* The mount, attached nowhere; `attributes` are MOUNT_ATTR_*. */
int mount_fs_mount(int fs_fd, unsigned attributes);

/*
 * What the file system itself says about the last failure: its last error message, without the
 * letter in front and the line end, cut to fit. Returns the length, 0 = it says nothing.
 */
size_t mount_fs_message(int fs_fd, char *buf, size_t len);

/* mount(2) of a new file system on `path`; `data` has less than MOUNT_DATA_MAX bytes. For options
 * that are too long for mount_fs_string(), which takes 255 bytes. */
enum { MOUNT_DATA_MAX = 4096 };
int mount_make(const char *source, const char *path, const char *type, const char *data);

/* mount(2) of MS_SLAVE, MS_SHARED, MS_PRIVATE on `path` and everything below. */
int mount_propagation(const char *path, unsigned long propagation);

/* Detach the topmost mount on `path`; a link at its end is not followed. -EINVAL: none is there. */
int mount_detach(const char *path);

/* The current directory becomes the root; the old one is stacked upon it (pivot_root(".", ".")). */
int mount_pivot_here(void);
