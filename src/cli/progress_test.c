/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Progress with a clock of the test's own: what is said, how it fits, when it is written, what is
 * left on a terminal (a pty) and in a pipe; and signals that wait meanwhile.
 */

#include "cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"
#include "cli/interrupt.h"

#define MIB     (UINT64_C(1) << 20)
#define MSEC(n) ((usec_t)(n)*USEC_PER_MSEC)

/* Formats -------------------------------------------------------------------------------------- */

static const struct progress_view view = {
	.label = "web2",
	.counts = {.bytes = 131 * MIB,
		   .shared_bytes = 512 << 10,
		   .files = 4812,
		   .directories = 7,
		   .total_bytes = 312 * MIB,
		   .total_files = 11204},
	.rate = 173 * MIB,
	.elapsed = MSEC(1800),
	.left = MSEC(2000),
};

static void expect_line(const struct progress_view *v, unsigned width, const char *expected)
{
	autostr line = {0};

	progress_format_line(v, width, &line);
	assert_string_equal(str_text(&line), expected);
}

static void a_line_tells_everything(void **state)
{
	expect_line(&view, 80,
		    "web2   41%   131 of 312 MiB   4812 of 11204 files   173 MiB/s   2 s left");
}

static void a_line_leaves_out_what_has_no_room(void **state)
{
	static const char whole[] =
		"web2   41%   131 of 312 MiB   4812 of 11204 files   173 MiB/s   2 s left";

	expect_line(&view, LITERAL_LENGTH(whole) + 1, whole);
	expect_line(&view, LITERAL_LENGTH(whole),
		    "web2   41%   131 of 312 MiB   173 MiB/s   2 s left");
	expect_line(&view, 50, "41%   131 of 312 MiB   173 MiB/s   2 s left");
	expect_line(&view, 40, "41%   131 of 312 MiB   2 s left");
	expect_line(&view, 20, "41%   2 s left");
	expect_line(&view, 6, "41%");
	expect_line(&view, 3, "");
	expect_line(&view, 0, "");
}

static void every_width_is_kept(void **state)
{
	for (unsigned width = 1; width < 100; width++) {
		autostr line = {0};

		progress_format_line(&view, width, &line);
		assert_true(line.len < width);
	}
}

static void what_is_not_known_is_not_told(void **state)
{
	struct progress_view v = view;

	v.counts.total_bytes = v.counts.total_files = 0;
	v.left = USEC_INFINITY;
	expect_line(&v, 80, "web2   131 MiB   4812 files   173 MiB/s   2 s");
	v.rate = 0;
	v.counts.files = 1;
	expect_line(&v, 80, "web2   131 MiB   1 file   2 s");
}

static void more_than_was_counted_is_all(void **state)
{
	struct progress_view v = view;

	v.counts.bytes = 400 * MIB;
	v.counts.files = 20000;
	expect_line(&v, 80, "web2   100%   400 MiB   20000 files   173 MiB/s   2 s left");
	v.counts.bytes = 312 * MIB - 1;
	expect_line(&v, 80, "web2   99%   312 of 312 MiB   20000 files   173 MiB/s   2 s left");
	v.counts.total_bytes = 0;
	v.counts.files = 5602;
	expect_line(&v, 80, "web2   50%   312 MiB   5602 of 11204 files   173 MiB/s   2 s left");
}

