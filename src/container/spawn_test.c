/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Spawning: what comes along and what does not, detached programs, sealed ones.
 */

#include "container/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "container/container_fixture.h"
#include "sys/process.h"

static volatile sig_atomic_t handled;

static void count_signal(int signal)
{
	handled++;
}

/* Mask, ignored signals and chosen descriptors come along; handlers and others do not. */
static void a_spawned_program_gets_what_it_should(void **state)
{
	autoclose int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	autoclose int lost = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char script[512];
	char *argv[] = {"sh", "-c", script, NULL};
	struct spawn spawn = {.path = "/bin/sh",
			      .program_fd = -EBADF,
			      .argv = argv,
			      .environment = environ,
			      .fds = {kept, -1, -1, -1, -1, -1, -1, -1}};
	struct sigaction action = {.sa_handler = count_signal};
	sigset_t set, before;
	pid_t pid;

	snprintf(script, sizeof(script),
		 "test -e /proc/self/fd/%d && ! test -e /proc/self/fd/%d && exit 9", kept, lost);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &before);
	sigaction(SIGUSR1, &action, NULL);
	pid = spawn_program(&spawn);
	assert_true(pid > 0);
	assert_int_equal(process_reap(pid), 9 << 8);
	/* A shell would change its mask. */
	spawn.path = "/bin/grep";
	spawn.argv = (char *[]){"grep", "-q", "^SigBlk:.0*800$", "/proc/self/status", NULL};
	assert_int_equal(process_reap(spawn_program(&spawn)), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGUSR1, SIG_DFL);

	spawn.path = "/nowhere";
	assert_int_equal(spawn_program(&spawn), -ENOENT);
	spawn.detached = true;
	assert_int_equal(spawn_program(&spawn), -ENOENT);
	/* Nothing of it is left to be reaped. */
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_detached_program_is_nobodys_child(void **state)
{
	char script[256];
	char *argv[] = {"sh", "-c", script, NULL};
	struct spawn spawn = {.path = "/bin/sh",
			      .program_fd = -EBADF,
			      .argv = argv,
			      .environment = environ,
			      .fds = {-1, -1, -1, -1, -1, -1, -1, -1},
			      .detached = true};

	snprintf(script, sizeof(script), "sleep 0.1; echo $PPID > %s.new; mv %s.new %s",
		 fixture_path("parent"), fixture_path("parent"), fixture_path("parent"));
	assert_int_equal(spawn_program(&spawn), 0);
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
	for (int i = 0; i < 500 && !fixture_exists("parent"); i++)
		usleep(10000);
	{
		autofree char *parent = fixture_read("parent");

		assert_int_not_equal(strtol(parent, NULL, 10), getpid());
	}
}

static void a_sealed_program_cannot_be_written(void **state)
{
	struct err e = {};
	autoclose int fd = helper_seal("/bin/true", &e);
	char *argv[] = {"true", NULL};
	struct spawn spawn = {.program_fd = fd,
			      .argv = argv,
			      .environment = environ,
			      .fds = {-1, -1, -1, -1, -1, -1, -1, -1}};
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	pid = spawn_program(&spawn);
	assert_true(pid > 0);
	assert_int_equal(process_reap(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spawned_program_gets_what_it_should),
		cmocka_unit_test(a_detached_program_is_nobodys_child),
		cmocka_unit_test(a_sealed_program_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
