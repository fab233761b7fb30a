/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Superblocks: those that mkfs makes, where it is installed, and magic numbers alone for the rest.
 */

#include "sys/superblock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

enum { IMAGE_SIZE = 300 << 20, COMMAND_MISSING = 127 };

static char path[] = "/tmp/tare-superblock-XXXXXX";

static int setup(void **state)
{
	int fd;

	memcpy(path, "/tmp/tare-superblock-XXXXXX", sizeof(path));
	fd = mkostemp(path, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, IMAGE_SIZE), 0);
	close(fd);
	return 0;
}

static int teardown(void **state)
{
	return unlink(path);
}

static void probe(struct superblock *ret)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(superblock_probe(fd, ret), 0);
}

static void put(off_t at, const char *bytes, size_t length)
{
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, length, at), length);
}

static int run(const char *const *argv)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], (char *const *)argv);
		_exit(COMMAND_MISSING);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void what_mkfs_makes_is_recognised(void **state)
{
	static const struct {
		const char *const argv[8];
		const char *fstype;
	} rows[] = {
		{{"mkfs.ext2", "-q", "-F", path}, "ext2"},
		{{"mkfs.ext3", "-q", "-F", path}, "ext3"},
		{{"mkfs.ext4", "-q", "-F", path}, "ext4"},
		{{"mkfs.ext4", "-q", "-F", "-O", "^has_journal", path}, "ext4"},
		{{"mkfs.xfs", "-q", "-f", path}, "xfs"},
		{{"mkfs.btrfs", "-q", "-f", path}, "btrfs"},
		{{"mkfs.vfat", path}, "vfat"},
		{{"mkfs.f2fs", "-q", "-f", path}, "f2fs"},
	};
	unsigned tried = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct superblock found;
		int status = run(rows[i].argv);

		if (status == COMMAND_MISSING)
			continue;
		assert_int_equal(status, 0);
		probe(&found);
		assert_non_null(found.fstype);
		assert_string_equal(found.fstype, rows[i].fstype);
		assert_null(found.other);
		assert_int_equal(truncate(path, 0), 0);
		assert_int_equal(truncate(path, IMAGE_SIZE), 0);
		tried++;
	}
	if (tried == 0)
		skip();
}

static void magic_numbers_are_recognised(void **state)
{
	static const struct {
		off_t at;
		const char *bytes, *fstype;
	} rows[] = {
		{0, "hsqs", "squashfs"},          {1024, "\xe2\xe1\xf5\xe0", "erofs"},
		{32769, "CD001", "iso9660"},      {32768, "JFS1", "jfs"},
		{65588, "ReIsEr2Fs", "reiserfs"}, {3, "EXFAT   ", "exfat"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		static const char zeros[16];
		struct superblock found;

		put(rows[i].at, rows[i].bytes, strlen(rows[i].bytes));
		probe(&found);
		assert_string_equal(found.fstype, rows[i].fstype);
		put(rows[i].at, zeros, strlen(rows[i].bytes));
	}
}

static void what_is_no_file_system_is_named(void **state)
{
	struct superblock found;

	probe(&found);
	assert_null(found.fstype);
	assert_true(found.is_blank);
	put(510, "\x55\xaa", 2);
	probe(&found);
	assert_string_equal(found.other, "a disk with partitions, or a boot loader");
	assert_false(found.is_blank);
	put(0, "QFI\xfb", 4);
	probe(&found);
	assert_null(found.fstype);
	assert_string_equal(found.other, "an image in QEMU's format qcow2");
	/* A FAT boot sector has the mark of a partition table, too. */
	put(0, "\0\0\0\0", 4);
	put(82, "FAT32   ", 8);
	probe(&found);
	assert_string_equal(found.fstype, "vfat");
}

static void short_files_and_directories_are_no_surprise(void **state)
{
	autoclose int fd = open("/", O_RDONLY | O_CLOEXEC);
	struct superblock found;

	assert_int_equal(superblock_probe(fd, &found), -EISDIR);
	assert_int_equal(truncate(path, 3), 0);
	put(0, "XFS", 3);
	probe(&found);
	assert_null(found.fstype);
	assert_null(found.other);
	assert_false(found.is_blank);
	assert_int_equal(truncate(path, 0), 0);
	probe(&found);
	assert_true(found.is_blank);
}

static void candidates_are_those_without_a_magic_number(void **state)
{
	char name[FILE_SYSTEM_NAME_ROOM];

	for (size_t i = 0; superblock_candidate(i, name); i++) {
		assert_string_not_equal(name, "ext4");
		assert_string_not_equal(name, "overlay");
		assert_string_not_equal(name, "proc");
		assert_string_not_equal(name, "nodev");
		assert_null(strpbrk(name, " \t\n"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_mkfs_makes_is_recognised, setup, teardown),
		cmocka_unit_test_setup_teardown(magic_numbers_are_recognised, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_file_system_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(short_files_and_directories_are_no_surprise, setup,
						teardown),
		cmocka_unit_test(candidates_are_those_without_a_magic_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
