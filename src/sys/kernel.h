/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Numbers and structures of the kernel that Debian 12's headers (Linux 6.1) or musl's lack, or that
 * the C libraries and the kernel's headers define twice. Everything comes from the kernel's own
 * headers; only what is missing there stands here, under its own name. All supported machines
 * share these numbers.
 *
 * Whoever includes this does not include <sys/mount.h>: the two fight over struct mount_attr and
 * the fsconfig commands in several versions of glibc.
 */

#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* mount(2) and umount2(2): <linux/mount.h> has the MS_ flags but not these. */
enum {
	KERNEL_MNT_DETACH = 2,
	KERNEL_UMOUNT_NOFOLLOW = 8,
};

enum {
	KERNEL_AT_RECURSIVE = 0x8000, /* AT_RECURSIVE: open_tree, mount_setattr */
	KERNEL_PTS_MAJOR = 136,       /* Documentation/admin-guide/devices.txt: all of Unix98 */
	KERNEL_MFD_EXEC = 0x10,       /* MFD_EXEC, Linux 6.3: memfd_create */
};

/* socket(7): Linux 6.5 has it. The same number on all supported machines. */
enum { KERNEL_SO_PEERPIDFD = 77 };

/* File system magic (linux/magic.h), as unsigned: f_type's sign differs between machines. */
enum {
	KERNEL_DEVPTS_MAGIC = 0x1cd1,
	KERNEL_PROC_MAGIC = 0x9fa0,
};

/* statx(2): musl lacks it, and <linux/stat.h> quarrels with musl's <sys/stat.h>. Only these members
 * are looked at. */
struct kernel_statx {
	uint32_t mask, block_size;
	uint64_t attributes;
	uint64_t unused_owner[2], unused_size[4];
	uint64_t unused_times[8];
	uint64_t unused_devices[2];
	uint64_t mount_id;
	uint64_t unused[13];
};
_Static_assert(sizeof(struct kernel_statx) == 256 &&
		       offsetof(struct kernel_statx, mount_id) == 0x90,
	       "struct statx");

enum {
	KERNEL_STATX_MNT_ID = 0x1000,          /* Linux 5.8 */
	KERNEL_STATX_ATTR_MOUNT_ROOT = 0x2000, /* Linux 5.8 */
};

/* rt_sigaction(2) takes this, not the C library's structure. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};
