/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The event loop: a fixed set of descriptors and deadlines, each with one handler (loop.c has the
 * table). The control socket and its connections are one descriptor here: an epoll set of their
 * own, which is watched only while they are served.
 *
 * The same loop runs while the container runs and while a lane waits for a gate, a hook or a
 * helper.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct supervisor;

/* The kernel's mask of what the loop takes: all but SIGILL, SIGBUS, SIGSEGV. */
#define LOOP_SIGNALS                                                   \
	(~(UINT64_C(1) << (SIGILL - 1) | UINT64_C(1) << (SIGBUS - 1) | \
	   UINT64_C(1) << (SIGSEGV - 1)))

enum watch_kind {
	WATCH_SIGNALS,
	WATCH_INIT,
	WATCH_CALLER,
	WATCH_CONTROL,
	WATCH_MASTER,  /* console: the container's side */
	WATCH_PEER,    /* console: ours */
	WATCH_OUTPUT,  /* console: a standard output that is no terminal */
	WATCH_HOOKS,   /* output of the INIT lane's hooks */
	WATCH_ADDRESS, /* rtnetlink inside */
	WATCH_FREEZER, /* cgroup.events */
	WATCH_COUNT,
};

enum timer_kind {
	TIMER_CONTROL, /* requests that take too long */
	TIMER_ACCEPT,  /* no descriptor was free: try again */
	TIMER_CONSOLE, /* a peer that doesn't take its output; a terminal in the background */
	TIMER_FREEZER, /* look at freezer.state again */
	TIMER_LATE,    /* steps that wait until the container has run for a while */
	TIMER_COUNT,
};

struct watch {
	int fd; /* borrowed; -EBADF = not watched */
	uint32_t events;
};

struct loop {
	int epoll_fd;
	int signal_fd;
	bool has_deep_stack; /* something ran that used much of it */
	struct watch watches[WATCH_COUNT];
	usec_t timers[TIMER_COUNT]; /* deadlines; USEC_INFINITY = not set */
};

/* Signals must be blocked already. 0 or -errno. */
int loop_open(struct supervisor *s);
void loop_close(struct supervisor *s);

/* Watch, or watch for other events (EPOLL*); fd is borrowed. 0 or -errno: -EPERM for a file that
 * is always ready. */
int loop_watch(struct supervisor *s, enum watch_kind kind, int fd, uint32_t events);
void loop_unwatch(struct supervisor *s, enum watch_kind kind);

/* Set a deadline; an earlier one that is set already stays when `keep_earlier`. */
void loop_set_timer(struct supervisor *s, enum timer_kind kind, usec_t deadline);
void loop_keep_timer(struct supervisor *s, enum timer_kind kind, usec_t deadline);

/* Wait for one event and serve it. */
void loop_serve_one(struct supervisor *s);

/*
 * Serve until `fd` is readable or hung up. 0; -EINTR when the start is to be given up
 * (supervisor.interrupted_by, or the caller has died); other -errno.
 */
int loop_wait_readable(struct supervisor *s, int fd);

/* Give back the pages of the stack below the caller that some deep call has touched. */
void loop_trim_stack(void);
