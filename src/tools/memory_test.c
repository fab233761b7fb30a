/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heap of the static commands. meson.build gives its functions other names here: this program
 * has the C library's heap.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void *heap_malloc(size_t size);
void *heap_calloc(size_t count, size_t size);
void *heap_realloc(void *memory, size_t size);
void *heap_aligned_alloc(size_t alignment, size_t size);
void heap_free(void *memory);

/* On both sides of every border: of lists, of the first piece, of a piece. */
static const size_t sizes[] = {
	0,    1,    15,   16,    17,    1023,  1024,  1025,   2047,   2048,    2049,
	4096, 4097, 8193, 32768, 65535, 65536, 65537, 200000, 262144, 1 << 20, 3 << 20,
};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]), ROUNDS = 5 };

static void assert_filled(const unsigned char *memory, size_t size, unsigned char byte)
{
	for (size_t i = 0; i < size; i++)
		if (memory[i] != byte)
			fail_msg("byte %zu of %zu is %02x", i, size, memory[i]);
}

static void blocks_of_all_sizes_do_not_touch(void **state)
{
	unsigned char *blocks[ROUNDS][SIZES];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < SIZES; i++) {
			blocks[round][i] = heap_malloc(sizes[i]);
			assert_non_null(blocks[round][i]);
			assert_int_equal((uintptr_t)blocks[round][i] % 16, 0);
			memset(blocks[round][i], (int)(round * SIZES + i), sizes[i]);
		}
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < SIZES; i++) {
			assert_filled(blocks[round][i], sizes[i],
				      (unsigned char)(round * SIZES + i));
			heap_free(blocks[round][i]);
		}
	}
}

static void what_was_freed_is_used_again(void **state)
{
	void *first = heap_malloc(100), *second = heap_malloc(100);

	(void)state;
	heap_free(first);
	heap_free(second);
	assert_ptr_equal(heap_malloc(97), second);
	assert_ptr_equal(heap_malloc(112), first);
	heap_free(first);
	heap_free(second);
	heap_free(NULL);
}

static void calloc_clears_what_was_used(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES; i++) {
		unsigned char *used = heap_malloc(sizes[i]);

		memset(used, 0xaa, sizes[i]);
		heap_free(used);
		used = heap_calloc(1, sizes[i]);
		assert_filled(used, sizes[i], 0);
		heap_free(used);
	}
}

static void realloc_keeps_the_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES; i++) {
		for (size_t k = 0; k < SIZES; k++) {
			size_t kept = sizes[i] < sizes[k] ? sizes[i] : sizes[k];
			unsigned char *memory = heap_realloc(NULL, sizes[i]);

			memset(memory, (int)i + 1, sizes[i]);
			memory = heap_realloc(memory, sizes[k]);
			assert_non_null(memory);
			assert_filled(memory, kept, (unsigned char)(i + 1));
			memset(memory, 0xbb, sizes[k]);
			heap_free(memory);
		}
	}
}

/* The first request of a new size is cut from the end. */
static void the_last_block_grows_in_its_place(void **state)
{
	char *last = heap_malloc(15000), *behind;

	(void)state;
	memset(last, 'l', 15000);
	assert_ptr_equal(heap_realloc(last, 30000), last);
	behind = heap_malloc(60000);
	assert_true(behind >= last + 30000 || behind + 60000 <= last);
	memset(behind, 'b', 60000);
	memset(last + 15000, 'l', 15000);
	assert_filled((unsigned char *)behind, 60000, 'b');
	assert_ptr_not_equal(heap_realloc(last, 40000), last);
	heap_free(behind);
}

static void what_can_not_be_had_is_enomem(void **state)
{
	char *kept = heap_malloc(10);

	(void)state;
	memset(kept, 'k', 10);
	errno = 0;
	assert_null(heap_malloc(SIZE_MAX - 8));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(heap_malloc(PTRDIFF_MAX));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(heap_calloc(SIZE_MAX / 2, 3));
	assert_int_equal(errno, ENOMEM);
	assert_null(heap_realloc(kept, SIZE_MAX / 2));
	assert_memory_equal(kept, "kkkkkkkkkk", 10);
	heap_free(kept);
	errno = 0;
	assert_null(heap_aligned_alloc(64, 64));
	assert_int_equal(errno, EINVAL);
	kept = heap_aligned_alloc(16, 64);
	assert_non_null(kept);
	heap_free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_block_grows_in_its_place),
		cmocka_unit_test(blocks_of_all_sizes_do_not_touch),
		cmocka_unit_test(what_was_freed_is_used_again),
		cmocka_unit_test(calloc_clears_what_was_used),
		cmocka_unit_test(realloc_keeps_the_content),
		cmocka_unit_test(what_can_not_be_had_is_enomem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
