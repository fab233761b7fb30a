/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hints by errno for the ops about file systems and what is below them.
 */

#include "plan/ops_hints.h"

#include <errno.h>
#include <stddef.h>

/* clang-format off */
const struct plan_hint plan_hints_filesystem[] = {
	{ENODEV,
	 "the kernel does not know this type of file system; a module may be missing (modprobe)"},
	{EPERM,
	 "this file system may not be mounted here: in a user namespace proc "
	 "needs a pid namespace of its own and sysfs a network namespace of its "
	 "own, and the host's /proc and /sys must not be covered in part; an "
	 "overlay needs Linux 5.11 there", ERR_PERMISSION},
	{EBUSY,
	 "the source is mounted already, or is in use with other options; of an overlay: its "
	 "upper or work directory is in use"},
	{EINVAL,
	 "the file system does not know one of the options, or the source holds another type; of "
	 "an overlay: its upper directory lies where overlays cannot write (on an overlay, vfat "
	 "or NFS), or the kernel is older than 5.11 and this is a user namespace"},
	{ESTALE, "the upper directory of an overlay belongs to other lower ones"},
	{ENOENT,
	 "the source, or a directory that an option names, does not "
	 "exist", ERR_MOUNT_SOURCE_MISSING},
	{ENOTBLK, "the source is no block device"},
	{EROFS, "the source is read-only: add \"ro\" to the options"},
	{ENOSPC,
	 "no room: a limit of mounts, of terminals (kernel.pty.max), or the device is full"},
	{EACCES,
	 "the source may not be read, or is write-protected: add \"ro\" to the "
	 "options", ERR_PERMISSION},
	{ELOOP, "overlay file systems are stacked too deeply, or directories overlap"},
	{E2BIG, "the options of a file system have 4095 bytes at most, all together"},
	{ENOSYS, "the kernel has no fsopen() (Linux 5.2), or a seccomp filter hides it"},
	{ENOMEM, "the kernel is out of memory"},
	{0},
};

/* Of the root, by the supervisor. */
const struct plan_hint plan_hints_root_filesystem[] = {
	{ENODEV,
	 "the kernel does not know this type of file system; a module may be missing (modprobe)"},
	{EPERM, "mounting a block device needs root of the host", ERR_PERMISSION},
	{EBUSY,
	 "the device is mounted with other options, or another program has it for itself; of an "
	 "overlay: its upper or work directory is in use by another mount"},
	{EINVAL,
	 "the file system does not know one of lxc.rootfs.options, or is damaged; of an overlay: "
	 "its upper directory lies where overlays cannot write (on an overlay, vfat or NFS)"},
	{ESTALE, "the upper directory of an overlay belongs to other lower ones"},
	{ENOENT,
	 "the device, data set, or a directory of the overlay does not "
	 "exist", ERR_MOUNT_SOURCE_MISSING},
	{EROFS,
	 "the file system was not closed properly, and its log can't be replayed read-only: take "
	 "\"ro\" out of lxc.rootfs.options for one start"},
	{EACCES, "the device is write-protected: add \"ro\" to lxc.rootfs.options", ERR_PERMISSION},
	{EUCLEAN, "the file system is damaged: fsck"},
	{EMEDIUMTYPE, "nothing on the device is a file system that the kernel knows"},
	{ELOOP, "overlay file systems are stacked too deeply, or directories overlap"},
	{E2BIG, "the options of a file system have 4095 bytes at most, all together"},
	{ENXIO, "the device is not there any more"},
	{EIO, "the device cannot be read: see the kernel's log (dmesg)"},
	{ENOSPC, "no room: the device is full, or the limit for mounts is reached"},
	{ENOSYS, "the kernel has no fsopen() (Linux 5.2), or a seccomp filter hides it"},
	{ENOMEM, "the kernel is out of memory"},
	{0},
};

const struct plan_hint plan_hints_make_host[] = {
	{EROFS, "the file system is read-only"},
	{EACCES, "the directory above is not writable", ERR_PERMISSION},
	{ENOTDIR, "something in the path is no directory"},
	{ELOOP, "a symbolic link stands where a directory is to be"},
	{ENOSPC, "the file system is full"},
	{EDQUOT, "the disk quota is used up"},
	{0},
};

const struct plan_hint plan_hints_loop[] = {
	{ENOENT, "the file of the root file system does not exist", ERR_ROOTFS},
	{ETXTBSY,
	 "another loop device has the file: a container that runs, a copy that is being made, or "
	 "a process that still has a file of it open"},
	{EBUSY, "other programs take all loop devices: try again"},
	{ENXIO,
	 "the kernel has no loop devices (modprobe loop), or /dev lacks loop-control or a loop "
	 "device"},
	{EACCES, "the file cannot be written: add \"ro\" to lxc.rootfs.options", ERR_PERMISSION},
	{EPERM, "setting up a loop device needs root of the host", ERR_PERMISSION},
	{EROFS, "the file lies on a read-only file system: add \"ro\" to lxc.rootfs.options"},
	{EISDIR, "this is a directory: lxc.rootfs.path = dir:…"},
	{EINVAL, "this is neither a file nor a block device"},
	{0},
};

const struct plan_hint plan_hints_nbd[] = {
	{ENODEV, "the kernel has no network block devices (modprobe nbd)"},
	{EBUSY, "all network block devices are in use (modprobe nbd nbds_max=…), or still mounted"},
	{ENOENT, "/bin/sh is missing on the host"},
	{ETIMEDOUT, "the partition has not appeared: is there one of this number?"},
	{0},
};
/* clang-format on */
