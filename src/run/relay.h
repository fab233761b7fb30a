/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Relaying between a pseudo terminal's master and the streams of a process that looks at it: one
 * that attached, or has a console.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct relay {
	int master_fd; /* borrowed, as all of them; non-blocking meanwhile */
	int child_fd;  /* can be read at the end: the command's pidfd, or the lease of a tty */
	int input_fd;  /* -EBADF: nothing goes in */
	int output_fd; /* -EBADF: what comes out is thrown away */
	int log_fd;    /* -EBADF: none */
	/*
	 * Take the signals that would end or stop the process while its terminal is raw, but those
	 * that it ignores. Without it (in a library) only changes of the window's size are looked
	 * at.
	 */
	bool owns_process;
	/* In a library: SIGTERM, when this thread gets it, asks for the end. */
	bool ends_on_term;
	/* The user leaves by this character (1 = Ctrl+a …) and `q`; twice, it is meant for the
	 * other side, and before anything else it is forgotten. 0: there is none. */
	char escape;
	/* The end of the input is the end of all, and is not told to the other side. */
	bool ends_with_input;
	/* Called once signals are taken, before the terminal is raw; or NULL. */
	void (*begun)(void *context);
	/* Called when the size of the window has changed on both sides; or NULL. */
	void (*resized)(void *context);
	void *context;
};

/* Give the pty the window size and the like of a terminal: before anything uses it. `is_raw`:
 * whether the terminal will be raw, else it translates line ends itself. */
void relay_prepare(int master_fd, int terminal_fd, bool is_raw);

/* The window size alone: of a pty that is somebody else's. */
void relay_fit(int master_fd, int terminal_fd);

/*
 * Copy both ways until the child has ended and all that it wrote is out, or the user leaves. A
 * terminal at input_fd is raw meanwhile, and as it was afterwards, whatever happens. Returns 0; the
 * number of the signal that asked for the end; or -errno, when the output is gone.
 */
int relay_run(const struct relay *relay);
