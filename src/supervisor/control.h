/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The control socket's server (spec/wire.md §2–§9, §14): connections, the framing of requests,
 * answers. The commands themselves are in control_*.c.
 *
 * A connection that has sent nothing is kept, without limit and without a byte, until the process
 * ends. Nothing here blocks: each connection is a state machine, bounded in memory by one request
 * and one answer, and in time from a request's first byte on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/time.h"
#include "run/record.h"
#include "run/wire.h"

struct supervisor;

enum connection_phase {
	PHASE_FREE,    /* this slot is not in use */
	PHASE_HEADER,  /* before or inside a header */
	PHASE_PAYLOAD, /* inside a payload */
	PHASE_WAITING, /* for the freezer */
	PHASE_ANSWER,  /* the rest of an answer has to go */
};

enum connection_flag {
	CONNECTION_STRANGER = 1 << 0,      /* may not ask anything */
	CONNECTION_HALF_CLOSED = 1 << 1,   /* sends nothing more, but is still there */
	CONNECTION_KEPT = 1 << 2,          /* stays open behind the answer in PHASE_ANSWER */
	CONNECTION_AUTHENTICATED = 1 << 3, /* … for the current request */
	CONNECTION_IS_CLIENT = 1 << 4,     /* waits for a state */
};

enum { LEASE_NONE = -1 };

struct connection {
	int fd; /* owned */
	uint8_t phase, flags;
	uint8_t wanted; /* of a state client: bit n is state n */
	uint8_t header_filled;
	int16_t lease; /* tty number, 0 = the console, or LEASE_NONE */
	uint16_t unused;
	uint32_t uid; /* of the current request's sender */
	struct wire_request request;
	uint32_t filled, length; /* of the payload, or of the rest of the answer */
	char *buffer;            /* mapped: `length` bytes; NULL = none */
	usec_t deadline;         /* of the current request; USEC_INFINITY = none */
};

struct connection_chunk;

struct control {
	int listener_fd; /* owned; -EBADF when closed */
	int epoll_fd;    /* owned: the listener and all connections */
	uint32_t count, stranger_count;
	struct connection_chunk *chunks;
	int received_fd; /* with the message that is being looked at; -EBADF */
	/* Strangers may not fill the log: until when no denial is told, and how many were not. */
	usec_t denials_quiet_until;
	uint32_t denials_untold;
};

/* What becomes of a connection behind a command. */
enum verdict { VERDICT_CLOSE, VERDICT_KEEP, VERDICT_WAIT };

/* control.c: the set of connections ---------------------------------------------------------- */

/* 0 or -errno. `listener_fd` (may be -1) is taken over. */
int control_open(struct supervisor *s, int listener_fd);
void control_close(struct supervisor *s);

/* Answer requests from now on, or leave them lying. */
void control_serve(struct supervisor *s, bool on);
void control_close_listener(struct supervisor *s);

/* Take over a connection, as if it had been accepted. 0 or -errno; the descriptor is closed then.
 */
int control_adopt(struct supervisor *s, int fd);

/* Call `visit` for every connection; it may close the one it gets. */
typedef void (*connection_visitor)(struct supervisor *s, struct connection *c, void *context);
void control_each(struct supervisor *s, connection_visitor visit, void *context);

/* A request has begun (USEC_INFINITY: has ended). */
void connection_set_deadline(struct supervisor *s, struct connection *c, usec_t deadline);
/* What the connection is watched for follows from its phase. */
void connection_watch(struct supervisor *s, struct connection *c);
void connection_close(struct supervisor *s, struct connection *c);

/* loop.c */
void control_ready(struct supervisor *s, uint32_t events);
void control_expire(struct supervisor *s);
void control_accept_again(struct supervisor *s);

/* control_request.c: framing ------------------------------------------------------------------ */

/*
 * Whether a sender, or whoever made this connection, is in a container (sys/peer.h) or has ended:
 * and not whoever has its number since, where the kernel can tell (SO_PEERPIDFD, Linux 6.5).
 */
bool control_is_contained(int fd, pid_t pid);

/* Something can be read, or the other side is gone (EPOLL* events). */
void connection_read(struct supervisor *s, struct connection *c, uint32_t events);

/* control_answer.c ---------------------------------------------------------------------------- */

/* The rest of an answer can go on. */
void connection_write(struct supervisor *s, struct connection *c);

struct answer {
	int32_t ret;
	uint64_t data;
	struct iovec payload[2];
	const int *fds; /* borrowed */
	unsigned fd_count;
};

/* Send an answer, now or as soon as there is room, and do what the verdict says behind it. */
void connection_answer(struct supervisor *s, struct connection *c, const struct answer *answer,
		       enum verdict verdict);
/* Nothing but a number; the connection is closed behind it. */
void connection_answer_code(struct supervisor *s, struct connection *c, int32_t ret);

/* No answer (yet): keep the connection for further requests, let it wait, or close it. */
void connection_keep(struct supervisor *s, struct connection *c, enum verdict verdict);

/* control_command.c --------------------------------------------------------------------------- */

/* How many bytes follow the header of a request; negative: close without an answer. */
int64_t command_payload_length(const struct wire_request *request);

/* A complete request: answer it. */
void command_run(struct supervisor *s, struct connection *c);

/* The commands; each answers, or closes, or keeps its connection. */
typedef void (*command_function)(struct supervisor *s, struct connection *c);
void command_get_tty_fd(struct supervisor *s, struct connection *c);
void command_console_log(struct supervisor *s, struct connection *c);
void command_add_state_client(struct supervisor *s, struct connection *c);
void command_serve_state_clients(struct supervisor *s, struct connection *c);
void command_get_cgroup(struct supervisor *s, struct connection *c);
void command_get_cgroup2_fd(struct supervisor *s, struct connection *c);
void command_get_cgroup_context(struct supervisor *s, struct connection *c);
void command_get_cgroup_fd(struct supervisor *s, struct connection *c);
void command_add_device(struct supervisor *s, struct connection *c);
void command_freeze(struct supervisor *s, struct connection *c);

/* control_state.c ----------------------------------------------------------------------------- */

/* A state is entered: those who wait for it get their message, then EOF. */
void control_tell_state(struct supervisor *s, enum container_state state);

/* control_freeze.c ---------------------------------------------------------------------------- */

/* Freezing (else thawing) is over: 0 or -errno goes to those who wait for it. */
void control_freezer_done(struct supervisor *s, bool freeze, int result);

/* The time of one that waits is over: it is told -ETIMEDOUT. With the last one that waited for
 * freezing, freezing is given up. */
void control_wait_expired(struct supervisor *s, struct connection *c);

/* control_console.c --------------------------------------------------------------------------- */

/* A connection is about to be closed: the tty is free again. */
void control_end_lease(struct supervisor *s, struct connection *c);
/* The ptys are gone: every connection that has one is closed. */
void control_close_leases(struct supervisor *s);
