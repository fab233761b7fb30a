/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The relay between a terminal and a pty: nothing is lost, whoever is slow; the end of the input,
 * the window's size and the terminal's own state arrive where they belong.
 */

#include "run/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "sys/process.h"
#include "sys/pty.h"

enum { MANY = 100 << 20, PIECE = 64 << 10, GOOD = 0, BAD = 99 };

struct scene {
	int master, peer;
	pid_t command, relay;
	int relay_result_fd;
};

/* Bytes that tell where they stand, so that a lost or doubled piece shows. */
static void fill(unsigned char *bytes, size_t len, size_t at)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(((at + i) * 2654435761U) >> 13);
}

static bool write_pattern(int fd, size_t total)
{
	static unsigned char bytes[PIECE];

	for (size_t at = 0; at < total;) {
		size_t len = total - at < PIECE ? total - at : PIECE;

		fill(bytes, len, at);
		for (size_t done = 0; done < len;) {
			ssize_t n = write(fd, bytes + done, len - done);

			if (n <= 0)
				return false;
			done += (size_t)n;
		}
		at += len;
	}
	return true;
}

/* Read so many bytes of the pattern, pausing every now and then. */
static bool read_pattern(int fd, size_t total, unsigned pauses)
{
	static unsigned char bytes[PIECE], expected[PIECE];
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	size_t next_pause = pauses ? total / pauses : SIZE_MAX;

	for (size_t at = 0; at < total;) {
		size_t len = total - at < PIECE ? total - at : PIECE;
		ssize_t n = read(fd, bytes, len);

		if (n <= 0)
			return false;
		fill(expected, (size_t)n, at);
		if (memcmp(bytes, expected, (size_t)n) != 0)
			return false;
		at += (size_t)n;
		if (at >= next_pause) {
			next_pause += total / pauses;
			nanosleep(&pause, NULL);
		}
	}
	return true;
}

static void make_raw(int fd)
{
	struct termios t;

	assert_int_equal(tcgetattr(fd, &t), 0);
	cfmakeraw(&t);
	assert_int_equal(tcsetattr(fd, TCSANOW, &t), 0);
}

/* A forked process keeps these alone, so that the others see each other's ends. */
static void keep_only(int a, int b, int c, int d)
{
	for (int fd = 3; fd < 64; fd++) {
		if (fd != a && fd != b && fd != c && fd != d)
			close(fd);
	}
}

static struct termios settings_of(int fd)
{
	struct termios t;

	memset(&t, 0, sizeof(t));
	assert_int_equal(tcgetattr(fd, &t), 0);
	return t;
}

static void assert_settings(int terminal, const struct termios *expected)
{
	struct termios settings = settings_of(terminal);

	assert_memory_equal(&settings, expected, sizeof(settings));
}

static void open_scene(struct scene *s)
{
	unsigned index;

	memset(s, 0, sizeof(*s));
	s->master = pty_open(&index);
	assert_true(s->master >= 0);
	s->peer = pty_open_peer(s->master);
	assert_true(s->peer >= 0);
}

/* The command: a function on the pty's other side. */
static void start_command(struct scene *s, int (*command)(int fd))
{
	s->command = fork();
	assert_true(s->command >= 0);
	if (s->command == 0) {
		keep_only(s->peer, -1, -1, -1);
		_exit(command(s->peer));
	}
	close(s->peer);
}

/* The relay in a process of its own; it is a sibling of the command, as a library's caller is not,
 * but all it needs is a pidfd. */
static void start_relay_as(struct scene *s, struct relay relay)
{
	s->relay = fork();
	assert_true(s->relay >= 0);
	if (s->relay == 0) {
		int r;

		relay.master_fd = s->master;
		keep_only(s->master, relay.input_fd, relay.output_fd, relay.log_fd);
		relay.child_fd = process_open(s->command);
		r = relay_run(&relay);
		_exit(r < 0 ? BAD : r);
	}
	close(s->master);
}

static void start_relay(struct scene *s, int input_fd, int output_fd, int log_fd)
{
	start_relay_as(s, (struct relay){
				  .input_fd = input_fd,
				  .output_fd = output_fd,
				  .log_fd = log_fd,
				  .owns_process = true,
			  });
}

