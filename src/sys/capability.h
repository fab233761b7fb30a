/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Capability sets of the calling thread: capabilities(7). Masks have bit n for capability n.
 *
 * May be used after clone, in the INIT lane. All return 0 or -errno.
 */

#include <stdint.h>

struct capability_sets {
	uint64_t effective, permitted, inheritable;
};

int capability_get(struct capability_sets *ret);
int capability_set(const struct capability_sets *sets);

/* Drop everything but `keep` from the bounding set. What the kernel does not know is not asked. */
int capability_bound(uint64_t keep);

/* Into the ambient set (Linux 4.3): they must be permitted and inheritable. */
int capability_raise_ambient(uint64_t capabilities);
int capability_clear_ambient(void);
