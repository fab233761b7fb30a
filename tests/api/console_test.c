/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console and the ttys of a running container, as programs use them: leases (GO-09), the
 * interactive proxy (INC-14), the buffer (INC-15).
 */

#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PATIENCE = 5000 /* milliseconds */ };

/* Run a script in the container. */
static void run(struct lxc_container *c, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	int status = c->attach_run_wait(c, NULL, argv[0], argv);

	if (status != 0)
		fail_msg("%s: %d, %s", script, status, c->error_string ? c->error_string : "");
}

/* Read until this came out, and nothing else. */
static void assert_reads(int fd, const char *expected)
{
	int64_t deadline = world_clock() + PATIENCE;
	char text[512] = {0};
	size_t len = 0;

	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
	while (len < strlen(expected) && world_clock() < deadline) {
		ssize_t n = read(fd, text + len, sizeof(text) - 1 - len);

		if (n > 0)
			len += (size_t)n;
		else
			usleep(2000);
	}
	assert_string_equal(text, expected);
}

/* A lease that is given back is free a moment later. */
static int take_again(struct lxc_container *c, int wanted)
{
	int64_t deadline = world_clock() + PATIENCE;
	int lease, fd, tty;

	do {
		tty = wanted;
		lease = c->console_getfd(c, &tty, &fd);
	} while (lease < 0 && world_clock() < deadline);
	if (lease < 0)
		fail_msg("tty %d: %s", wanted, c->error_string);
	assert_int_equal(tty, wanted);
	close(fd);
	return lease;
}

static void a_tty_is_leased_until_its_lease_is_closed(void **state)
{
	struct lxc_container *c = world_start(world_name("tty"), "lxc.tty.max = 2\n");
	int first, second, first_fd, second_fd, fd = -7, before, tty = -1;

	before = world_count_fds();
	first = c->console_getfd(c, &tty, &first_fd);
	if (first < 0)
		fail_msg("%s", c->error_string);
	assert_int_equal(tty, 1);
	assert_true(isatty(first_fd));
	tty = -1;
	second = c->console_getfd(c, &tty, &second_fd);
	assert_true(second >= 0);
	assert_int_equal(tty, 2);

	tty = -1;
	assert_int_equal(c->console_getfd(c, &tty, &fd), -1);
	assert_explained(c, "no tty of container");
	assert_int_equal(tty, -1);
	assert_int_equal(fd, -7);
	tty = 2;
	assert_int_equal(c->console_getfd(c, &tty, &fd), -1);
	assert_explained(c, "is in use");
	tty = 9;
	assert_int_equal(c->console_getfd(c, &tty, &fd), -1);
	assert_explained(c, "has no tty 9");
	tty = -2;
	assert_int_equal(c->console_getfd(c, &tty, &fd), -1);
	assert_explained(c, "-2");
	assert_int_equal(c->console_getfd(c, NULL, &fd), -1);
	assert_int_equal(c->console_getfd(c, &tty, NULL), -1);

	/* The lease alone counts; and who had it before may have gone without a farewell. */
	assert_int_equal(fcntl(second_fd, F_SETFL, O_NONBLOCK), 0);
	close(second);
	second = take_again(c, 2);
	assert_int_equal(fcntl(second_fd, F_GETFL) & O_NONBLOCK, 0);
	run(c, "echo hello >/dev/tty1");
	assert_reads(first_fd, "hello\r\n");
	close(first_fd);
	close(second_fd);
	close(first);
	close(second);
	assert_int_equal(world_count_fds(), before);
	world_end(c);
}

static void the_console_is_leased_to_one_at_a_time(void **state)
{
	struct lxc_container *c = world_start(world_name("con"), NULL);
	int lease, fd, other, tty = 0;

	lease = c->console_getfd(c, &tty, &fd);
	if (lease < 0)
		fail_msg("%s", c->error_string);
	assert_int_equal(tty, 0);
	assert_int_equal(c->console_getfd(c, &tty, &other), -1);
	assert_explained(c, "the console of container");
	run(c, "echo hello >/dev/console");
	assert_reads(fd, "hello\r\r\n");
	close(fd);
	close(lease);
	close(take_again(c, 0));
	world_end(c);
}

/* A lease ends with the container. */
static void a_lease_tells_of_the_end(void **state)
{
	struct lxc_container *c = world_start(world_name("end"), "lxc.tty.max = 1\n");
	int tty = 1, fd, lease = c->console_getfd(c, &tty, &fd);
	char byte;

	assert_true(lease >= 0);
	assert_works(c, c->stop(c));
	assert_int_equal(read(lease, &byte, 1), 0);
	close(lease);
	close(fd);
	lxc_container_put(c);
}

struct session {
	struct lxc_container *c;
	int tty, escape;
	int in[2], out[2], err[2];
	int result;
	pthread_t thread;
};

static void *look(void *context)
{
	struct session *s = context;

	s->result = s->c->console(s->c, s->tty, s->in[0], s->out[1], s->err[1], s->escape);
	return NULL;
}