static int wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int command_writes_much(int fd)
{
	return write_pattern(fd, MANY) ? GOOD : BAD;
}

static void a_slow_reader_gets_100_mb_out(void **state)
{
	struct scene s;
	int out[2];
	char byte;

	open_scene(&s);
	make_raw(s.peer);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	start_command(&s, command_writes_much);
	start_relay(&s, -EBADF, out[1], -EBADF);
	close(out[1]);
	assert_true(read_pattern(out[0], MANY, 20));
	assert_int_equal(read(out[0], &byte, 1), 0);
	close(out[0]);
	assert_int_equal(wait_status(s.relay), 0);
	assert_int_equal(wait_status(s.command), GOOD);
}

static int command_reads_much(int fd)
{
	return read_pattern(fd, MANY, 20) ? GOOD : BAD;
}

static void a_slow_command_gets_100_mb_in(void **state)
{
	struct scene s;
	int in[2];

	open_scene(&s);
	make_raw(s.peer);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	start_command(&s, command_reads_much);
	start_relay(&s, in[0], -EBADF, -EBADF);
	close(in[0]);
	assert_true(write_pattern(in[1], MANY));
	close(in[1]);
	assert_int_equal(wait_status(s.relay), 0);
	assert_int_equal(wait_status(s.command), GOOD);
}

enum { BOTH_WAYS = 20 << 20 };

static int command_does_both(int fd)
{
	pid_t writer = fork();
	int status;

	if (writer == 0)
		_exit(write_pattern(fd, BOTH_WAYS) ? GOOD : BAD);
	if (!read_pattern(fd, BOTH_WAYS, 0) || waitpid(writer, &status, 0) != writer)
		return BAD;
	return WIFEXITED(status) ? WEXITSTATUS(status) : BAD;
}

static void both_directions_do_not_wait_for_each_other(void **state)
{
	struct scene s;
	int in[2], out[2];
	pid_t writer;

	open_scene(&s);
	make_raw(s.peer);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	start_command(&s, command_does_both);
	start_relay(&s, in[0], out[1], -EBADF);
	close(in[0]);
	close(out[1]);
	writer = fork();
	if (writer == 0)
		_exit(write_pattern(in[1], BOTH_WAYS) ? GOOD : BAD);
	close(in[1]);
	assert_true(read_pattern(out[0], BOTH_WAYS, 5));
	close(out[0]);
	assert_int_equal(wait_status(writer), GOOD);
	assert_int_equal(wait_status(s.relay), 0);
	assert_int_equal(wait_status(s.command), GOOD);
}

/* Counts what it reads until the end of file. */
static int command_counts(int fd)
{
	char bytes[256];
	size_t count = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		count += (size_t)n;
	return (int)count;
}

static void the_end_of_the_input_is_an_end_of_file(void **state)
{
	static const struct {
		const char *text;
		int expected;
	} rows[] = {{"", 0}, {"hello\n", 6}, {"hello", 5}, {"a\nb", 3}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct scene s;
		int in[2];

		open_scene(&s);
		start_command(&s, command_counts);
		assert_int_equal(pipe2(in, O_CLOEXEC), 0);
		assert_int_equal(write(in[1], rows[i].text, strlen(rows[i].text)),
				 strlen(rows[i].text));
		close(in[1]);
		start_relay(&s, in[0], -EBADF, -EBADF);
		close(in[0]);
		assert_int_equal(wait_status(s.relay), 0);
		assert_int_equal(wait_status(s.command), rows[i].expected);
	}
}

static int command_leaves_a_child(int fd)
{
	signal(SIGHUP, SIG_IGN);
	if (fork() == 0) {
		sleep(1);
		_exit(0);
	}
	return write(fd, "last words", 10) == 10 ? 7 : BAD;
}

static void last_words_come_out_and_a_log_has_them(void **state)
{
	struct scene s;
	char text[64] = {0};
	int out[2], log[2];

	open_scene(&s);
	make_raw(s.peer);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	start_command(&s, command_leaves_a_child);
	start_relay(&s, -EBADF, out[1], log[1]);
	close(out[1]);
	close(log[1]);
	assert_int_equal(wait_status(s.relay), 0);
	assert_int_equal(wait_status(s.command), 7);
	assert_int_equal(read(out[0], text, sizeof(text)), 10);
	assert_string_equal(text, "last words");
	memset(text, 0, sizeof(text));
	assert_int_equal(read(log[0], text, sizeof(text)), 10);
	assert_string_equal(text, "last words");
	close(out[0]);
	close(log[0]);
}

