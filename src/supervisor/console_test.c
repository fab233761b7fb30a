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
#include <sys/wait.h>
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
	/* A client that tells so need not type (TERMINAL_WINCH). */
	size.ws_row = 52;
	assert_int_equal(ioctl(proxy, TIOCSWINSZ, &size), 0);
	console_resize(s);
	memset(&size, 0, sizeof(size));
	assert_int_equal(ioctl(g->inside, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_row, 52);
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

/* The standard output of a foreground start: a pipe that is full. Returns its reading end. */
static int make_full_output(struct stage *g)
{
	struct console_sink *output = &g->f.s.console.sinks[SINK_OUTPUT];
	char text[1024];
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
	*output = (struct console_sink){.fd = ends[1], .is_patient = true};
	memset(text, 'z', sizeof(text));
	for (int i = 0; i < 1000 && output->pending.length == 0; i++) {
		struct pollfd polled = {.fd = g->inside, .events = POLLOUT};

		poll(&polled, 1, 10);
		write(g->inside, text, sizeof(text));
		fixture_pump(&g->f);
	}
	assert_true(output->pending.length > 0);
	return ends[0];
}

static void who_wants_an_end_does_not_wait_for_slow_readers(void **state)
{
	struct stage *g = *state;
	usec_t begin = time_now();
	int reader = make_full_output(g);

	g->f.s.stop_requested = true;
	assert_int_equal(console_close(&g->f.s.run), 0);
	assert_true(time_now() - begin < 3 * USEC_PER_SEC);
	close(reader);
}

/* What is still to be written when the container has ended does not make the supervisor deaf. */
static void requests_are_answered_while_a_reader_is_waited_for(void **state)
{
	const struct wire_request ask = {.command = WIRE_GET_STATE}, stop = {.command = WIRE_STOP};
	struct stage *g = *state;
	int reader = make_full_output(g);
	int fd = fixture_connect(&g->f), other_fd = fixture_connect(&g->f);
	usec_t begin = time_now();
	struct wire_answer answer;

	assert_int_equal(send(other_fd, &ask, sizeof(ask), 0), sizeof(ask));
	assert_int_equal(send(fd, &stop, sizeof(stop), 0), sizeof(stop));
	console_drain(&g->f.s);
	assert_true(time_now() - begin < 3 * USEC_PER_SEC);
	assert_int_equal(recv(other_fd, &answer, sizeof(answer), MSG_DONTWAIT), sizeof(answer));
	assert_true(g->f.s.stop_requested);
	close(fd);
	close(other_fd);
	close(reader);
}

static void slow_readers_get_everything(void **state)
{
	struct stage *g = *state;
	int reader = make_full_output(g);
	char got[256];
	int status;
	pid_t child;

	assert_int_equal(write(g->inside, "the end", 7), 7);
	child = fork();
	if (child == 0) {
		size_t tail = 0;
		ssize_t n;

		close(g->f.s.console.sinks[SINK_OUTPUT].fd);
		while ((n = read(reader, got, sizeof(got))) > 0) {
			tail = (size_t)n;
			usleep(1000);
		}
		_exit(tail >= 7 && memcmp(got + tail - 7, "the end", 7) == 0 ? 0 : 1);
	}
	close(reader);
	assert_int_equal(console_close(&g->f.s.run), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Others may write to the same pipe between our asking and our writing. */
static void a_shared_output_never_blocks(void **state)
{
	static const struct plan_step step;
	struct stage *g = *state;
	int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int saved_input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int ends[2], flags, r;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	g->f.record->flags |= RECORD_FOREGROUND;
	fflush(NULL);
	assert_int_equal(dup2(null, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	r = console_peer(&g->f.s.run, &step);
	dup2(saved, STDOUT_FILENO);
	dup2(saved_input, STDIN_FILENO);
	close(saved);
	close(saved_input);
	close(null);
	assert_int_equal(r, 0);
	flags = fcntl(g->f.s.console.sinks[SINK_OUTPUT].fd, F_GETFL);
	assert_int_equal(flags & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	say(g, "flows");
	assert_reads(ends[0], "flows");
	close(ends[0]);
	close(ends[1]);
}

static void an_output_may_be_a_socket(void **state)
{
	struct stage *g = *state;
	struct console_sink *output = &g->f.s.console.sinks[SINK_OUTPUT];
	char text[1024] = "";
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*output = (struct console_sink){.fd = ends[1], .is_patient = true};
	say(g, "flows");
	assert_reads(ends[0], "flows");
	while (send(ends[1], text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	say(g, "waits");
	assert_int_equal(output->pending.length, 5);
	close(ends[0]);
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
		test(who_wants_an_end_does_not_wait_for_slow_readers),
		test(requests_are_answered_while_a_reader_is_waited_for),
		test(slow_readers_get_everything),
		test(a_shared_output_never_blocks),
		test(an_output_may_be_a_socket),
	};

	return cmocka_run_group_tests_name("supervisor/console", tests, NULL, NULL);
}
