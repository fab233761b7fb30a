/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clone(2), clone3(2), pidfd_open(2), waitid(2). A spawned child shares our memory and we sleep
 * until it has exec'ed (what posix_spawn(3) does too, but that gives no pidfd in glibc 2.36): all
 * signals are blocked meanwhile, so that no handler of ours runs in it.
 */

#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/names.h"
#include "base/num.h"
#include "sys/kernel.h"
#include "sys/procfs.h"
#include "sys/syscall.h"

enum {
	SIGNALS = 64,
	SPAWN_STACK = 16 * 1024, /* the child's: it calls system calls only */
};

struct spawn {
	const struct process_program *program;
	pid_t parent;
	int error; /* the child's, positive; memory is shared */
};

/*
 * What runs in the child runs on our stack and does not return: the address sanitizer's marks of
 * these frames would stay behind.
 */
#define IN_CHILD __attribute__((no_sanitize_address))

IN_CHILD static int set_signals(const struct process_program *program)
{
	for (int signal = 1; signal <= SIGNALS; signal++) {
		struct kernel_sigaction action = {.handler = SIG_DFL};

		if (signal == SIGKILL || signal == SIGSTOP)
			continue;
		if (program->ignored_signals >> (signal - 1) & 1)
			action.handler = SIG_IGN;
		if (syscall(SYS_rt_sigaction, signal, &action, NULL, sizeof(uint64_t)) < 0)
			return -errno;
	}
	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &program->blocked_signals, NULL,
		    sizeof(uint64_t)) < 0)
		return -errno;
	return 0;
}

/* Three streams at once: one's source may be another's target, so all move out of the way first. */
IN_CHILD static int set_streams(const int source[3])
{
	int high[3] = {-EBADF, -EBADF, -EBADF};

	for (int i = 0; i < 3; i++) {
		if (source[i] < 0)
			continue;
		high[i] = fcntl(source[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++) {
		int r = high[i] >= 0 ? sys_dup3(high[i], i, 0) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Who loses its parent gets one of its own namespace: 0 is the first one, out of sight. */
IN_CHILD int process_die_with(pid_t parent, int signal)
{
	int r = sys_prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0);
	long now = syscall(SYS_getppid);

	if (r < 0)
		return r;
	return now == parent || now == 0 ? 0 : -ESRCH;
}

IN_CHILD static int run_program(void *argument)
{
	struct spawn *spawn = argument;
	const struct process_program *p = spawn->program;
	const int source[3] = {p->input, p->output, p->error_output};
	int r = set_streams(source);

	if (r == 0)
		r = set_signals(p);
	if (r == 0 && p->descriptor_limit &&
	    syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, p->descriptor_limit, NULL) < 0)
		r = -errno;
	if (r == 0 && p->death_signal)
		r = process_die_with(spawn->parent, p->death_signal);
	if (r == 0) {
		execve(p->path, p->argv, p->environment);
		r = -errno;
	}
	spawn->error = -r;
	_exit(127);
}

int process_spawn(const struct process_program *program, pid_t *ret_pid)
{
	_Alignas(16) char stack[SPAWN_STACK];
	struct spawn spawn = {.program = program, .parent = getpid()};
	uint64_t all = UINT64_MAX, before;
	int pidfd = -EBADF, status;
	pid_t pid;

	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all)) < 0)
		return -errno;
	pid = clone(run_program, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &spawn, &pidfd);
	if (pid < 0)
		spawn.error = errno;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(before));
	if (pid < 0)
		return -spawn.error;
	if (spawn.error != 0) {
		process_wait(pidfd, &status);
		close(pidfd);
		return -spawn.error;
	}
	*ret_pid = pid;
	return pidfd;
}

uint64_t process_ignored_signals(void)
{
	struct kernel_sigaction action;
	uint64_t ignored = 0;

	for (int n = 1; n <= SIGNALS; n++) {
		if (n != SIGCHLD && sys_sigaction_read(n, &action) == 0 &&
		    action.handler == SIG_IGN)
			ignored |= UINT64_C(1) << (n - 1);
	}
	return ignored;
}

pid_t process_clone(const struct process_clone *how, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct clone_args arguments = {
		.flags = how->flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = (uint64_t)how->exit_signal,
	};
	long pid;

	if (how->cgroup_fd >= 0) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)how->cgroup_fd;
	}
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid < 0)
		return -errno;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

int process_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

int process_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

static int status_of(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_DUMPED:
		return info->si_status | 0x80;
	default:
		return info->si_status;
	}
}

/* 1: it ended. */
static int wait_for(int pidfd, int options, int *ret_status)
{
	siginfo_t info;
	int r;

	do {
		memset(&info, 0, sizeof(info));
		r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | options);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (info.si_pid == 0)
		return 0;
	*ret_status = status_of(&info);
	return 1;
}

int process_wait(int pidfd, int *ret_status)
{
	int r = wait_for(pidfd, 0, ret_status);

	return r < 0 ? r : 0;
}

int process_peek(int pidfd, int *ret_status)
{
	return wait_for(pidfd, WNOHANG | WNOWAIT, ret_status);
}

int process_reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

int process_poll(int pidfd, int milliseconds)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, milliseconds);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/* One number of /proc/PID/stat, counted as proc(5) does. */
static int read_stat(pid_t pid, unsigned wanted, uint64_t *ret)
{
	char bytes[1024];
	autoclose int directory = procfs_open_pid(pid);
	const char *at;
	int length;

	if (directory < 0)
		return directory;
	length = procfs_read(directory, "stat", bytes, sizeof(bytes));
	if (length < 0)
		return length;
	/* The name stands in parentheses and may contain any of them. */
	at = strrchr(bytes, ')');
	for (unsigned field = 2; at && field < wanted; field++) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at ? num_take_u64(&at, ret) : -EPROTO;
}

int process_start_time(pid_t pid, uint64_t *ret)
{
	return read_stat(pid, 22, ret);
}

bool process_is_ending(pid_t pid)
{
	const uint64_t exiting = 0x4; /* PF_EXITING of the kernel's flags */
	uint64_t flags;

	return read_stat(pid, 9, &flags) < 0 || (flags & exiting);
}

void process_print_status(int status, char *ret, size_t room)
{
	const char *name;

	if (!WIFSIGNALED(status)) {
		snprintf(ret, room, "exited with status %d", WEXITSTATUS(status));
		return;
	}
	name = signal_name(WTERMSIG(status));
	snprintf(ret, room, "was killed by signal %d%s%s%s", WTERMSIG(status), name ? " (" : "",
		 name ? name : "", name ? ")" : "");
}
