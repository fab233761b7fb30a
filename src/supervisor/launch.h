/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Becoming the supervisor: the record is mapped and looked at, the log taken over, signals blocked,
 * a daemon made of the process when it is to be one.
 */

#include "run/record.h"

struct supervisor;

/* Standard descriptors that are closed become /dev/null, also for the programs that we run: what is
 * opened next would take their place, and get what is meant for them. */
void launch_hold_streams(void);

/* Map a record for writing, with room to grow. NULL on success with *ret, or a sentence. */
const char *launch_map_record(int fd, struct record_header **ret);

/* The descriptor whose number a variable ("NAME=") holds, or -EBADF; the variable is taken out of
 * the environment. */
int launch_take_variable(char **environment, const char *variable);

/* A descriptor that came with the program, or -1: it does not go on to the programs that we run. */
void launch_keep_from_programs(int fd);

/* Fill the supervisor from its record and prepare the process. NULL, or a sentence. */
const char *launch_adopt(struct supervisor *s, int record_fd, char **environment);
