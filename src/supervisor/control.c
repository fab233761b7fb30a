/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The set of connections: accepting, watching, closing, deadlines.
 *
 * Connections live in chunks of one page, which are never moved, so that pointers to them are what
 * epoll hands back. A page stays for the life of the process: a thousand idle connections cost
 * fourteen of them.
 */

#include "supervisor/control.h"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOG_CATEGORY "commands"
#include "base/log.h"
#include "base/macros.h"
#include "supervisor/supervisor.h"
#include "sys/peer.h"

enum {
	CHUNK_SIZE = 4096,
	CHUNK_ROWS = (CHUNK_SIZE - sizeof(void *)) / sizeof(struct connection),
	ACCEPT_PAUSE = 100 * 1000, /* µs until accepting is tried again when descriptors are out */
	STRANGERS_MAX = 32,        /* connections of those who may not ask anything */
	CROWD = 64, /* connections from which on it is looked at who else is a stranger */
};

struct connection_chunk {
	struct connection_chunk *next;
	struct connection rows[CHUNK_ROWS];
};
_Static_assert(sizeof(struct connection_chunk) <= CHUNK_SIZE, "one page");
_Static_assert(PHASE_FREE == 0, "fresh pages are free connections");

static void watch_listener(struct supervisor *s)
{
	struct control *t = &s->control;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

	if (t->listener_fd >= 0)
		epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->listener_fd, &event);
}