/* Ends when its window has 50 rows. */
static int command_waits_for_rows(int fd)
{
	for (int i = 0; i < 500; i++) {
		struct winsize size;

		if (ioctl(fd, TIOCGWINSZ, &size) < 0)
			return BAD;
		if (size.ws_row == 50 && size.ws_col == 132)
			return GOOD;
		usleep(10000);
	}
	return BAD;
}

/* A terminal for the relay's side: the test holds its master. */
static int open_terminal(int *ret_master)
{
	unsigned index;
	int fd;

	*ret_master = pty_open(&index);
	assert_true(*ret_master >= 0);
	fd = pty_open_peer(*ret_master);
	assert_true(fd >= 0);
	return fd;
}

static bool is_raw(int fd)
{
	struct termios t;

	return tcgetattr(fd, &t) == 0 && !(t.c_lflag & (ICANON | ECHO | ISIG));
}

static void wait_raw(int fd)
{
	for (int i = 0; i < 500 && !is_raw(fd); i++)
		usleep(10000);
	assert_true(is_raw(fd));
}

static void a_resized_window_is_followed_and_the_terminal_restored(void **state)
{
	const struct winsize size = {.ws_row = 50, .ws_col = 132};
	struct termios before;
	struct scene s;
	int master, terminal = open_terminal(&master);

	before = settings_of(terminal);
	open_scene(&s);
	relay_prepare(s.master, terminal, true);
	start_command(&s, command_waits_for_rows);
	start_relay(&s, terminal, terminal, -EBADF);
	wait_raw(terminal);
	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
	assert_int_equal(kill(s.relay, SIGWINCH), 0);
	assert_int_equal(wait_status(s.relay), 0);
	assert_int_equal(wait_status(s.command), GOOD);
	assert_settings(terminal, &before);
	close(terminal);
	close(master);
}

static int command_sleeps(int fd)
{
	return command_counts(fd);
}

static int command_takes_nothing(int fd)
{
	(void)fd;
	sleep(1);
	return GOOD;
}

static void end_by_signal(struct scene *s, int signal)
{
	assert_int_equal(kill(s->relay, signal), 0);
	assert_int_equal(wait_status(s->relay), signal);
	(void)kill(s->command, SIGKILL);
	(void)wait_status(s->command);
}

static void signals_that_end_the_relay_restore_the_terminal(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};

	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
		struct termios before;
		struct scene s;
		int master, terminal = open_terminal(&master);

		before = settings_of(terminal);
		open_scene(&s);
		start_command(&s, command_sleeps);
		start_relay(&s, terminal, terminal, -EBADF);
		wait_raw(terminal);
		end_by_signal(&s, signals[i]);
		assert_settings(terminal, &before);
		close(terminal);
		close(master);
	}
}

/* What our caller had us ignore, as nohup(1) and shells do, we do ignore. */
static void signals_that_are_ignored_end_nothing(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP};
	struct scene s;
	int status, master, terminal = open_terminal(&master);

	open_scene(&s);
	start_command(&s, command_sleeps);
	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++)
		signal(signals[i], SIG_IGN);
	start_relay(&s, terminal, terminal, -EBADF);
	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++)
		signal(signals[i], SIG_DFL);
	wait_raw(terminal);
	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++)
		assert_int_equal(kill(s.relay, signals[i]), 0);
	usleep(200000);
	assert_int_equal(waitpid(s.relay, &status, WNOHANG | WUNTRACED), 0);
	(void)kill(s.command, SIGKILL);
	assert_int_equal(wait_status(s.relay), 0);
	(void)wait_status(s.command);
	close(terminal);
	close(master);
}

