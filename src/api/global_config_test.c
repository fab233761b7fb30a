/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.conf as the library tells it: by a user who is not root, whose file lies in a home of the
 * test's own.
 */

#include <lxc/lxccontainer.h>
#include <lxc/version.h>
#include <tare/tare.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
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
#include "tare_paths.h"

enum { NOBODY = 65534 };

/* Each case looks at values in a thread of its own, which has nothing in its memory yet. */
struct answers {
	const char *key;
	bool any;
	int errnum, code;
	struct err e;
	char value[256];
};

static char home[] = "/tmp/tare-global-XXXXXX";

static void *ask_in_thread(void *context)
{
	struct answers *a = context;
	const char *value = NULL;

	a->code = tare_system_value(a->key, &value, &a->e);
	errno = EXDEV;
	value = lxc_get_global_config_item(a->key);
	a->errnum = errno;
	a->any = value != NULL;
	snprintf(a->value, sizeof(a->value), "%s", value ? value : "");
	return lxc_get_global_config_item(a->key) == value ? a : NULL;
}

static struct answers ask(const char *key)
{
	struct answers a = {.key = key};
	pthread_t thread;
	void *same;

	assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, &a), 0);
	assert_int_equal(pthread_join(thread, &same), 0);
	assert_non_null(same);
	return a;
}

/* lxc.conf of the home: `text`, or with NULL nothing at all. */
static void put_file(const char *text)
{
	autostr path = {0};
	autoclose int fd = -EBADF;

	str_addf(&path, "%s/.config/lxc/lxc.conf", home);
	(void)unlink(str_text(&path));
	(void)rmdir(str_text(&path));
	if (!text)
		return;
	fd = open(str_text(&path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void make_directory(const char *below)
{
	autostr path = {0};

	str_addf(&path, "%s%s", home, below);
	assert_return_code(mkdir(str_text(&path), 0700), errno);
}

/* As root, become somebody else: root's own file is not the test's to write. */
static int enter_home(void **state)
{
	if (!mkdtemp(home) || setenv("HOME", home, 1))
		return -1;
	if (geteuid() == 0 && (chown(home, NOBODY, NOBODY) || seteuid(NOBODY)))
		return -1;
	make_directory("/.config");
	make_directory("/.config/lxc");
	return 0;
}

static int leave_home(void **state)
{
	static const char *const below[] = {"/.config/lxc", "/.config", ""};

	put_file(NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(below); i++) {
		autostr path = {0};

		str_addf(&path, "%s%s", home, below[i]);
		if (i == ARRAY_LENGTH(below) - 1 && getuid() == 0 && seteuid(0))
			return -1;
		if (rmdir(str_text(&path)))
			return -1;
	}
	return 0;
}

static void the_version_is_one_in_all_places(void **state)
{
	char numbers[32];

	snprintf(numbers, sizeof(numbers), "%d.%d.%d", LXC_VERSION_MAJOR, LXC_VERSION_MINOR,
		 LXC_VERSION_MICRO);
	assert_string_equal(lxc_get_version(), numbers);
	assert_string_equal(lxc_get_version(), LXC_VERSION);
	assert_string_equal(lxc_get_version(), LXC_COMPATIBLE_VERSION);
}

static void without_a_file_the_defaults_count(void **state)
{
	autostr expected = {0};

	put_file(NULL);
	str_addf(&expected, "%s/.local/share/lxc", home);
	assert_string_equal(ask("lxc.lxcpath").value, str_text(&expected));
	str_reset(&expected);
	str_addf(&expected, "%s/.config/lxc/default.conf", home);
	assert_string_equal(ask("lxc.default_config").value, str_text(&expected));
	assert_string_equal(ask("lxc.bdev.lvm.vg").value, "lxc");
}

static void the_file_counts_where_it_says_something(void **state)
{
	put_file("lxc.lxcpath = /first\nlxc.lxcpath = /second/\n");
	assert_string_equal(ask("lxc.lxcpath").value, "/second");
	assert_string_equal(ask("lxc.bdev.zfs.root").value, "lxc");
	assert_int_equal(ask("lxc.lxcpath").code, TARE_SYSTEM_VALUE_SET);
}

static void unset_and_unknown_differ_in_errno(void **state)
{
	struct answers a;

	put_file(NULL);
	a = ask("lxc.cgroup.use");
	assert_false(a.any);
	assert_int_equal(a.errnum, 0);
	assert_int_equal(a.code, TARE_SYSTEM_VALUE_UNSET);
	a = ask("lxc.bogus");
	assert_false(a.any);
	assert_int_equal(a.errnum, EINVAL);
	assert_int_equal(a.code, TARE_SYSTEM_VALUE_UNKNOWN);
	errno = 0;
	assert_null(lxc_get_global_config_item(NULL));
	assert_int_equal(errno, EINVAL);
}

static void a_file_that_cannot_be_read_is_told_and_the_defaults_count(void **state)
{
	struct answers a;

	put_file(NULL);
	make_directory("/.config/lxc/lxc.conf");
	a = ask("lxc.bdev.lvm.vg");
	assert_int_equal(a.code, -EISDIR);
	assert_true(err_is_set(&a.e));
	assert_non_null(strstr(err_cause(&a.e), "/.config/lxc/lxc.conf"));
	assert_string_equal(a.value, "lxc");
	assert_true(ask("lxc.lxcpath").any && ask("lxc.default_config").any);
}

static void a_thread_keeps_what_it_has_read(void **state)
{
	const char *before;

	put_file("lxc.bdev.lvm.vg = one\n");
	before = lxc_get_global_config_item("lxc.bdev.lvm.vg");
	assert_string_equal(before, "one");
	put_file("lxc.bdev.lvm.vg = two\n");
	assert_ptr_equal(lxc_get_global_config_item("lxc.bdev.lvm.vg"), before);
	assert_string_equal(before, "one");
	assert_string_equal(ask("lxc.bdev.lvm.vg").value, "two");
}

static void the_list_ends(void **state)
{
	struct tare_system_item item;
	size_t count = 0;

	while (tare_system_item_at(count, &item)) {
		assert_int_not_equal(ask(item.name).code, TARE_SYSTEM_VALUE_UNKNOWN);
		assert_true(*item.summary);
		count++;
	}
	assert_int_equal(count, 9);
	assert_false(tare_system_item_at(SIZE_MAX, &item));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_is_one_in_all_places),
		cmocka_unit_test(without_a_file_the_defaults_count),
		cmocka_unit_test(the_file_counts_where_it_says_something),
		cmocka_unit_test(unset_and_unknown_differ_in_errno),
		cmocka_unit_test(a_file_that_cannot_be_read_is_told_and_the_defaults_count),
		cmocka_unit_test(a_thread_keeps_what_it_has_read),
		cmocka_unit_test(the_list_ends),
	};

	return cmocka_run_group_tests(tests, enter_home, leave_home);
}
