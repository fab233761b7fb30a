/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Growing arrays of one type, their items in one piece of memory:
 *
 *	struct thing_list { VEC_OF(struct thing) };
 *
 * vec_push() makes room for one more on the heap, vec_push_in() in an arena (where the array that
 * was outgrown stays until the arena dies). Both return the new item zeroed, or NULL when memory is
 * out, in which case the array is as before. Items move when the array grows: keep indexes, not
 * pointers.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;

#define VEC_OF(type)  \
	type *items;  \
	size_t count; \
	size_t room;

#define vec_push(v)                                                                           \
	((__typeof__((v)->items))vec_push_item((void **)&(v)->items, &(v)->count, &(v)->room, \
					       sizeof(*(v)->items), NULL))

#define vec_push_in(v, arena)                                                                 \
	((__typeof__((v)->items))vec_push_item((void **)&(v)->items, &(v)->count, &(v)->room, \
					       sizeof(*(v)->items), (arena)))

/* Remove item i, keeping the order of the others. */
#define vec_remove(v, i) vec_remove_item((v)->items, &(v)->count, sizeof(*(v)->items), (i))

/* Release a heap array (not its items' own memory). */
#define vec_finish(v) vec_finish_items((void **)&(v)->items, &(v)->count, &(v)->room)

void *vec_push_item(void **items, size_t *count, size_t *room, size_t size, struct arena *arena);
void vec_remove_item(void *items, size_t *count, size_t size, size_t i);
void vec_finish_items(void **items, size_t *count, size_t *room);
