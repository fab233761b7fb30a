/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Directories of the host that have to be there before a file can be made: for logs and locks.
 * Symbolic links on the way are followed. Never for paths that a container can influence.
 */

#include <sys/types.h>

/*
 * Make the missing directories that lead to `path` (all but its last component) with `mode` and
 * the umask. Those that exist stay as they are. Returns 0 or -errno; -ENAMETOOLONG from PATH_MAX.
 */
int directory_make_parents(const char *path, mode_t mode);
