/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where processes are: here, in a pid namespace below, gone.
 */

#include "sys/peer.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/kernel.h"

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

/* Of a process of root's an ordinary user may not see the namespaces. */
static void a_namespace_below_is_told_to_other_users(void **state)
{
	enum { GROUPS = 60000 }; /* a long line before the one that tells */
	static gid_t groups[GROUPS];
	int status = -1, ends[2];
	pid_t pid, asker;
	char byte;

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = start_child(0);
	assert_int_equal(peer_look(pid), PEER_HERE);
	end_child(pid);
	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = 100000000 + (gid_t)i;
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		if (syscall(SYS_setgroups, GROUPS, groups) < 0 || write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	asker = fork();
	if (asker == 0) {
		if (setresuid(65001, 65001, 65001) < 0)
			_exit(9);
		_exit(peer_look(getppid()) == PEER_HERE ? (int)peer_look(pid) : 8);
	}
	assert_int_equal(waitpid(asker, &status, 0), asker);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), PEER_CONTAINED);
	end_child(pid);
	close(ends[0]);
	close(ends[1]);
}

/* Who has listened, seen from the other end. */
static void look_at_listener(unsigned long flags, bool ends, enum peer_place expected)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(address);
	int pipes[2];
	char byte;
	pid_t pid;

	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		(void)listen(listener, 1);
		(void)!write(pipes[1], "x", 1);
		while (!ends)
			pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	if (ends)
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, length), 0);
	assert_int_equal(peer_look_socket(fd), expected);
	if (!ends)
		end_child(pid);
	close(fd);
	close(listener);
	close(pipes[0]);
	close(pipes[1]);
}

static void the_other_end_of_a_socket_is_told(void **state)
{
	socklen_t length = sizeof(int);
	int pair[2], pidfd = -1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(peer_look_socket(pair[0]), PEER_HERE);
	if (geteuid() != 0 ||
	    getsockopt(pair[0], SOL_SOCKET, KERNEL_SO_PEERPIDFD, &pidfd, &length) < 0)
		skip(); /* Linux 6.5 */
	close(pidfd);
	close(pair[0]);
	close(pair[1]);
	look_at_listener(0, false, PEER_HERE);
	look_at_listener(0, true, PEER_ENDED);
	look_at_listener(CLONE_NEWPID, false, PEER_CONTAINED);
	look_at_listener(CLONE_NEWPID, true, PEER_ENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_here),
		cmocka_unit_test(what_has_no_number_is_not_asked_for),
		cmocka_unit_test(a_namespace_below_is_told),
		cmocka_unit_test(who_has_ended_is_told),
		cmocka_unit_test(a_namespace_below_is_told_to_other_users),
		cmocka_unit_test(the_other_end_of_a_socket_is_told),
	};

	return cmocka_run_group_tests_name("sys/peer", tests, NULL, NULL);
}
