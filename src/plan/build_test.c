/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building plans: texts are stored once, offsets lead where they should, limits are told.
 */

#include "plan/build.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "plan/plan_fixture.h"

static void equal_pieces_are_stored_once(void **state)
{
	const char *const list[] = {"a", "b", NULL};
	struct plan_build b;
	uint32_t text;

	(void)state;
	plan_build_init(&b);
	text = plan_build_text(&b, "eth0");
	assert_int_not_equal(text, 0);
	assert_int_equal(plan_build_text(&b, "eth0"), text);
	assert_int_equal(plan_build_textf(&b, "eth%d", 0), text);
	assert_int_not_equal(plan_build_text(&b, "eth1"), text);
	assert_int_not_equal(plan_build_text(&b, "eth"), text);
	assert_int_equal(plan_build_list(&b, list), plan_build_list(&b, list));
	assert_int_not_equal(plan_build_list(&b, list), plan_build_list(&b, list + 1));
	assert_int_equal(plan_build_bytes(&b, "ab", 2), plan_build_bytes(&b, "ab", 2));
	assert_int_equal(plan_build_text(&b, NULL), 0);
	assert_int_equal(plan_build_text(&b, ""), 0);
	assert_int_not_equal(plan_build_list(&b, list + 2), 0);
	assert_int_not_equal(plan_build_list(&b, NULL), 0);
	plan_build_free(&b);
}

static void thousands_of_texts_keep_their_offsets(void **state)
{
	uint32_t offsets[5000];
	struct plan_build b;

	(void)state;
	plan_build_init(&b);
	for (unsigned i = 0; i < 5000; i++)
		offsets[i] = plan_build_textf(&b, "text %u", i);
	for (unsigned i = 0; i < 5000; i++) {
		char text[32];

		assert_int_equal(plan_build_textf(&b, "text %u", i), offsets[i]);
		snprintf(text, sizeof(text), "text %u", i);
		assert_string_equal(b.blob.data + offsets[i], text);
	}
	plan_build_free(&b);
}

static void a_finished_plan_reads_back(void **state)
{
	autostr bytes = {};
	const struct plan *p = fixture_plan(&bytes);
	const struct plan_step *steps = plan_steps(p, SECTION_START);
	const struct plan_step *exec = &steps[FIXTURE_EXEC_AT];
	const char *item;

	(void)state;
	assert_null(plan_check(p, bytes.len));
	assert_int_equal(p->size, bytes.len);
	assert_int_equal(p->sections[SECTION_START].count, FIXTURE_START_COUNT);
	assert_int_equal(p->sections[SECTION_STOP].count, 3);
	assert_int_equal(steps[FIXTURE_STATE_AT].in, PLAN_NO_REGISTER);
	assert_int_equal(steps[FIXTURE_STATE_AT].origin, 0);
	assert_int_equal(steps[FIXTURE_CLONE_AT].arg[1], PLAN_NO_REGISTER);
	assert_int_equal(steps[FIXTURE_GATE_AT].lane, LANE_BOTH);
	assert_string_equal(plan_text(p, steps[FIXTURE_OPEN_AT].arg[1]), "/data");
	assert_string_equal(plan_text(p, steps[FIXTURE_OPEN_AT].origin),
			    "config:31 lxc.mount.entry");
	assert_int_equal(plan_list_count(p, exec->arg[0]), 2);
	item = plan_list_first(p, exec->arg[0]);
	assert_string_equal(item, "/sbin/init");
	assert_string_equal(item + strlen(item) + 1, "say \"hi\"");
	assert_int_equal(plan_bytes_length(p, steps[FIXTURE_GROUPS_AT].arg[0]), 8);
	assert_int_equal(((const uint32_t *)plan_bytes(p, steps[FIXTURE_GROUPS_AT].arg[0]))[1], 27);
	assert_string_equal(plan_text(p, plan_registers(p)[FIXTURE_VETH].name), "veth0");
	assert_string_equal(plan_text(p, plan_hierarchies(p)->mount), "/sys/fs/cgroup");
	assert_string_equal(plan_text(p, plan_overlays(p)->key), "lxc.net.0.veth.pair");
}

static void the_same_calls_make_the_same_bytes(void **state)
{
	autostr first = {}, second = {};

	(void)state;
	fixture_plan(&first);
	fixture_plan(&second);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
}

static void objects_become_visible(void **state)
{
	struct plan_build b;
	char longer[2000];

	(void)state;
	memset(longer, '\n', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	plan_build_init(&b);
	const struct plan_step *step =
		plan_build_step(&b, SECTION_START, OP_KILL, "a\nb\xff", longer);
	assert_string_equal(b.blob.data + step->object, "a\\nb\\xff");
	assert_int_equal(strlen(b.blob.data + step->origin), 2 * (sizeof(longer) - 1));
	plan_build_free(&b);
}

/* A hook may be a long command line: no reason to refuse the plan. */
static void long_objects_are_cut(void **state)
{
	static char longest[100000];
	struct plan_build b;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	plan_build_init(&b);
	const struct plan_step *step = plan_build_step(&b, SECTION_START, OP_KILL, longest, "here");
	assert_true(strlen(b.blob.data + step->object) < PLAN_VISIBLE_MAX);
	assert_true(strlen(b.blob.data + step->object) > PLAN_VISIBLE_MAX / 2);
	plan_build_free(&b);
}

static void too_many_registers_are_told(void **state)
{
	struct plan_build b;
	autostr bytes = {};
	struct err e = {};

	(void)state;
	plan_build_init(&b);
	for (unsigned i = 0; i < PLAN_REGISTERS_MAX; i++)
		assert_int_equal(plan_build_register(&b, REGISTER_FD, "x"), i);
	assert_int_equal(plan_build_register(&b, REGISTER_FD, "x"), PLAN_NO_REGISTER);
	str_add(&bytes, "before");
	assert_int_equal(plan_build_finish(&b, &bytes, &e), -ENOSPC);
	assert_int_equal(e.id, ERR_PLAN_INVALID);
	assert_string_equal(str_text(&bytes), "before");
	plan_build_free(&b);
}

static void too_large_a_plan_is_told(void **state)
{
	autofree char *large = calloc(1, PLAN_SIZE_MAX);
	struct plan_build b;
	autostr bytes = {};
	struct err e = {};

	(void)state;
	assert_non_null(large);
	plan_build_init(&b);
	assert_int_equal(plan_build_bytes(&b, large, PLAN_SIZE_MAX), 0);
	assert_int_equal(plan_build_text(&b, "later"), 0);
	assert_int_equal(plan_build_finish(&b, &bytes, &e), -EFBIG);
	plan_build_free(&b);

	plan_build_init(&b);
	for (unsigned i = 0; i < PLAN_SIZE_MAX / sizeof(struct plan_step); i++)
		plan_build_step(&b, SECTION_STOP, OP_KILL, "init", NULL);
	assert_int_equal(plan_build_finish(&b, &bytes, &e), -EFBIG);
	assert_int_equal(bytes.len, 0);
	plan_build_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_pieces_are_stored_once),
		cmocka_unit_test(thousands_of_texts_keep_their_offsets),
		cmocka_unit_test(a_finished_plan_reads_back),
		cmocka_unit_test(the_same_calls_make_the_same_bytes),
		cmocka_unit_test(objects_become_visible),
		cmocka_unit_test(long_objects_are_cut),
		cmocka_unit_test(too_many_registers_are_told),
		cmocka_unit_test(too_large_a_plan_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
