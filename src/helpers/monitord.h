/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * lxc-monitord: takes the events of all containers of a lxcpath from their fifo and hands them to
 * everybody who is connected (spec/wire.md §12).
 *
 * A client gets every event that was written after its connect(2) returned, in order; those that
 * the daemon had not read yet when it connected may come, too. A client that does not read is
 * dropped when its buffer is full: it holds up nobody else. One process, one epoll set.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/time.h"
#include "base/vec.h"

struct monitord {
	const char *lxcpath; /* absolute, without slashes at its end */
	bool stays;          /* not only as long as there are clients */

	char *fifo_path; /* heap */
	int fifo_fd;     /* locked: one daemon for each lxcpath */
	pid_t rival;     /* who has it; 0: nobody knows */
	int listen_fd;
	int epoll_fd;
	int signal_fd;
	struct {
		VEC_OF(int)
	} clients;

	usec_t idle_until;   /* the end, when nothing happens before */
	usec_t accept_again; /* no descriptor was free; USEC_INFINITY: the listener is watched */
	bool has_ended;
	bool was_asked; /* to end: clients may go in peace */
};

/* All that nobody has opened. */
#define MONITORD_CLOSED                                                                          \
	{                                                                                        \
		.fifo_fd = -EBADF, .listen_fd = -EBADF, .epoll_fd = -EBADF, .signal_fd = -EBADF, \
		.idle_until = USEC_INFINITY, .accept_again = USEC_INFINITY                       \
	}

/* Fifo and socket: from now on events are kept and clients can connect. 0; 1: another daemon has
 * this lxcpath; or negative. monitord_close() in any case. */
int monitord_open(struct monitord *m, struct err *e);

/* Serve until the end; everything is given back then. */
void monitord_run(struct monitord *m);

void monitord_close(struct monitord *m);

/* monitord_fifo.c: the same for the fifo alone. */
int monitord_open_fifo(struct monitord *m, struct err *e);
/* Whether it can be found under its name. */
bool monitord_has_fifo(const struct monitord *m);
/* Removes it, and the directories above that it leaves empty. */
void monitord_close_fifo(struct monitord *m);
