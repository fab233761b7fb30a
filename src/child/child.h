/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Children of a library: templates, hooks, helper programs, work in a user namespace.
 *
 * An application may ignore SIGCHLD or collect all children itself, so that wait(2) tells us
 * nothing, and it may die by SIGKILL, which no child notices by itself. Therefore a process of ours
 * stands between: the guard. It collects the child, tells its status through a pipe, and when we
 * die it ends the child and all that it has started (prctl(2): PR_SET_PDEATHSIG,
 * PR_SET_CHILD_SUBREAPER).
 *
 *	we ── fork ─► guard ── fork ─► function()
 *
 * The child begins with no signal blocked, without our handlers, and with SIGCHLD at its default;
 * what else we ignore it ignores, too. The thread that starts it must stay until it has ended.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child_work {
	/* Runs in the child: its exit status, or -errno of what it could not even begin. */
	int (*function)(void *argument);
	void *argument;
	/* Stays open in the guard, which closes all else: for a lock that must live as long as the
	 * child and its descendants. -EBADF = none. */
	int kept_fd;
	/* When we die, the child goes on to its end, and the guard with it. */
	bool finishes;
	/* What the child writes to this stream (1 or 2; 0 = none) is handed to hear(), until the
	 * child has ended: what it leaves running may keep the pipe (spec/contracts.md INC-10). */
	int heard_stream;
	void (*hear)(void *context, const char *text, size_t len);
	void *context;
};

struct child {
	const struct child_work *work;
	pid_t guard;
	int report_fd, output_fd;
};

/* 0, or -errno. The work must stay until it was waited for, which must happen. */
int child_start(const struct child_work *work, struct child *ret);

/* 0 with what wait(2) calls the status, or -errno: what the function returned. */
int child_wait(struct child *child, int *ret_status);

/* Both. */
int child_run(const struct child_work *work, int *ret_status);
