/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Relaying between a pseudo terminal's master and the streams of the process that attached.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct relay {
	int master_fd; /* borrowed, as all of them; made non-blocking */
	int child_fd;  /* pidfd: the relay ends when this process does */
	int input_fd;  /* -EBADF: nothing goes in */
	int output_fd; /* -EBADF: what comes out is thrown away */
	int log_fd;    /* -EBADF: none */
	/*
	 * Take the signals that would end or stop the process while its terminal is raw. Without it
	 * (in a library) only changes of the window's size are looked at.
	 */
	bool owns_process;
};

/* Give the pty the window size and the like of a terminal: before anything uses it. `is_raw`:
 * whether the terminal will be raw, else it translates line ends itself. */
void relay_prepare(int master_fd, int terminal_fd, bool is_raw);

/*
 * Copy both ways until the child has ended and all that it wrote is out. A terminal at input_fd is
 * raw meanwhile, and as it was afterwards, whatever happens. Returns 0; the number of the signal
 * that asked for the end (owns_process); or -errno, when the output is gone.
 */
int relay_run(const struct relay *relay);
