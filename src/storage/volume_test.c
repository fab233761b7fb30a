/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Volumes as values: what is printed, read back and refused.
 */

#include "storage/storage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void a_volume_is_printed_and_read_back(void **state)
{
	static const char *const texts[] = {"dir:/var/lib/lxc/a/rootfs",
					    "overlay:/a:/b:/c",
					    "loop:/var/lib/lxc/a/rootdev",
					    "lvm:/dev/lxc/a",
					    "zfs:tank/lxc/a",
					    "rbd:/dev/rbd/lxc/a",
					    "nbd:/a.qcow2:1",
					    "btrfs:/a"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct storage_volume volume = {};
		autostr text = {};

		assert_int_equal(storage_volume_parse(texts[i], &volume), 0);
		storage_volume_print(&volume, &text);
		assert_string_equal(str_text(&text), texts[i]);
		storage_volume_finish(&volume);
		assert_null(volume.path);
	}
}

static void old_names_are_those_of_today(void **state)
{
	struct storage_volume volume = {};
	autostr text = {};

	assert_int_equal(storage_volume_parse("overlayfs:/a:/b", &volume), 0);
	storage_volume_print(&volume, &text);
	assert_string_equal(str_text(&text), "overlay:/a:/b");
	storage_volume_finish(&volume);
}

static void what_is_no_volume_is_refused(void **state)
{
	static const char *const texts[] = {"", "dir", "dir:", "/a", "lo:/a", "best:/a", ":/a"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct storage_volume volume = {};

		assert_int_equal(storage_volume_parse(texts[i], &volume), -EINVAL);
		assert_null(volume.path);
	}
}

static void names_of_types_are_exact(void **state)
{
	assert_string_equal(storage_type_named("btrfs", 5)->name, "btrfs");
	assert_null(storage_type_named("btrf", 4));
	assert_null(storage_type_named("btrfsx", 6));
	assert_int_equal(storage_type_named("lvm,dir", 3)->type, ROOTFS_LVM);
	assert_null(storage_type(ROOTFS_DETECT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volume_is_printed_and_read_back),
		cmocka_unit_test(old_names_are_those_of_today),
		cmocka_unit_test(what_is_no_volume_is_refused),
		cmocka_unit_test(names_of_types_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