static void sizes_have_three_digits(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
		{0, "0 B"},
		{1, "1 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1587, "1.5 KiB"},
		{102348, "99.9 KiB"},
		{102400, "100 KiB"},
		{MIB - 1, "1024 KiB"},
		{MIB, "1.0 MiB"},
		{3 * MIB * MIB, "3.0 TiB"},
		{UINT64_MAX, "16.0 EiB"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		const struct progress_view v = {
			.label = "x",
			.counts = {.bytes = sizes[i].bytes},
			.left = USEC_INFINITY,
		};
		autostr line = {0}, expected = {0};

		str_addf(&expected, "x   %s   0 files   0 s", sizes[i].text);
		progress_format_line(&v, 80, &line);
		assert_string_equal(str_text(&line), str_text(&expected));
	}
}

static void units_stand_beside_both_numbers_when_they_differ(void **state)
{
	struct progress_view v = {
		.label = "x",
		.counts = {.bytes = 131 * MIB, .total_bytes = 2048 * MIB, .files = 1},
		.left = USEC_INFINITY,
	};

	expect_line(&v, 80, "x   6%   131 MiB of 2.0 GiB   1 file   0 s");
}

static void long_times_are_readable(void **state)
{
	struct progress_view v = {.label = "x"};

	v.left = MSEC(59400);
	expect_line(&v, 80, "x   0 B   0 files   59 s left");
	v.left = MSEC(59500);
	expect_line(&v, 80, "x   0 B   0 files   1 min 00 s left");
	v.left = MSEC(3599400);
	expect_line(&v, 80, "x   0 B   0 files   59 min 59 s left");
	v.left = 90061 * USEC_PER_SEC;
	expect_line(&v, 80, "x   0 B   0 files   25 h 01 min left");
}

static void a_summary_tells_all_at_once(void **state)
{
	struct progress_view v = view;
	autostr shared = {0}, plain = {0};

	progress_format_summary(&v, &shared);
	assert_string_equal(str_text(&shared),
			    "web2: 131 MiB (512 KiB shared), 4812 files, 1.80 s, 173 MiB/s");
	v.counts.shared_bytes = 0;
	v.rate = 0;
	v.elapsed = MSEC(71000);
	progress_format_summary(&v, &plain);
	assert_string_equal(str_text(&plain), "web2: 131 MiB, 4812 files, 1 min 11 s");
}

static void events_are_objects(void **state)
{
	struct progress_view v = view;
	struct err e = {0};
	autostr event = {0}, error = {0};

	progress_format_event(&v, "progress", NULL, &event);
	assert_string_equal(str_text(&event),
			    "{\"event\":\"progress\",\"name\":\"web2\",\"bytes\":137363456,"
			    "\"shared_bytes\":524288,\"files\":4812,\"directories\":7,"
			    "\"total_bytes\":327155712,\"total_files\":11204,"
			    "\"rate\":181403648,\"seconds\":1.800}\n");
	err_set(&e, ERR_STORAGE, ENOSPC, "it is full");
	v.counts = (struct progress_counts){0};
	v.rate = 0;
	progress_format_event(&v, "error", &e, &error);
	assert_non_null(strstr(str_text(&error), "\"total_bytes\":null,\"total_files\":null,"));
	assert_non_null(strstr(str_text(&error), "\"error\":{"));
	assert_non_null(strstr(str_text(&error), "it is full"));
}

/* The clock ------------------------------------------------------------------------------------ */

static void the_rate_is_that_of_the_last_seconds(void **state)
{
	struct progress_counts counts = {.total_bytes = 1000 * MIB};
	struct progress_view v;
	struct progress p;

	progress_begin(&p, PROGRESS_LINE, "x", MSEC(1000));
	progress_look(&p, MSEC(1000), &v);
	assert_int_equal(v.rate, 0);
	assert_true(v.left == USEC_INFINITY);
	p.style = PROGRESS_EVENTS;
	/* Ten seconds at 10 MiB/s, then ten at 50. */
	for (unsigned i = 1; i <= 200; i++) {
		counts.bytes += (i <= 100 ? 1 : 5) * MIB;
		p.shown = MSEC(1000 + i * 100); /* nothing is written */
		progress_show(&p, &counts, MSEC(1000 + i * 100));
		if (i != 100 && i != 200)
			continue;
		progress_look(&p, MSEC(1000 + i * 100), &v);
		assert_int_equal(v.rate, (i == 100 ? 10 : 50) * MIB);
		assert_int_equal(v.elapsed, MSEC(i * 100));
	}
	assert_int_equal(v.left, 8 * USEC_PER_SEC);
}

static void files_count_for_the_time_that_is_left(void **state)
{
	const struct progress_counts counts = {.files = 1000, .total_files = 3000};
	struct progress_view v;
	struct progress p;

	progress_begin(&p, PROGRESS_NONE, "x", 0);
	progress_show(&p, &counts, MSEC(900));
	progress_look(&p, MSEC(900), &v);
	assert_true(v.left == USEC_INFINITY); /* too early to say */
	progress_look(&p, MSEC(2000), &v);
	assert_int_equal(v.left, MSEC(4000));
	assert_int_equal(v.rate, 0);
}

/* Where it is written -------------------------------------------------------------------------- */

struct terminal {
	int master_fd, fd;
};

static int open_terminal(void **state)
{
	static struct terminal t;
	const struct winsize size = {.ws_col = 60, .ws_row = 24};
	struct termios raw;

	t.master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t.master_fd >= 0);
	assert_int_equal(unlockpt(t.master_fd), 0);
	t.fd = ioctl(t.master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t.fd >= 0);
	assert_int_equal(tcgetattr(t.fd, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(t.fd, TCSANOW, &raw), 0);
	assert_int_equal(ioctl(t.fd, TIOCSWINSZ, &size), 0);
	fcntl(t.master_fd, F_SETFL, O_NONBLOCK);
	*state = &t;
	return 0;
}

static int close_terminal(void **state)
{
	struct terminal *t = *state;

	close(t->fd);
	close(t->master_fd);
	return 0;
}

/* All of it and no more. The kernel carries what is written to a terminal over a little later, and
 * not in one piece. */
static void expect_written(int fd, const char *expected)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};
	char text[1024];
	size_t used = 0;
	ssize_t n = 1;

	while (n > 0 && used < strlen(expected) && poll(&wanted, 1, 5000) == 1) {
		n = read(fd, text + used, sizeof(text) - 1 - used);
		used += n > 0 ? (size_t)n : 0;
	}
	n = read(fd, text + used, sizeof(text) - 1 - used);
	used += n > 0 ? (size_t)n : 0;
	text[used] = '\0';
	assert_string_equal(text, expected);
}

