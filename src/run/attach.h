/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Attaching: what the process does that executes an attach plan, either the static program in the
 * place of lxc-attach (attach_main.c) or a process that the library forks for a callback.
 *
 * The static program is told by the environment variable ATTACH_VARIABLE, which comes first in its
 * environment, which descriptor holds a record (run/record.h) that was made for this alone: no
 * other process looks at it. Its part `applied` is a struct attach_launch, its plan the attach
 * plan. argv is free for what ps should show.
 */

#include <stdint.h>
#include <sys/types.h>

#include "run/run.h"

#define ATTACH_VARIABLE "TARE_ATTACH"

struct attach_launch {
	uint32_t enter;   /* CLONE_NEW* that must be entered before the clone: pid namespaces are
			     for children, and an ordinary user needs the user namespace's rights */
	uint32_t streams; /* mask 1, 2, 4: those that the new process has the terminal for */
	uint16_t pidfd_register;    /* FD: init of the container */
	uint16_t child_register;    /* FD: pidfd of the new process */
	uint16_t terminal_register; /* FD: peer of the terminal */
	uint16_t unused;
	int32_t terminal_fd; /* master of the terminal, -1 = none */
	int32_t log_fd;      /* gets what the terminal shows, -1 = none */
};

/* Exit status of the static program for failures of its own. */
enum { ATTACH_FAILED = 1, ATTACH_NOT_EXECUTABLE = 126, ATTACH_NOT_FOUND = 127 };

/*
 * Enter, run the plan's HOST lane, and wait until the new process executes (or calls back). With a
 * callback the new process becomes a sibling of the caller, not its child. 0, or negative with the
 * failure filled: the new process, if there was one, is being killed then.
 */
int attach_run_lane(struct run *r, const struct attach_launch *launch, struct run_failure *ret);

/* What the program should exit with after such a failure. */
int attach_exit_status(const struct plan *plan, const struct run_failure *failure);

/* The static program's life. The number of the descriptor comes from ATTACH_VARIABLE, which is not
 * in `environment` any more. Returns what to exit with, when it did not come to anything. */
int attach_main(int record_fd, char *const *environment);
