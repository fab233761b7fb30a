/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the mount options: every word, whole words only, data in its order, LXC's words about
 * what is wrong, and that printing and parsing undo each other.
 */

#include "config/mount_options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"
#include "config/arena_fixture.h"

static struct mount_options parse(void **state, const char *text)
{
	struct mount_options options;
	struct err e = {0};

	memset(&options, 0xff, sizeof(options));
	assert_int_equal(mount_options_parse(text, *state, &options, &e), 0);
	assert_false(err_is_set(&e));
	return options;
}

static void assert_prints(const struct mount_options *options, const char *expected)
{
	autostr out = {0};

	mount_options_print(options, &out);
	assert_false(str_failed(&out));
	assert_string_equal(str_text(&out), expected);
}

struct flag_case {
	const char *word;
	uint32_t set;
	uint32_t clear;
};

static const struct flag_case flag_cases[] = {
	{"defaults", 0, 0},
	{"bind", MOUNT_BIND, 0},
	{"rbind", MOUNT_RBIND, 0},
	{"move", MOUNT_MOVE, 0},
	{"ro", MOUNT_RO, 0},
	{"rw", 0, MOUNT_RO},
	{"nosuid", MOUNT_NOSUID, 0},
	{"suid", 0, MOUNT_NOSUID},
	{"nodev", MOUNT_NODEV, 0},
	{"dev", 0, MOUNT_NODEV},
	{"noexec", MOUNT_NOEXEC, 0},
	{"exec", 0, MOUNT_NOEXEC},
	{"noatime", MOUNT_NOATIME, 0},
	{"atime", 0, MOUNT_NOATIME},
	{"nodiratime", MOUNT_NODIRATIME, 0},
	{"diratime", 0, MOUNT_NODIRATIME},
	{"relatime", MOUNT_RELATIME, 0},
	{"norelatime", 0, MOUNT_RELATIME},
	{"strictatime", MOUNT_STRICTATIME, 0},
	{"nostrictatime", 0, MOUNT_STRICTATIME},
	{"nosymfollow", MOUNT_NOSYMFOLLOW, 0},
};

static void every_flag_word_sets_or_clears_its_flag(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(flag_cases); i++) {
		struct mount_options options = parse(state, flag_cases[i].word);

		assert_int_equal(options.set, flag_cases[i].set);
		assert_int_equal(options.clear, flag_cases[i].clear);
		assert_null(options.data);
		assert_prints(&options, flag_cases[i].word);
	}
}

struct set_case {
	const char *word;
	uint32_t bits;
};

static void every_propagation_word_is_known_with_its_recursive_form(void **state)
{
	static const struct set_case cases[] = {
		{"rprivate", MOUNT_PRIVATE},
		{"rshared", MOUNT_SHARED},
		{"rslave", MOUNT_SLAVE},
		{"runbindable", MOUNT_UNBINDABLE},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct mount_options recursive = parse(state, cases[i].word);
		struct mount_options single = parse(state, cases[i].word + 1);

		assert_int_equal(recursive.propagation, cases[i].bits);
		assert_true(recursive.propagation_recursive);
		assert_null(recursive.data);
		assert_prints(&recursive, cases[i].word);
		assert_int_equal(single.propagation, cases[i].bits);
		assert_false(single.propagation_recursive);
		assert_null(single.data);
		assert_prints(&single, cases[i].word + 1);
	}
}

static void every_ignored_word_is_remembered_and_no_data(void **state)
{
	static const struct set_case cases[] = {
		{"sync", MOUNT_IGNORED_SYNC},       {"async", MOUNT_IGNORED_ASYNC},
		{"dirsync", MOUNT_IGNORED_DIRSYNC}, {"lazytime", MOUNT_IGNORED_LAZYTIME},
		{"mand", MOUNT_IGNORED_MAND},       {"nomand", MOUNT_IGNORED_NOMAND},
		{"remount", MOUNT_IGNORED_REMOUNT},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct mount_options options = parse(state, cases[i].word);

		assert_int_equal(options.ignored, cases[i].bits);
		assert_int_equal(options.set | options.clear, 0);
		assert_null(options.data);
		assert_prints(&options, cases[i].word);
	}
}

