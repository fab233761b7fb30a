/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The error chain: what it says as text and JSON, what it does when it is full, and which chains
 * of a hostile peer are turned away.
 */

#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

static void assert_text(const struct err *e, const char *expected)
{
	autostr out = {0};

	err_render_text(e, &out);
	assert_string_equal(str_text(&out), expected);
}

static void assert_json(const struct err *e, const char *expected)
{
	autostr out = {0};

	err_render_json(e, &out);
	assert_string_equal(str_text(&out), expected);
}

/* The example of DESIGN.md §5. */
static void fill_example(struct err *e)
{
	err_set(e, ERR_SYSTEM, ENOENT, "open_tree");
	err_hint(e, "the source does not exist on the host; add \"optional\" to skip it");
	err_wrap(e, -ENOENT, "bind /dev/randomm on dev/random");
	err_step(e, 21);
	err_origin(e, "%s:%d %s", "config", 31, "lxc.mount.entry");
	err_wrap(e, -ENOENT, "cannot start the container");
}

static void a_chain_reads_from_the_intent_to_the_cause(void **state)
{
	struct err e = {0};

	fill_example(&e);
	assert_text(&e,
		    "cannot start the container\n"
		    "  step 21: bind /dev/randomm on dev/random      (config:31 lxc.mount.entry)\n"
		    "  open_tree\n"
		    "  No such file or directory\n"
		    "  hint: the source does not exist on the host; add \"optional\" to skip it");
	assert_string_equal(err_cause(&e), "open_tree");
	assert_true(err_is_valid(&e));
}

static void a_chain_is_one_json_object(void **state)
{
	struct err e = {0};

	fill_example(&e);
	assert_json(&e, "{\"name\":\"system-call-failed\",\"errno\":2,\"frames\":["
			"{\"what\":\"cannot start the container\"},"
			"{\"what\":\"bind /dev/randomm on dev/random\","
			"\"origin\":\"config:31 lxc.mount.entry\",\"step\":21},"
			"{\"what\":\"open_tree\",\"hint\":\"the source does not exist on the host; "
			"add \\\"optional\\\" to skip it\",\"errno\":2}]}");
}

static void a_cause_alone_is_one_line_without_errno(void **state)
{
	struct err e = {0};

	assert_int_equal(err_set(&e, ERR_CONFIG_SYNTAX, 0, "no \"=\" in \"%s\"", "lxc.x"), -EINVAL);
	assert_text(&e, "no \"=\" in \"lxc.x\"");
	err_origin(&e, "c:%d", 3);
	err_object(&e, "c1");
	assert_text(&e, "no \"=\" in \"lxc.x\": c1      (c:3)");
	assert_json(&e,
		    "{\"name\":\"config-syntax\",\"errno\":0,\"frames\":[{\"what\":"
		    "\"no \\\"=\\\" in \\\"lxc.x\\\"\",\"object\":\"c1\",\"origin\":\"c:3\"}]}");
}

static void an_empty_chain_says_nothing(void **state)
{
	struct err e = {0};

	err_object(&e, "x");
	err_origin(&e, "x");
	err_hint(&e, "x");
	err_step(&e, 1);
	assert_false(err_is_set(&e));
	assert_text(&e, "");
	assert_text(NULL, "");
	assert_json(&e, "{\"name\":\"none\",\"errno\":0,\"frames\":[]}");
	assert_json(NULL, "{\"name\":\"none\",\"errno\":0,\"frames\":[]}");
	assert_string_equal(err_cause(&e), "");
	assert_string_equal(err_cause(NULL), "");
	assert_string_equal(err_text_at(NULL, 1), "");
	assert_true(err_is_valid(&e));
}

static void nobody_needs_to_want_the_explanation(void **state)
{
	assert_int_equal(err_set(NULL, ERR_SYSTEM, EPERM, "x"), -EPERM);
	assert_int_equal(err_set(NULL, ERR_USAGE, 0, "x"), -EINVAL);
	assert_int_equal(err_wrap(NULL, -EPERM, "x"), -EPERM);
	assert_int_equal(err_wrap(NULL, 0, "x"), -EIO);
	err_object(NULL, "x");
	err_origin(NULL, "x");
	err_hint(NULL, "x");
	err_step(NULL, 1);
	err_clear(NULL);
	assert_false(err_is_set(NULL));
}

