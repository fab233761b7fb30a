/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where processes are: here, in a pid namespace below, gone.
 */

#include "sys/peer.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A child that waits; with CLONE_NEWPID in a namespace of its own. */
static pid_t start_child(unsigned long flags)
{
	pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void end_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void neighbours_are_here(void **state)
{
	pid_t pid = start_child(0);

	assert_true(pid > 0);
	assert_int_equal(peer_look(getpid()), PEER_HERE);
	assert_int_equal(peer_look(pid), PEER_HERE);
	end_child(pid);
}

static void what_has_no_number_is_not_asked_for(void **state)
{
	assert_int_equal(peer_look(0), PEER_HERE);
	assert_int_equal(peer_look(-1), PEER_HERE);
}

static void a_namespace_below_is_told(void **state)
{
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = start_child(CLONE_NEWPID);
	assert_true(pid > 0);
	assert_int_equal(peer_look(pid), PEER_CONTAINED);
	end_child(pid);
}

static void who_has_ended_is_told(void **state)
{
	pid_t pid = start_child(0);

	assert_true(pid > 0);
	end_child(pid);
	assert_int_equal(peer_look(pid), getuid() == 0 ? PEER_ENDED : PEER_HERE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_here),
		cmocka_unit_test(what_has_no_number_is_not_asked_for),
		cmocka_unit_test(a_namespace_below_is_told),
		cmocka_unit_test(who_has_ended_is_told),
	};

	return cmocka_run_group_tests_name("sys/peer", tests, NULL, NULL);
}
