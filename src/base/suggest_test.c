/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nearest word: each kind of typing mistake, and the words that are too far.
 */

#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static const char *const keys[] = {
	"lxc.rootfs.path", "lxc.rootfs.mount", "lxc.net",  "lxc.mount.entry", "lxc.mount.auto",
	"lxc.uts.name",    "lxc.idmap",        "lxc.arch", "lxc.cap.drop",    "lxc.cap.keep",
};

static const char *nearest(const char *wanted)
{
	struct suggestion s;

	suggest_init(&s, wanted);
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
		suggest_offer(&s, keys[i]);
	return suggest_best(&s);
}

static void every_kind_of_mistake_is_understood(void **state)
{
	assert_string_equal(nearest("lxc.rootfs.pth"), "lxc.rootfs.path");
	assert_string_equal(nearest("lxc.rootfs.paath"), "lxc.rootfs.path");
	assert_string_equal(nearest("lxc.roofts.path"), "lxc.rootfs.path");
	assert_string_equal(nearest("lxc.rootfs.bath"), "lxc.rootfs.path");
	assert_string_equal(nearest("LXC.Rootfs.Path"), "lxc.rootfs.path");
	assert_string_equal(nearest("lxc.id_map"), "lxc.idmap");
	assert_string_equal(nearest("lxc.mount.entrys"), "lxc.mount.entry");
}

static void words_that_are_far_get_no_suggestion(void **state)
{
	assert_null(nearest("lxc.console.buffer.size"));
	assert_null(nearest("lxc.rootfs"));
	assert_null(nearest("something"));
	assert_null(nearest(""));
	assert_null(nearest("x"));
	assert_null(nearest("lxc.zzzz.zzzz"));
}

static void two_swapped_letters_are_one_mistake(void **state)
{
	struct suggestion s;

	suggest_init(&s, "netwrok");
	suggest_offer(&s, "netwkro");
	suggest_offer(&s, "network");
	assert_string_equal(suggest_best(&s), "network");
	assert_int_equal(s.distance, 1);
}

static void the_first_of_equally_near_words_wins(void **state)
{
	struct suggestion s;

	suggest_init(&s, "cap.xxop");
	suggest_offer(&s, "cap.stop");
	suggest_offer(&s, "cap.drop");
	assert_string_equal(suggest_best(&s), "cap.stop");
	suggest_offer(&s, "cap.xxop");
	assert_string_equal(suggest_best(&s), "cap.xxop");
}

static void long_words_are_left_out(void **state)
{
	char longest[SUGGEST_LENGTH_MAX + 2];
	char other[SUGGEST_LENGTH_MAX + 2];
	struct suggestion s;

	memset(longest, 'x', sizeof(longest));
	longest[SUGGEST_LENGTH_MAX] = '\0';
	memcpy(other, longest, sizeof(other));
	other[0] = 'y';
	suggest_init(&s, longest);
	suggest_offer(&s, other);
	assert_ptr_equal(suggest_best(&s), other);

	longest[SUGGEST_LENGTH_MAX] = 'x';
	longest[SUGGEST_LENGTH_MAX + 1] = '\0';
	suggest_init(&s, longest);
	suggest_offer(&s, longest);
	assert_null(suggest_best(&s));
	suggest_init(&s, other);
	suggest_offer(&s, longest);
	assert_null(suggest_best(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_mistake_is_understood),
		cmocka_unit_test(words_that_are_far_get_no_suggestion),
		cmocka_unit_test(two_swapped_letters_are_one_mistake),
		cmocka_unit_test(the_first_of_equally_near_words_wins),
		cmocka_unit_test(long_words_are_left_out),
	};

	return cmocka_run_group_tests_name("base/suggest", tests, NULL, NULL);
}
