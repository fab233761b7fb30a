/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks of the HOST lane (spec/runtime.md §12): `/bin/sh -c` with the command line, the caller's
 * environment and what the plan adds. Output is handed on as it comes. When the hook's own process
 * has ended it is done: what it left running may keep the pipe for ever (spec/contracts.md INC-10).
 *
 * The standard error output stays the caller's. A start in the background has none: there it is a
 * file in memory, and not the pipe, which would kill whatever writes to it when we are gone.
 */

#include "run/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/arguments.h"
#include "sys/process.h"

enum {
	EVENT_OUTPUT,
	EVENT_END,
	FINAL_READS = 64, /* after the end: what is in the pipe now, not what others keep adding */
	ERRORS_MAX =
		64 * 1024, /* bytes of the standard error output that are handed on: the last */
};

/* sh, -c and the command line with its extra arguments. */
static int fill_command(const struct host *h, const struct plan_step *step, struct arguments *a)
{
	const char *extra = plan_list_first(h->plan, step->arg[2]);
	int r = arguments_open(a, h->plan, h->run->record);

	if (r < 0)
		return r;
	arguments_add(a, "/bin/sh");
	arguments_add(a, "-c");
	arguments_add_copy(a, host_text(h, step, 1));
	for (uint32_t n = plan_list_count(h->plan, step->arg[2]); n > 0; n--) {
		arguments_extend_last(a, extra);
		extra += strlen(extra) + 1;
	}
	return 0;
}

static bool ends_run(const struct host *h, const char *type)
{
	return h->section != SECTION_START &&
	       (strcmp(type, "stop") == 0 || strcmp(type, "post-stop") == 0);
}

static int fill_environment(const struct host *h, const struct plan_step *step, struct arguments *a)
{
	int r = arguments_open(a, h->plan, h->run->record);

	if (r < 0)
		return r;
	arguments_add_vector(a, h->run->environment);
	arguments_set_list(a, h->plan->hook_environment);
	/* Known only when the end has come. */
	if (ends_run(h, host_text(h, step, 0)))
		arguments_set(a, h->run->target == TARGET_REBOOT ? "LXC_TARGET=reboot"
								 : "LXC_TARGET=stop");
	arguments_set_list(a, step->arg[3]);
	return 0;
}

/* What is there now. 0: nothing more at the moment; 1: the other end is closed. */
static int pass_output(struct host *h, int fd, unsigned reads)
{
	char piece[4096];

	while (reads-- > 0) {
		ssize_t got = read(fd, piece, sizeof(piece));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : 1;
		if (got == 0)
			return 1;
		if (h->run->calls->hook_output)
			h->run->calls->hook_output(h->run, piece, (size_t)got);
	}
	return 0;
}

/* -EBADF: the standard error output stays what it is. */
static int open_errors(const struct host *h)
{
	int fd;

	if (!(h->run->record->flags & RECORD_DAEMONISED))
		return -EBADF;
	fd = memfd_create("hook errors", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	/* Without one the hook runs as well. */
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_APPEND);
	return fd < 0 ? -EBADF : fd;
}

/* Who goes on writing to it behind the hook fills no memory. */
static void pass_errors(const struct host *h, int fd)
{
	struct stat status;
	char piece[4096];
	off_t at;

	if (fd < 0)
		return;
	fcntl(fd, F_ADD_SEALS, F_SEAL_GROW);
	if (fstat(fd, &status) < 0)
		return;
	at = status.st_size > ERRORS_MAX ? status.st_size - ERRORS_MAX : 0;
	while (at < status.st_size && h->run->calls->hook_output) {
		ssize_t got = pread(fd, piece, sizeof(piece), at);

		if (got <= 0)
			return;
		h->run->calls->hook_output(h->run, piece, (size_t)got);
		at += got;
	}
}

