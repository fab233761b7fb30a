/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The console: what flows between the container's console pty and whoever looks at it
 * (spec/runtime.md §10). Output goes to the ring buffer and the log file at once, and to two sinks:
 * the peer (a terminal, or a client's pty) and, for a foreground start without a terminal, the
 * standard output. Input comes from the peer.
 *
 * A sink that takes nothing holds up the container's writing, as a pipe would; but a peer that is
 * not the user's own terminal only for a second, from then on it misses what comes until it reads
 * again. The supervisor itself is never held up.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/time.h"
#include "run/run.h"
#include "supervisor/console_log.h"
#include "supervisor/console_ring.h"

struct supervisor;

enum { CONSOLE_PIECE = 4096 };

enum console_peer_kind {
	PEER_NONE,
	PEER_TERMINAL, /* of the foreground start */
	PEER_PATH,     /* lxc.console.path */
	PEER_PROXY,    /* a client's pty; stays taken, without a descriptor, when that hangs up */
};

/* Bytes on their way to a descriptor that doesn't take them at the moment. */
struct console_pending {
	char *bytes; /* CONSOLE_PIECE bytes, mapped at the first need; NULL before */
	size_t offset, length;
};

enum console_sink_kind { SINK_PEER, SINK_OUTPUT, SINK_COUNT };

struct console_sink {
	int fd;          /* owned; -EBADF = none */
	bool is_patient; /* never misses anything */
	bool misses;     /* output is thrown away until what is pending has gone */
	usec_t patience_ends;
	struct console_pending pending;
};

struct console {
	int master_fd; /* borrowed from its register; -EBADF while there is no console */
	int slave_fd;  /* owned: keeps the pty alive while the container has it closed */
	enum console_peer_kind peer_kind;
	struct console_sink sinks[SINK_COUNT];
	struct console_pending input; /* from the peer to the container */
	bool peer_input_ended;
	bool is_draining;
	usec_t drain_ends; /* what is drained then gets no further when an end was asked for */
	bool is_terminal, is_raw, has_saved;
	struct termios saved; /* of the peer, when it is a terminal */
	struct winsize size;  /* last told to the container */
	struct console_ring ring;
	struct console_log log;
};

void console_init(struct console *c);

/* struct run_calls: what the plan asks for. */
int console_opened(struct run *r, const struct plan_step *step);
int console_peer(struct run *r, const struct plan_step *step);
int console_log(struct run *r, const struct plan_step *step);
int console_buffer(struct run *r, const struct plan_step *step);
int console_close(struct run *r);

/* Whatever happens: the user's terminal is as it was. */
void console_restore_terminal(struct console *c);

/* Take everything that the container has written, and wait for whoever is to get it, with events
 * being served meanwhile. */
void console_drain(struct supervisor *s);

/* SIGWINCH, SIGCONT. */
void console_resize(struct supervisor *s);
void console_foreground(struct supervisor *s);

/* A pty for a client that wants the console: its master's descriptor, the caller's to close.
 * -EBADF: no console, or somebody is there already. One at a time, until console_close_proxy(). */
int console_open_proxy(struct supervisor *s);
void console_close_proxy(struct supervisor *s);

/* loop.c */
void console_ready(struct supervisor *s, uint32_t events);
void console_peer_ready(struct supervisor *s, uint32_t events);
void console_output_ready(struct supervisor *s, uint32_t events);
void console_expire(struct supervisor *s);

/* Between console.c and console_peer.c: watch what can be served now; let the peer go. */
void console_update_watches(struct supervisor *s);
void console_drop_peer(struct supervisor *s);
void console_expire_terminal(struct supervisor *s);
