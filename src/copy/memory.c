/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks of a quarter of a megabyte; what is larger gets one of its own. A page that nobody has
 * written to costs nothing.
 */

#include "copy/memory.h"

#include <stdint.h>
#include <sys/mman.h>

enum {
	BLOCK_SIZE = 256 << 10,
	ALIGNMENT = 16,
};

/* In front of each block. */
struct memory_block {
	struct memory_block *next;
	size_t size; /* with this header */
};
_Static_assert(sizeof(struct memory_block) % ALIGNMENT == 0, "pieces are aligned");

void *memory_take(struct memory *m, size_t size)
{
	struct memory_block *block;
	size_t room = BLOCK_SIZE;
	char *piece;

	if (size > PTRDIFF_MAX - 2 * sizeof(*block))
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (m->at && size <= (size_t)(m->end - m->at)) {
		piece = m->at;
		m->at += size;
		return piece;
	}
	if (size > room - sizeof(*block))
		room = size + sizeof(*block);
	block = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		return NULL;
	block->next = m->blocks;
	block->size = room;
	m->blocks = block;
	piece = (char *)(block + 1);
	/* A large piece does not end what is left of a common block. */
	if (room == BLOCK_SIZE) {
		m->at = piece + size;
		m->end = (char *)block + room;
	}
	return piece;
}

void memory_finish(struct memory *m)
{
	while (m->blocks) {
		struct memory_block *block = m->blocks;

		m->blocks = block->next;
		munmap(block, block->size);
	}
	m->at = m->end = NULL;
}
