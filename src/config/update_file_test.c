/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replacing a configuration file while flushing fails, which no file system does on demand, and
 * finding the files of all containers in a directory of odd ones. The rest of update_file.c is
 * tried by tests/bats/update-config.bats.
 */

#include "config/update.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"

int __real_fsync(int fd);
int __wrap_fsync(int fd);

static int flushes_until_failure = -1;

int __wrap_fsync(int fd)
{
	if (flushes_until_failure < 0 || flushes_until_failure-- > 0)
		return __real_fsync(fd);
	errno = EIO;
	return -1;
}

static int enter_directory(void **state)
{
	static char place[] = "/tmp/tare-update-file-XXXXXX";

	flushes_until_failure = -1;
	memcpy(place + strlen(place) - 6, "XXXXXX", 6);
	return mkdtemp(place) && chdir(place) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	return remove(path);
}

static int remove_directory(void **state)
{
	autofree char *place = getcwd(NULL, 0);

	return !place || chdir("/") < 0 || nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0;
}

static void write_file(const char *path, const char *text)
{
	assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0644), 0);
}

static void expect_content(const char *path, const char *text)
{
	autofree char *content = NULL;

	assert_int_equal(file_read_all(AT_FDCWD, path, 4096, &content, NULL), 0);
	assert_string_equal(content, text);
}

static void replace_failing(int flushes)
{
	autofree char *backup = NULL;
	autostr text = {};
	struct err e = {};

	write_file("config", "old\n");
	str_add(&text, "new\n");
	flushes_until_failure = flushes;
	assert_true(config_replace_file("config", &text, &backup, &e) < 0);
	assert_int_equal(e.id, ERR_FILE_WRITE);
	assert_null(backup);
}

static void a_file_that_was_not_replaced_has_no_backup(void **state)
{
	replace_failing(0);
	expect_content("config", "old\n");
	assert_int_equal(access("config.backup", F_OK), -1);
}

static void an_original_that_was_replaced_is_not_lost(void **state)
{
	replace_failing(1);
	expect_content("config", "new\n");
	expect_content("config.backup", "old\n");
}

static int list(void *context, const char *path)
{
	str_addf(context, "%s ", path);
	return 0;
}

static void files_that_cannot_be_looked_at_are_not_passed_over(void **state)
{
	struct err e = {};
	autostr paths = {};

	assert_return_code(mkdir("a", 0755) | mkdir("b", 0755) | mkdir("c", 0755), errno);
	assert_return_code(mkdir("d", 0755) | mkdir("e", 0755) | mkdir("d/config", 0755), errno);
	assert_return_code(symlink("config", "b/config"), errno);
	assert_return_code(mkfifo("e/config", 0644), errno);
	write_file("a/config", "");
	write_file("f", "");
	assert_int_equal(config_each_file(".", list, &paths, &e), 0);
	assert_string_equal(str_text(&paths), "./a/config ./b/config ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_that_was_not_replaced_has_no_backup,
						enter_directory, remove_directory),
		cmocka_unit_test_setup_teardown(an_original_that_was_replaced_is_not_lost,
						enter_directory, remove_directory),
		cmocka_unit_test_setup_teardown(files_that_cannot_be_looked_at_are_not_passed_over,
						enter_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
