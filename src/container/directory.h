/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's directory, LXCPATH/NAME, and container root as its owner.
 */

#include <sys/types.h>

#include "base/err.h"
#include "container/container.h"

/*
 * Make LXCPATH (with its parents, 0755) and LXCPATH/NAME (0770, owned by container root when ids
 * are mapped). One that is there is fine. 1 = it was made, 0 = it was there, or negative.
 */
int directory_make_own(const struct container *c, struct err *e);

/* Give a path to container root, when ids are mapped: directly as root, else inside a helper user
 * namespace. The group stays. A symbolic link at its end is not followed. */
int directory_give_to_root(const struct config *config, const char *path, struct err *e);

/* What a process that was killed while it replaced the file `name` in the directory has left
 * (file_replace(), sys/file.h). By whoever holds the lock of the file. */
void directory_remove_unfinished(const char *path, const char *name);
