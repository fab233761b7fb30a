/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console's flow: container → ring buffer, log file, sinks; peer → container. Who the peer is,
 * and its terminal's modes, is console_peer.c's business.
 */

#include "supervisor/console.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOG_CATEGORY "terminal"
#include "base/log.h"
#include "base/macros.h"
#include "supervisor/supervisor.h"

enum {
	PATIENCE = 1000 * 1000,           /* µs that a stranger's peer may hold up the container */
	LAST_PATIENCE = 10 * 1000 * 1000, /* µs without progress at the end */
	STOP_PATIENCE = 1000 * 1000,      /* µs for all of the end, when somebody asked for it */
	DRAIN_MAX = 16 << 20,             /* bytes: whoever still writes then has had its chance */
};

void console_init(struct console *c)
{
	*c = (struct console){.master_fd = -EBADF, .slave_fd = -EBADF, .log.fd = -EBADF};
	for (int i = 0; i < SINK_COUNT; i++)
		c->sinks[i].fd = -EBADF;
}

static void forget_pending(struct console_pending *p)
{
	if (p->bytes)
		munmap(p->bytes, CONSOLE_PIECE);
	*p = (struct console_pending){.bytes = NULL};
}

static int keep_pending(struct console_pending *p, const char *bytes, size_t length)
{
	if (!p->bytes) {
		char *page = mmap(NULL, CONSOLE_PIECE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return -errno;
		p->bytes = page;
	}
	memcpy(p->bytes, bytes, length);
	p->offset = 0;
	p->length = length;
	return 0;
}

/* Bytes that went, or -errno. -EAGAIN: none, for now. */
static ssize_t write_some(int fd, bool may_block, const char *bytes, size_t length)
{
	struct pollfd polled = {.fd = fd, .events = POLLOUT};
	ssize_t written;

	/* A descriptor that we share with others is not made non-blocking: a socket is told so with
	 * each call, everything else but pipes (console_peer.c) is asked first. */
	if (may_block) {
		written = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (written >= 0 || errno != ENOTSOCK)
			return written < 0 ? -errno : written;
		if (poll(&polled, 1, 0) == 0)
			return -EAGAIN;
	}
	do
		written = write(fd, bytes, length);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : written;
}

/* 0 when all of it went, 1 when some is left, or -errno. */
static int flush_pending(struct console_pending *p, int fd, bool may_block)
{
	while (p->length > 0) {
		ssize_t written = write_some(fd, may_block, p->bytes + p->offset, p->length);

		if (written == -EAGAIN)
			return 1;
		if (written < 0)
			return (int)written;
		p->offset += (size_t)written;
		p->length -= (size_t)written;
	}
	forget_pending(p);
	return 0;
}

static bool sink_is_stuck(const struct console_sink *sink)
{
	return sink->fd >= 0 && sink->pending.length > 0 && !sink->misses;
}

static uint32_t wanted_of_sink(const struct console_sink *sink)
{
	return sink->pending.length > 0 ? EPOLLOUT : 0;
}

static void watch_or_not(struct supervisor *s, enum watch_kind kind, int fd, uint32_t events)
{
	int r = 0;

	if (fd < 0)
		loop_unwatch(s, kind);
	else
		r = loop_watch(s, kind, fd, events);
	if (r < 0 && r != -EPERM)
		log_debug_errno(-r, "Failed to watch descriptor %d of the console", fd);
}

void console_update_watches(struct supervisor *s)
{
	struct console *c = &s->console;
	struct console_sink *peer = &c->sinks[SINK_PEER];
	struct console_sink *output = &c->sinks[SINK_OUTPUT];
	uint32_t master = c->input.length > 0 ? EPOLLOUT : 0;
	uint32_t from_peer = 0;

	if (!sink_is_stuck(peer) && !sink_is_stuck(output))
		master |= EPOLLIN;
	if (c->input.length == 0 && !c->peer_input_ended && (c->is_raw || !c->is_terminal))
		from_peer = EPOLLIN;
	watch_or_not(s, WATCH_MASTER, c->is_draining ? -EBADF : c->master_fd, master);
	watch_or_not(s, WATCH_PEER, peer->fd, from_peer | wanted_of_sink(peer));
	/* An output is only watched while it is waited for: it may be a file, or hung up. */
	watch_or_not(s, WATCH_OUTPUT, output->pending.length > 0 ? output->fd : -EBADF, EPOLLOUT);
}

static void drop_sink(struct supervisor *s, enum console_sink_kind kind)
{
	struct console_sink *sink = &s->console.sinks[kind];

	if (kind == SINK_PEER) {
		console_drop_peer(s);
		return;
	}
	loop_unwatch(s, WATCH_OUTPUT);
	forget_pending(&sink->pending);
	cleanup_close(&sink->fd);
	sink->fd = -EBADF;
}

static void give_to_sink(struct supervisor *s, enum console_sink_kind kind, const char *bytes,
			 size_t length)
{
	struct console_sink *sink = &s->console.sinks[kind];

	if (sink->fd < 0 || sink->pending.length > 0)
		return;
	while (length > 0) {
		ssize_t written = write_some(sink->fd, kind == SINK_OUTPUT, bytes, length);

		if (written == -EAGAIN) {
			sink->patience_ends = time_deadline(PATIENCE);
			if (!sink->is_patient)
				loop_keep_timer(s, TIMER_CONSOLE, sink->patience_ends);
			written = keep_pending(&sink->pending, bytes, length);
			if (written == 0)
				return;
		}
		if (written < 0) {
			drop_sink(s, kind);
			return;
		}
		bytes += written;
		length -= (size_t)written;
	}
}

static void take_output(struct supervisor *s, const char *bytes, size_t length)
{
	struct console *c = &s->console;
	int r;

	console_ring_add(&c->ring, bytes, length);
	r = console_log_add(&c->log, bytes, length);
	if (r < 0) {
		log_warn_errno(-r, "Failed to write to the console log \"%s\"; it gets no more",
			       c->log.path);
		console_log_close(&c->log);
	}
	for (int i = 0; i < SINK_COUNT; i++)
		give_to_sink(s, i, bytes, length);
}

/*
 * The container may close its console, and getty hangs it up: that must not end the reading for
 * ever. A descriptor of our own keeps the pty open; after a hang-up it takes a new one.
 */
static int open_slave(struct console *c)
{
	int fd = ioctl(c->master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	cleanup_close(&c->slave_fd);
	c->slave_fd = fd < 0 ? -EBADF : fd;
	return fd < 0 ? -errno : 0;
}

/* Bytes that came; 0 when there are none for now; -errno. */
static ssize_t read_master(struct supervisor *s)
{
	struct console *c = &s->console;
	char bytes[CONSOLE_PIECE];
	ssize_t got;

	do
		got = read(c->master_fd, bytes, sizeof(bytes));
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0)
		return got < 0 ? -errno : -EIO;
	take_output(s, bytes, (size_t)got);
	return got;
}

void console_ready(struct supervisor *s, uint32_t events)
{
	struct console *c = &s->console;
	int r = 0;

	if (events & EPOLLOUT)
		r = flush_pending(&c->input, c->master_fd, false);
	if (r >= 0 && events & (EPOLLIN | EPOLLHUP))
		r = (int)read_master(s);
	if (r == -EIO)
		r = open_slave(c);
	if (r < 0) {
		log_warn_errno(-r, "Failed to read the console");
		c->master_fd = -EBADF;
	}
	console_update_watches(s);
}

static void take_input(struct supervisor *s)
{
	struct console *c = &s->console;
	char bytes[CONSOLE_PIECE];
	ssize_t got = read(c->sinks[SINK_PEER].fd, bytes, sizeof(bytes));
	ssize_t written;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		/* A terminal whose shell has taken it back answers EIO; a real end comes again. */
		c->peer_input_ended = true;
		if (c->is_terminal && c->peer_kind == PEER_TERMINAL)
			console_expire_terminal(s);
		return;
	}
	if (c->peer_kind == PEER_PROXY)
		console_resize(s);
	if (c->master_fd < 0)
		return;
	written = write_some(c->master_fd, false, bytes, (size_t)got);
	if (written < 0)
		written = 0;
	if (written < got)
		keep_pending(&c->input, bytes + written, (size_t)(got - written));
}

