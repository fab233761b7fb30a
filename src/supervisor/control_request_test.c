/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who sent a request, over a socket with an address: a process of another pid namespace that has
 * ended, and whose number is somebody else's.
 */

#include "supervisor/control.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/log.h"
#include "supervisor/supervisor_fixture.h"
#include "sys/kernel.h"

/* In another pid namespace, as a container's processes are: ask, and end. */
_Noreturn static void ask_from_container(const struct sockaddr_un *address, socklen_t length)
{
	const struct wire_request request = {.command = WIRE_GET_INIT_PID};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const void *)address, length) < 0 ||
	    send(fd, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		_exit(1);
	_exit(0);
}

static pid_t clone_with(struct clone_args arguments)
{
	arguments.exit_signal = SIGCHLD;
	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static bool has_peer_pidfd(void)
{
	socklen_t length = sizeof(int);
	int ends[2], pidfd = -1;
	bool has;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	has = getsockopt(ends[0], SOL_SOCKET, KERNEL_SO_PEERPIDFD, &pidfd, &length) == 0;
	if (has)
		close(pidfd);
	close(ends[0]);
	close(ends[1]);
	return has;
}

/* Its number is a host's process when we look at who has asked. */
static void nobody_borrows_the_number_of_a_dead_process(void **state)
{
	struct fixture f;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, status, fd;
	socklen_t length = sizeof(address);
	pid_t contained, number, other;

	if (geteuid() != 0 || !has_peer_pidfd()) {
		print_message("needs root, and a kernel with SO_PEERPIDFD\n");
		close(listener);
		skip();
	}
	fixture_open(&f, NULL, NULL);
	/* The kernel chooses a name. */
	assert_int_equal(bind(listener, (void *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(listener, (void *)&address, &length), 0);
	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(listen(listener, 1), 0);
	contained = clone_with((struct clone_args){.flags = CLONE_NEWPID});
	if (contained == 0)
		ask_from_container(&address, length);
	assert_int_equal(waitpid(contained, &status, 0), contained);
	assert_int_equal(status, 0);
	number = contained;
	other = clone_with((struct clone_args){.set_tid = (uintptr_t)&number, .set_tid_size = 1});
	if (other == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(other, contained);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(control_adopt(&f.s, fd), 0);
	fixture_pump(&f);
	kill(other, SIGKILL);
	waitpid(other, &status, 0);
	close(listener);
	assert_true(f.s.control.denials_quiet_until > 0);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_borrows_the_number_of_a_dead_process),
	};

	log_set_quiet(true);
	return cmocka_run_group_tests_name("supervisor/control_request", tests, NULL, NULL);
}
