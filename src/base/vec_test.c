/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Growing arrays on the heap and in an arena.
 */

#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/failing_memory.h"

struct number_list {
	VEC_OF(int)
};

static void items_are_pushed_zeroed_and_removed_in_order(void **state)
{
	struct number_list v = {0};

	for (int i = 0; i < 100; i++) {
		int *item = vec_push(&v);

		assert_non_null(item);
		assert_int_equal(*item, 0);
		*item = i;
	}
	vec_remove(&v, 0);
	vec_remove(&v, 49);
	vec_remove(&v, 97);
	assert_int_equal(v.count, 97);
	assert_int_equal(v.items[0], 1);
	assert_int_equal(v.items[48], 49);
	assert_int_equal(v.items[49], 51);
	assert_int_equal(v.items[96], 98);
	*vec_push(&v) = 7;
	assert_int_equal(v.items[97], 7);
	vec_finish(&v);
	assert_null(v.items);
	assert_int_equal(v.count + v.room, 0);
}

static void a_slot_used_before_is_zeroed_again(void **state)
{
	struct number_list v = {0};

	*vec_push(&v) = 5;
	vec_remove(&v, 0);
	assert_int_equal(*vec_push(&v), 0);
	vec_finish(&v);
}

static void arrays_in_an_arena_grow_with_their_items(void **state)
{
	struct number_list v = {0};
	struct arena a = {0};

	for (int i = 0; i < 9; i++)
		*vec_push_in(&v, &a) = i;
	for (int i = 0; i < 9; i++)
		assert_int_equal(v.items[i], i);
	arena_finish(&a);
}

static void without_memory_the_array_is_as_before(void **state)
{
	struct number_list v = {0};
	struct number_list in_arena = {0};
	struct arena a = {0};

	memory_fail_after(0);
	assert_null(vec_push(&v));
	assert_null(vec_push_in(&in_arena, &a));
	memory_heal();
	for (int i = 0; i < 8; i++)
		*vec_push(&v) = i;
	memory_fail_after(0);
	assert_null(vec_push(&v));
	memory_heal();
	assert_int_equal(v.count, 8);
	assert_int_equal(v.items[7], 7);
	vec_finish(&v);
	arena_finish(&a);
}

static void counts_that_cannot_be_are_out_of_memory(void **state)
{
	void *items = NULL;
	size_t count = SIZE_MAX / 2 + 1;
	size_t room = SIZE_MAX / 2 + 1;

	assert_null(vec_push_item(&items, &count, &room, 1, NULL));
	count = room = SIZE_MAX / 4;
	assert_null(vec_push_item(&items, &count, &room, 16, NULL));
	assert_int_equal(count, SIZE_MAX / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_pushed_zeroed_and_removed_in_order),
		cmocka_unit_test(a_slot_used_before_is_zeroed_again),
		cmocka_unit_test(arrays_in_an_arena_grow_with_their_items),
		cmocka_unit_test(without_memory_the_array_is_as_before),
		cmocka_unit_test(counts_that_cannot_be_are_out_of_memory),
	};

	return cmocka_run_group_tests_name("base/vec", tests, NULL, NULL);
}
