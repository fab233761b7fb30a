/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks of the INIT lane (spec/runtime.md §12): /bin/sh -c in a child that shares our memory until
 * it has exec'ed. Its output goes to the hook pipe, which HOST reads. What it leaves behind as
 * children is reaped by PID 1. INIT lane rules: see init.h.
 *
 * A hook may be a program of the container's, and hostile: it gets no descriptors but the standard
 * streams, none of them a terminal of the caller's (CVE-2016-10124), and finds nothing of the host
 * in us (init_hide.c).
 */

#include "run/init.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "sys/syscall.h"

enum {
	STACK_SIZE = 8192, /* bytes: of the child until its exec */
	COMMAND_MAX = 8192,
	CANNOT_RUN = 127,
};

struct hook {
	const struct run *run;
	const char *const *argv, *const *environment;
	int output_fd;   /* -EBADF: it keeps our standard output */
	bool is_foreign; /* the container's program */
	int errnum;      /* of what went wrong before the exec; 0 = nothing */
	uint32_t call;
};

/* What is a terminal becomes the hook pipe; reading from that fails. */
static int leave_terminals(struct hook *h)
{
	struct termios settings;
	int r = 0;

	for (int i = 0; r >= 0 && i <= STDERR_FILENO; i++) {
		h->call = __NR_dup3;
		if (i != h->output_fd && sys_ioctl(i, TCGETS, &settings) == 0)
			r = sys_dup3(h->output_fd, i, 0);
	}
	return r;
}

static int hook_main(void *argument)
{
	struct hook *h = argument;
	int r = 0;

	if (h->output_fd >= 0) {
		h->call = __NR_dup3;
		r = h->output_fd == STDOUT_FILENO ? sys_fcntl(STDOUT_FILENO, F_SETFD, 0)
						  : sys_dup3(h->output_fd, STDOUT_FILENO, 0);
	}
	if (r >= 0 && h->output_fd >= 0 && h->run->record->flags & RECORD_DAEMONISED) {
		h->call = __NR_dup3;
		r = sys_dup3(STDOUT_FILENO, STDERR_FILENO, 0);
	}
	if (r >= 0 && h->is_foreign && h->output_fd >= 0)
		r = leave_terminals(h);
	if (r >= 0) {
		h->call = __NR_close_range;
		r = sys_close_range(STDERR_FILENO + 1, ~0U);
	}
	if (r >= 0) {
		init_restore_signals(h->run);
		h->call = __NR_execve;
		r = sys_execve("/bin/sh", h->argv, h->environment);
	}
	h->errnum = -r;
	return CANNOT_RUN;
}

/* The command line, and the extra arguments behind it, each after a blank: unquoted, as in LXC. */
static int make_command(struct init_lane *l, char *buf, size_t len)
{
	const char *command = plan_text(l->plan, l->step->arg[1]);
	const uint64_t list = l->step->arg[2];
	size_t used = init_text_length(command);
	struct init_words extra;
	const uint64_t lists[3] = {list};
	int r = init_words_open(l, &extra, true, lists, NULL);

	if (r == 0)
		r = init_words_add_list(l, &extra, list);
	if (r < 0)
		return r;
	if (used >= len)
		return -E2BIG;
	memcpy(buf, command, used);
	for (size_t i = 0; i < extra.count; i++) {
		const size_t length = init_text_length(extra.words[i]);

		if (used + length + 1 >= len)
			return -E2BIG;
		buf[used++] = ' ';
		memcpy(buf + used, extra.words[i], length);
		used += length;
	}
	buf[used] = '\0';
	return 0;
}

/* Whose output follows in the pipe, for who reads it: NUL, the number of the step, newline. */
static void mark_output(const struct init_lane *l, int fd)
{
	char text[24] = "";
	size_t length = 1 + init_decimal(l->index, text + 1);

	text[length++] = '\n';
	(void)sys_write(fd, text, length);
}

/* Run it and wait. 0, or -errno with the note of what it came to. */
static int run_hook(struct init_lane *l, struct hook *h)
{
	_Alignas(16) char stack[STACK_SIZE];
	int status, r;
	long pid;

	l->call = __NR_clone;
	pid = sys_clone_body(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + sizeof(stack), hook_main, h);
	if (pid < 0)
		return (int)pid;
	l->call = __NR_wait4;
	do
		r = sys_wait4((pid_t)pid, &status, 0);
	while (r == -EINTR);
	if (r < 0)
		return r;
	if (h->errnum) {
		l->call = h->call;
		return -h->errnum;
	}
	l->call = 0;
	if (WIFSIGNALED(status)) {
		init_note(l, "Script terminated by signal ");
		init_note_number(l, (uint64_t)WTERMSIG(status));
		return INIT_EXPLAINED;
	}
	if (WEXITSTATUS(status) != 0) {
		init_note(l, "Script exited with status ");
		init_note_number(l, (uint64_t)WEXITSTATUS(status));
		return INIT_EXPLAINED;
	}
	return 0;
}

int init_op_hook_inside(struct init_lane *l)
{
	char command[COMMAND_MAX];
	const char *const argv[] = {"sh", "-c", command, NULL};
	struct hook hook = {
		.run = l->run,
		.argv = argv,
		.output_fd = -EBADF,
		.is_foreign = l->step->arg[4],
	};
	struct init_words environment;
	const uint64_t lists[3] = {l->plan->hook_environment, l->step->arg[3]};
	int r;

	/* Without a pipe the output goes where ours goes. */
	if (l->step->in != PLAN_NO_REGISTER && init_get_fd(l, l->step->in, &hook.output_fd) != 0)
		hook.output_fd = -EBADF;
	r = make_command(l, command, sizeof(command));
	if (r == 0)
		r = init_words_open(l, &environment, false, lists, l->run->environment);
	if (r < 0)
		return r;
	init_words_add_caller(&environment, l->run->environment);
	r = init_words_add_environment(l, &environment, lists[0]);
	if (r == 0)
		r = init_words_add_environment(l, &environment, lists[1]);
	if (r < 0)
		return r;
	hook.environment = environment.words;
	init_umask_restore(l);
	if (hook.is_foreign)
		r = init_hide(l);
	if (r == 0 && hook.output_fd >= 0)
		mark_output(l, hook.output_fd);
	return r < 0 ? r : run_hook(l, &hook);
}
