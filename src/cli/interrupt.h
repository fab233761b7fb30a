/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ctrl-C while a command is at work that must be brought to an end in order: SIGINT, SIGTERM and
 * SIGHUP wait, are asked for from time to time, and end the process when all is undone. Without
 * handlers, hence without global variables. Those that the caller of the command ignores (nohup,
 * background jobs of plain shells) stay ignored.
 *
 * Children of src/child begin with no signal blocked: a terminal's Ctrl-C ends a helper program at
 * once, whoever waits for it.
 */

#include <signal.h>

struct interrupt {
	sigset_t held, before;
	int signal; /* which came first; 0: none */
};

/* In the thread that will ask; others must have them blocked, too. */
void interrupt_hold(struct interrupt *i);

/* The first signal that has come, or 0. Does not wait. */
int interrupt_look(struct interrupt *i);

/* As before interrupt_hold(). A signal that came ends the process here, as its sender wished it:
 * shells see that and end their loops. */
void interrupt_release(struct interrupt *i);
