/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The static program in the place of lxc-attach: it runs an attach plan, relays the terminal when
 * there is one, and ends as the command does. While its child is still this program, processes of
 * the container may look at it: whoever executes us sees to it that they find a sealed copy
 * (CVE-2019-5736).
 *
 * The record comes from a program of the same user and is checked nevertheless; nothing is gained
 * by forging one, since this program has no rights that its caller lacks.
 */

#include "run/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "run/relay.h"
#include "sys/process.h"
#include "sys/syscall.h"

enum { FIRST_FREE = 3, SIGNALED = 128 };

static void show_error(const struct record_header *record, const struct err *e)
{
	const char *comm = record ? record_text(record, record->comm) : "";
	const char *name = record ? record_text(record, record->name) : "";
	autostr text = {0};

	str_addf(&text, "%s: ", *comm ? comm : "lxc-attach");
	if (*name)
		str_addf(&text, "%s: ", name);
	err_render_text(e, &text);
	str_add_char(&text, '\n');
	if (!str_failed(&text))
		(void)!write(STDERR_FILENO, text.data, text.len);
}

static int map_record(int fd, struct record_header **ret, struct err *e)
{
	struct record_header *record;
	const char *problem;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_set(e, ERR_RECORD, errno, "descriptor %d is no record", fd);
	if (status.st_size < RECORD_PARTS_AT || status.st_size > RECORD_SIZE_MAX)
		return err_set(e, ERR_RECORD, 0, "a record can't have %lld bytes",
			       (long long)status.st_size);
	record = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (record == MAP_FAILED)
		return err_set(e, ERR_RECORD, errno, "cannot map the record");
	problem = record_check(record, (size_t)status.st_size);
	if (!problem && record->plan.size == 0)
		problem = "the record has no plan";
	if (!problem && !(record_plan(record)->flags & PLAN_IS_ATTACH))
		problem = "the record's plan is not one for attaching";
	if (!problem && record->applied.size < sizeof(struct attach_launch))
		problem = "the record does not say how to attach";
	if (problem)
		return err_set(e, ERR_RECORD, 0, "%s", problem);
	*ret = record;
	return 0;
}

/* The descriptors that the plan begins with and those of the terminal, -1 at the end. */
enum { NEEDED_MAX = 16 };

static void find_needed(struct record_header *record, int ret[static NEEDED_MAX])
{
	const struct attach_launch *launch =
		(const void *)((const char *)record + record->applied.offset);
	const uint32_t registers = record_plan(record)->registers.count;
	int count = 0;

	ret[count++] = launch->terminal_fd;
	ret[count++] = launch->log_fd;
	for (uint32_t i = 0; i < registers && count < NEEDED_MAX; i++) {
		const struct record_register *r = &record_registers(record)[i];

		if (plan_registers(record_plan(record))[i].kind == REGISTER_FD &&
		    atomic_load(&r->state) == VALUE_SET)
			ret[count++] = r->fd;
	}
	while (count < NEEDED_MAX)
		ret[count++] = -1;
}

/*
 * What the caller had open is not for our child, whom processes of the container see before it
 * executes (CVE-2016-8649, CVE-2024-21626).
 */
static void close_others(struct record_header *record)
{
	int needed[NEEDED_MAX], from = FIRST_FREE;

	find_needed(record, needed);
	for (;;) {
		int next = -1;

		for (int i = 0; i < NEEDED_MAX; i++) {
			if (needed[i] >= from && (next < 0 || needed[i] < next))
				next = needed[i];
		}
		if (next < 0)
			break;
		if (next > from)
			(void)sys_close_range((unsigned)from, (unsigned)next - 1);
		from = next + 1;
	}
	(void)sys_close_range((unsigned)from, ~0U);
}

/* What init_restore_signals() gives back. */
static void note_signals(struct run *r)
{
	(void)sys_sigmask(SIG_BLOCK, NULL, &r->caller_mask);
	r->caller_ignored = process_ignored_signals();
}

static void close_register(struct run *r, uint16_t n)
{
	struct record_register *reg = &record_registers(r->record)[n % PLAN_REGISTERS_MAX];

	if (n >= PLAN_REGISTERS_MAX || atomic_load(&reg->state) != VALUE_SET)
		return;
	close(reg->fd);
	reg->fd = -EBADF;
	atomic_store(&reg->state, VALUE_EMPTY);
}

/* The stream on which to show what comes out: one that the child has the terminal for. */
static int output_of(uint32_t streams)
{
	if (streams & 2)
		return STDOUT_FILENO;
	return streams & 4 ? STDERR_FILENO : STDIN_FILENO;
}

static int relay_terminal(const struct attach_launch *launch, int child_fd)
{
	const struct relay relay = {
		.master_fd = launch->terminal_fd,
		.child_fd = child_fd,
		.input_fd = launch->streams & 1 ? STDIN_FILENO : -EBADF,
		.output_fd = output_of(launch->streams),
		.log_fd = launch->log_fd,
		.owns_process = true,
	};
	int r = relay_run(&relay);

	/* What hangs the terminal up for the command, should it still be there. */
	close(launch->terminal_fd);
	if (r > 0) {
		(void)signal(r, SIG_DFL);
		(void)raise(r);
	}
	return r;
}

