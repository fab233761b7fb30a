/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The guard and its child. fork(2) in the caller's memory, because the work may use the heap; the
 * guard itself makes system calls only.
 */

#include "child/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "sys/process.h"

enum {
	EXIT_NOT_BEGUN = 127,
	FINAL_READS = 64, /* after the end: what is in the pipe now, not what others keep adding */
};

/* Through the pipe; the first counts. */
struct report {
	enum { NOT_BEGUN, ENDED } what;
	int value; /* errno, wait status */
};

/* What guard and child need of it. */
struct start {
	const struct child_work *work;
	pid_t parent; /* the guard's */
	int report_fd;
	int output_fd; /* for the heard stream, or -EBADF */
};

static void tell(int fd, struct report report)
{
	ssize_t r;

	do
		r = write(fd, &report, sizeof(report));
	while (r < 0 && errno == EINTR);
}

/* All signals are blocked until nothing of the application's can run. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) < 0 ||
		    (action.sa_handler == SIG_IGN && number != SIGCHLD))
			continue;
		action = (struct sigaction){.sa_handler = SIG_DFL};
		sigaction(number, &action, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Behind the exec, too. */
static int put_in_place(int fd, int stream)
{
	if (fd < 0)
		return 0;
	if (fd != stream && dup3(fd, stream, O_CLOEXEC) < 0)
		return -errno;
	return fcntl(stream, F_SETFD, 0) < 0 ? -errno : 0;
}

_Noreturn static void be_child(const struct start *start, pid_t guard)
{
	const struct child_work *work = start->work;
	int r;

	if (process_die_with(guard, SIGKILL) < 0)
		_exit(EXIT_NOT_BEGUN);
	r = put_in_place(start->output_fd, work->heard_stream);
	reset_signals();
	if (r == 0)
		r = work->function(work->argument);
	if (r < 0) {
		tell(start->report_fd, (struct report){NOT_BEGUN, -r});
		_exit(EXIT_NOT_BEGUN);
	}
	_exit(r);
}

/* Also standard streams: what our caller waits for the end of must not hang on us. */
static void close_all_but(int first, int second)
{
	unsigned low = (unsigned)(first < second ? first : second);
	unsigned high = (unsigned)(first < second ? second : first);

	if (first < 0 || second < 0)
		low = high;
	if (low > 0)
		syscall(SYS_close_range, 0, low - 1, 0);
	if (high > low + 1)
		syscall(SYS_close_range, low + 1, high - 1, 0);
	syscall(SYS_close_range, high + 1, ~0U, 0);
}

/* 1 = somebody may be left of those that were there. Grandchildren of the dead become our own. */
static bool kill_children(void)
{
	autoclose int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at = text;
	uint64_t pid;

	if (len <= 0)
		return false;
	text[len] = '\0';
	/* A number that was cut off has no blank behind it: it is read whole the next time. */
	while (num_take_u64(&at, &pid) == 0 && *at == ' ') {
		kill((pid_t)pid, SIGKILL);
		at++;
	}
	return true;
}

static void kill_all(pid_t child)
{
	kill(child, SIGKILL);
	while (kill_children() && (waitpid(-1, NULL, 0) >= 0 || errno == EINTR))
		;
}

_Noreturn static void be_guard(const struct start *start)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	pid_t self = getpid();
	pid_t child, ended;
	sigset_t awaited;
	int status;

	sigaction(SIGCHLD, &action, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (process_die_with(start->parent, SIGTERM) < 0)
		_exit(0);
	child = fork();
	if (child == 0)
		be_child(start, self);
	if (child < 0) {
		tell(start->report_fd, (struct report){NOT_BEGUN, errno});
		_exit(0);
	}
	close_all_but(start->report_fd, start->work->kept_fd);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	for (;;) {
		if (sigwaitinfo(&awaited, NULL) == SIGTERM && !start->work->finishes) {
			kill_all(child);
			_exit(0);
		}
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended != child)
				continue;
			tell(start->report_fd, (struct report){ENDED, status});
			_exit(0);
		}
	}
}

static int make_output(struct child *child, struct start *start)
{
	int pipes[2];

	if (start->work->heard_stream == 0)
		return 0;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	child->output_fd = pipes[0];
	start->output_fd = pipes[1];
	/* Ours alone does not wait; the child gets a pipe as programs expect it. */
	return fcntl(pipes[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int fork_guard(struct child *child, struct start *start)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	child->guard = fork();
	if (child->guard == 0) {
		close(child->report_fd);
		be_guard(start);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return child->guard < 0 ? -errno : 0;
}

static void close_own(struct child *child)
{
	cleanup_close(&child->report_fd);
	cleanup_close(&child->output_fd);
	child->report_fd = child->output_fd = -EBADF;
}

int child_start(const struct child_work *work, struct child *ret)
{
	struct child child = {.work = work, .report_fd = -EBADF, .output_fd = -EBADF};
	struct start start = {.work = work, .parent = getpid(), .output_fd = -EBADF};
	int pipes[2];
	int r;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	child.report_fd = pipes[0];
	start.report_fd = pipes[1];
	r = make_output(&child, &start);
	if (r == 0)
		r = fork_guard(&child, &start);
	close(start.report_fd);
	cleanup_close(&start.output_fd);
	if (r < 0)
		close_own(&child);
	else
		*ret = child;
	return r;
}

/* False: there won't be more. */
static bool pass_output(const struct child *child, unsigned reads)
{
	char piece[4096];

	while (reads-- > 0) {
		ssize_t got = read(child->output_fd, piece, sizeof(piece));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 && errno == EAGAIN;
		child->work->hear(child->work->context, piece, (size_t)got);
	}
	return true;
}

/* Until the guard has told, or is gone without a word, which only SIGKILL does. */
static struct report hear_report(struct child *child)
{
	struct report report;
	ssize_t got;

	while (child->output_fd >= 0) {
		struct pollfd p[] = {{.fd = child->report_fd, .events = POLLIN},
				     {.fd = child->output_fd, .events = POLLIN}};

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents && !pass_output(child, p[0].revents ? FINAL_READS : 1)) {
			close(child->output_fd);
			child->output_fd = -EBADF;
		}
		if (p[0].revents)
			break;
	}
	do
		got = read(child->report_fd, &report, sizeof(report));
	while (got < 0 && errno == EINTR);
	/* What it wrote between our look and its end. */
	if (child->output_fd >= 0)
		pass_output(child, FINAL_READS);
	return got == (ssize_t)sizeof(report) ? report : (struct report){ENDED, SIGKILL};
}

int child_wait(struct child *child, int *ret_status)
{
	struct report report = hear_report(child);

	close_own(child);
	/* Somebody else may collect it, or nobody has to. */
	(void)process_reap(child->guard);
	if (report.what == NOT_BEGUN)
		return -report.value;
	*ret_status = report.value;
	return 0;
}

int child_run(const struct child_work *work, int *ret_status)
{
	struct child child = {.work = work, .report_fd = -EBADF, .output_fd = -EBADF};
	int r = child_start(work, &child);

	return r < 0 ? r : child_wait(&child, ret_status);
}
