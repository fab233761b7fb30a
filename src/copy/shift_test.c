/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Ids of owners, access lists and capabilities on their way from one range to another.
 */

#include "copy/shift.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct copy_range two_ranges[] = {
	{.from = {0}, .to = {100000}, .count = 1000},
	{.from = {5000}, .to = {1000}, .count = 1},
};
static const struct copy_ranges shifted = {.items = two_ranges, .count = 2};
static const struct copy_ranges none;

static void ids_move_with_their_range(void **state)
{
	uint32_t id;

	assert_true(shift_id(&shifted, 0, &id));
	assert_int_equal(id, 100000);
	assert_true(shift_id(&shifted, 999, &id));
	assert_int_equal(id, 100999);
	assert_true(shift_id(&shifted, 5000, &id));
	assert_int_equal(id, 1000);
	assert_false(shift_id(&shifted, 1000, &id));
	assert_false(shift_id(&shifted, 4999, &id));
	assert_false(shift_id(&shifted, 5001, &id));
	assert_false(shift_id(&shifted, ID_INVALID, &id));
}

static void without_ranges_ids_stay(void **state)
{
	uint32_t id;

	assert_true(shift_id(&none, 12345, &id));
	assert_int_equal(id, 12345);
}

static bool valid(struct copy_range a, struct copy_range b)
{
	const struct copy_range items[] = {a, b};

	return shift_is_valid(&(struct copy_ranges){.items = items, .count = 2});
}

#define RANGE(a, b, c) ((struct copy_range){.from = {a}, .to = {b}, .count = (c)})

static void ranges_that_overlap_or_are_empty_are_invalid(void **state)
{
	assert_true(shift_is_valid(&none));
	assert_true(shift_is_valid(&shifted));
	assert_true(valid(RANGE(0, 10, 10), RANGE(10, 0, 10)));
	assert_false(valid(RANGE(0, 10, 10), RANGE(9, 100, 10)));
	assert_false(valid(RANGE(9, 100, 10), RANGE(0, 10, 10)));
	assert_false(valid(RANGE(0, 10, 10), RANGE(20, 19, 10)));
	assert_false(valid(RANGE(0, 10, 10), RANGE(20, 30, 0)));
	assert_true(valid(RANGE(0, 10, 1), RANGE(UINT32_MAX - 1, 30, 1)));
	assert_false(valid(RANGE(0, 10, 1), RANGE(UINT32_MAX - 1, 30, 2)));
	assert_false(valid(RANGE(0, 10, 1), RANGE(30, UINT32_MAX - 1, 2)));
}

struct list {
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entries[3];
};

static struct list make_list(uint32_t uid, uint32_t gid)
{
	return (struct list){
		.header.a_version = htole32(POSIX_ACL_XATTR_VERSION),
		.entries =
			{
				{htole16(ACL_USER), htole16(6), htole32(uid)},
				{htole16(ACL_GROUP), htole16(4), htole32(gid)},
				{htole16(ACL_OTHER), htole16(1), htole32(ID_INVALID)},
			},
	};
}

static void an_access_list_moves_its_named_users_and_groups(void **state)
{
	const struct copy_range group = {.from = {7}, .to = {70}, .count = 1};
	const struct copy_ranges groups = {.items = &group, .count = 1};
	struct list list = make_list(5, 7), wanted = make_list(100005, 70);
	uint32_t id = 0;

	assert_int_equal(shift_attribute(&shifted, &groups, "system.posix_acl_access", &list,
					 sizeof(list), &id),
			 sizeof(list));
	assert_memory_equal(&list, &wanted, sizeof(list));
	list = make_list(5, 8);
	assert_int_equal(shift_attribute(&shifted, &groups, "system.posix_acl_default", &list,
					 sizeof(list), &id),
			 -EOVERFLOW);
	assert_int_equal(id, 8);
}

static void an_access_list_of_another_form_is_refused(void **state)
{
	struct list list = make_list(5, 7);
	uint32_t id;

	for (size_t length = 0; length < sizeof(list); length++) {
		if ((length - sizeof(list.header)) % sizeof(list.entries[0]) == 0)
			continue;
		assert_int_equal(shift_attribute(&shifted, &none, "system.posix_acl_access", &list,
						 length, &id),
				 -EINVAL);
	}
	list.header.a_version = htole32(3);
	assert_int_equal(shift_attribute(&shifted, &none, "system.posix_acl_access", &list,
					 sizeof(list), &id),
			 -EINVAL);
}

static ssize_t shift_capability(struct vfs_ns_cap_data *data, size_t length, uint32_t *ret_id)
{
	return shift_attribute(&shifted, &none, "security.capability", data, length, ret_id);
}

static void capabilities_of_the_hosts_root_become_those_of_another(void **state)
{
	struct vfs_ns_cap_data data = {
		.magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE)};
	uint32_t id;

	assert_int_equal(shift_capability(&data, XATTR_CAPS_SZ_2, &id), XATTR_CAPS_SZ_3);
	assert_int_equal(le32toh(data.magic_etc), VFS_CAP_REVISION_3 | VFS_CAP_FLAGS_EFFECTIVE);
	assert_int_equal(le32toh(data.rootid), 100000);
	/* 100000 is in no range. */
	assert_int_equal(shift_capability(&data, XATTR_CAPS_SZ_3, &id), -EOVERFLOW);
	assert_int_equal(id, 100000);
}

static void capabilities_that_come_back_to_the_hosts_root_lose_the_id(void **state)
{
	const struct copy_range back = {.from = {100000}, .to = {0}, .count = 10};
	const struct copy_ranges ranges = {.items = &back, .count = 1};
	struct vfs_ns_cap_data data = {.magic_etc = htole32(VFS_CAP_REVISION_3),
				       .rootid = htole32(100000)};
	uint32_t id;

	assert_int_equal(shift_attribute(&ranges, &none, "security.capability", &data,
					 XATTR_CAPS_SZ_3, &id),
			 XATTR_CAPS_SZ_2);
	assert_int_equal(le32toh(data.magic_etc), VFS_CAP_REVISION_2);
	/* A length that does not fit to the version. */
	assert_int_equal(shift_capability(&data, XATTR_CAPS_SZ_3, &id), -EINVAL);
	assert_int_equal(shift_capability(&data, 12, &id), -EINVAL);
}

static void other_attributes_stay(void **state)
{
	char value[] = "anything";
	uint32_t id;

	assert_int_equal(shift_attribute(&shifted, &shifted, "user.text", value, sizeof(value),
					 &id),
			 sizeof(value));
	assert_string_equal(value, "anything");
	assert_int_equal(shift_attribute(&none, &none, "security.capability", value, 3, &id), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_move_with_their_range),
		cmocka_unit_test(without_ranges_ids_stay),
		cmocka_unit_test(ranges_that_overlap_or_are_empty_are_invalid),
		cmocka_unit_test(an_access_list_moves_its_named_users_and_groups),
		cmocka_unit_test(an_access_list_of_another_form_is_refused),
		cmocka_unit_test(capabilities_of_the_hosts_root_become_those_of_another),
		cmocka_unit_test(capabilities_that_come_back_to_the_hosts_root_lose_the_id),
		cmocka_unit_test(other_attributes_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