static void the_number_of_the_cause_travels(void **state)
{
	struct err e = {0};

	assert_int_equal(err_set(&e, ERR_FILE_OPEN, EACCES, "x"), -EACCES);
	assert_int_equal(err_wrap(&e, -EIO, "y"), -EACCES);
	err_clear(&e);
	assert_false(err_is_set(&e));

	/* Wrapped without a cause: the wrapping becomes it. */
	assert_int_equal(err_wrap(&e, -EBUSY, "removing %s", "c1"), -EBUSY);
	assert_int_equal(e.id, ERR_SYSTEM);
	assert_text(&e, "removing c1\n  Device or resource busy");
	err_clear(&e);
	assert_int_equal(err_wrap(&e, 5, "x"), -EIO);

	/* Numbers that are none. */
	assert_int_equal(err_set(&e, ERR_SYSTEM, -EPERM, "x"), -EINVAL);
	assert_int_equal(err_set(&e, ERR_SYSTEM, 100000, "x"), -EINVAL);
	assert_true(err_is_valid(&e));
}

static void a_new_cause_may_quote_the_old_chain(void **state)
{
	struct err e = {0};

	fill_example(&e);
	err_set(&e, ERR_USAGE, 0, "because: %s", err_cause(&e));
	assert_text(&e, "because: open_tree");
	assert_int_equal(e.frame_count, 1);
}

static void an_empty_wrapping_is_no_frame(void **state)
{
	struct err e = {0};

	err_set(&e, ERR_USAGE, 0, "cause");
	err_wrap(&e, -EINVAL, "%s", "");
	err_hint(&e, "%s", "");
	assert_text(&e, "cause");
	assert_int_equal(e.dropped, 0);
}

static void texts_are_one_harmless_line(void **state)
{
	struct err e = {0};

	err_set(&e, ERR_FILE_OPEN, 0, "cannot open \"%s\"", "a\n  hint: \x1b[2Jrun evil\xff");
	assert_text(&e, "cannot open \"a\\n  hint: \\x1b[2Jrun evil\\xff\"");
	assert_true(err_is_valid(&e));
}

/* Lets what cannot be formatted end as an empty text instead of garbage. */
static void a_format_that_cannot_be_written_is_empty(void **state)
{
	struct err e = {0};

	err_set(&e, ERR_USAGE, 0, "%ls", L"\u20ac");
	assert_string_equal(err_cause(&e), "");
	assert_true(err_is_set(&e));
}

static void too_many_frames_drop_the_outer_ones(void **state)
{
	autostr out = {0};
	struct err e = {0};

	err_set(&e, ERR_SYSTEM, ENOENT, "cause");
	for (int i = 1; i < 12; i++) {
		err_wrap(&e, -ENOENT, "frame %d", i);
		err_object(&e, "object");
		err_step(&e, i);
	}
	assert_int_equal(e.frame_count, ERR_FRAMES_MAX);
	assert_string_equal(err_cause(&e), "cause");
	/* The last frame has its own step, not one of those that were dropped. */
	assert_int_equal(e.frames[ERR_FRAMES_MAX - 1].step, ERR_FRAMES_MAX - 1);
	assert_int_equal(e.dropped, 4 * 3);
	assert_true(err_is_valid(&e));

	err_render_text(&e, &out);
	assert_true(text_starts(str_text(&out), "step 7: frame 7: object\n  step 6: frame 6"));
	assert_true(text_ends(str_text(&out), "\n  cause\n  No such file or directory\n"
					      "  (12 further details found no room)"));
}

