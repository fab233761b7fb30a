/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arena: alignment, zeroes, sizes around those of its blocks, memory that is out.
 */

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/failing_memory.h"
#include "base/macros.h"

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
	struct arena a = {0};
	unsigned char *pieces[500];

	for (size_t i = 0; i < 500; i++) {
		size_t size = i % 70;

		pieces[i] = arena_alloc(&a, size);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i % 251), size);
	}
	for (size_t i = 0; i < 500; i++) {
		for (size_t j = 0; j < i % 70; j++)
			assert_int_equal(pieces[i][j], i % 251);
	}
	assert_ptr_not_equal(arena_alloc(&a, 0), arena_alloc(&a, 0));
	arena_finish(&a);
	assert_null(a.blocks);
	arena_finish(&a);
}

static void pieces_of_every_size_fit(void **state)
{
	static const size_t sizes[] = {1,    4095,  4096,   4097,    100, 1024,   1025,
				       8192, 65536, 262144, 1000000, 3,   262145, 5000};
	struct arena a = {0};

	for (int round = 0; round < 8; round++) {
		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			unsigned char *piece = arena_alloc(&a, sizes[i]);

			assert_non_null(piece);
			assert_int_equal(piece[0] | piece[sizes[i] - 1], 0);
			memset(piece, 0xff, sizes[i]);
		}
	}
	arena_finish(&a);
}

static void a_large_piece_does_not_waste_the_block_in_use(void **state)
{
	struct arena a = {0};
	char *before = arena_alloc(&a, 16);
	char *after;

	assert_non_null(arena_alloc(&a, 100000));
	after = arena_alloc(&a, 16);
	assert_ptr_equal(after, before + 16);
	arena_finish(&a);
}

static void texts_are_copied(void **state)
{
	struct arena a = {0};
	char original[] = "original";
	const char *copy = arena_strdup(&a, original);

	original[0] = 'X';
	assert_string_equal(copy, "original");
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&a, NULL, 0), "");
	assert_string_equal(arena_printf(&a, "%s-%d", "c", 1), "c-1");
	assert_string_equal(arena_printf(&a, "%s", ""), "");
	assert_null(arena_printf(&a, "%ls", L"\u20ac"));
	arena_finish(&a);
}

static void without_memory_the_arena_stays_usable(void **state)
{
	struct arena a = {0};

	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX / 2 + 1));
	assert_null(arena_strndup(&a, "x", SIZE_MAX));
	memory_fail_after(0);
	assert_null(arena_alloc(&a, 1));
	assert_null(arena_strdup(&a, "x"));
	assert_null(arena_printf(&a, "x"));
	memory_heal();
	assert_string_equal(arena_strdup(&a, "x"), "x");
	memory_fail_after(0);
	assert_null(arena_alloc(&a, 100000));
	assert_string_equal(arena_strdup(&a, "y"), "y");
	memory_heal();
	arena_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
		cmocka_unit_test(pieces_of_every_size_fit),
		cmocka_unit_test(a_large_piece_does_not_waste_the_block_in_use),
		cmocka_unit_test(texts_are_copied),
		cmocka_unit_test(without_memory_the_arena_stays_usable),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
