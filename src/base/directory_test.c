/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way to a file: what is made, what is left alone, what fails.
 */

#include "base/directory.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64];

static void make_top(void)
{
	snprintf(top, sizeof(top), "/tmp/tare-directory-XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(chdir(top), 0);
}

static void missing_directories_are_made_with_the_mode(void **state)
{
	struct stat status;

	make_top();
	umask(022);
	assert_int_equal(mkdir("a", 0700), 0);
	assert_int_equal(directory_make_parents("a/b//c/file", 0775), 0);
	assert_int_equal(stat("a", &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0700);
	assert_int_equal(stat("a/b/c", &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0755);
	assert_int_equal(access("a/b/c/file", F_OK), -1);
	assert_int_equal(directory_make_parents("a/b/c/file", 0755), 0);
	assert_int_equal(directory_make_parents("file", 0755), 0);
	assert_int_equal(directory_make_parents("/", 0755), 0);
	assert_int_equal(directory_make_parents("", 0755), 0);
	assert_int_equal(rmdir("a/b/c"), 0);
	assert_int_equal(rmdir("a/b"), 0);
	assert_int_equal(rmdir("a"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(top), 0);
}

static void absolute_paths_work(void **state)
{
	char path[128];

	make_top();
	snprintf(path, sizeof(path), "%s/x/y", top);
	assert_int_equal(directory_make_parents(path, 0755), 0);
	assert_int_equal(rmdir("x"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(top), 0);
}

static void what_cannot_be_made_is_reported(void **state)
{
	char long_path[PATH_MAX + 1];

	assert_int_equal(directory_make_parents("/dev/null/x/y", 0755), -ENOTDIR);
	memset(long_path, 'x', sizeof(long_path));
	long_path[PATH_MAX] = '\0';
	assert_int_equal(directory_make_parents(long_path, 0755), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_directories_are_made_with_the_mode),
		cmocka_unit_test(absolute_paths_work),
		cmocka_unit_test(what_cannot_be_made_is_reported),
	};

	return cmocka_run_group_tests_name("base/directory", tests, NULL, NULL);
}
