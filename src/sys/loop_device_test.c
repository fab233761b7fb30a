/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loop devices of a file of the test's own; each is gone at the end of its test. Needs root.
 */

#include "sys/loop_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

enum { SIZE = 1 << 20 };

/* What LOOP_CONFIGURE says the next times; 0: what the kernel does. */
static int refusal;
static unsigned refusals;

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *argument;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	if (request != LOOP_CONFIGURE || refusals == 0)
		return __real_ioctl(fd, request, argument);
	refusals--;
	errno = refusal;
	return -1;
}

static char path[] = "/tmp/tare-loop-XXXXXX";

static int setup(void **state)
{
	int fd;

	memcpy(path, "/tmp/tare-loop-XXXXXX", sizeof(path));
	fd = mkostemp(path, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(pwrite(fd, "beginning", 9, 0), 9);
	close(fd);
	return 0;
}

static int teardown(void **state)
{
	return unlink(path);
}

/* Whether the device still has our file; it goes a moment after its last user. */
static bool has_file(unsigned number)
{
	char name[64], file[128];

	snprintf(name, sizeof(name), "/sys/block/loop%u/loop/backing_file", number);
	for (unsigned i = 0; i < 100; i++) {
		const struct timespec time = {.tv_nsec = 10000000};
		autoclose int fd = open(name, O_RDONLY | O_CLOEXEC);
		ssize_t got = fd >= 0 ? read(fd, file, sizeof(file) - 1) : -1;

		file[got > 0 ? got : 0] = '\0';
		if (got <= 0 || strncmp(file, path, strlen(path)) != 0)
			return false;
		nanosleep(&time, NULL);
	}
	return true;
}

static void a_device_goes_with_its_descriptor(void **state)
{
	char text[16] = "", device[LOOP_PATH_ROOM];
	unsigned number;
	int fd = loop_device_open(path, false, &number);

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	loop_device_path(number, device);
	assert_int_equal(strncmp(device, "/dev/loop", 9), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), SIZE);
	assert_int_equal(pread(fd, text, 9, 0), 9);
	assert_string_equal(text, "beginning");
	assert_int_equal(pwrite(fd, "B", 1, 0), 1);
	assert_int_equal(fsync(fd), 0);
	close(fd);
	assert_false(has_file(number));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, 1), 1);
	close(fd);
	assert_int_equal(text[0], 'B');
}

static void one_that_is_read_only_is_shared_and_not_written(void **state)
{
	char device[LOOP_PATH_ROOM];
	unsigned number, second;
	int fd = loop_device_open(path, true, &number), other, written;

	assert_true(fd >= 0);
	other = loop_device_open(path, true, &second);
	assert_true(other >= 0);
	assert_int_not_equal(number, second);
	assert_int_equal(loop_device_open(path, false, &second), -ETXTBSY);
	loop_device_path(number, device);
	written = open(device, O_WRONLY | O_CLOEXEC);
	assert_true(written < 0 || write(written, "x", 1) < 0);
	if (written >= 0)
		close(written);
	close(fd);
	close(other);
}

static void a_file_that_is_written_has_one_device(void **state)
{
	unsigned number, second = 77;
	int fd = loop_device_open(path, false, &number);

	assert_true(fd >= 0);
	assert_int_equal(loop_device_open(path, false, &second), -ETXTBSY);
	assert_int_equal(loop_device_open(path, true, &second), -ETXTBSY);
	assert_int_equal(second, 77);
	close(fd);
	/* It is waited for while it goes. */
	fd = loop_device_open(path, false, &number);
	assert_true(fd >= 0);
	close(fd);
}

static void it_goes_with_a_process_that_is_killed(void **state)
{
	unsigned number = 0;
	int pipes[2], status;
	pid_t child;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		int fd = loop_device_open(path, false, &number);

		if (fd < 0 || write(pipes[1], &number, sizeof(number)) < 0)
			_exit(1);
		pause();
	}
	assert_int_equal(read(pipes[0], &number, sizeof(number)), sizeof(number));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(pipes[0]);
	close(pipes[1]);
	assert_false(has_file(number));
}

static void an_old_kernel_takes_two_steps(void **state)
{
	char text[16] = "";
	unsigned number;
	int fd;

	refusal = EINVAL;
	refusals = 1;
	fd = loop_device_open(path, true, &number);
	assert_int_equal(refusals, 0);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, text, 9, 0), 9);
	assert_string_equal(text, "beginning");
	close(fd);
	assert_false(has_file(number));
}

static void a_device_that_another_process_has_taken_is_passed_over(void **state)
{
	unsigned number = 77;
	int fd;

	refusal = EBUSY;
	refusals = 8;
	fd = loop_device_open(path, false, &number);
	assert_int_equal(refusals, 0);
	assert_true(fd >= 0);
	close(fd);
	refusals = 1000;
	assert_int_equal(loop_device_open(path, false, &number), -EBUSY);
	assert_true(refusals > 0);
	refusals = 0;
}

static void what_is_no_file_is_refused(void **state)
{
	unsigned number;

	assert_int_equal(loop_device_open("/nowhere", false, &number), -ENOENT);
	assert_int_equal(loop_device_open("/tmp", true, &number), -EISDIR);
	assert_int_equal(loop_device_open("/dev/null", true, &number), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_device_goes_with_its_descriptor, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_is_read_only_is_shared_and_not_written,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_is_written_has_one_device, setup,
						teardown),
		cmocka_unit_test_setup_teardown(it_goes_with_a_process_that_is_killed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_old_kernel_takes_two_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_device_that_another_process_has_taken_is_passed_over, setup, teardown),
		cmocka_unit_test(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