static void a_long_text_is_cut_between_characters(void **state)
{
	struct err e = {0};

	for (int pad = 0; pad < 4; pad++) {
		char text[2 * ERR_TEXT_MAX];
		size_t len;

		memset(text, 'x', (size_t)pad);
		for (size_t i = (size_t)pad; i < sizeof(text) - 4; i += 3)
			memcpy(text + i, "€", 4);
		err_set(&e, ERR_USAGE, 0, "%s", text);
		assert_true(err_is_valid(&e));
		assert_true(text_ends(err_cause(&e), "€…"));
		len = strlen(err_cause(&e));
		assert_true(len > ERR_TEXT_LONGEST - 8 && len < ERR_TEXT_LONGEST);
	}
}

static void fill_text(char text[ERR_TEXT_MAX], size_t len)
{
	memset(text, 'x', len);
	text[len] = '\0';
}

/* A value of some thousand bytes in a message must not cost the line that it stands in. */
static void a_long_text_leaves_room_for_the_others(void **state)
{
	char text[ERR_TEXT_MAX];
	autostr out = {0};
	struct err e = {0};

	fill_text(text, sizeof(text) - 1);
	err_set(&e, ERR_USAGE, 0, "%s", text);
	err_object(&e, text);
	err_origin(&e, "config:7");
	err_hint(&e, "shorten it");
	err_wrap(&e, -EINVAL, "outer");
	err_render_text(&e, &out);
	assert_true(text_starts(str_text(&out), "outer\n  xxx"));
	assert_non_null(strstr(str_text(&out), "x…: xxx"));
	assert_non_null(strstr(str_text(&out), "x…      (config:7)"));
	assert_true(text_ends(str_text(&out), "\n  hint: shorten it"));
	assert_int_equal(e.dropped, 0);
}

static void without_room_the_cause_stays(void **state)
{
	char text[ERR_TEXT_MAX];
	struct err e = {0};

	fill_text(text, sizeof(text) - 1);
	err_set(&e, ERR_USAGE, 0, "cause%s", text);
	err_object(&e, text);
	err_origin(&e, "%s", text);
	err_hint(&e, "%s", text);
	assert_int_equal(e.dropped, 0);
	err_wrap(&e, -EINVAL, "outer");
	err_hint(&e, "hint of outer");
	assert_true(text_starts(err_cause(&e), "cause"));
	assert_int_equal(e.frame_count, 1);
	assert_int_equal(e.dropped, 2);
	assert_true(err_is_valid(&e));
}

static void texts_share_the_room_to_the_last_byte(void **state)
{
	char text[ERR_TEXT_MAX];

	for (size_t last = ERR_TEXT_LONGEST - 60; last <= ERR_TEXT_LONGEST; last++) {
		struct err e = {0};

		fill_text(text, sizeof(text) - 1);
		err_set(&e, ERR_USAGE, 0, "%s", text);
		err_object(&e, text);
		err_origin(&e, "%s", text);
		fill_text(text, last);
		err_wrap(&e, -EINVAL, "ü%s", text);
		err_origin(&e, "somewhere:1");
		assert_true(err_is_valid(&e));
		assert_int_equal(e.text[ERR_TEXT_MAX - 1], '\0');
	}
}

static void the_count_of_what_was_dropped_does_not_wrap(void **state)
{
	struct err e = {0};

	err_set(&e, ERR_USAGE, 0, "cause");
	for (int i = 0; i < 70000; i++)
		err_wrap(&e, -EINVAL, "x");
	assert_int_equal(e.dropped, UINT16_MAX);
	assert_true(err_is_valid(&e));
}

