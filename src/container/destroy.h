/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Parts of destroying that others need, too.
 */

#include "base/err.h"
#include "container/container.h"

/* Remove a directory with all below it, as container root when ids are mapped (config may be NULL).
 * A missing one is fine. Never follows links, never leaves the mount it is on. */
int destroy_tree(const struct config *config, const char *path, struct err *e);

/* The same, but leave `kept` (names in the directory, ends in NULL; may be NULL) and the directory,
 * when it is not empty then. */
int destroy_tree_but(const struct config *config, const char *path, const char *const *kept,
		     struct err *e);

/* Whether destroying the container's root file system would be refused: not a directory of the
 * system, not another container's. Its configuration is loaded. 0, or negative. */
int destroy_check_storage(const struct container *c, struct err *e);
