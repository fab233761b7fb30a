/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ring buffer, against a plain string.
 */

#include "supervisor/console_ring.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t collect(const struct console_ring *ring, size_t length, char *to)
{
	struct iovec pieces[2];
	size_t got = console_ring_look(ring, length, pieces);

	memcpy(to, pieces[0].iov_base, pieces[0].iov_len);
	memcpy(to + pieces[0].iov_len, pieces[1].iov_base, pieces[1].iov_len);
	assert_int_equal(got, pieces[0].iov_len + pieces[1].iov_len);
	return got;
}

static void what_is_oldest_makes_room(void **state)
{
	struct console_ring ring = {.bytes = NULL};
	char got[16];

	assert_int_equal(console_ring_open(&ring, 0), -EINVAL);
	console_ring_add(&ring, "lost", 4);
	assert_int_equal(console_ring_open(&ring, 8), 0);
	console_ring_add(&ring, "abcdef", 6);
	console_ring_add(&ring, "ghij", 4);
	assert_int_equal(collect(&ring, 16, got), 8);
	assert_memory_equal(got, "cdefghij", 8);
	console_ring_take(&ring, 3);
	assert_int_equal(collect(&ring, 2, got), 2);
	assert_memory_equal(got, "fg", 2);
	console_ring_add(&ring, "0123456789ABCDEF", 16);
	assert_int_equal(collect(&ring, 16, got), 8);
	assert_memory_equal(got, "89ABCDEF", 8);
	console_ring_take(&ring, 100);
	assert_int_equal(ring.used, 0);
	console_ring_close(&ring);
	assert_null(ring.bytes);
}

static void it_behaves_like_the_end_of_a_string(void **state)
{
	enum { SIZE = 61 };
	struct console_ring ring = {.bytes = NULL};
	char all[20000], got[SIZE];
	size_t begin = 0, end = 0;
	uint32_t random = 7;

	assert_int_equal(console_ring_open(&ring, SIZE), 0);
	while (end < sizeof(all) - 100) {
		size_t length = (random >> 8) % 90;

		random = random * 1664525 + 1013904223;
		for (size_t i = 0; i < length; i++)
			all[end + i] = (char)(end + i);
		console_ring_add(&ring, all + end, length);
		end += length;
		if (end - begin > SIZE)
			begin = end - SIZE;
		if (random >> 31) {
			size_t taken = (random >> 20) % SIZE;

			console_ring_take(&ring, taken);
			begin = begin + taken > end ? end : begin + taken;
		}
		assert_int_equal(collect(&ring, SIZE, got), end - begin);
		assert_memory_equal(got, all + begin, end - begin);
	}
	console_ring_close(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_oldest_makes_room),
		cmocka_unit_test(it_behaves_like_the_end_of_a_string),
	};

	return cmocka_run_group_tests_name("supervisor/console_ring", tests, NULL, NULL);
}
