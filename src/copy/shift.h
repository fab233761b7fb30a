/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ids on their way from one range to another: owners, and the ids inside two kinds of extended
 * attributes, POSIX access lists (linux/posix_acl_xattr.h) and file capabilities
 * (linux/capability.h, capabilities(7)). Nothing here touches a file.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "copy/copy.h"

/* False: no range has it. Without ranges ids stay. */
bool shift_id(const struct copy_ranges *ranges, uint32_t id, uint32_t *ret);

/* Whether no two ranges share ids of one side, and none is empty or reaches (uid_t)-1. */
bool shift_is_valid(const struct copy_ranges *ranges);

enum { SHIFT_CAPABILITY_GROWS = 4 }; /* bytes that a capability may need more */

/*
 * The value of an attribute `name`, in place. Returns its new length, which may be larger by
 * SHIFT_CAPABILITY_GROWS (the room is the caller's care), or -errno: -EOVERFLOW with the id that
 * has no counterpart in *ret_id; -EINVAL: the value is not of the form it should have.
 *
 * A file's capabilities belong to the root of a user namespace: without an id (version 2) to the
 * host's, with one (version 3) to that id's. So those of a container that gets ids of its own get
 * its root's id, and lose it when that is 0; as they are, they would mean nothing inside, and
 * something outside.
 */
ssize_t shift_attribute(const struct copy_ranges *uids, const struct copy_ranges *gids,
			const char *name, void *value, size_t length, uint32_t *ret_id);