static void begin_on(struct progress *p, enum progress_style style, int fd)
{
	progress_begin(p, PROGRESS_LINE, "web2", 0);
	p->style = style;
	p->fd = fd;
}

static void a_line_is_drawn_over_the_last_one(void **state)
{
	const struct terminal *t = *state;
	struct progress_counts counts = {.bytes = 1000 * MIB, .files = 1000};
	struct progress p;

	begin_on(&p, PROGRESS_LINE, t->fd);
	progress_show(&p, &counts, MSEC(200)); /* not yet */
	expect_written(t->master_fd, "");
	progress_show(&p, &counts, MSEC(1000));
	expect_written(t->master_fd, "\rweb2   1000 MiB   1000 files   1000 MiB/s   1 s");
	progress_show(&p, &counts, MSEC(1099)); /* too soon */
	expect_written(t->master_fd, "");
	counts.bytes = 10 * MIB;
	counts.files = 1;
	p.samples[0].bytes = 0;
	p.sample_count = 1;
	p.newest = 0;
	progress_show(&p, &counts, MSEC(1100));
	expect_written(t->master_fd, "\rweb2   10.0 MiB   1 file   9.1 MiB/s   1 s     ");
	progress_clear(&p);
	expect_written(t->master_fd, "\r                                          \r");
	progress_clear(&p);
	expect_written(t->master_fd, "");
}

static void the_terminals_width_is_asked_for_each_time(void **state)
{
	const struct terminal *t = *state;
	const struct winsize narrow = {.ws_col = 20, .ws_row = 24};
	const struct progress_counts counts = {.bytes = MIB, .files = 1000};
	struct progress p;

	begin_on(&p, PROGRESS_LINE, t->fd);
	progress_show(&p, &counts, MSEC(1000));
	expect_written(t->master_fd, "\rweb2   1.0 MiB   1000 files   1.0 MiB/s   1 s");
	assert_int_equal(ioctl(t->fd, TIOCSWINSZ, &narrow), 0);
	progress_show(&p, &counts, MSEC(2000));
	expect_written(t->master_fd, "\r1.0 MiB   2 s      ");
}

