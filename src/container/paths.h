/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Paths of containers, and directories below the run directory. Directories of ours are walked one
 * component at a time, never through a symbolic link, and must belong to us or to root: whoever
 * could put something else in their place could make us lock, read or undo what is not ours
 * (CVE-2015-1331).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/path.h"

/* "A/B" with one slash between; heap, NULL when memory is out. */
char *path_join(const char *directory, const char *name);

/* Of a path without the slashes at its end (path_length()). */
uint64_t path_hash(const char *path);

/* An absolute path for one of the working directory; slashes at the end are removed. Heap. */
int path_make_absolute(const char *path, char **ret, struct err *e);

/*
 * Whether a new container may have this name (spec/cli.md §1.3): not empty, no '/', no leading dot,
 * no control characters, not longer than a host name (64 bytes). 0 or -EINVAL.
 */
int path_check_name(const char *name, struct err *e);

/*
 * Open a directory below the run directory, "lxc/runs/x", with its parents: O_PATH is not used, so
 * that it can be read and synced. Missing ones are made with `mode` when `make`, the first one
 * ("lxc") with 0755 in any case. Returns a descriptor, -ENOENT when it is not there (e is not set
 * then), or another negative number with e set.
 */
int path_open_run(const char *below, bool make, mode_t mode, struct err *e);
