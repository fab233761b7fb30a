/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: programs of other people that a step runs and waits for (newuidmap,
 * ovs-vsctl, iw). What they say on their standard error output becomes the step's failure.
 */

#include "run/arguments.h"
#include "run/host.h"

struct host_command {
	struct arguments arguments; /* opened and filled by the caller; the first is the program */
	const char *name;           /* for messages; NULL = the program's path */
	int pidfd, error_fd;
};

void host_command_init(struct host_command *command);

/* Run it, its arguments being complete. 0 or -errno with a note. */
int host_command_start(struct host *h, struct host_command *command);

/* Wait for its end. Negative with a note when it failed. */
int host_command_wait(struct host *h, struct host_command *command);

/* Kill it when it still runs, and give back what it needed. */
void host_command_finish(struct host_command *command);

/* "sh -c" with the words as they are, so that the program is looked for in the caller's PATH: the
 * first of them is the program. To be started. */
int host_command_fill(struct host *h, struct host_command *command, const char *const *words);

/* Such a program from its start to its end. */
int host_command_run(struct host *h, const char *const *words);