static void what_succeeded_ends_in_a_summary(void **state)
{
	const struct terminal *t = *state;
	const struct progress_counts counts = {.bytes = MIB, .files = 1000};
	struct progress p;

	begin_on(&p, PROGRESS_LINE, t->fd);
	progress_show(&p, &counts, MSEC(500));
	expect_written(t->master_fd, "\rweb2   1.0 MiB   1000 files   2.0 MiB/s   1 s");
	progress_end(&p, NULL, NULL, MSEC(1000));
	expect_written(t->master_fd, "\r                                             \r"
				     "web2: 1.0 MiB, 1000 files, 1.00 s, 1.0 MiB/s\n");
	progress_show(&p, &counts, MSEC(2000));
	expect_written(t->master_fd, "");
}

static void what_failed_leaves_no_line(void **state)
{
	const struct terminal *t = *state;
	const struct progress_counts counts = {.files = 1000};
	struct progress p;
	struct err e = {0};

	err_set(&e, ERR_STORAGE, ENOSPC, "it is full");
	begin_on(&p, PROGRESS_LINE, t->fd);
	progress_show(&p, &counts, MSEC(500));
	expect_written(t->master_fd, "\rweb2   0 B   1000 files   1 s");
	progress_end(&p, &counts, &e, MSEC(600));
	expect_written(t->master_fd, "\r                             \r");
}

static void what_is_over_at_once_needs_no_line(void **state)
{
	const struct terminal *t = *state;
	const struct progress_counts counts = {.files = 1000};
	struct progress p;

	begin_on(&p, PROGRESS_LINE, t->fd);
	progress_show(&p, &counts, MSEC(100));
	progress_end(&p, &counts, NULL, MSEC(200));
	expect_written(t->master_fd, "");
}

/* In a session whose terminal this is: what is written by its foreground, or a process group behind
 * that. The exit status is 0. */
static int draw_as(const struct terminal *t, bool in_foreground)
{
	const struct progress_counts counts = {.bytes = MIB, .files = 1000};
	struct progress p;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setsid() < 0 || ioctl(t->fd, TIOCSCTTY, 0) < 0)
			_exit(1);
		if (!in_foreground) {
			pid = fork();
			if (pid > 0)
				_exit(waitpid(pid, &status, 0) == pid ? status : 2);
			if (setpgid(0, 0) < 0)
				_exit(3);
		}
		begin_on(&p, PROGRESS_LINE, t->fd);
		progress_show(&p, &counts, MSEC(1000));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_command_in_the_foreground_draws(void **state)
{
	const struct terminal *t = *state;

	assert_int_equal(draw_as(t, true), 0);
	expect_written(t->master_fd, "\rweb2   1.0 MiB   1000 files   1.0 MiB/s   1 s");
}

static void a_command_behind_the_foreground_draws_nothing(void **state)
{
	const struct terminal *t = *state;

	assert_int_equal(draw_as(t, false), 0);
	expect_written(t->master_fd, "");
}

static int open_pipe(void **state)
{
	static struct terminal t;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	t = (struct terminal){.master_fd = fds[0], .fd = fds[1]};
	*state = &t;
	return 0;
}

static void a_summary_is_all_that_is_written_elsewhere(void **state)
{
	const struct terminal *t = *state;
	const struct progress_counts counts = {.bytes = MIB, .files = 1000};
	struct progress p;
	struct err e = {0};

	begin_on(&p, PROGRESS_SUMMARY, t->fd);
	progress_show(&p, &counts, MSEC(1000));
	progress_end(&p, &counts, NULL, MSEC(2000));
	expect_written(t->master_fd, "web2: 1.0 MiB, 1000 files, 2.00 s, 512 KiB/s\n");
	err_set(&e, ERR_STORAGE, ENOSPC, "it is full");
	begin_on(&p, PROGRESS_SUMMARY, t->fd);
	progress_end(&p, &counts, &e, MSEC(2000));
	expect_written(t->master_fd, "");
}

