/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What file system is on a device or in a file: told by the magic numbers of superblocks. Three
 * reads, no library. Sources: the kernel's Documentation/filesystems, the file systems' own
 * headers, file(1)'s magic(5).
 */

#include <stdbool.h>
#include <stddef.h>

struct superblock {
	/* The name by which the kernel mounts it, static; NULL: none that is known here. */
	const char *fstype;
	/* Then: what else it is, in words ("an encrypted volume (LUKS)"), static; NULL: unknown. */
	const char *other;
	bool is_blank; /* all that was looked at is zero, or there is nothing */
};

/* Look at what `fd` has open for reading. 0 or -errno. */
int superblock_probe(int fd, struct superblock *ret);

/*
 * File systems that may be on a device whose superblock tells nothing: those of /etc/filesystems,
 * else those of /proc/filesystems that need a device; without those that would have been
 * recognised. `index` from 0; `name` gets the next one that is left: 1, or 0 behind the last (also
 * when there is no such file).
 */
enum { FILE_SYSTEM_NAME_ROOM = 64 };
int superblock_candidate(size_t index, char name[FILE_SYSTEM_NAME_ROOM]);
