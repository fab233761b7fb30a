/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mkdir -p for the way to a file. A component that exists but is no directory is not looked at: the
 * next mkdir(2), or the caller's open(2), reports it.
 */

#include "base/directory.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

int directory_make_parents(const char *path, mode_t mode)
{
	char prefix[PATH_MAX];
	size_t len = strnlen(path, sizeof(prefix));

	if (len == sizeof(prefix))
		return -ENAMETOOLONG;
	memcpy(prefix, path, len + 1);

	for (size_t i = 1; i < len; i++) {
		if (prefix[i] != '/' || prefix[i - 1] == '/')
			continue;
		prefix[i] = '\0';
		/* A read-only file system may say so before it says that the directory exists. */
		if (mkdir(prefix, mode) < 0 && errno != EEXIST && errno != EROFS)
			return -errno;
		prefix[i] = '/';
	}
	return 0;
}
