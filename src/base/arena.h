/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An arena: many small pieces that die together. All zero is an empty arena.
 *
 * Pieces are aligned for any type and live until arena_finish(). What an owner has replaced stays
 * allocated.
 */

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

void arena_finish(struct arena *a);

/* Zeroed memory of `size` bytes, or NULL when there is none. */
void *arena_alloc(struct arena *a, size_t size);

/* Copies; NULL when memory is out. arena_strndup copies `len` bytes and terminates them. */
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