static void a_stopped_relay_has_its_terminal_in_order(void **state)
{
	struct termios before, stopped;
	struct scene s;
	int status, master, terminal = open_terminal(&master);

	before = settings_of(terminal);
	open_scene(&s);
	start_command(&s, command_sleeps);
	start_relay(&s, terminal, terminal, -EBADF);
	wait_raw(terminal);
	assert_int_equal(kill(s.relay, SIGTSTP), 0);
	assert_int_equal(waitpid(s.relay, &status, WUNTRACED), s.relay);
	assert_true(WIFSTOPPED(status));
	stopped = settings_of(terminal);
	assert_memory_equal(&before, &stopped, sizeof(before));
	assert_int_equal(kill(s.relay, SIGCONT), 0);
	wait_raw(terminal);
	(void)kill(s.command, SIGKILL);
	assert_int_equal(wait_status(s.relay), 0);
	(void)wait_status(s.command);
	close(terminal);
	close(master);
}

/* Prints what it gets as numbers, and so goes on for ever. */
static int command_tells_bytes(int fd)
{
	unsigned char byte;
	char text[8];

	make_raw(fd);
	(void)!write(fd, "ready;", 6);
	while (read(fd, &byte, 1) == 1)
		(void)!write(fd, text, (size_t)snprintf(text, sizeof(text), "%d;", byte));
	return GOOD;
}

