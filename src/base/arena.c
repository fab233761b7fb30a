/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arena: a chain of blocks, the newest first, of which pieces are cut from the front. A piece
 * that is larger than a block's share gets a block of its own behind the newest one, so that the
 * rest of that one is still used. Single pieces are never freed.
 */

#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_BLOCK = 4096,
	LARGEST_BLOCK = 256 * 1024,
	ALIGNMENT = _Alignof(max_align_t),
	SHORT_TEXT = 512,
};

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t room;
	max_align_t bytes[];
};

/* calloc() because pieces are handed out zeroed and no byte is handed out twice. */
static struct arena_block *block_new(size_t room)
{
	struct arena_block *block = NULL;

	if (room <= SIZE_MAX - sizeof(*block))
		block = calloc(1, sizeof(*block) + room);
	if (block)
		block->room = room;
	return block;
}

/* A block with `size` free bytes, or NULL. */
static struct arena_block *block_with_room(struct arena *a, size_t size)
{
	struct arena_block *newest = a->blocks;
	struct arena_block *block;
	size_t room = FIRST_BLOCK;

	if (newest && newest->room - newest->used >= size)
		return newest;

	if (newest && newest->room >= FIRST_BLOCK)
		room = newest->room < LARGEST_BLOCK / 2 ? newest->room * 2 : LARGEST_BLOCK;
	if (newest && size > room / 4) {
		block = block_new(size);
		if (!block)
			return NULL;
		block->next = newest->next;
		newest->next = block;
		return block;
	}

	block = block_new(size > room ? size : room);
	if (!block)
		return NULL;
	block->next = newest;
	a->blocks = block;
	return block;
}

void arena_finish(struct arena *a)
{
	struct arena_block *block = a->blocks;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	*a = (struct arena){0};
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *block;
	size_t aligned;
	void *piece;

	if (size > SIZE_MAX / 2)
		return NULL;
	aligned = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (aligned == 0)
		aligned = ALIGNMENT;

	block = block_with_room(a, aligned);
	if (!block)
		return NULL;
	piece = (char *)block->bytes + block->used;
	block->used += aligned;
	return piece;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;

	if (copy && len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char buf[SHORT_TEXT];
	char *text = NULL;
	va_list again;
	int len;

	/* Mostly it fits, and is formatted once. */
	va_copy(again, ap);
	len = vsnprintf(buf, sizeof(buf), fmt, ap);
	if (len >= 0)
		text = arena_alloc(a, (size_t)len + 1);
	if (text && (size_t)len < sizeof(buf))
		memcpy(text, buf, (size_t)len + 1);
	else if (text)
		vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}
