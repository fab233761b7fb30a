/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the macros of vec.h do, for items of any size. Room doubles. Knows nothing of what the
 * items own.
 */

#include "base/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum {
	FIRST_ROOM = 8,
};

/* Room for twice as many items; false when memory is out. */
static bool vec_grow(void **items, size_t *room, size_t size, struct arena *arena)
{
	size_t wanted = FIRST_ROOM;
	size_t bytes;
	void *grown;

	if (*room > 0 && __builtin_mul_overflow(*room, (size_t)2, &wanted))
		return false;
	if (__builtin_mul_overflow(wanted, size, &bytes))
		return false;

	if (!arena) {
		grown = realloc(*items, bytes);
		if (!grown)
			return false;
	} else {
		grown = arena_alloc(arena, bytes);
		if (!grown)
			return false;
		if (*room > 0)
			memcpy(grown, *items, *room * size);
	}
	*items = grown;
	*room = wanted;
	return true;
}

void *vec_push_item(void **items, size_t *count, size_t *room, size_t size, struct arena *arena)
{
	void *item;

	if (*count == *room && !vec_grow(items, room, size, arena))
		return NULL;
	item = (char *)*items + *count * size;
	*count += 1;
	return memset(item, 0, size);
}

void vec_remove_item(void *items, size_t *count, size_t size, size_t i)
{
	char *item = (char *)items + i * size;

	assert(i < *count);
	*count -= 1;
	memmove(item, item + size, (*count - i) * size);
}

void vec_finish_items(void **items, size_t *count, size_t *room)
{
	free(*items);
	*items = NULL;
	*count = 0;
	*room = 0;
}
