/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From types and paths to sources, with directories and files of the test's own; nothing is
 * mounted.
 */

#include "storage/source.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

static char top[] = "/tmp/tare-source-XXXXXX";
static struct arena arena;

static void make_directory(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int setup(void **state)
{
	memcpy(top, "/tmp/tare-source-XXXXXX", sizeof(top));
	assert_non_null(mkdtemp(top));
	make_directory("a");
	make_directory("b");
	make_directory("upper");
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	return remove(path);
}

static int teardown(void **state)
{
	arena_finish(&arena);
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A path below the test's directory; of several, all are. Lives in the arena. */
static const char *below(const char *format)
{
	autostr text = {};

	for (; *format; format++) {
		if (*format == '@')
			str_add(&text, top);
		else
			str_add_char(&text, *format);
	}
	return arena_strdup(&arena, str_text(&text));
}

static const char *option(const struct storage_source *source, const char *key)
{
	for (const char *const *at = source->options; at && *at; at++) {
		const char *value = text_after(*at, key);

		if (value && (*value == '=' || !*value))
			return *value ? value + 1 : value;
	}
	return NULL;
}

static void look(enum rootfs_type type, const char *path, bool read_only,
		 struct storage_source *ret)
{
	struct err e = {};
	int r = storage_source(type, below(path), NULL, read_only, &arena, ret, &e);

	if (r < 0)
		fail_msg("%s", err_cause(&e));
}

static void fails(enum rootfs_type type, const char *path, int r, const char *words)
{
	struct storage_source source;
	struct err e = {};

	assert_int_equal(storage_source(type, below(path), NULL, false, &arena, &source, &e), r);
	if (!strstr(err_cause(&e), words))
		fail_msg("\"%s\" is not in: %s", words, err_cause(&e));
}

static void make_file(const char *name, off_t at, const char *bytes, size_t length)
{
	autoclose int fd = open(below(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(pwrite(fd, bytes, length, at), length);
}

static void directories_are_trees(void **state)
{
	struct storage_source source;

	look(ROOTFS_DIR, "@/nowhere", false, &source);
	assert_int_equal(source.kind, SOURCE_TREE);
	assert_string_equal(source.device, below("@/nowhere"));
	assert_null(source.options);
	look(ROOTFS_BTRFS, "@/a", true, &source);
	assert_int_equal(source.kind, SOURCE_TREE);
}

static void an_overlay_has_a_work_directory_beside_the_upper_one(void **state)
{
	struct storage_source source;

	look(ROOTFS_OVERLAY, "@/a:@/upper", false, &source);
	assert_int_equal(source.kind, SOURCE_MOUNT);
	assert_string_equal(source.fstype, "overlay");
	assert_string_equal(option(&source, "lowerdir"), below("@/a"));
	assert_string_equal(option(&source, "upperdir"), below("@/upper"));
	assert_string_equal(option(&source, "workdir"), below("@/work"));
	assert_string_equal(source.upper, below("@/upper"));
	assert_string_equal(source.work, below("@/work"));
	assert_false(source.is_long);
	assert_false(source.has_trusted_marks || source.has_user_marks);
	assert_false(source_is_on_device(&source));
	assert_string_equal(source_user_options(&source, &arena)[3], "userxattr");
	assert_null(source_user_options(&source, &arena)[4]);
	/* It is made when it is mounted. */
	look(ROOTFS_OVERLAY, "@/a:@/missing/delta", false, &source);
	assert_string_equal(source.work, below("@/missing/work"));
}

static void several_lowers_stay_in_their_order(void **state)
{
	struct storage_source source;

	look(ROOTFS_OVERLAY, "@/a:@/b:@/upper", false, &source);
	assert_string_equal(option(&source, "lowerdir"), below("@/a:@/b"));
	assert_string_equal(source.device, below("@/a"));
}

static void colons_commas_and_backslashes_are_escaped(void **state)
{
	struct storage_source source;

	make_directory("c:d\\e");
	look(ROOTFS_OVERLAY, "@/c:d\\e:@/upper", false, &source);
	assert_string_equal(option(&source, "lowerdir"), below("@/c\\:d\\\\e"));
	/* By mount(2) a comma would end the option; one by one nothing has a meaning. */
	make_directory("f,g");
	look(ROOTFS_OVERLAY, "@/f,g:@/upper", false, &source);
	if (source.is_long)
		assert_string_equal(option(&source, "lowerdir"), below("@/f\\,g"));
	else
		assert_string_equal(option(&source, "lowerdir+"), below("@/f,g"));
}

static void many_lowers_are_given_one_by_one_or_by_mount(void **state)
{
	struct storage_source source;
	autostr path = {};
	size_t count = 0;

	for (unsigned i = 0; i < 12; i++)
		str_add(&path, "@/a/../a/../a:");
	str_add(&path, "@/upper");
	look(ROOTFS_OVERLAY, str_text(&path), false, &source);
	for (const char *const *at = source.options; *at; at++)
		count += text_starts(*at, "lowerdir+=");
	if (source.is_long)
		assert_int_equal(count, 0);
	else
		assert_int_equal(count, 12);
	assert_true(option(&source, source.is_long ? "lowerdir" : "lowerdir+") != NULL);
}

static void work_directories_of_old_versions_are_used(void **state)
{
	struct storage_source source;

	make_directory("delta0");
	look(ROOTFS_OVERLAY, "@/a:@/delta0", false, &source);
	assert_string_equal(source.work, below("@/work"));
	make_directory("olwork");
	look(ROOTFS_OVERLAY, "@/a:@/delta0", false, &source);
	assert_string_equal(source.work, below("@/olwork"));
}

static void read_only_the_upper_directory_is_the_topmost_lower_one(void **state)
{
	struct storage_source source;

	look(ROOTFS_OVERLAY, "@/a:@/b:@/upper", true, &source);
	assert_string_equal(option(&source, "lowerdir"), below("@/upper:@/a:@/b"));
	assert_null(option(&source, "upperdir"));
	assert_null(option(&source, "workdir"));
	assert_null(source.upper);
	assert_true(source.is_read_only);
	/* One that was never started has none. */
	look(ROOTFS_OVERLAY, "@/a:@/b:@/missing", true, &source);
	assert_string_equal(option(&source, "lowerdir"), below("@/a:@/b"));
	look(ROOTFS_OVERLAY, "@/a:@/missing", true, &source);
	assert_int_equal(source.kind, SOURCE_TREE);
	assert_string_equal(source.device, below("@/a"));
}

static void overlays_that_cannot_be_say_why(void **state)
{
	fails(ROOTFS_OVERLAY, "@/a", -EINVAL, "a lower and an upper directory");
	fails(ROOTFS_OVERLAY, "a:@/upper", -EINVAL, "both from / on");
	fails(ROOTFS_OVERLAY, "@/nowhere:@/upper", -ENOENT, "/nowhere");
	make_file("@/file", 0, "x", 1);
	fails(ROOTFS_OVERLAY, "@/a:@/file:@/upper", -ENOTDIR, "/file");
	make_file("@/upper/.wh..wh.aufs", 0, "x", 1);
	fails(ROOTFS_OVERLAY, "@/a:@/upper", -EINVAL, "written by aufs");
}

static void a_file_with_a_file_system_is_mounted_by_a_loop_device(void **state)
{
	const struct mount_options read_only = {.set = MOUNT_RO, .data = "nobarrier,x-y,noload"};
	struct storage_source source;
	struct err e = {};

	make_file("@/image", 0, "XFSB", 4);
	look(ROOTFS_LOOP, "@/image", false, &source);
	assert_int_equal(source.kind, SOURCE_LOOP);
	assert_string_equal(source.fstype, "xfs");
	assert_true(source_is_on_device(&source));
	assert_string_equal(source.options[0], "nouuid");
	assert_null(source.options[1]);
	assert_int_equal(storage_source(ROOTFS_LOOP, below("@/image"), &read_only, false, &arena,
					&source, &e),
			 0);
	assert_true(source.is_read_only);
	assert_string_equal(source.options[0], "ro");
	assert_string_equal(source.options[1], "nouuid");
	assert_string_equal(source.options[2], "nobarrier");
	assert_string_equal(source.options[3], "noload");
	assert_null(source.options[4]);
}

static void files_and_devices_that_cannot_be_say_why(void **state)
{
	make_file("@/blank", 0, "", 0);
	make_file("@/qcow", 0, "QFI\xfb", 4);
	fails(ROOTFS_LOOP, "@/nowhere", -ENOENT, "/nowhere");
	fails(ROOTFS_LOOP, "@/a", -EISDIR, "/a");
	fails(ROOTFS_LOOP, "@/blank", -EMEDIUMTYPE, "it is empty");
	fails(ROOTFS_LOOP, "@/qcow", -EMEDIUMTYPE, "QEMU's format qcow2");
	fails(ROOTFS_LVM, "@/blank", -ENOTBLK, "/blank");
	fails(ROOTFS_LVM, "/dev/nogroup/novolume", -ENOENT, "/dev/nogroup/novolume");
	fails(ROOTFS_RBD, "/dev/null", -ENOTBLK, "/dev/null");
}

static void a_data_set_is_mounted_as_zfs_does(void **state)
{
	struct storage_source source;

	look(ROOTFS_ZFS, "tank/c1", false, &source);
	assert_int_equal(source.kind, SOURCE_MOUNT);
	assert_string_equal(source.fstype, "zfs");
	assert_string_equal(source.device, "tank/c1");
	assert_non_null(option(&source, "zfsutil"));
	assert_string_equal(option(&source, "mntpoint"), "tank/c1");
	assert_null(option(&source, "ro"));
	look(ROOTFS_ZFS, "tank/c1", true, &source);
	assert_non_null(option(&source, "ro"));
}

static void a_network_device_may_have_a_partition(void **state)
{
	struct storage_source source;

	make_file("@/disk", 0, "QFI\xfb", 4);
	look(ROOTFS_NBD, "@/disk", false, &source);
	assert_int_equal(source.kind, SOURCE_NETWORK);
	assert_int_equal(source.partition, 0);
	assert_null(source.fstype);
	look(ROOTFS_NBD, "@/disk:3", false, &source);
	assert_int_equal(source.partition, 3);
	assert_string_equal(source.device, below("@/disk"));
	fails(ROOTFS_NBD, "@/disk:0", -ENOENT, "/disk:0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(directories_are_trees, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_overlay_has_a_work_directory_beside_the_upper_one, setup, teardown),
		cmocka_unit_test_setup_teardown(several_lowers_stay_in_their_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(colons_commas_and_backslashes_are_escaped, setup,
						teardown),
		cmocka_unit_test_setup_teardown(many_lowers_are_given_one_by_one_or_by_mount, setup,
						teardown),
		cmocka_unit_test_setup_teardown(work_directories_of_old_versions_are_used, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			read_only_the_upper_directory_is_the_topmost_lower_one, setup, teardown),
		cmocka_unit_test_setup_teardown(overlays_that_cannot_be_say_why, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_with_a_file_system_is_mounted_by_a_loop_device, setup, teardown),
		cmocka_unit_test_setup_teardown(files_and_devices_that_cannot_be_say_why, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_data_set_is_mounted_as_zfs_does, setup, teardown),
		cmocka_unit_test_setup_teardown(a_network_device_may_have_a_partition, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