static int watch(int epoll_fd, int fd, uint32_t what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = what};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Serve the hook until its process has ended. */
static int attend(struct host *h, int pidfd, int output_fd, int *ret_status)
{
	autoclose int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int r;

	if (epoll_fd < 0)
		return host_failed(h, __NR_epoll_create1, -errno);
	r = watch(epoll_fd, pidfd, EVENT_END);
	if (r == 0)
		r = watch(epoll_fd, output_fd, EVENT_OUTPUT);
	if (r < 0)
		return host_failed(h, __NR_epoll_ctl, r);
	for (;;) {
		struct epoll_event event;

		r = host_wait(h, epoll_fd);
		if (r < 0)
			return host_note(h, r, "waiting for the hook was given up");
		if (epoll_wait(epoll_fd, &event, 1, 0) <= 0)
			continue;
		if (event.data.u32 == EVENT_END)
			break;
		if (pass_output(h, output_fd, 1) == 1)
			epoll_ctl(epoll_fd, EPOLL_CTL_DEL, output_fd, NULL);
	}
	pass_output(h, output_fd, FINAL_READS);
	r = process_wait(pidfd, ret_status);
	return r < 0 ? host_failed(h, __NR_waitid, r) : 0;
}

static int run_program(struct host *h, struct arguments *command, struct arguments *environment,
		       int *ret_status)
{
	autoclose int pidfd = -EBADF;
	autoclose int output = -EBADF;
	autoclose int errors = open_errors(h);
	struct process_program program = {
		.path = "/bin/sh",
		.argv = arguments_vector(command),
		.environment = arguments_vector(environment),
		.input = -1,
		.error_output = errors,
		.blocked_signals = h->run->caller_mask,
		.ignored_signals = h->run->caller_ignored,
		.descriptor_limit = h->run->caller_descriptors,
		/* It would meddle with the clean-up after us, or with the next run. */
		.death_signal = SIGKILL,
	};
	int pipes[2], r, status;
	pid_t pid;

	if (!program.argv || !program.environment)
		return host_note(h, -E2BIG, "its command line or environment is too long");
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return host_failed(h, __NR_pipe2, -errno);
	output = pipes[0];
	program.output = pipes[1];
	/* Ours alone does not wait; the hook gets a pipe as programs expect it. */
	if (fcntl(output, F_SETFL, O_NONBLOCK) < 0) {
		r = -errno;
		close(pipes[1]);
		return host_failed(h, __NR_fcntl, r);
	}
	pidfd = process_spawn(&program, &pid);
	close(pipes[1]);
	if (pidfd < 0)
		return host_note(h, host_failed(h, __NR_execve, pidfd), "%s", program.path);
	r = attend(h, pidfd, output, ret_status);
	if (r < 0) {
		process_signal(pidfd, SIGKILL);
		process_wait(pidfd, &status);
	}
	pass_errors(h, errors);
	return r;
}

/* LXC's words, which people and programs look for in logs. */
static int judge(struct host *h, int status)
{
	if (status == 0)
		return 0;
	if (WIFSIGNALED(status))
		return host_explain(h, "Script terminated by signal %d", WTERMSIG(status));
	return host_explain(h, "Script exited with status %d", WEXITSTATUS(status));
}

int host_hook(struct host *h, const struct plan_step *step)
{
	struct arguments command = {.vector = NULL}, environment = {.vector = NULL};
	int status = 0, r;

	r = fill_command(h, step, &command);
	if (r == 0)
		r = fill_environment(h, step, &environment);
	if (r == 0) {
		r = run_program(h, &command, &environment, &status);
		if (r == 0)
			r = judge(h, status);
	}
	arguments_close(&environment);
	arguments_close(&command);
	if (r < 0 && (step->arg[4] & HOOK_STOPS_REBOOT) && h->run->calls->refuse_reboot)
		h->run->calls->refuse_reboot(h->run);
	return r;
}

int host_hook_pipe(struct host *h, const struct plan_step *step)
{
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return host_failed(h, __NR_pipe2, -errno);
	/* The supervisor reads when it likes; writers are programs that know blocking pipes only.
	 */
	if (fcntl(pipes[0], F_SETFL, O_NONBLOCK) < 0) {
		int r = -errno;

		close(pipes[0]);
		close(pipes[1]);
		return host_failed(h, __NR_fcntl, r);
	}
	host_set_fd(h, step->out, pipes[0]);
	host_set_fd(h, (unsigned)step->arg[0], pipes[1]);
	return 0;
}
