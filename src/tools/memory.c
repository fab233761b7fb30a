/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heap of the static commands, in place of musl's: that one gives each page back as soon as it
 * is empty, and a command that lives for a millisecond spends a good part of it on mapping the same
 * pages again (1,000 rows of lxc-ls: ten thousand times).
 *
 * Blocks are cut from the end of a piece of memory; freed ones wait in lists by size and are never
 * given back. What is larger than a piece is mapped alone. What was never cut is zero, and a page
 * that nobody writes to costs nothing. Not for programs with threads: our
 * commands have none. Mistakes are found in the sanitizers' trees, which have their own heap.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	ALIGNMENT = 16,
	FIRST_PIECE = 64 << 10,
	PIECE = 256 << 10,
	SMALL_MAX = 1 << 10, /* up to here sizes are rounded to 16, above to powers of two */
	LARGE_MAX = 64 << 10,
	SMALL_LISTS = SMALL_MAX / ALIGNMENT,
	LISTS = SMALL_LISTS + 6, /* 2, 4, 8, 16, 32 and 64 kB */
};

/* In front of each block. */
struct block {
	size_t size; /* of what follows */
	struct block *next;
};
_Static_assert(sizeof(struct block) % ALIGNMENT == 0, "blocks are aligned");

static char first_piece[FIRST_PIECE] __attribute__((aligned(ALIGNMENT)));
static struct {
	char *at, *end; /* what has not been cut yet */
	struct block *lists[LISTS];
} heap = {.at = first_piece, .end = first_piece + sizeof(first_piece)};

/* The size that a request gets, and the list where such blocks wait. */
static size_t round_size(size_t size, unsigned *ret_list)
{
	size_t rounded = 2 * SMALL_MAX;

	*ret_list = SMALL_LISTS;
	if (size <= SMALL_MAX) {
		rounded = size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
		*ret_list = (unsigned)(rounded / ALIGNMENT - 1);
		return rounded;
	}
	while (rounded < size) {
		rounded *= 2;
		(*ret_list)++;
	}
	return rounded;
}

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void *map_block(size_t size)
{
	struct block *block = size <= PTRDIFF_MAX - sizeof(*block) ? map(sizeof(*block) + size)
								   : NULL;

	if (!block) {
		errno = ENOMEM;
		return NULL;
	}
	block->size = size;
	return block + 1;
}

static struct block *cut(size_t size)
{
	struct block *block;

	if ((size_t)(heap.end - heap.at) < sizeof(*block) + size) {
		char *piece = map(PIECE);

		if (!piece) {
			errno = ENOMEM;
			return NULL;
		}
		heap.at = piece;
		heap.end = piece + PIECE;
	}
	block = (struct block *)heap.at;
	heap.at += sizeof(*block) + size;
	block->size = size;
	return block;
}

/* `ret_is_used`: it has been somebody's, and isn't zero. */
static void *take(size_t size, bool *ret_is_used)
{
	struct block *block;
	unsigned list;

	*ret_is_used = false;
	if (size > LARGE_MAX)
		return map_block(size);
	size = round_size(size, &list);
	block = heap.lists[list];
	*ret_is_used = block != NULL;
	if (block)
		heap.lists[list] = block->next;
	else
		block = cut(size);
	return block ? block + 1 : NULL;
}

void *malloc(size_t size)
{
	bool is_used;

	return take(size, &is_used);
}

void free(void *memory)
{
	struct block *block;
	unsigned list;

	if (!memory)
		return;
	block = (struct block *)memory - 1;
	if (block->size > LARGE_MAX) {
		int kept = errno;

		(void)munmap(block, sizeof(*block) + block->size);
		errno = kept;
		return;
	}
	(void)round_size(block->size, &list);
	block->next = heap.lists[list];
	heap.lists[list] = block;
}

void *calloc(size_t count, size_t size)
{
	size_t total;
	bool is_used;
	void *memory;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	memory = take(total, &is_used);
	return memory && is_used ? memset(memory, 0, total) : memory;
}

/* The block that was cut last grows where it is, when there is room. */
static bool extend(struct block *block, size_t size)
{
	unsigned list;
	size_t more;

	if (block->size > LARGE_MAX || size > LARGE_MAX ||
	    (char *)(block + 1) + block->size != heap.at)
		return false;
	size = round_size(size, &list);
	more = size - block->size;
	if ((size_t)(heap.end - heap.at) < more)
		return false;
	heap.at += more;
	block->size = size;
	return true;
}

void *realloc(void *memory, size_t size)
{
	struct block *block;
	void *copy;

	if (!memory)
		return malloc(size);
	block = (struct block *)memory - 1;
	if (size <= block->size && (size > LARGE_MAX || block->size <= LARGE_MAX))
		return memory;
	if (size > block->size && extend(block, size))
		return memory;
	copy = malloc(size);
	if (!copy)
		return NULL;
	memcpy(copy, memory, size < block->size ? size : block->size);
	free(memory);
	return copy;
}

/* musl wants them all to be replaced, or none. Nobody asks for more than what blocks have. */
void *aligned_alloc(size_t alignment, size_t size)
{
	if (alignment <= ALIGNMENT)
		return malloc(size);
	errno = EINVAL;
	return NULL;
}
