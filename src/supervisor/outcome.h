/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Telling what became of a start: to the starter, to the user, to the log.
 */

#include "run/run.h"

struct supervisor;

/* Pages for an error chain; NULL when there is no memory. Once. */
struct err *outcome_error(struct supervisor *s);

/* The chain is shown: on the standard error output when the record says so, and in the log. */
void outcome_show(struct supervisor *s);

/* One struct run_result for the starter. A last one closes the socket. */
void outcome_send(struct supervisor *s, enum container_state state, bool is_last);

/* A step failed that does not matter (struct run_calls). */
void outcome_warn(struct run *r, const struct run_failure *failure);

/* A step of STOP or UNDO has left something, which whoever finds the record is to know. */
void outcome_note_left(struct run *r, const struct run_failure *failure);

/*
 * With RECORD_TRACE: START's steps with lane, time and sentence, on the starter's standard error
 * output; of a start in the background in the log, too. Of later starts (reboots) there alone.
 */
void outcome_trace(struct supervisor *s);
