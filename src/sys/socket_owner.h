/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whose a local socket is, without connecting to it: sock_diag(7).
 */

#include <stdint.h>
#include <sys/types.h>

#include "sys/netlink.h"

/* A handle for socket_owner(). 0 or -errno. To be closed by netlink_close(). */
int socket_owner_open(struct netlink *ret);

/*
 * The user (in the caller's user namespace) who made the local socket with this inode number, as
 * /proc/net/unix prints it. 0, -ENOENT when it is gone, -EOPNOTSUPP on kernels that don't tell
 * (before 5.3, or without CONFIG_UNIX_DIAG: -ENOENT there), or -errno.
 */
int socket_owner(struct netlink *n, uint32_t inode, uid_t *ret);
