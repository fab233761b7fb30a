/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our own PID 1 (spec/runtime.md §16): runs one command, forwards signals to it, reaps everything,
 * ends with the command's status when nobody is left. All signals are blocked and taken one by one:
 * a PID 1 gets a blocked signal also without a handler.
 *
 * Where it is not PID 1 it adopts orphans (PR_SET_CHILD_SUBREAPER) and kills its children instead
 * of everybody. Not done: limiting the number of processes (v1 pids.max) before they are told to
 * end, because it can't be known where, or whether, the hierarchy is mounted; and taking SIGALRM
 * from outside for the end of that time. INIT lane rules: see init.h.
 */

#include "run/init.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>

#include "sys/kernel.h"
#include "sys/syscall.h"

enum {
	STACK_SIZE = 16384, /* bytes: of the command until its exec */
	CANNOT_RUN = 255,   /* as LXC has it */
	SIGNALS = 64,
	PATIENCE = 1, /* seconds between asking all processes to end and killing them */
};

struct command {
	char *const *argv, *const *environment;
	uint64_t mask; /* signals as they were */
};

#define MASK_OF(number) (1ULL << ((number)-1))

/* Signals that stay as they are: our own faults. KILL and STOP can't be blocked. */
static const uint64_t not_ours = MASK_OF(SIGILL) | MASK_OF(SIGSEGV) | MASK_OF(SIGBUS);

static void say(const char *text)
{
	sys_write(STDERR_FILENO, text, init_text_length(text));
}

/* Nobody else can tell: the start counts as done. */
static void say_why(const char *program, int errnum)
{
	const char *reason = ": cannot be run\n";

	if (errnum == ENOENT)
		reason = ": no such program in the container\n";
	else if (errnum == EACCES)
		reason = ": permission denied\n";
	else if (errnum == ENOEXEC)
		reason = ": not a program of this architecture, or a script without #!\n";
	else if (errnum == E2BIG)
		reason = ": arguments and environment are too long\n";
	say("init: ");
	say(program);
	say(reason);
}

static int command_main(void *argument)
{
	const struct command *c = argument;
	const struct kernel_sigaction action = {.handler = SIG_DFL};
	int r;

	for (int i = 1; i <= SIGNALS; i++)
		sys_sigaction(i, &action);
	sys_sigmask(SIG_SETMASK, &c->mask, NULL);
	sys_call3(__NR_setsid, 0, 0, 0);
	/* Refused when the input is no terminal, or another session's. */
	sys_ioctl(STDIN_FILENO, TIOCSCTTY, NULL);
	r = init_exec(c->argv[0], (const char *const *)c->argv,
		      (const char *const *)c->environment);
	say_why(c->argv[0], -r);
	return CANNOT_RUN;
}

static pid_t run_command(struct command *c)
{
	_Alignas(16) char stack[STACK_SIZE];

	return (pid_t)sys_clone_body(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + sizeof(stack),
				     command_main, c);
}

/* -- ending everything */

/* A descriptor or -errno. A file that the root file system has put there is not believed. */
static int open_children(void)
{
	int fd = sys_openat(AT_FDCWD, "/proc/thread-self/children", O_RDONLY | O_NONBLOCK, 0);
	struct statfs file_system;

	if (fd < 0)
		return fd;
	if (sys_fstatfs(fd, &file_system) == 0 && file_system.f_type == KERNEL_PROC_MAGIC)
		return fd;
	sys_close(fd);
	return -EXDEV;
}

/* Signal each of our children, whose pids stand in decimal in a file of procfs. */
static void signal_children(int number)
{
	char text[512];
	pid_t pid = 0;
	ssize_t got;
	int fd = open_children();

	if (fd < 0)
		return;
	while ((got = sys_read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			if (pid > 0)
				sys_kill(pid, number);
			pid = 0;
		}
	}
	sys_close(fd);
}

static void signal_all(bool is_first_process, int number)
{
	if (is_first_process)
		sys_kill(-1, number);
	else
		signal_children(number);
}

/* -- the loop */

struct state {
	pid_t command;
	bool is_first_process;
	bool is_ending;
	bool command_has_ended;
	int status;
};

/* Reap whatever has ended. False when there are no children any more. */
static bool reap(struct state *s)
{
	for (;;) {
		int status;
		const pid_t pid = sys_wait4(-1, &status, WNOHANG);

		if (pid == 0)
			return true;
		if (pid == -EINTR)
			continue;
		if (pid < 0)
			return false;
		if (pid != s->command)
			continue;
		s->command_has_ended = true;
		s->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

static void take_signal(struct state *s, const siginfo_t *info)
{
	const int number = info->si_signo;

	if (number == SIGCHLD)
		return;
	/* Only what comes from outside (pid 0), from ourselves or from the kernel is obeyed. */
	if (info->si_code <= 0 && info->si_pid > 1 && s->is_first_process)
		return;
	if (number == SIGTERM || number == SIGPWR) {
		if (!s->is_ending)
			signal_all(s->is_first_process, SIGTERM);
		s->is_ending = true;
		return;
	}
	if (!s->command_has_ended)
		sys_kill(s->command, number);
}

/* The errors that we may yet write go where the container's console is. */
static void release_streams(void)
{
	int fd = sys_openat(AT_FDCWD, "/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK, 0);

	if (fd >= 0)
		sys_dup3(fd, STDERR_FILENO, 0);
	sys_close_range(STDERR_FILENO + 1, ~0U);
}

void run_init_program(char *const *argv, char *const *environment)
{
	const struct timespec patience = {.tv_sec = PATIENCE};
	const uint64_t all = ~not_ours;
	struct command command = {.argv = argv, .environment = environment};
	struct state s = {.is_first_process = sys_getpid() == 1};

	sys_prctl(PR_SET_NAME, (unsigned long)"init", 0, 0);
	if (!s.is_first_process)
		sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0);
	sys_sigmask(SIG_SETMASK, &all, &command.mask);
	s.command = run_command(&command);
	if (s.command < 0)
		sys_exit(CANNOT_RUN);
	release_streams();

	while (reap(&s)) {
		siginfo_t info;
		const int r = sys_sigwait(&all, &info, s.is_ending ? &patience : NULL);

		if (r > 0)
			take_signal(&s, &info);
		else if (r == -EAGAIN)
			signal_all(s.is_first_process, SIGKILL);
	}
	sys_exit(s.status);
}