static void every_lxc_word_is_known(void **state)
{
	struct mount_options options = parse(state, "optional");

	assert_true(options.optional);
	assert_false(options.relative);
	assert_prints(&options, "optional");
	options = parse(state, "relative");
	assert_true(options.relative);
	assert_false(options.optional);
	assert_prints(&options, "relative");
	options = parse(state, "create=dir");
	assert_int_equal(options.create, MOUNT_CREATE_DIR);
	assert_prints(&options, "create=dir");
	options = parse(state, "create=file");
	assert_int_equal(options.create, MOUNT_CREATE_FILE);
	assert_prints(&options, "create=file");
	options = parse(state, "idmap=container");
	assert_int_equal(options.idmap, MOUNT_IDMAP_CONTAINER);
	assert_null(options.idmap_path);
	assert_prints(&options, "idmap=container");
	options = parse(state, "idmap=/proc/42/ns/user");
	assert_int_equal(options.idmap, MOUNT_IDMAP_PATH);
	assert_string_equal(options.idmap_path, "/proc/42/ns/user");
	assert_prints(&options, "idmap=/proc/42/ns/user");
}

static void the_last_of_contradicting_words_wins(void **state)
{
	struct mount_options options = parse(state, "ro,rw,suid,nosuid,idmap=/a,idmap=container");

	assert_int_equal(options.set, MOUNT_NOSUID);
	assert_int_equal(options.clear, MOUNT_RO);
	assert_int_equal(options.idmap, MOUNT_IDMAP_CONTAINER);
	assert_null(options.idmap_path);
	options = parse(state, "idmap=container,idmap=/a");
	assert_string_equal(options.idmap_path, "/a");
}

static void contradicting_creates_and_propagations_are_kept_for_the_check(void **state)
{
	struct mount_options options = parse(state, "create=file,slave,create=dir,rshared");

	assert_int_equal(options.create, MOUNT_CREATE_DIR | MOUNT_CREATE_FILE);
	assert_int_equal(options.propagation, MOUNT_SLAVE | MOUNT_SHARED);
	assert_true(options.propagation_recursive);
	assert_prints(&options, "rshared,rslave,create=dir,create=file");
}

static void words_are_compared_whole(void **state)
{
	static const char *const foreign[] = {
		"rootcontext=system_u:object_r:tmp_t:s0",
		"devmode=0600",
		"roo",
		"r",
		"RO",
		" ro",
		"optionals",
		"create=directory",
		"create=",
		"create",
		"idmap",
		"relative=1",
		"upperdir=/srv/optional/relative/create=dir/idmap=container",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(foreign); i++) {
		struct mount_options options = parse(state, foreign[i]);

		assert_string_equal(options.data, foreign[i]);
		assert_int_equal(options.set | options.clear | options.create, 0);
		assert_false(options.optional || options.relative);
		assert_int_equal(options.idmap, MOUNT_IDMAP_NONE);
		assert_prints(&options, foreign[i]);
	}
}

static void all_other_words_are_data_in_their_order(void **state)
{
	struct mount_options options =
		parse(state, "size=1G,ro,mode=755,nosuid,uid=0,create=dir,context=\"a,b\"");

	assert_string_equal(options.data, "size=1G,mode=755,uid=0,context=\"a,b\"");
	assert_int_equal(options.set, MOUNT_RO | MOUNT_NOSUID);
	assert_prints(&options, "ro,nosuid,create=dir,size=1G,mode=755,uid=0,context=\"a,b\"");
}

static void empty_words_are_skipped_and_no_options_are_defaults(void **state)
{
	static const char *const empty[] = {"", ",", ",,,", "defaults", ",defaults,"};
	struct mount_options options;

	for (size_t i = 0; i < ARRAY_LENGTH(empty); i++) {
		options = parse(state, empty[i]);
		assert_int_equal(options.set | options.clear, 0);
		assert_null(options.data);
		assert_prints(&options, "defaults");
	}
	options = parse(state, ",ro,,size=1,,mode=2,");
	assert_string_equal(options.data, "size=1,mode=2");
	assert_int_equal(options.set, MOUNT_RO);
}

