/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the supervisor is told, and records that are none.
 */

#include "supervisor/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void the_variable_is_taken_out_of_the_environment(void **state)
{
	char one[] = "PATH=/bin", two[] = RECORD_VARIABLE "=17", three[] = "HOME=/";
	char *environment[] = {two, one, three, NULL};

	assert_int_equal(launch_take_variable(environment, RECORD_VARIABLE "="), 17);
	assert_string_equal(environment[0], "PATH=/bin");
	assert_string_equal(environment[1], "HOME=/");
	assert_null(environment[2]);
	assert_int_equal(launch_take_variable(environment, RECORD_VARIABLE "="), -EBADF);
}

static void a_number_that_is_none_is_no_record(void **state)
{
	char one[] = RECORD_VARIABLE "=17x", two[] = RECORD_VARIABLE "=";
	char *environment[] = {one, two, NULL};

	assert_int_equal(launch_take_variable(environment, RECORD_VARIABLE "="), -EBADF);
	assert_null(environment[0]);
}

static void what_is_no_record_is_refused(void **state)
{
	struct record_header *record = NULL;
	int fd = memfd_create("record", MFD_CLOEXEC);

	assert_non_null(launch_map_record(-1, &record));
	assert_non_null(launch_map_record(fd, &record));
	assert_int_equal(ftruncate(fd, RECORD_SIZE_MAX + 1), 0);
	assert_non_null(launch_map_record(fd, &record));
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_non_null(launch_map_record(fd, &record));
	assert_null(record);
	close(fd);
}

/* In a child: nothing is left that a failure could be printed on. */
static int look_at_held_streams(void)
{
	struct stat status;
	int fd;

	close(STDIN_FILENO);
	close(STDERR_FILENO);
	launch_hold_streams();
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		if (fcntl(stream, F_GETFD) != 0 || fstat(stream, &status) < 0)
			return 1 + stream;
		if (stream != STDOUT_FILENO && status.st_rdev != makedev(1, 3))
			return 4 + stream;
	}
	fd = open("/", O_PATH | O_CLOEXEC);
	return fd > STDERR_FILENO ? 0 : 7;
}

static void closed_streams_are_held(void **state)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(look_at_held_streams());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_variable_is_taken_out_of_the_environment),
		cmocka_unit_test(a_number_that_is_none_is_no_record),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(closed_streams_are_held),
	};

	return cmocka_run_group_tests_name("supervisor/launch", tests, NULL, NULL);
}