static void names_are_stable_and_unique(void **state)
{
	assert_string_equal(err_name(ERR_NONE), "none");
	assert_string_equal(err_name(ERR_CONFIG_KEY_UNKNOWN), "config-key-unknown");
	assert_string_equal(err_name(ERR_ID_COUNT), "unknown");
	for (unsigned i = 0; i < ERR_ID_COUNT; i++) {
		assert_non_null(err_name(i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(err_name(i), err_name(j));
	}
}

static void damage_count(struct err *e)
{
	e->frame_count = ERR_FRAMES_MAX + 1;
}

static void damage_used(struct err *e)
{
	e->text_used = ERR_TEXT_MAX + 1;
}

static void damage_used_zero(struct err *e)
{
	e->text_used = 0;
}

static void damage_empty_text(struct err *e)
{
	e->text[0] = 'x';
}

static void damage_terminator(struct err *e)
{
	e->text[e->text_used - 1] = 'x';
}

static void damage_control(struct err *e)
{
	e->text[2] = '\x1b';
}

static void damage_newline(struct err *e)
{
	e->text[2] = '\n';
}

static void damage_utf8(struct err *e)
{
	e->text[2] = '\xff';
}

static void damage_what(struct err *e)
{
	e->frames[0].what = e->text_used;
}

static void damage_object(struct err *e)
{
	e->frames[1].object = UINT16_MAX;
}

static void damage_origin(struct err *e)
{
	e->frames[1].origin = ERR_TEXT_MAX;
}

static void damage_hint(struct err *e)
{
	e->frames[2].hint = ERR_TEXT_MAX - 1;
}

static void damage_errnum(struct err *e)
{
	e->frames[0].errnum = -1;
}

static void damage_large_errnum(struct err *e)
{
	e->frames[0].errnum = 4096;
}

static void damage_step(struct err *e)
{
	e->frames[1].step = -1;
}

static void damage_code(struct err *e)
{
	e->code = 0;
}

static void damage_small_code(struct err *e)
{
	e->code = -4096;
}

static void damage_empty_with_code(struct err *e)
{
	e->frame_count = 0;
}

static void chains_of_hostile_peers_are_refused(void **state)
{
	static void (*const damages[])(struct err * e) = {
		damage_count,      damage_used,         damage_used_zero,
		damage_empty_text, damage_terminator,   damage_control,
		damage_newline,    damage_utf8,         damage_what,
		damage_object,     damage_origin,       damage_hint,
		damage_errnum,     damage_large_errnum, damage_step,
		damage_code,       damage_small_code,   damage_empty_with_code,
	};

	for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
		struct err e = {0};

		fill_example(&e);
		assert_true(err_is_valid(&e));
		damages[i](&e);
		assert_false(err_is_valid(&e));
	}
}

/* From a newer peer: an id beyond the table is fine. What lies behind the text used does not count.
 */
static void chains_of_newer_peers_are_accepted(void **state)
{
	struct err e = {0};

	fill_example(&e);
	e.id = 999;
	e.text[e.text_used] = '\x1b';
	assert_true(err_is_valid(&e));
	assert_string_equal(err_name(e.id), "unknown");
	assert_string_equal(err_text_at(&e, e.text_used), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_reads_from_the_intent_to_the_cause),
		cmocka_unit_test(a_chain_is_one_json_object),
		cmocka_unit_test(a_cause_alone_is_one_line_without_errno),
		cmocka_unit_test(an_empty_chain_says_nothing),
		cmocka_unit_test(nobody_needs_to_want_the_explanation),
		cmocka_unit_test(the_number_of_the_cause_travels),
		cmocka_unit_test(a_new_cause_may_quote_the_old_chain),
		cmocka_unit_test(an_empty_wrapping_is_no_frame),
		cmocka_unit_test(texts_are_one_harmless_line),
		cmocka_unit_test(a_format_that_cannot_be_written_is_empty),
		cmocka_unit_test(too_many_frames_drop_the_outer_ones),
		cmocka_unit_test(a_long_text_is_cut_between_characters),
		cmocka_unit_test(a_long_text_leaves_room_for_the_others),
		cmocka_unit_test(without_room_the_cause_stays),
		cmocka_unit_test(texts_share_the_room_to_the_last_byte),
		cmocka_unit_test(the_count_of_what_was_dropped_does_not_wrap),
		cmocka_unit_test(names_are_stable_and_unique),
		cmocka_unit_test(chains_of_hostile_peers_are_refused),
		cmocka_unit_test(chains_of_newer_peers_are_accepted),
	};

	return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
