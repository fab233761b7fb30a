/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console's ring buffer. `start` is the oldest byte; indexes wrap at the size, which need not
 * be a power of two.
 */

#include "supervisor/console_ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int console_ring_open(struct console_ring *ring, size_t size)
{
	char *bytes;

	if (size == 0)
		return -EINVAL;
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	console_ring_close(ring);
	*ring = (struct console_ring){.bytes = bytes, .size = size};
	return 0;
}

void console_ring_close(struct console_ring *ring)
{
	if (ring->bytes)
		munmap(ring->bytes, ring->size);
	*ring = (struct console_ring){.bytes = NULL};
}

void console_ring_add(struct console_ring *ring, const char *bytes, size_t length)
{
	size_t end, piece;

	if (!ring->bytes)
		return;
	if (length > ring->size) {
		bytes += length - ring->size;
		length = ring->size;
	}
	if (length > ring->size - ring->used)
		console_ring_take(ring, length - (ring->size - ring->used));
	end = (ring->start + ring->used) % ring->size;
	piece = ring->size - end < length ? ring->size - end : length;
	memcpy(ring->bytes + end, bytes, piece);
	memcpy(ring->bytes, bytes + piece, length - piece);
	ring->used += length;
}

size_t console_ring_look(const struct console_ring *ring, size_t length, struct iovec ret[2])
{
	size_t piece;

	if (length > ring->used)
		length = ring->used;
	piece = ring->size - ring->start < length ? ring->size - ring->start : length;
	ret[0] = (struct iovec){.iov_base = ring->bytes + ring->start, .iov_len = piece};
	ret[1] = (struct iovec){.iov_base = ring->bytes, .iov_len = length - piece};
	return length;
}

void console_ring_take(struct console_ring *ring, size_t length)
{
	if (!ring->bytes)
		return;
	if (length > ring->used)
		length = ring->used;
	ring->start = (ring->start + length) % ring->size;
	ring->used -= length;
	if (ring->used == 0)
		ring->start = 0;
}
