/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disk locks between two processes and between two descriptors of one, and the attacks on the lock
 * file that must not work.
 */

#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

struct fixture {
	char top[64];
	char directory[96];
	char path[128];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	umask(022);
	snprintf(f->top, sizeof(f->top), "/tmp/tare-lock-XXXXXX");
	assert_non_null(mkdtemp(f->top));
	snprintf(f->directory, sizeof(f->directory), "%s/lxc", f->top);
	snprintf(f->path, sizeof(f->path), "%s/.c1", f->directory);
	assert_int_equal(mkdir(f->directory, 0755), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (unlink(f->path) < 0)
		rmdir(f->path);
	rmdir(f->directory);
	rmdir(f->top);
	free(f);
	return 0;
}

static void the_file_is_made(void **state)
{
	const struct fixture *f = *state;
	struct stat status;
	int fd = lock_open(AT_FDCWD, f->path);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	close(fd);
}

/* CVE-2015-1331 */
static void a_link_in_the_place_of_the_file_is_refused(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(symlink("victim", f->path), 0);
	assert_int_equal(lock_open(AT_FDCWD, f->path), -ELOOP);
}

static void only_a_regular_file_is_a_lock(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(lock_open(AT_FDCWD, f->path), -EINVAL);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(lock_open(AT_FDCWD, f->path), -EISDIR);
	assert_int_equal(lock_open(AT_FDCWD, "/dev/null/x/y"), -ENOTDIR);
}

static void two_descriptors_of_one_process_exclude_each_other(void **state)
{
	const struct fixture *f = *state;
	int one = lock_open(AT_FDCWD, f->path);
	int two = lock_open(AT_FDCWD, f->path);

	assert_int_equal(lock_take(one, 0), 0);
	assert_int_equal(lock_take(one, 0), 0);
	assert_int_equal(lock_take(two, 0), -EAGAIN);
	close(one);
	assert_int_equal(lock_take(one, 0), -EBADF);
	assert_int_equal(lock_take(two, 0), 0);
	close(two);
	one = lock_open(AT_FDCWD, f->path);
	assert_int_equal(lock_take(one, USEC_INFINITY), 0);
	close(one);
}

/* A child that takes the lock, says so on the pipe, and holds it until it is killed. */
static pid_t start_holder(const char *path)
{
	int pipe_fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = lock_open(AT_FDCWD, path);

		if (fd < 0 || lock_take(fd, 0) < 0 || write(pipe_fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	close(pipe_fds[0]);
	return pid;
}

static void waiting_ends_at_the_deadline(void **state)
{
	const struct fixture *f = *state;
	pid_t holder = start_holder(f->path);
	int fd = lock_open(AT_FDCWD, f->path);
	usec_t begin = time_now();

	assert_int_equal(lock_take(fd, time_deadline(60 * USEC_PER_MSEC)), -EAGAIN);
	assert_true(time_now() - begin >= 60 * USEC_PER_MSEC);
	assert_true(time_now() - begin < 10 * USEC_PER_SEC);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	close(fd);
}

static void the_death_of_the_holder_frees_the_lock(void **state)
{
	const struct fixture *f = *state;
	const usec_t deadlines[] = {time_deadline(60 * USEC_PER_SEC), USEC_INFINITY};

	for (size_t i = 0; i < ARRAY_LENGTH(deadlines); i++) {
		pid_t holder = start_holder(f->path);
		int fd = lock_open(AT_FDCWD, f->path);
		pid_t killer = fork();

		assert_true(killer >= 0);
		if (killer == 0) {
			usleep(30000);
			_exit(kill(holder, SIGKILL) == 0 ? 0 : 1);
		}
		assert_int_equal(lock_take(fd, deadlines[i]), 0);
		assert_int_equal(waitpid(killer, NULL, 0), killer);
		assert_int_equal(waitpid(holder, NULL, 0), holder);
		close(fd);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_file_is_made),
		test(a_link_in_the_place_of_the_file_is_refused),
		test(only_a_regular_file_is_a_lock),
		test(two_descriptors_of_one_process_exclude_each_other),
		test(waiting_ends_at_the_deadline),
		test(the_death_of_the_holder_frees_the_lock),
	};

	return cmocka_run_group_tests_name("sys/lock", tests, NULL, NULL);
}
