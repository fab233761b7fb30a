/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console's flow over real ptys: a container's console, a client's proxy, a peer by path, a
 * standard output, and what happens to those that don't read.
 */

#include "supervisor/console.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include <cmocka.h>

#include "base/macros.h"
#include "supervisor/supervisor_fixture.h"
#include "sys/pty.h"

struct stage {
	struct fixture f;
	int inside; /* the container's end of its console */
};

/* Without the line discipline's changes: what goes in comes out. */
static void make_plain(int fd)
{
	struct termios modes;

	assert_int_equal(tcgetattr(fd, &modes), 0);
	cfmakeraw(&modes);
	assert_int_equal(tcsetattr(fd, TCSANOW, &modes), 0);
}

static int set_up(void **state)
{
	static const struct plan_step step;
	struct stage *g = calloc(1, sizeof(*g));
	unsigned index;
	int master;

	assert_non_null(g);
	fixture_open(&g->f, NULL, NULL);
	master = pty_open(&index);
	assert_true(master >= 0);
	g->inside = pty_open_peer(master);
	assert_true(g->inside >= 0);
	assert_int_equal(fcntl(g->inside, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	make_plain(g->inside);
	fixture_set_fd(&g->f, FIXTURE_CONSOLE, master);
	assert_int_equal(console_opened(&g->f.s.run, &step), 0);
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *g = *state;

	close(g->inside);
	fixture_close(&g->f);
	free(g);
	return 0;
}

/* What goes through a pty arrives a little later: the kernel does it on the side. */
static void settle(struct stage *g)
{
	for (int i = 0; i < 10; i++) {
		struct pollfd polled = {.fd = g->f.s.loop.epoll_fd, .events = POLLIN};

		poll(&polled, 1, 2);
		fixture_pump(&g->f);
	}
}

static void assert_reads(int fd, const char *text)
{
	char got[256];
	ssize_t length = read(fd, got, sizeof(got) - 1);

	assert_true(length >= 0);
	got[length] = '\0';
	assert_string_equal(got, text);
}

static void say(struct stage *g, const char *text)
{
	assert_int_equal(write(g->inside, text, strlen(text)), strlen(text));
	settle(g);
}

static void output_goes_to_the_buffer(void **state)
{
	struct stage *g = *state;
	struct iovec pieces[2];

	assert_int_equal(console_ring_open(&g->f.s.console.ring, 4096), 0);
	say(g, "hello");
	assert_int_equal(console_ring_look(&g->f.s.console.ring, 100, pieces), 5);
	assert_memory_equal(pieces[0].iov_base, "hello", 5);
}

static void a_client_gets_the_console_and_gives_it_back(void **state)
{
	struct stage *g = *state;
	struct supervisor *s = &g->f.s;
	int proxy = console_open_proxy(s);
	struct winsize size = {.ws_row = 41, .ws_col = 99};

	assert_true(proxy >= 0);
	assert_int_equal(console_open_proxy(s), -EBADF);
	assert_int_equal(fcntl(proxy, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	/* The client's pty translates, too (wire.md §5). */
	say(g, "a\r\n");
	assert_reads(proxy, "a\r\r\n");
	assert_int_equal(ioctl(proxy, TIOCSWINSZ, &size), 0);
	assert_int_equal(write(proxy, "in\003", 3), 3);
	settle(g);
	assert_reads(g->inside, "in\003");
	memset(&size, 0, sizeof(size));
	assert_int_equal(ioctl(g->inside, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_row, 41);
	/* A client that hangs up but keeps its lease keeps the console. */
	close(proxy);
	fixture_pump(&g->f);
	say(g, "b");
	assert_int_equal(console_open_proxy(s), -EBADF);
	console_close_proxy(s);
	proxy = console_open_proxy(s);
	assert_true(proxy >= 0);
	console_close_proxy(s);
	close(proxy);
}

static void a_client_that_does_not_read_holds_up_nobody_for_long(void **state)
{
	struct stage *g = *state;
	struct console_sink *peer = &g->f.s.console.sinks[SINK_PEER];
	int proxy = console_open_proxy(&g->f.s);
	char text[1024];

	memset(text, 'x', sizeof(text));
	/* Until the client's pty is full. */
	for (int i = 0; i < 1000 && peer->pending.length == 0; i++) {
		struct pollfd polled = {.fd = g->inside, .events = POLLOUT};

		poll(&polled, 1, 10);
		write(g->inside, text, sizeof(text));
		fixture_pump(&g->f);
	}
	assert_true(peer->pending.length > 0);
	assert_true(g->f.s.loop.timers[TIMER_CONSOLE] != USEC_INFINITY);
	peer->patience_ends = 0;
	console_expire(&g->f.s);
	settle(g);
	assert_true(peer->misses);
	assert_int_equal(write(g->inside, text, sizeof(text)), sizeof(text));
	settle(g);
	/* When it reads again it misses nothing more. */
	assert_int_equal(fcntl(proxy, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	for (int quiet = 0; quiet < 3;) {
		char got[4096];

		settle(g);
		quiet = read(proxy, got, sizeof(got)) <= 0 ? quiet + 1 : 0;
	}
	assert_false(peer->misses);
	assert_int_equal(peer->pending.length, 0);
	assert_null(peer->pending.bytes);
	say(g, "again");
	assert_reads(proxy, "again");
	close(proxy);
}

static void a_container_that_does_not_read_is_waited_for(void **state)
{
	struct stage *g = *state;
	int proxy = console_open_proxy(&g->f.s);
	size_t sent = 0, got = 0;
	char text[1000];

	assert_int_equal(fcntl(proxy, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	memset(text, 'y', sizeof(text));
	for (int i = 0; i < 100; i++) {
		ssize_t written = write(proxy, text, sizeof(text));

		sent += written > 0 ? (size_t)written : 0;
		fixture_pump(&g->f);
	}
	for (int quiet = 0; quiet < 3;) {
		ssize_t n = read(g->inside, text, sizeof(text));

		got += n > 0 ? (size_t)n : 0;
		quiet = n > 0 ? 0 : quiet + 1;
		if (n <= 0)
			settle(g);
	}
	assert_true(got > 4096);
	assert_int_equal(got, sent);
	close(proxy);
}

static void the_console_survives_a_hang_up(void **state)
{
	struct stage *g = *state;
	unsigned index = 0;
	char path[32];

	assert_int_equal(ioctl(g->f.s.console.master_fd, TIOCGPTN, &index), 0);
	snprintf(path, sizeof(path), "/dev/pts/%u", index);
	assert_int_equal(console_ring_open(&g->f.s.console.ring, 4096), 0);
	close(g->inside);
	settle(g);
	g->inside = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(g->inside >= 0);
	say(g, "back");
	assert_int_equal(g->f.s.console.ring.used, 4);
}

static void a_peer_by_path_is_appended_to_and_never_made(void **state)
{
	struct stage *g = *state;
	struct run *r = &g->f.s.run;
	char path[64], got[16];
	struct plan_step step = {.arg[0] = 0};
	int fd;

	snprintf(path, sizeof(path), "%s/tare-peer-%d",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
	step.arg[0] = fixture_text(&g->f, (const char *)r->plan, path);
	assert_int_equal(console_peer(r, &step), -ENOENT);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(console_peer(r, &step), 0);
	say(g, "to file");
	assert_int_equal(read(fd, got, sizeof(got)), 7);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(console_open_proxy(&g->f.s), -EBADF);
}

static void closing_takes_what_is_left(void **state)
{
	struct stage *g = *state;
	char path[64], got[32] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/tare-log-%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
		 (int)getpid());
	assert_int_equal(console_log_open(&g->f.s.console.log, path, 0, false), 0);
	assert_int_equal(write(g->inside, "last words", 10), 10);
	assert_int_equal(console_close(&g->f.s.run), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, got, sizeof(got)), 10);
	assert_string_equal(got, "last words");
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(g->f.s.console.master_fd, -EBADF);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(output_goes_to_the_buffer),
		test(a_client_gets_the_console_and_gives_it_back),
		test(a_client_that_does_not_read_holds_up_nobody_for_long),
		test(a_container_that_does_not_read_is_waited_for),
		test(the_console_survives_a_hang_up),
		test(a_peer_by_path_is_appended_to_and_never_made),
		test(closing_takes_what_is_left),
	};

	return cmocka_run_group_tests_name("supervisor/console", tests, NULL, NULL);
}
