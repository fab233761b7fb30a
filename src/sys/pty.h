/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pseudo-terminals: pty(7), ioctl_tty(2). Descriptors are close-on-exec, never controlling.
 */

/* A new one from /dev/ptmx, unlocked. Returns its master or -errno; *ret_index is N of
 * /dev/pts/N. */
int pty_open(unsigned *ret_index);

/* The other side by the master, without a path (Linux 4.13). */
int pty_open_peer(int master);
