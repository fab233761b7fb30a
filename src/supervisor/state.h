/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The states of a container (spec/runtime.md §2, spec/wire.md §12): one table of what may follow
 * what, one function that changes the state and tells everybody who wants to know.
 */

#include <stdbool.h>

#include "run/record.h"

struct supervisor;

/* Whether `to` may be entered from `from`. THAWED is never a state that one is in. */
bool state_may_follow(enum container_state from, enum container_state to);

/*
 * Enter a state: publish it in the record (THAWED as RUNNING), write it to the monitor fifo and to
 * the state clients that wait for it. STOPPED of a final stop tells nobody on the control socket:
 * it closes the listener and makes room for the next run's record. 0 or -EINVAL: not from here.
 */
int state_enter(struct supervisor *s, enum container_state state);

/* The same for a state that a client reports, having written to the fifo itself. */
int state_adopt(struct supervisor *s, enum container_state state);

/* Close the listener, let the next run use the record's name. Once. */
void state_free_address(struct supervisor *s);

/* The wait status of init goes to the monitor fifo. */
void state_tell_exit(struct supervisor *s, int status);
