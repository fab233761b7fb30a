/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of hooks: whose they are, however they come through the pipe, and which are kept.
 */

#include "supervisor/hook_output.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/macros.h"
#include "supervisor/supervisor_fixture.h"

enum { STEP_HOST, STEP_FIRST, STEP_SECOND, STEP_OTHER, STEPS };

struct stage {
	struct fixture f;
	struct plan_step *steps;
	int read_fd, write_fd;
};

static int set_up(void **state)
{
	static const enum plan_op ops[STEPS] = {OP_HOOK, OP_HOOK_INSIDE, OP_HOOK_INSIDE, OP_STATE};
	struct stage *g = calloc(1, sizeof(*g));
	struct plan *p;
	int ends[2];

	assert_non_null(g);
	fixture_open(&g->f, NULL, NULL);
	p = (struct plan *)g->f.s.run.plan;
	g->steps = (void *)fixture_room(&g->f, STEPS * sizeof(*g->steps));
	p->sections[SECTION_START].offset = (uint32_t)((char *)g->steps - (char *)p);
	p->sections[SECTION_START].count = STEPS;
	for (int i = 0; i < STEPS; i++)
		g->steps[i].op = (uint16_t)ops[i];
	g->f.record->section = SECTION_START;
	atomic_store(&g->f.record->cursor, STEP_HOST);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	g->read_fd = ends[0];
	g->write_fd = ends[1];
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *g = *state;

	hook_output_forget(&g->f.s);
	close(g->read_fd);
	if (g->write_fd >= 0)
		close(g->write_fd);
	fixture_close(&g->f);
	free(g);
	return 0;
}

static void feed(struct stage *g, const char *bytes, size_t length)
{
	assert_int_equal(write(g->write_fd, bytes, length), length);
	assert_int_equal(hook_output_read(&g->f.s, g->read_fd), 0);
}
#define FEED(g, literal) feed(g, literal, sizeof(literal) - 1)

static const char *last_of(struct stage *g, int step)
{
	return hook_output_last(&g->f.s, &g->steps[step]);
}

static void a_hook_that_prints_nothing_has_no_last_lines(void **state)
{
	struct stage *g = *state;

	assert_null(last_of(g, STEP_HOST));
	FEED(g, "\0"
		"1\n");
	assert_null(last_of(g, STEP_FIRST));
	FEED(g, "\n\n");
	assert_null(last_of(g, STEP_FIRST));
}

static void lines_belong_to_the_hook_that_was_marked(void **state)
{
	struct stage *g = *state;

	FEED(g, "\0"
		"1\none\ntw");
	FEED(g, "o\nhalf\0"
		"2");
	FEED(g, "\nthree\n");
	assert_null(last_of(g, STEP_FIRST));
	assert_string_equal(last_of(g, STEP_SECOND), "three\n");
}

static void the_last_three_lines_are_kept_an_unended_one_too(void **state)
{
	struct stage *g = *state;

	FEED(g, "\0"
		"1\n1\n2\n3\n4\n5");
	assert_string_equal(last_of(g, STEP_FIRST), "3\n4\n5\n");
}

static void what_only_looks_like_a_mark_is_the_hooks_own(void **state)
{
	struct stage *g = *state;

	FEED(g, "\0"
		"1\nmine\n\0"
		"no number\n\0"
		"3\n\0"
		"99\n");
	assert_string_equal(last_of(g, STEP_FIRST), "no number\n3\n99\n");
}

static void long_lines_are_cut(void **state)
{
	struct stage *g = *state;
	char line[3000];

	memset(line, 'x', sizeof(line));
	FEED(g, "\0"
		"1\n");
	feed(g, line, sizeof(line));
	assert_true(strlen(last_of(g, STEP_FIRST)) < 1000);
}

static void host_hooks_and_those_inside_are_kept_apart(void **state)
{
	struct stage *g = *state;

	FEED(g, "\0"
		"1\ninside");
	hook_output_take(&g->f.s.run, "host\n", 5);
	assert_string_equal(last_of(g, STEP_HOST), "host\n");
	FEED(g, "again\n");
	assert_string_equal(last_of(g, STEP_FIRST), "again\n");
	hook_output_forget(&g->f.s);
	assert_null(last_of(g, STEP_FIRST));
}

static void the_end_of_the_pipe_is_told(void **state)
{
	struct stage *g = *state;

	close(take_fd(g->write_fd));
	assert_int_equal(hook_output_read(&g->f.s, g->read_fd), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hook_that_prints_nothing_has_no_last_lines),
		TEST(lines_belong_to_the_hook_that_was_marked),
		TEST(the_last_three_lines_are_kept_an_unended_one_too),
		TEST(what_only_looks_like_a_mark_is_the_hooks_own),
		TEST(long_lines_are_cut),
		TEST(host_hooks_and_those_inside_are_kept_apart),
		TEST(the_end_of_the_pipe_is_told),
	};

	return cmocka_run_group_tests_name("supervisor/hook_output", tests, NULL, NULL);
}
