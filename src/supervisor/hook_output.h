/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What hooks print: each line goes to the log as one of the hook that printed it, and the last ones
 * are kept for the error when the hook fails. Hooks of the INIT lane share one pipe; the lane tells
 * in it whose output follows (run/init_hook.c).
 *
 * The lines live in a page of their own, from the first output until hook_output_forget().
 */

#include <stddef.h>

#include "run/run.h"

struct supervisor;

/* Of a hook of the HOST lane, the one that runs now (struct run_calls). */
void hook_output_take(struct run *r, const char *text, size_t length);

/* Of the pipe of the INIT lane's hooks: what is in it now. 1: nobody can write to it any more. */
int hook_output_read(struct supervisor *s, int fd);

/*
 * The last lines that the hook of this step printed, each with its newline; NULL when it is none or
 * has printed nothing. Valid until the next output. Call it when all has been read.
 */
const char *hook_output_last(struct supervisor *s, const struct plan_step *step);

/* The hooks that are to run have run. */
void hook_output_forget(struct supervisor *s);
