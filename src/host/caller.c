/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calling process as the kernel sees it.
 */

#include "host/caller.h"

#include <endian.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define INITIAL_USER_NS_INODE UINT32_C(0xEFFFFFFD) /* PROC_USER_INIT_INO of linux/proc_ns.h */

bool caller_is_in_initial_user_ns(void)
{
	struct stat status;

	return stat("/proc/self/ns/user", &status) == 0 && status.st_ino == INITIAL_USER_NS_INODE;
}

static bool has_capability(const char *path, unsigned capability)
{
	struct vfs_ns_cap_data data = {};
	ssize_t n = getxattr(path, "security.capability", &data, sizeof(data));

	return n >= (ssize_t)(sizeof(data.magic_etc) + sizeof(data.data[0])) &&
	       le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE &&
	       le32toh(data.data[0].permitted) & 1U << capability;
}

bool caller_find_map_helper(const char *name, unsigned capability, char *path, size_t room)
{
	const char *at = getenv("PATH");

	at = at && *at ? at : "/usr/sbin:/usr/bin:/sbin:/bin";
	for (;;) {
		size_t length = strcspn(at, ":");
		struct stat status;
		int n = snprintf(path, room, "%.*s/%s", (int)length, at, name);

		if (*at == '/' && n > 0 && (size_t)n < room && stat(path, &status) == 0 &&
		    S_ISREG(status.st_mode) && access(path, X_OK) == 0 &&
		    ((status.st_mode & S_ISUID && status.st_uid == 0) ||
		     has_capability(path, capability)))
			return true;
		if (at[length] == '\0')
			return false;
		at += length + 1;
	}
}