static void events_come_ten_times_a_second_at_most(void **state)
{
	const struct terminal *t = *state;
	struct progress_counts counts = {.files = 1};
	char text[4096];
	struct progress p;
	unsigned lines = 0;
	ssize_t n;

	begin_on(&p, PROGRESS_EVENTS, t->fd);
	for (unsigned i = 1; i <= 1000; i++)
		progress_show(&p, &counts, MSEC(i));
	progress_end(&p, &counts, NULL, MSEC(1000));
	n = read(t->master_fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	for (const char *at = strchr(text, '\n'); at; at = strchr(at + 1, '\n'))
		lines++;
	assert_int_equal(lines, 11);
	assert_non_null(strstr(text, "{\"event\":\"end\""));
}

static void a_reader_that_went_away_ends_nothing(void **state)
{
	struct terminal *t = *state;
	const struct progress_counts counts = {.files = 1};
	struct progress p;
	sigset_t pending;

	close(t->master_fd);
	t->master_fd = -EBADF;
	begin_on(&p, PROGRESS_EVENTS, t->fd);
	progress_show(&p, &counts, MSEC(1000));
	assert_int_equal(p.style, PROGRESS_NONE);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	progress_end(&p, &counts, NULL, MSEC(2000));
}

/* Signals -------------------------------------------------------------------------------------- */

/* In a child, whose status is returned: 3 when nothing was taken. */
static int interrupt_child(int sent, bool is_ignored)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct interrupt i;

		signal(sent, is_ignored ? SIG_IGN : SIG_DFL);
		interrupt_hold(&i);
		if (interrupt_look(&i) != 0)
			_exit(1);
		kill(getpid(), sent);
		if (interrupt_look(&i) != (is_ignored ? 0 : sent) || interrupt_look(&i) != i.signal)
			_exit(2);
		interrupt_release(&i);
		_exit(3);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_signal_waits_and_ends_the_process_at_last(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
		int status = interrupt_child(signals[i], false);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
	}
}

static void a_signal_that_is_ignored_stays_so(void **state)
{
	int status = interrupt_child(SIGHUP, true);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

#define ON_TERMINAL(name) cmocka_unit_test_setup_teardown(name, open_terminal, close_terminal)
#define ON_PIPE(name)     cmocka_unit_test_setup_teardown(name, open_pipe, close_terminal)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_tells_everything),
		cmocka_unit_test(a_line_leaves_out_what_has_no_room),
		cmocka_unit_test(every_width_is_kept),
		cmocka_unit_test(what_is_not_known_is_not_told),
		cmocka_unit_test(more_than_was_counted_is_all),
		cmocka_unit_test(sizes_have_three_digits),
		cmocka_unit_test(units_stand_beside_both_numbers_when_they_differ),
		cmocka_unit_test(long_times_are_readable),
		cmocka_unit_test(a_summary_tells_all_at_once),
		cmocka_unit_test(events_are_objects),
		cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
		cmocka_unit_test(files_count_for_the_time_that_is_left),
		ON_TERMINAL(a_line_is_drawn_over_the_last_one),
		ON_TERMINAL(the_terminals_width_is_asked_for_each_time),
		ON_TERMINAL(what_succeeded_ends_in_a_summary),
		ON_TERMINAL(what_failed_leaves_no_line),
		ON_TERMINAL(what_is_over_at_once_needs_no_line),
		ON_TERMINAL(a_command_in_the_foreground_draws),
		ON_TERMINAL(a_command_behind_the_foreground_draws_nothing),
		ON_PIPE(a_summary_is_all_that_is_written_elsewhere),
		ON_PIPE(events_come_ten_times_a_second_at_most),
		ON_PIPE(a_reader_that_went_away_ends_nothing),
		cmocka_unit_test(a_signal_waits_and_ends_the_process_at_last),
		cmocka_unit_test(a_signal_that_is_ignored_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
