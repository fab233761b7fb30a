/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attaching with a callback (api.md §8).
 *
 * The callback needs the caller's memory, so this is a fork: of a process in between, which enters
 * what only children can be in and runs the plan's HOST lane, and which in turn clones the new
 * process as its sibling, a direct child of the caller; for privileged containers through one more
 * such sibling (attach_gather.c). fork(3) for the first, because it leaves the C library usable in
 * a program with threads; the others are then clones of one thread.
 */

#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/spawn.h"
#include "run/relay.h"
#include "sys/process.h"

#define LOG_CATEGORY "attach"
#include "base/log.h"

/* What the process in between tells the caller, once. */
struct report {
	int32_t result;
	int32_t pid;     /* of the new process, 0 = there is none */
	int32_t between; /* of another one in between, which ends by itself; 0 = there was none */
	struct run_failure failure;
};

/* What the new process still has to do before the caller's function. */
struct callback {
	struct attach *attach;
	int (*function)(void *payload);
	void *payload;
	int report_fd;
};

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int run_callback(void *context)
{
	const struct callback *callback = context;
	const struct attach *a = callback->attach;

	/* The function need not execute anything: what is ours must not stay open. */
	close_if_open(callback->report_fd);
	close_if_open(a->pidfd);
	close_if_open(a->leaf_fd);
	close_if_open(a->terminal_fd);
	close_if_open(a->peer_fd);
	if (a->terminal_fd < 0 && a->options->stdin_fd > 0 && isatty(STDIN_FILENO)) {
		(void)setsid();
		(void)ioctl(STDIN_FILENO, TIOCSCTTY, 0);
	}
	environ = (char **)a->request.environment;
	return callback->function(callback->payload);
}

