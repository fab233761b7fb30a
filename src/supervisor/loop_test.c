/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What signals do to the supervisor, at each time of its life.
 */

#include "supervisor/loop.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "supervisor/supervisor_fixture.h"

static int block_signals(void **state)
{
	const uint64_t mask = LOOP_SIGNALS;

	return (int)syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, sizeof(mask));
}

/* From another process: our own signals are nobody's business. */
static void get_signal(struct fixture *f, int signal)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		kill(getppid(), signal);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	fixture_pump(f);
}

static void asked_to_end_while_it_starts(void **state)
{
	struct fixture f;

	fixture_open(&f, NULL, NULL);
	f.s.is_starting = true;
	get_signal(&f, SIGUSR1);
	assert_int_equal(f.s.interrupted_by, 0);
	get_signal(&f, SIGTERM);
	assert_int_equal(f.s.interrupted_by, SIGTERM);
	fixture_close(&f);
}

/* Hooks of a reboot may run then: what was meant for the container is meant for the next run. */
static void asked_to_end_between_two_runs(void **state)
{
	static const int ends[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
	struct fixture f;

	fixture_open(&f, NULL, NULL);
	f.s.init_ended = true;
	get_signal(&f, SIGUSR1);
	assert_false(f.s.stop_requested);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		f.s.stop_requested = false;
		get_signal(&f, ends[i]);
		assert_true(f.s.stop_requested);
	}
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked_to_end_while_it_starts),
		cmocka_unit_test(asked_to_end_between_two_runs),
	};

	return cmocka_run_group_tests_name("supervisor/loop", tests, block_signals, NULL);
}