int control_open(struct supervisor *s, int listener_fd)
{
	struct control *t = &s->control;
	const int on = 1;

	*t = (struct control){
		.listener_fd = listener_fd >= 0 ? listener_fd : -EBADF,
		.received_fd = -EBADF,
	};
	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll_fd < 0)
		return -errno;
	if (listener_fd < 0)
		return 0;
	/* Accepted sockets inherit it: credentials come with the very first byte. */
	if (setsockopt(listener_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	watch_listener(s);
	return 0;
}

void control_close_listener(struct supervisor *s)
{
	struct control *t = &s->control;

	if (t->listener_fd < 0)
		return;
	loop_set_timer(s, TIMER_ACCEPT, USEC_INFINITY);
	epoll_ctl(t->epoll_fd, EPOLL_CTL_DEL, t->listener_fd, NULL);
	close(take_fd(t->listener_fd));
}

static void close_visited(struct supervisor *s, struct connection *c, void *context)
{
	connection_close(s, c);
}

void control_close(struct supervisor *s)
{
	struct control *t = &s->control;

	control_close_listener(s);
	control_each(s, close_visited, NULL);
	while (t->chunks) {
		struct connection_chunk *next = t->chunks->next;

		munmap(t->chunks, CHUNK_SIZE);
		t->chunks = next;
	}
	cleanup_close(&t->epoll_fd);
	t->epoll_fd = -EBADF;
}

void control_each(struct supervisor *s, connection_visitor visit, void *context)
{
	for (struct connection_chunk *k = s->control.chunks; k; k = k->next) {
		for (size_t i = 0; i < CHUNK_ROWS; i++) {
			if (k->rows[i].phase != PHASE_FREE)
				visit(s, &k->rows[i], context);
		}
	}
}

static void restart_request(struct supervisor *s, struct connection *c, void *context)
{
	if (c->deadline != USEC_INFINITY && c->phase != PHASE_WAITING)
		connection_set_deadline(s, c, time_deadline(WIRE_DEADLINE * USEC_PER_MSEC));
}

void control_serve(struct supervisor *s, bool on)
{
	struct control *t = &s->control;

	if (!on) {
		loop_unwatch(s, WATCH_CONTROL);
		loop_set_timer(s, TIMER_CONTROL, USEC_INFINITY);
		return;
	}
	/* Nobody has looked at them meanwhile: their time begins now. */
	control_each(s, restart_request, NULL);
	if (loop_watch(s, WATCH_CONTROL, t->epoll_fd, EPOLLIN) < 0)
		log_error("The control socket can't be watched: nobody will be answered");
}

static struct connection *find_free(struct control *t)
{
	struct connection_chunk *fresh;

	for (struct connection_chunk *k = t->chunks; k; k = k->next) {
		for (size_t i = 0; i < CHUNK_ROWS; i++) {
			if (k->rows[i].phase == PHASE_FREE)
				return &k->rows[i];
		}
	}
	fresh = mmap(NULL, CHUNK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return NULL;
	fresh->next = t->chunks;
	t->chunks = fresh;
	return &fresh->rows[0];
}

/* Who connected; what counts in the end is who sends. That somebody is contained is asked for only
 * where it could be in others' way: it takes a look at /proc. */
static bool is_stranger(const struct control *t, int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 ||
	    (peer.uid != 0 && peer.uid != getuid()))
		return true;
	return t->count >= CROWD && control_is_contained(fd, peer.pid);
}

int control_adopt(struct supervisor *s, int fd)
{
	struct control *t = &s->control;
	bool stranger = is_stranger(t, fd);
	struct epoll_event event = {.events = EPOLLIN};
	struct connection *c = NULL;

	if (!stranger || t->stranger_count < STRANGERS_MAX)
		c = find_free(t);
	event.data.ptr = c;
	if (!c || epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		close(fd);
		return -ENOMEM;
	}
	*c = (struct connection){
		.fd = fd,
		.phase = PHASE_HEADER,
		.flags = stranger ? CONNECTION_STRANGER : 0,
		.lease = LEASE_NONE,
		.deadline = USEC_INFINITY,
	};
	t->count++;
	t->stranger_count += stranger;
	return 0;
}

static void accept_one(struct supervisor *s)
{
	struct control *t = &s->control;
	int fd = accept4(t->listener_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		control_adopt(s, fd);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
		/* The backlog keeps them; without a pause we would spin here. */
		epoll_ctl(t->epoll_fd, EPOLL_CTL_DEL, t->listener_fd, NULL);
		loop_set_timer(s, TIMER_ACCEPT, time_deadline(ACCEPT_PAUSE));
	}
}

void control_accept_again(struct supervisor *s)
{
	watch_listener(s);
}

static void connection_ready(struct supervisor *s, struct connection *c, uint32_t events)
{
	if (c->phase == PHASE_ANSWER && events & EPOLLOUT)
		connection_write(s, c);
	else if (events & EPOLLIN && c->phase != PHASE_WAITING && c->phase != PHASE_ANSWER)
		connection_read(s, c, events);
	else if (events & (EPOLLHUP | EPOLLERR))
		connection_close(s, c);
}

void control_ready(struct supervisor *s, uint32_t events)
{
	struct epoll_event event;

	/* One at a time: it may close any other. */
	if (epoll_wait(s->control.epoll_fd, &event, 1, 0) != 1)
		return;
	s->loop.has_deep_stack = true;
	if (event.data.ptr)
		connection_ready(s, event.data.ptr, event.events);
	else
		accept_one(s);
}

void connection_set_deadline(struct supervisor *s, struct connection *c, usec_t deadline)
{
	c->deadline = deadline;
	if (deadline != USEC_INFINITY)
		loop_keep_timer(s, TIMER_CONTROL, deadline);
}

void connection_watch(struct supervisor *s, struct connection *c)
{
	struct epoll_event event = {.data.ptr = c};

	if (c->phase == PHASE_ANSWER)
		event.events = EPOLLOUT;
	else if (c->phase != PHASE_WAITING && !(c->flags & CONNECTION_HALF_CLOSED))
		event.events = EPOLLIN;
	epoll_ctl(s->control.epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

void connection_close(struct supervisor *s, struct connection *c)
{
	if (c->phase == PHASE_FREE)
		return;
	control_end_lease(s, c);
	if (c->buffer)
		munmap(c->buffer, c->length);
	s->control.count--;
	s->control.stranger_count -= (c->flags & CONNECTION_STRANGER) != 0;
	epoll_ctl(s->control.epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	*c = (struct connection){.fd = -EBADF, .phase = PHASE_FREE};
}

static void expire_one(struct supervisor *s, struct connection *c, void *context)
{
	const usec_t *now = context;

	if (c->deadline == USEC_INFINITY)
		return;
	if (c->deadline > *now) {
		loop_keep_timer(s, TIMER_CONTROL, c->deadline);
		return;
	}
	if (c->phase == PHASE_WAITING)
		control_wait_expired(s, c);
	else
		connection_close(s, c);
}

void control_expire(struct supervisor *s)
{
	usec_t now = time_now();

	control_each(s, expire_one, &now);
}