/* The descriptors that the caller names become 0, 1 and 2, in whatever order they are. */
static int place_streams(const struct lxc_attach_options_t *options)
{
	const int given[] = {options->stdin_fd, options->stdout_fd, options->stderr_fd};
	int copies[ARRAY_LENGTH(given)];

	for (int i = 0; i < (int)ARRAY_LENGTH(given); i++) {
		copies[i] = -EBADF;
		if (given[i] < 0 || given[i] == i)
			continue;
		copies[i] = fcntl(given[i], F_DUPFD_CLOEXEC, (int)ARRAY_LENGTH(given));
		if (copies[i] < 0)
			return -errno;
	}
	if ((copies[0] >= 0 && dup2(copies[0], STDIN_FILENO) < 0) ||
	    (copies[1] >= 0 && dup2(copies[1], STDOUT_FILENO) < 0) ||
	    (copies[2] >= 0 && dup2(copies[2], STDERR_FILENO) < 0))
		return -errno;
	for (size_t i = 0; i < ARRAY_LENGTH(copies); i++)
		close_if_open(copies[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(given); i++) {
		if (given[i] >= (int)ARRAY_LENGTH(given))
			close(given[i]);
	}
	return 0;
}

static uint64_t mask_bits(const sigset_t *set)
{
	uint64_t bits = 0;

	for (int i = 1; i < NSIG; i++)
		bits |= sigismember(set, i) == 1 ? UINT64_C(1) << (i - 1) : 0;
	return bits;
}

static int enter_unit(struct attach *a, struct run_failure *ret)
{
	struct err e = {0};
	int r = attach_enter_unit(a, &e);

	if (r == 0)
		return 0;
	*ret = (struct run_failure){.step = UINT32_MAX, .errnum = -r};
	snprintf(ret->note, sizeof(ret->note), "%s", err_cause(&e));
	return r;
}

/* The process in between. */
_Noreturn static void stand_between(struct callback *callback, struct record_header *record,
				    const sigset_t *mask)
{
	static const struct run_calls calls = {0};
	struct report report = {0};
	struct run run = {
		.record = record,
		.plan = record_plan(record),
		.calls = &calls,
		.gate_fd = -EBADF,
		.child_fd = -EBADF,
		.environment = environ,
		.caller_mask = mask_bits(mask),
		.caller_ignored = process_ignored_signals(),
		.callback = run_callback,
		.payload = callback,
	};

	/* CVE-2016-8649: the container's processes see the next one, and what we have open. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	report.result = place_streams(callback->attach->options);
	if (report.result < 0)
		report.failure = (struct run_failure){.step = UINT32_MAX,
						      .errnum = -report.result,
						      .note = "stdin_fd, stdout_fd, stderr_fd"};
	else
		report.result = enter_unit(callback->attach, &report.failure);
	if (report.result == 0)
		report.result = attach_run_lane(&run, &callback->attach->at, &report.failure);
	report.pid = run.child;
	report.between = run.between;
	(void)!send(callback->report_fd, &report, sizeof(report), MSG_NOSIGNAL);
	_exit(0);
}

/* Whoever it was: the caller may have asked not to be told of its children. */
static void collect(pid_t pid)
{
	if (pid > 0)
		(void)process_reap(pid);
}

static int take_report(struct attach *a, int fd, const struct record_header *record,
		       struct report *ret, struct err *e)
{
	ssize_t n;

	do {
		n = recv(fd, ret, sizeof(*ret), 0);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*ret))
		return err_set(e, ERR_CHILD_DIED, ECHILD,
			       "the process that enters container \"%s\" has died", a->c->name);
	collect(ret->between);
	if (ret->result >= 0)
		return 0;
	collect(ret->pid);
	run_report(record_plan(record), &ret->failure, "cannot attach to the container", e);
	return ret->result;
}

/* Fork, let it run, and hear what became of it. */
static int run_between(struct attach *a, struct callback *callback, struct record_header *record,
		       pid_t *ret, struct err *e)
{
	autoclose int ours = -EBADF;
	struct report report;
	sigset_t all, mask;
	int pair[2], r;
	pid_t between;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a socket pair");
	ours = pair[0];
	callback->report_fd = pair[1];
	/* Handlers of the caller's are not for copies of it. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &mask);
	between = fork();
	if (between == 0) {
		close(ours);
		stand_between(callback, record, &mask);
	}
	r = between < 0 ? -errno : 0;
	(void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
	close(pair[1]);
	if (r < 0)
		return err_set(e, ERR_CLONE_FAILED, -r, "cannot fork");
	r = take_report(a, ours, record, &report, e);
	collect(between);
	if (r == 0)
		*ret = report.pid;
	return r;
}

/* The caller relays until the process is gone (LXC_ATTACH_TERMINAL). */
static void relay(struct attach *a, pid_t pid)
{
	autoclose int child_fd = process_open(pid);
	const struct relay relay = {
		.master_fd = a->terminal_fd,
		.child_fd = child_fd,
		.input_fd = a->options->stdin_fd,
		.output_fd = a->options->stdout_fd,
		.log_fd = -EBADF,
	};
	int r;

	close_if_open(take_fd(a->peer_fd));
	if (child_fd < 0)
		return;
	r = relay_run(&relay);
	if (r < 0)
		log_warn_errno(-r, "%s: cannot relay the terminal", a->c->name);
}

static int prepare_terminal(struct attach *a, struct err *e)
{
	int terminal = isatty(a->options->stdin_fd) ? a->options->stdin_fd : a->options->stdout_fd;
	int r;

	if (!(a->options->attach_flags & LXC_ATTACH_TERMINAL))
		return 0;
	r = attach_open_terminal(a, e);
	if (r < 0)
		return r;
	a->request.has_terminal = true;
	a->request.terminal_streams = 7;
	if (isatty(terminal))
		relay_prepare(a->terminal_fd, terminal, terminal == a->options->stdin_fd);
	return 0;
}

static int attach_run(struct attach *a, struct callback *callback, pid_t *ret, struct err *e)
{
	autofree char *record = NULL;
	size_t size;
	int r = attach_gather(a, e);

	if (r == 0)
		r = prepare_terminal(a, e);
	if (r == 0)
		r = attach_make_record(a, "lxc-attach", &record, &size, e);
	if (r != 0)
		return r;
	/* The caller's function may use the object: in the copy, too, nobody must hold its lock. */
	container_release(a->c);
	return run_between(a, callback, (struct record_header *)record, ret, e);
}

int container_attach(struct container *c, int (*function)(void *payload), void *payload,
		     struct lxc_attach_options_t *options, pid_t *ret_pid, struct err *e)
{
	struct lxc_attach_options_t defaults;
	struct callback callback = {.function = function, .payload = payload, .report_fd = -EBADF};
	struct attach a;
	pid_t pid = 0;
	int r;

	if (!options) {
		attach_init_options(&defaults);
		options = &defaults;
	}
	attach_init(&a, c, options);
	callback.attach = &a;
	r = attach_run(&a, &callback, &pid, e);
	if (r == 0) {
		*ret_pid = pid;
		/* The terminal's signals are for the new process, as in LXC. */
		if (options->stdin_fd == STDIN_FILENO) {
			(void)signal(SIGINT, SIG_IGN);
			(void)signal(SIGQUIT, SIG_IGN);
		}
		if (a.terminal_fd >= 0)
			relay(&a, pid);
	}
	attach_finish(&a);
	return r;
}