void console_peer_ready(struct supervisor *s, uint32_t events)
{
	struct console_sink *peer = &s->console.sinks[SINK_PEER];
	int r = 0;

	if (events & EPOLLOUT)
		r = flush_pending(&peer->pending, peer->fd, false);
	if (r == 0)
		peer->misses = false;
	if (r >= 0 && events & EPOLLIN)
		take_input(s);
	else if (r < 0 || events & (EPOLLHUP | EPOLLERR))
		console_drop_peer(s);
	console_update_watches(s);
}

void console_output_ready(struct supervisor *s, uint32_t events)
{
	struct console_sink *output = &s->console.sinks[SINK_OUTPUT];

	if (events & (EPOLLERR | EPOLLHUP) || flush_pending(&output->pending, output->fd, true) < 0)
		drop_sink(s, SINK_OUTPUT);
	console_update_watches(s);
}

void console_expire(struct supervisor *s)
{
	struct console_sink *peer = &s->console.sinks[SINK_PEER];

	if (sink_is_stuck(peer) && !peer->is_patient) {
		if (time_left(peer->patience_ends) == 0)
			peer->misses = true;
		else
			loop_keep_timer(s, TIMER_CONSOLE, peer->patience_ends);
	}
	console_expire_terminal(s);
	console_update_watches(s);
}