static void start_session(struct session *s)
{
	s->result = -77;
	assert_int_equal(pipe2(s->in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(s->out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(s->err, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, look, s), 0);
}

static void end_session(struct session *s)
{
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	if (s->result != 0)
		fail_msg("%d: %s", s->result, s->c->error_string ? s->c->error_string : "");
	for (int i = 0; i < 2; i++) {
		close(s->in[i]);
		close(s->out[i]);
		close(s->err[i]);
	}
}

static void a_session_is_left_by_its_escape(void **state)
{
	struct lxc_container *c = world_start(world_name("esc"), "lxc.tty.max = 1\n");
	struct session s = {.c = c, .tty = -1, .escape = 2};

	start_session(&s);
	assert_reads(s.err[0], "\nConnected to tty 1\nType <Ctrl+b q> to exit the console, "
			       "<Ctrl+b Ctrl+b> to enter Ctrl+b itself\n");
	assert_int_equal(write(s.in[1], "hello\n\002q", 8), 8);
	end_session(&s);
	run(c, "read x </dev/tty1; test \"$x\" = hello");
	world_end(c);
}

static void a_session_without_escape_is_raw_and_silent(void **state)
{
	struct lxc_container *c = world_start(world_name("raw"), "lxc.tty.max = 1\n");
	struct session s = {.c = c, .tty = 1, .escape = -1};
	char byte;

	start_session(&s);
	assert_int_equal(write(s.in[1], "\001q\n", 3), 3);
	run(c, "read x </dev/tty1; echo got-${#x} >/dev/tty1");
	assert_reads(s.out[0], "^Aq\r\ngot-2\r\n");
	/* The end of the input is the end. */
	close(s.in[1]);
	s.in[1] = -1;
	assert_int_equal(fcntl(s.err[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(s.err[0], &byte, 1), -1);
	end_session(&s);
	world_end(c);
}

static void a_session_ends_with_the_container(void **state)
{
	struct lxc_container *c = world_start(world_name("gone"), "lxc.tty.max = 1\n");
	struct lxc_container *other = lxc_container_new(c->name, world_lxcpath);
	struct session s = {.c = c, .tty = 0, .escape = 1};

	start_session(&s);
	assert_reads(s.err[0], "\nConnected to tty 0\nType <Ctrl+a q> to exit the console, "
			       "<Ctrl+a Ctrl+a> to enter Ctrl+a itself\n");
	assert_works(other, other->stop(other));
	end_session(&s);
	lxc_container_put(other);
	lxc_container_put(c);
}

static void an_input_that_tells_of_no_bytes_is_refused(void **state)
{
	struct lxc_container *c = world_start(world_name("null"), "lxc.tty.max = 1\n");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(c->console(c, 1, null, null, null, 1), -1);
	assert_explained(c, "Failed to add stdin handler");
	close(take_again(c, 1));
	close(null);
	world_end(c);
}

static int read_log(struct lxc_container *c, bool clear, bool read, uint64_t max, char *ret,
		    uint64_t *ret_length)
{
	struct lxc_console_log log = {.clear = clear, .read = read, .read_max = &max};
	int r;

	errno = 0;
	r = c->console_log(c, &log);
	*ret = '\0';
	if (r == 0 && log.data) {
		assert_int_equal(strlen(log.data), max);
		memcpy(ret, log.data, max + 1);
	}
	*ret_length = max;
	free(r == 0 ? log.data : NULL);
	return r;
}

/* What a process has written may take a moment. */
static void await_log(struct lxc_container *c, uint64_t max, const char *expected)
{
	int64_t deadline = world_clock() + PATIENCE;
	uint64_t length;
	char text[128];
	int r;

	do
		r = read_log(c, false, true, max, text, &length);
	while (r == -ENODATA && world_clock() < deadline);
	assert_int_equal(r, 0);
	assert_string_equal(text, expected);
	assert_int_equal(length, strlen(expected));
}

static void the_buffer_is_read_once_and_cleared(void **state)
{
	struct lxc_container *c =
		world_start(world_name("log"), "lxc.console.buffer.size = 4096\n");
	uint64_t length;
	char text[128];

	assert_int_equal(read_log(c, false, true, 0, text, &length), -ENODATA);
	assert_int_equal(errno, ENODATA);
	assert_explained(c, "is empty");
	run(c, "echo hello >/dev/console");
	await_log(c, 0, "hello\r\n");
	assert_int_equal(read_log(c, false, true, 0, text, &length), -ENODATA);
	/* The oldest bytes first. */
	run(c, "echo world >/dev/console");
	await_log(c, 3, "wor");
	await_log(c, 0, "ld\r\n");
	run(c, "echo more >/dev/console; echo words >/dev/console");
	await_log(c, 2, "mo");
	assert_int_equal(read_log(c, true, false, 0, text, &length), 0);
	assert_int_equal(length, 0);
	assert_int_equal(read_log(c, true, true, 0, text, &length), -ENODATA);
	assert_int_equal(c->console_log(c, &(struct lxc_console_log){.read = true}), -EINVAL);
	assert_int_equal(c->console_log(c, NULL), -EINVAL);
	assert_works(c, c->stop(c));
	assert_true(read_log(c, false, true, 0, text, &length) < 0);
	assert_explained(c, "is not running");
	lxc_container_put(c);

	c = world_start(world_name("nolog"), NULL);
	assert_int_equal(read_log(c, false, true, 0, text, &length), -EFAULT);
	assert_explained(c, "lxc.console.buffer.size");
	world_end(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_tty_is_leased_until_its_lease_is_closed,
					  world_stop_all),
		cmocka_unit_test_teardown(the_console_is_leased_to_one_at_a_time, world_stop_all),
		cmocka_unit_test_teardown(a_lease_tells_of_the_end, world_stop_all),
		cmocka_unit_test_teardown(a_session_is_left_by_its_escape, world_stop_all),
		cmocka_unit_test_teardown(a_session_without_escape_is_raw_and_silent,
					  world_stop_all),
		cmocka_unit_test_teardown(a_session_ends_with_the_container, world_stop_all),
		cmocka_unit_test_teardown(an_input_that_tells_of_no_bytes_is_refused,
					  world_stop_all),
		cmocka_unit_test_teardown(the_buffer_is_read_once_and_cleared, world_stop_all),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