/*
 * The command has a session of its own: what the terminal has to tell comes to us alone. It is kept
 * from before the command begins: what ended us then would leave it behind.
 */
struct signals {
	int fd;
	int ended_by; /* one that came before the command ran, or 0 */
};

static void open_signals(struct signals *s)
{
	sigset_t passed;

	(void)sigemptyset(&passed);
	(void)sigaddset(&passed, SIGINT);
	(void)sigaddset(&passed, SIGQUIT);
	(void)sigaddset(&passed, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &passed, NULL);
	s->fd = signalfd(-1, &passed, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* 0 when the descriptor can be read; else the signal. */
static int wait_or_signal(const struct signals *s, int fd)
{
	struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = s->fd, .events = POLLIN}};
	struct signalfd_siginfo info;

	for (;;) {
		if (poll(p, ARRAY_LENGTH(p), -1) < 0 && errno != EINTR)
			return -errno;
		if (p[0].revents)
			return 0;
		if (p[1].revents && read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			return (int)info.ssi_signo;
	}
}

/* Of struct run_calls: before the command runs, they end us. */
static int wait_unless_ended(struct run *r, int fd)
{
	struct signals *s = r->context;
	int number;

	do
		number = wait_or_signal(s, fd);
	while (number > 0 && r->caller_ignored >> (number - 1) & 1);
	if (number > 0)
		s->ended_by = number;
	return number > 0 ? -EINTR : number;
}

static int pass_signals(const struct signals *s, int child_fd, int *ret_status)
{
	int number;

	while ((number = wait_or_signal(s, child_fd)) > 0)
		(void)process_signal(child_fd, number);
	return process_wait(child_fd, ret_status);
}

static int end_by(int number)
{
	sigset_t set;

	(void)signal(number, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, number);
	(void)raise(number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	return SIGNALED + number;
}

/* Wait for the command. */
static int wait_command(const struct attach_launch *launch, const struct signals *signals,
			int child_fd)
{
	int status, r;

	if (launch->terminal_fd >= 0) {
		r = relay_terminal(launch, child_fd);
		if (r != 0)
			return r > 0 ? SIGNALED + r : ATTACH_FAILED;
		r = process_wait(child_fd, &status);
	} else {
		r = pass_signals(signals, child_fd, &status);
	}
	if (r < 0)
		return ATTACH_FAILED;
	return WIFSIGNALED(status) ? SIGNALED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_record(struct record_header *record, char *const *environment)
{
	const struct attach_launch *launch =
		(const void *)((char *)record + record->applied.offset);
	bool has_terminal = launch->terminal_fd >= 0;
	const struct run_calls calls = {.wait_readable = has_terminal ? NULL : wait_unless_ended};
	struct signals signals = {.fd = -EBADF};
	struct run_failure failure = {0};
	struct err e = {0};
	struct run run = {
		.record = record,
		.plan = record_plan(record),
		.calls = &calls,
		.context = &signals,
		.gate_fd = -EBADF,
		.child_fd = -EBADF,
		.environment = environment,
	};
	const struct record_register *child =
		&record_registers(record)[launch->child_register % PLAN_REGISTERS_MAX];

	note_signals(&run);
	if (!has_terminal)
		open_signals(&signals);
	else
		relay_prepare(launch->terminal_fd,
			      launch->streams & 1 ? STDIN_FILENO : output_of(launch->streams),
			      launch->streams & 1);
	if (attach_run_lane(&run, launch, &failure) < 0) {
		if (signals.ended_by)
			return end_by(signals.ended_by);
		run_report(run.plan, &failure, "cannot run a command in the container", &e);
		show_error(record, &e);
		return attach_exit_status(run.plan, &failure);
	}
	/* The child has its own; with ours open nobody would see that the terminal is left. */
	close_register(&run, launch->terminal_register);
	close_register(&run, launch->pidfd_register);
	if (atomic_load(&child->state) != VALUE_SET)
		return ATTACH_FAILED;
	return wait_command(launch, &signals, child->fd);
}

int attach_main(int record_fd, char *const *environment)
{
	struct record_header *record = NULL;
	struct err e = {0};
	const char *comm;
	int r;

	/* Nobody whom we execute gets what we were handed. */
	(void)sys_close_range_on_exec(FIRST_FREE);
	r = map_record(record_fd, &record, &e);
	close(record_fd);
	if (r < 0 || !record) {
		err_wrap(&e, r, "cannot attach");
		show_error(NULL, &e);
		return ATTACH_FAILED;
	}
	close_others(record);
	comm = record_text(record, record->comm);
	if (*comm)
		(void)prctl(PR_SET_NAME, comm);
	/* Container processes may look at our child before it executes. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	/* No exit handlers: children of this process would be the container's (sanitizers make
	 * some). */
	_exit(run_record(record, environment));
}
