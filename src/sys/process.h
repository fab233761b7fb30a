/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Processes by descriptor: pidfd_open(2), clone3(2), and running other programs. Linux 5.4 or
 * later. Nothing here uses the heap; process_spawn() is safe in programs with threads.
 *
 * "Status" is what wait(2) calls so: WIFEXITED() and its kin take it apart.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_program {
	const char *path; /* of the file; there is no search */
	char *const *argv;
	char *const *environment;
	/* Become 0, 1 and 2; -1: stays what it is. May be any descriptors, close-on-exec or not. */
	int input, output, error_output;
	/* What the program begins with: bit n - 1 is signal n. All others have their default. */
	uint64_t blocked_signals, ignored_signals;
	/* RLIMIT_NOFILE, soft and hard as the kernel has them; NULL: ours. */
	const uint64_t *descriptor_limit;
	/* Sent to it when we die; 0 = none. For callers with one thread: it is about that. */
	int death_signal;
};

/*
 * Run a program as a child, without a copy of our memory. Returns its pidfd (close-on-exec), or
 * -errno, of exec(2) too; then there is no child. The child must be waited for.
 */
int process_spawn(const struct process_program *program, pid_t *ret_pid);

/*
 * Have us get a signal when our parent ends (prctl(2): PR_SET_PDEATHSIG), the thread that made us,
 * to be exact. Only system calls. Returns 0, or -errno; -ESRCH: `parent` has ended before. One in a
 * pid namespace above ours is out of sight, and whoever outlives it there gets no other parent.
 */
int process_die_with(pid_t parent, int signal);

/*
 * Which signals we ignore, bit n - 1 for signal n: those too that the C library keeps to itself,
 * but never SIGCHLD. That is handed on to nobody: an init or a shell that ignores it is not told
 * when its children end, and waits for ever.
 */
uint64_t process_ignored_signals(void);

struct process_clone {
	uint64_t flags;  /* CLONE_*, besides CLONE_PIDFD, which is always set */
	int cgroup_fd;   /* to be born in (Linux 5.7); negative = where we are */
	int exit_signal; /* SIGCHLD; 0 with CLONE_PARENT */
};

/*
 * As fork(2): returns 0 in the child, the child's pid in the parent, with *ret_pidfd
 * (close-on-exec, the caller's), or -errno. The C library does not know that it happened: the child
 * calls nothing but system calls when the parent may have threads.
 */
pid_t process_clone(const struct process_clone *how, int *ret_pidfd);

/* -ESRCH: it has been waited for already. */
int process_open(pid_t pid);
int process_signal(int pidfd, int signal);

/*
 * Wait until it ended and collect it. Returns 0 with the status, or -errno; -ECHILD: somebody else
 * has collected it (or it is no child of ours).
 */
int process_wait(int pidfd, int *ret_status);

/* The same at once, and without collecting it: 1 with the status when it ended, 0 while it runs. */
int process_peek(int pidfd, int *ret_status);

/* Wait for a child: its wait status, or -errno; somebody else may have reaped it: -ECHILD. */
int process_reap(pid_t pid);

/* Wait up to so many milliseconds (-1 = for ever) until it ended. 1: it did, 0: it did not. */
int process_poll(int pidfd, int milliseconds);

/* Field 22 of /proc/PID/stat: with the pid it names a process for ever. */
int process_start_time(pid_t pid, uint64_t *ret);

/* Whether the kernel is taking it apart, or it is gone: its namespaces go before its descriptors
 * are closed. */
bool process_is_ending(pid_t pid);

/* How a process ended, in words: "exited with status 3", "was killed by signal 9 (SIGKILL)". */
void process_print_status(int status, char *ret, size_t room);
