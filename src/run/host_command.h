/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: programs that a step runs and waits for (newuidmap, lxc-user-nic,
 * ovs-vsctl, iw). What they say on their standard error output becomes the step's failure.
 */

#include "run/arguments.h"
#include "run/host.h"

struct host_command {
	struct arguments arguments; /* opened and filled by the caller */
	const char *path;           /* of the program; NULL = the first argument */
	const char *name;           /* for messages; NULL = the path */
	bool hears_output;          /* keep what it says on its standard output as well */
	int pidfd, said_fd;
};

void host_command_init(struct host_command *command);

/* Run it, its arguments being complete. 0 or -errno with a note. */
int host_command_start(struct host *h, struct host_command *command);

/* Wait for its end. Negative with a note when it failed, or when a run is to end and it hangs: then
 * host_command_finish() kills it. */
int host_command_wait(struct host *h, struct host_command *command);

/* Wait for its end, and judge yourself: how it ended as waitpid(2) has it, and the beginning of
 * what it said, terminated. Negative with a note only when that can't be known. */
int host_command_hear(struct host *h, struct host_command *command, char *said, size_t room,
		      size_t *ret_length, int *ret_status);

/* It has ended, and not well: tell so with the first line of what it said. Negative. */
int host_command_judge(struct host *h, const struct host_command *command, char *said, int status);

/* Kill it when it still runs, and give back what it needed. */
void host_command_finish(struct host_command *command);

/* "sh -c" with the words as they are, so that the program is looked for in the caller's PATH: the
 * first of them is the program. To be started. */
int host_command_fill(struct host *h, struct host_command *command, const char *const *words);

/* Such a program from its start to its end. */
int host_command_run(struct host *h, const char *const *words);
