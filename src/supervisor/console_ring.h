/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The console's ring buffer: the last bytes that the container wrote, up to a size, until somebody
 * reads them (spec/wire.md §5, CONSOLE_LOG). Pages of its own; all zero is "none".
 */

#include <stddef.h>
#include <sys/uio.h>

struct console_ring {
	char *bytes; /* mapped; NULL = none */
	size_t size, start, used;
};

/* 0 or -errno; -EINVAL for a size of 0. */
int console_ring_open(struct console_ring *ring, size_t size);
void console_ring_close(struct console_ring *ring);

/* Add at the end; what is oldest makes room. */
void console_ring_add(struct console_ring *ring, const char *bytes, size_t length);

/* The oldest `length` bytes (at most what is there) as one or two pieces; returns how many bytes.
 * They are borrowed until the next change. */
size_t console_ring_look(const struct console_ring *ring, size_t length, struct iovec ret[2]);

/* Forget the oldest bytes. */
void console_ring_take(struct console_ring *ring, size_t length);
