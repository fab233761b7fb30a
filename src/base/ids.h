/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * User and group ids as types of their own: an id of the host and an id inside a container are
 * different things, and mixing them up must not compile. Nothing here translates between them;
 * that takes an id map.
 */

#include <stdint.h>

struct host_uid {
	uint32_t value;
};

struct host_gid {
	uint32_t value;
};

struct container_uid {
	uint32_t value;
};

struct container_gid {
	uint32_t value;
};

/* The columns of an id map, where user and group ids look the same. */
struct host_id {
	uint32_t value;
};

struct container_id {
	uint32_t value;
};

/* What the kernel takes for "no id" ((uid_t)-1): never a valid one. */
#define ID_INVALID UINT32_MAX