/* Bytes that somebody is to get who took everything so far. */
static size_t count_last(const struct console *c)
{
	size_t count = 0;

	for (int i = 0; i < SINK_COUNT; i++)
		count += c->sinks[i].fd >= 0 ? c->sinks[i].pending.length : 0;
	return count;
}

static void drop_stuck(struct supervisor *s, bool patient_ones)
{
	for (int i = 0; i < SINK_COUNT; i++) {
		const struct console_sink *sink = &s->console.sinks[i];

		if (sink->fd >= 0 && sink->pending.length > 0 &&
		    (patient_ones || !sink->is_patient))
			drop_sink(s, i);
	}
}

/* Serve events until the sinks have taken what is pending; those who make no progress are dropped,
 * a stranger at once. */
static void flush_at_end(struct supervisor *s)
{
	struct console *c = &s->console;
	usec_t deadline = time_deadline(LAST_PATIENCE);
	size_t before = count_last(c);

	flush_pending(&c->sinks[SINK_PEER].pending, c->sinks[SINK_PEER].fd, false);
	drop_stuck(s, false);
	console_update_watches(s);
	while (count_last(c) > 0) {
		if (count_last(c) != before)
			deadline = time_deadline(LAST_PATIENCE);
		before = count_last(c);
		/* It may be asked for at any time. */
		if (s->stop_requested && c->drain_ends < deadline)
			deadline = c->drain_ends;
		if (time_left(deadline) == 0) {
			drop_stuck(s, true);
			return;
		}
		loop_keep_timer(s, TIMER_CONSOLE, deadline);
		loop_serve_one(s);
	}
}

void console_drain(struct supervisor *s)
{
	struct console *c = &s->console;
	size_t total = 0;

	if (c->drain_ends == 0)
		c->drain_ends = time_deadline(STOP_PATIENCE);
	/* It is read here, so much and no more, whatever else is served. */
	c->is_draining = true;
	while (c->master_fd >= 0 && total < DRAIN_MAX) {
		ssize_t got;

		flush_at_end(s);
		got = read_master(s);
		if (got <= 0)
			break;
		total += (size_t)got;
	}
	flush_at_end(s);
	c->is_draining = false;
	console_update_watches(s);
}

int console_opened(struct run *r, const struct plan_step *step)
{
	struct supervisor *s = supervisor_of(r);
	struct console *c = &s->console;
	int fd = supervisor_role_fd(s, ROLE_CONSOLE_MASTER);
	int flags;

	if (fd < 0)
		return -EBADF;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	c->master_fd = fd;
	c->drain_ends = 0;
	if (open_slave(c) < 0)
		log_debug("The console's pty can't be kept open: output ends when it is closed");
	console_update_watches(s);
	return 0;
}

int console_log(struct run *r, const struct plan_step *step)
{
	struct supervisor *s = supervisor_of(r);

	return console_log_open(&s->console.log, plan_text(r->plan, step->arg[0]), step->arg[1],
				step->arg[2] != 0);
}

int console_buffer(struct run *r, const struct plan_step *step)
{
	return console_ring_open(&supervisor_of(r)->console.ring, (size_t)step->arg[0]);
}

int console_close(struct run *r)
{
	struct supervisor *s = supervisor_of(r);
	struct console *c = &s->console;
	int error;

	console_drain(s);
	error = console_log_rewrite(&c->log, &c->ring);
	if (error < 0)
		log_warn_errno(-error, "Failed to write the console log \"%s\"", c->log.path);
	console_drop_peer(s);
	c->peer_kind = PEER_NONE;
	drop_sink(s, SINK_OUTPUT);
	loop_unwatch(s, WATCH_MASTER);
	loop_set_timer(s, TIMER_CONSOLE, USEC_INFINITY);
	forget_pending(&c->input);
	console_ring_close(&c->ring);
	console_log_close(&c->log);
	cleanup_close(&c->slave_fd);
	c->slave_fd = -EBADF;
	c->master_fd = -EBADF;
	return 0;
}
