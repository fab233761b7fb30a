/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Removing directory trees that belong to container root.
 */

#include "base/err.h"
#include "config/model.h"

/*
 * Remove a directory or file with all below it, as container root when ids are mapped and we are
 * not root (`maps` may be NULL). A missing one is fine. Never follows links, never leaves the mount
 * it is on; nested subvolumes of btrfs go, too. Names of `kept` (directly in the directory, ends in
 * NULL; may be NULL) stay, and the directory with them. 0, or negative with e.
 */
int removal_tree(const struct config_idmaps *maps, const char *path, const char *const *kept,
		 struct err *e);
