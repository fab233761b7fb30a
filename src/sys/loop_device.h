/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Loop devices: a file as a block device. Each is set up by one call with LO_FLAGS_AUTOCLEAR, so
 * that it goes with its last user: a mount, or the descriptor that we hand out. Nobody who is
 * killed leaves one behind. (Kernels before 5.8 need two calls; whoever is killed between them
 * does.) Source: loop(4), linux/loop.h.
 *
 * As long as the device exists its file is locked by flock(2), which a loop device keeps with the
 * open file: a file system that is mounted through two devices at once would be destroyed.
 */

#include <stdbool.h>

/* What "/dev/loopN" takes, with the terminator. */
enum { LOOP_PATH_ROOM = 24 };

/*
 * Set one up on the file, or block device, `path`. With `read_only` the kernel lets nobody write
 * to it, and several may be there at once. Returns the device's descriptor, close-on-exec, and its
 * number N; or -errno:
 *	-ETXTBSY   another device of ours has the file, still after a second
 *	-EBUSY     whenever a device was free another process was faster
 *	-ENXIO     the kernel has no loop devices, or /dev doesn't show them
 */
int loop_device_open(const char *path, bool read_only, unsigned *ret_number);

/* The same for what is open already, for writing too unless `read_only`; `name` is what losetup(8)
 * shows on old kernels. The descriptor may be closed afterwards. */
int loop_device_attach(int file_fd, const char *name, bool read_only, unsigned *ret_number);

void loop_device_path(unsigned number, char ret[LOOP_PATH_ROOM]);