static void read_until(int fd, const char *end)
{
	char text[256] = {0};
	size_t len = 0;

	while (len < sizeof(text) - 1 && !strstr(text, end)) {
		ssize_t n = read(fd, text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			fail_msg("ended behind \"%s\" instead of \"%s\"", text, end);
		len += (size_t)n;
	}
	assert_string_equal(text, end);
}

/* A terminal that nobody reads, and a user who types on: the relay waits, it does not spin. */
static void input_that_nobody_takes_is_waited_for(void **state)
{
	static char typed[300 << 10];
	struct rusage used;
	struct scene s;
	int in[2], status;

	open_scene(&s);
	make_raw(s.peer);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_true(fcntl(in[1], F_SETPIPE_SZ, 2 * (int)sizeof(typed)) >= (int)sizeof(typed));
	assert_int_equal(write(in[1], typed, sizeof(typed)), sizeof(typed));
	start_command(&s, command_takes_nothing);
	start_relay(&s, in[0], -EBADF, -EBADF);
	close(in[0]);
	assert_int_equal(wait_status(s.command), GOOD);
	assert_int_equal(wait4(s.relay, &status, 0, &used), s.relay);
	assert_int_equal(status, 0);
	assert_int_equal(used.ru_utime.tv_sec + used.ru_stime.tv_sec, 0);
	assert_in_range(used.ru_utime.tv_usec + used.ru_stime.tv_usec, 0, 300000);
	close(in[1]);
}

/* How a console is left: what arrives on the other side, and that the relay ends. */
static void leave(const char *typed, const char *expected)
{
	struct scene s;
	int in[2], out[2];

	open_scene(&s);
	make_raw(s.peer);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	start_command(&s, command_tells_bytes);
	start_relay_as(&s, (struct relay){
				   .input_fd = in[0],
				   .output_fd = out[1],
				   .log_fd = -EBADF,
				   .escape = 1,
			   });
	close(in[0]);
	close(out[1]);
	read_until(out[0], "ready;");
	/* One by one: what was seen before counts. */
	for (const char *at = typed; *at; at++)
		assert_int_equal(write(in[1], at, 1), 1);
	read_until(out[0], expected);
	assert_int_equal(write(in[1], "\001q", 2), 2);
	assert_int_equal(wait_status(s.relay), 0);
	(void)kill(s.command, SIGKILL);
	(void)wait_status(s.command);
	close(in[1]);
	close(out[0]);
}

static void the_escape_leaves_and_twice_is_itself(void **state)
{
	leave("q", "113;");
	leave("\001\001", "1;");
	leave("\001\001q", "1;113;");
	leave("\001x", "120;");
	leave("\001\001\001\001", "1;1;");
	leave("\001xq", "120;113;");
}

static void the_end_of_the_input_may_be_the_end_of_all(void **state)
{
	struct scene s;
	int in[2], out[2], kept;

	open_scene(&s);
	kept = fcntl(s.master, F_DUPFD_CLOEXEC, 3);
	assert_true(kept >= 0);
	make_raw(s.peer);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	start_command(&s, command_tells_bytes);
	start_relay_as(&s, (struct relay){
				   .input_fd = in[0],
				   .output_fd = out[1],
				   .log_fd = -EBADF,
				   .ends_with_input = true,
			   });
	close(in[0]);
	close(out[1]);
	read_until(out[0], "ready;");
	close(in[1]);
	assert_int_equal(wait_status(s.relay), 0);
	/* It knows nothing of that: whoever has the terminal keeps it. */
	assert_int_equal(waitpid(s.command, NULL, WNOHANG), 0);
	close(kept);
	(void)kill(s.command, SIGKILL);
	(void)wait_status(s.command);
	close(out[0]);
}

static void a_library_ends_on_sigterm_alone(void **state)
{
	struct termios before;
	struct scene s;
	int master, terminal = open_terminal(&master);

	before = settings_of(terminal);
	open_scene(&s);
	start_command(&s, command_sleeps);
	start_relay_as(&s, (struct relay){
				   .input_fd = terminal,
				   .output_fd = terminal,
				   .log_fd = -EBADF,
				   .ends_on_term = true,
			   });
	wait_raw(terminal);
	end_by_signal(&s, SIGTERM);
	assert_settings(terminal, &before);
	close(terminal);
	close(master);
}

/* The output may be the master of a pty that is somebody else's terminal. */
static void an_output_that_is_a_master_gets_all(void **state)
{
	struct scene s;
	struct pollfd readable;
	int master, terminal = open_terminal(&master);
	char text[64] = {0};

	open_scene(&s);
	make_raw(s.peer);
	make_raw(terminal);
	start_command(&s, command_leaves_a_child);
	start_relay(&s, -EBADF, master, -EBADF);
	assert_int_equal(wait_status(s.relay), 0);
	assert_int_equal(wait_status(s.command), 7);
	readable = (struct pollfd){.fd = terminal, .events = POLLIN};
	assert_int_equal(poll(&readable, 1, 1000), 1);
	assert_int_equal(read(terminal, text, sizeof(text)), 10);
	assert_string_equal(text, "last words");
	close(terminal);
	close(master);
}

/* The descriptor is shared with whoever gave it: its next user finds it as it was. */
static void the_master_waits_again_afterwards(void **state)
{
	struct scene s;
	int kept;

	open_scene(&s);
	kept = fcntl(s.master, F_DUPFD_CLOEXEC, 3);
	assert_true(kept >= 0);
	start_command(&s, command_leaves_a_child);
	start_relay(&s, -EBADF, -EBADF, -EBADF);
	assert_int_equal(wait_status(s.relay), 0);
	assert_int_equal(wait_status(s.command), 7);
	assert_int_equal(fcntl(kept, F_GETFL) & O_NONBLOCK, 0);
	close(kept);
}

static void an_output_that_is_gone_ends_the_relay(void **state)
{
	struct scene s;
	int out[2];

	open_scene(&s);
	make_raw(s.peer);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	start_command(&s, command_writes_much);
	start_relay(&s, -EBADF, out[1], -EBADF);
	close(out[1]);
	close(out[0]);
	assert_int_equal(wait_status(s.relay), BAD);
	(void)wait_status(s.command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_reader_gets_100_mb_out),
		cmocka_unit_test(a_slow_command_gets_100_mb_in),
		cmocka_unit_test(both_directions_do_not_wait_for_each_other),
		cmocka_unit_test(the_end_of_the_input_is_an_end_of_file),
		cmocka_unit_test(last_words_come_out_and_a_log_has_them),
		cmocka_unit_test(a_resized_window_is_followed_and_the_terminal_restored),
		cmocka_unit_test(signals_that_end_the_relay_restore_the_terminal),
		cmocka_unit_test(signals_that_are_ignored_end_nothing),
		cmocka_unit_test(a_stopped_relay_has_its_terminal_in_order),
		cmocka_unit_test(input_that_nobody_takes_is_waited_for),
		cmocka_unit_test(the_escape_leaves_and_twice_is_itself),
		cmocka_unit_test(the_end_of_the_input_may_be_the_end_of_all),
		cmocka_unit_test(a_library_ends_on_sigterm_alone),
		cmocka_unit_test(an_output_that_is_a_master_gets_all),
		cmocka_unit_test(the_master_waits_again_afterwards),
		cmocka_unit_test(an_output_that_is_gone_ends_the_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
