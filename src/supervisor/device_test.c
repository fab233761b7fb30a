/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing a list of device rules as the kernel's version 1 controller would.
 */

#include "supervisor/device.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 3 };

struct table {
	_Alignas(8) char bytes[sizeof(struct plan_devices) + ROOM * sizeof(struct plan_device)];
};

static struct device_list list_of(struct table *table)
{
	memset(table, 0, sizeof(*table));
	return (struct device_list){.rules = (void *)table->bytes, .room = ROOM};
}

static int change(struct device_list *list, bool allow, char type, int64_t minor_number,
		  uint8_t access)
{
	const struct device_change c = {
		.allow = allow,
		.rule = {.major = 1,
			 .minor = minor_number,
			 .type = (uint8_t)type,
			 .access = access},
	};

	return device_list_apply(list, &c);
}

static int change_mode(struct device_list *list, bool allow)
{
	const struct device_change c = {.allow = allow, .is_mode = true};

	return device_list_apply(list, &c);
}

static void allowed_devices_are_exceptions_of_a_deny_list(void **state)
{
	struct table table;
	struct device_list list = list_of(&table);

	assert_int_equal(change(&list, true, 'c', 3, 7), 1);
	assert_int_equal(change(&list, true, 'c', 3, 1), 0);
	assert_int_equal(change(&list, true, 'b', 3, 1), 1);
	assert_int_equal(list.rules->count, 2);
	assert_int_equal(change(&list, false, 'c', 3, 2), 1);
	assert_int_equal(list.rules->rows[0].access, 5);
	assert_int_equal(change(&list, false, 'c', 3, 5), 1);
	assert_int_equal(list.rules->count, 1);
	assert_int_equal(list.rules->rows[0].type, 'b');
	assert_int_equal(change(&list, false, 'c', 9, 5), 0);
}

static void a_mode_clears_the_list(void **state)
{
	struct table table;
	struct device_list list = list_of(&table);

	assert_int_equal(change(&list, true, 'c', 3, 7), 1);
	assert_int_equal(change_mode(&list, true), 1);
	assert_int_equal(list.rules->count, 0);
	assert_int_equal(list.rules->allow_by_default, 1);
	assert_int_equal(change_mode(&list, true), 0);
	assert_int_equal(change(&list, false, 'c', 3, 7), 1);
	assert_int_equal(change(&list, true, 'c', 3, 7), 1);
	assert_int_equal(list.rules->count, 0);
}

static void a_full_list_says_so(void **state)
{
	struct table table;
	struct device_list list = list_of(&table);

	for (int i = 0; i < ROOM; i++)
		assert_int_equal(change(&list, true, 'c', i, 7), 1);
	assert_int_equal(change(&list, true, 'c', ROOM, 7), -E2BIG);
	assert_int_equal(change(&list, true, 'c', 1, 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allowed_devices_are_exceptions_of_a_deny_list),
		cmocka_unit_test(a_mode_clears_the_list),
		cmocka_unit_test(a_full_list_says_so),
	};

	return cmocka_run_group_tests_name("supervisor/device", tests, NULL, NULL);
}
