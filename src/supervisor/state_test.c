/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state table, and the sequences of spec/wire.md §12 on a real fifo.
 */

#include "supervisor/state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/macros.h"
#include "supervisor/story.h"
#include "supervisor/supervisor_fixture.h"

struct stage {
	struct fixture f;
	char root[64];
	char fifo[256];
	int fifo_fd;
};

static int set_up(void **state)
{
	struct stage *g = calloc(1, sizeof(*g));
	char path[256];

	assert_non_null(g);
	fixture_open(&g->f, NULL, NULL);
	snprintf(g->root, sizeof(g->root), "%s/tare-state-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(g->root));
	snprintf(path, sizeof(path), "mkdir -p %s/lxc/var/lib/lxc %s/lxc/runs/0123", g->root,
		 g->root);
	{
		FILE *shell = popen(path, "re");

		assert_non_null(shell);
		assert_int_equal(pclose(shell), 0);
	}
	snprintf(g->fifo, sizeof(g->fifo), "%s/lxc/var/lib/lxc/monitor-fifo", g->root);
	assert_int_equal(mkfifo(g->fifo, 0600), 0);
	g->fifo_fd = open(g->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/lxc/runs/0123/w1", g->root);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	g->f.record->run_path = fixture_text(&g->f, (char *)g->f.record, path);
	g->f.record->supervisor_pid = 77;
	g->f.record->started = 1700000000;
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *g = *state;
	char command[128];
	FILE *shell;

	close(g->fifo_fd);
	fixture_close(&g->f);
	snprintf(command, sizeof(command), "rm -r %s", g->root);
	shell = popen(command, "re");
	assert_non_null(shell);
	assert_int_equal(pclose(shell), 0);
	free(g);
	return 0;
}

static void assert_record(struct stage *g, int32_t type, int32_t value)
{
	struct wire_message message;

	assert_int_equal(read(g->fifo_fd, &message, sizeof(message)), 264);
	assert_int_equal(message.type, type);
	assert_string_equal(message.name, "w1");
	assert_int_equal(message.value, value);
}

static void assert_no_record(struct stage *g)
{
	char byte;

	assert_int_not_equal(read(g->fifo_fd, &byte, 1), 1);
}

static void only_known_ways_lead_from_state_to_state(void **state)
{
	assert_true(state_may_follow(STATE_STOPPED, STATE_STARTING));
	assert_true(state_may_follow(STATE_STARTING, STATE_RUNNING));
	assert_true(state_may_follow(STATE_STARTING, STATE_ABORTING));
	assert_true(state_may_follow(STATE_ABORTING, STATE_ABORTING));
	assert_true(state_may_follow(STATE_FREEZING, STATE_FROZEN));
	assert_true(state_may_follow(STATE_FROZEN, STATE_THAWED));
	assert_true(state_may_follow(STATE_FROZEN, STATE_STOPPING));
	assert_false(state_may_follow(STATE_STOPPED, STATE_RUNNING));
	assert_false(state_may_follow(STATE_RUNNING, STATE_FROZEN));
	assert_false(state_may_follow(STATE_RUNNING, STATE_STOPPED));
	assert_false(state_may_follow(STATE_STOPPING, STATE_RUNNING));
	for (unsigned from = 0; from <= STATE_COUNT; from++) {
		assert_false(state_may_follow(STATE_THAWED, from));
		assert_false(state_may_follow(STATE_COUNT, from));
		assert_false(state_may_follow(from, STATE_COUNT));
	}
}

static void the_fifo_tells_a_freeze(void **state)
{
	struct stage *g = *state;
	struct supervisor *s = &g->f.s;

	assert_int_equal(state_enter(s, STATE_FREEZING), 0);
	assert_int_equal(state_enter(s, STATE_FROZEN), 0);
	assert_int_equal(state_enter(s, STATE_THAWED), 0);
	assert_int_equal(s->record->state, STATE_RUNNING);
	assert_int_equal(state_enter(s, STATE_RUNNING), 0);
	assert_record(g, 0, 5);
	assert_record(g, 0, 6);
	assert_record(g, 0, 7);
	assert_record(g, 0, 2);
	/* What a client reports it has written there itself. */
	assert_int_equal(state_adopt(s, STATE_FREEZING), 0);
	assert_no_record(g);
}

static void a_final_stop_gives_the_name_back(void **state)
{
	struct stage *g = *state;
	struct supervisor *s = &g->f.s;
	struct stat status;
	char path[256];

	state_tell_exit(s, 9);
	assert_int_equal(state_enter(s, STATE_STOPPING), 0);
	assert_int_equal(state_enter(s, STATE_STOPPED), 0);
	assert_record(g, 2, 9);
	assert_record(g, 0, 3);
	assert_record(g, 0, 0);
	assert_no_record(g);
	snprintf(path, sizeof(path), "%s/lxc/runs/0123/w1", g->root);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/lxc/runs/0123/.ended/w1.77", g->root);
	assert_int_equal(access(path, F_OK), 0);
	assert_true(s->address_is_free);
	/* Where nobody else may look. */
	snprintf(path, sizeof(path), "%s/lxc/runs/0123/.ended", g->root);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	/* At its end the supervisor finds it there. */
	snprintf(path, sizeof(path), "%s/lxc/runs/0123/.ended/w1.77", g->root);
	s->record_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(s->record_fd >= 0);
	story_unlink_record(s);
	close(s->record_fd);
	s->record_fd = -EBADF;
	assert_int_equal(access(path, F_OK), -1);
}

static void those_that_have_ended_are_together(void **state)
{
	struct stage *g = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s/lxc/runs/0123/.ended", g->root);
	assert_int_equal(mkdir(path, 0700), 0);
	state_free_address(&g->f.s);
	snprintf(path, sizeof(path), "%s/lxc/runs/0123/.ended/w1.77", g->root);
	assert_int_equal(access(path, F_OK), 0);
}

/* The name is free when the supervisor has gone. */
static void a_record_that_cannot_be_moved_goes_under_its_name(void **state)
{
	struct stage *g = *state;
	struct supervisor *s = &g->f.s;
	char path[256];

	snprintf(path, sizeof(path), "%s/lxc/runs/0123/.ended", g->root);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	state_free_address(s);
	assert_true(s->address_is_free);
	snprintf(path, sizeof(path), "%s/lxc/runs/0123/w1", g->root);
	s->record_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(s->record_fd >= 0);
	story_unlink_record(s);
	close(s->record_fd);
	s->record_fd = -EBADF;
	assert_int_equal(access(path, F_OK), -1);
}

static void a_reboot_keeps_it(void **state)
{
	struct stage *g = *state;
	struct supervisor *s = &g->f.s;
	char path[256];

	s->run.target = TARGET_REBOOT;
	assert_int_equal(state_enter(s, STATE_STOPPING), 0);
	assert_int_equal(state_enter(s, STATE_STOPPED), 0);
	assert_int_equal(state_enter(s, STATE_STARTING), 0);
	assert_int_equal(state_enter(s, STATE_RUNNING), 0);
	snprintf(path, sizeof(path), "%s/lxc/runs/0123/w1", g->root);
	assert_int_equal(access(path, F_OK), 0);
	assert_false(s->address_is_free);
	assert_int_equal(s->record->started, 1700000000);
}

static void a_reader_that_does_not_read_is_not_waited_for(void **state)
{
	struct stage *g = *state;

	for (int i = 0; i < 1000; i++)
		state_tell_exit(&g->f.s, i);
	assert_record(g, 2, 0);
	close(g->fifo_fd);
	g->fifo_fd = -1;
	state_tell_exit(&g->f.s, 1);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_known_ways_lead_from_state_to_state),
		test(the_fifo_tells_a_freeze),
		test(a_final_stop_gives_the_name_back),
		test(those_that_have_ended_are_together),
		test(a_record_that_cannot_be_moved_goes_under_its_name),
		test(a_reboot_keeps_it),
		test(a_reader_that_does_not_read_is_not_waited_for),
	};

	return cmocka_run_group_tests_name("supervisor/state", tests, NULL, NULL);
}
