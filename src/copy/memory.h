/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pieces of memory that die together, straight from mmap(2): one for each thread, so that nobody
 * waits for a lock, and no malloc(3), whose replacement in our static commands knows no threads.
 * All zero is an empty one.
 */

#include <stddef.h>

struct memory_block;

struct memory {
	struct memory_block *blocks;
	char *at, *end;
};

/* Zeroed and aligned for any type, until memory_finish(); NULL: there is none. */
void *memory_take(struct memory *m, size_t size);

void memory_finish(struct memory *m);