static void idmap_without_path_is_an_error_in_lxc_words(void **state)
{
	static const char *const texts[] = {"idmap=", "bind,idmap=,ro"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct mount_options options = {.set = 77};
		struct err e = {0};

		assert_int_equal(mount_options_parse(texts[i], *state, &options, &e), -EINVAL);
		assert_string_equal(
			err_cause(&e),
			"Missing idmap path for \"idmap=<path>\" LXC specific mount option");
		assert_string_equal(err_name(e.id), "mount-entry-invalid");
		assert_int_equal(options.set, 77);
	}
}

static void nobody_needs_to_want_the_error(void **state)
{
	struct mount_options options;

	assert_int_equal(mount_options_parse("idmap=", *state, &options, NULL), -EINVAL);
	assert_int_equal(mount_options_parse_rootfs("optional", *state, &options, NULL), -EINVAL);
}

static void rootfs_options_refuse_the_words_of_entries(void **state)
{
	static const char *const words[] = {"create=dir", "create=file", "create=x", "optional",
					    "relative"};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		struct mount_options options = {.set = 77};
		struct err e = {0};
		autostr text = {0};
		autostr expected = {0};

		str_addf(&text, "ro,%s,nosuid", words[i]);
		str_addf(&expected, "Invalid LXC specific mount option for rootfs mount: \"%s\"",
			 words[i]);
		assert_int_equal(mount_options_parse_rootfs(str_text(&text), *state, &options, &e),
				 -EINVAL);
		assert_string_equal(err_cause(&e), str_text(&expected));
		assert_int_equal(options.set, 77);
	}
}

static void rootfs_options_take_idmap_flags_and_data(void **state)
{
	struct mount_options options;
	struct err e = {0};

	assert_int_equal(mount_options_parse_rootfs("idmap=container,noatime,subvol=/optional",
						    *state, &options, &e),
			 0);
	assert_int_equal(options.idmap, MOUNT_IDMAP_CONTAINER);
	assert_int_equal(options.set, MOUNT_NOATIME);
	assert_string_equal(options.data, "subvol=/optional");
	assert_int_equal(mount_options_parse_rootfs("", *state, &options, &e), 0);
	assert_int_equal(options.set, 0);
	assert_int_equal(mount_options_parse_rootfs("idmap=", *state, &options, &e), -EINVAL);
}

static void binds_are_recognised(void **state)
{
	struct mount_options options = parse(state, "ro,bind");

	assert_true(mount_options_is_bind(&options));
	options = parse(state, "rbind");
	assert_true(mount_options_is_bind(&options));
	options = parse(state, "ro,bindings=1");
	assert_false(mount_options_is_bind(&options));
}

/* Every listed word is one that the parser takes, and the list ends. */
static void the_word_list_holds_all_words(void **state)
{
	size_t count = 0;
	const char *word;

	while ((word = mount_options_word(count)) != NULL) {
		bool has_value = word[strlen(word) - 1] == '=';
		autostr text = {0};
		struct mount_options options;

		str_addf(&text, "%s%s", word, has_value ? "/x" : "");
		options = parse(state, str_text(&text));
		assert_null(options.data);
		assert_prints(&options, str_text(&text));
		count++;
	}
	assert_int_equal(count, ARRAY_LENGTH(flag_cases) + 8 + 7 + 5);
	assert_null(mount_options_word(count + 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(every_flag_word_sets_or_clears_its_flag),
		ARENA_TEST(every_propagation_word_is_known_with_its_recursive_form),
		ARENA_TEST(every_ignored_word_is_remembered_and_no_data),
		ARENA_TEST(every_lxc_word_is_known),
		ARENA_TEST(the_last_of_contradicting_words_wins),
		ARENA_TEST(contradicting_creates_and_propagations_are_kept_for_the_check),
		ARENA_TEST(words_are_compared_whole),
		ARENA_TEST(all_other_words_are_data_in_their_order),
		ARENA_TEST(empty_words_are_skipped_and_no_options_are_defaults),
		ARENA_TEST(idmap_without_path_is_an_error_in_lxc_words),
		ARENA_TEST(nobody_needs_to_want_the_error),
		ARENA_TEST(rootfs_options_refuse_the_words_of_entries),
		ARENA_TEST(rootfs_options_take_idmap_flags_and_data),
		ARENA_TEST(binds_are_recognised),
		ARENA_TEST(the_word_list_holds_all_words),
	};

	return cmocka_run_group_tests_name("mount_options", tests, NULL, NULL);
}
