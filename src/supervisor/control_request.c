/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Framing (spec/wire.md §2, §3, §9): bytes become a request. Who sent the first bytes of a request
 * decides whether there is an answer; nothing of a stranger's is read beyond them.
 */

#include "supervisor/control.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_CATEGORY "commands"
#include "base/log.h"
#include "base/macros.h"
#include "supervisor/supervisor.h"
#include "sys/peer.h"

enum {
	FDS_LOOKED_AT = 4,      /* with one message; the kernel drops what finds no room */
	HALF_RECEIVED_MAX = 64, /* requests of one user that are under way */
	DENIALS_PAUSE = 10 * 1000 * 1000, /* µs between two that are told */
	OVERFLOW_UID = 65534,             /* what the kernel says when nobody said who sent it */
};

/* The sender, from the message or from the time of connecting. False: nobody knows. */
static bool find_sender(int fd, struct msghdr *message, struct ucred *ret)
{
	socklen_t length = sizeof(*ret);

	for (struct cmsghdr *m = CMSG_FIRSTHDR(message); m; m = CMSG_NXTHDR(message, m)) {
		if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_CREDENTIALS ||
		    m->cmsg_len != CMSG_LEN(sizeof(*ret)))
			continue;
		memcpy(ret, CMSG_DATA(m), sizeof(*ret));
		if (ret->pid != 0 || ret->uid != OVERFLOW_UID)
			return true;
	}
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &length) == 0;
}

/* Descriptors that nobody asked for are closed; the first one that was asked for is kept. */
static void take_descriptors(struct control *t, struct msghdr *message, bool wanted)
{
	for (struct cmsghdr *m = CMSG_FIRSTHDR(message); m; m = CMSG_NXTHDR(message, m)) {
		size_t count;

		if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
			continue;
		count = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(m) + i * sizeof(int), sizeof(fd));
			if (wanted && t->received_fd < 0)
				t->received_fd = fd;
			else
				close(fd);
		}
	}
}

bool control_is_contained(int fd, pid_t pid)
{
	return peer_look(pid) != PEER_HERE || peer_look_socket(fd) != PEER_HERE;
}

/* Anybody may connect and be refused, as often as he likes. */
static void tell_denied(struct control *t, const struct ucred *sender)
{
	if (time_now() < t->denials_quiet_until) {
		t->denials_untold++;
		return;
	}
	if (t->denials_untold > 0)
		log_warn("%u messages more were denied", t->denials_untold);
	log_warn("Message denied for '%u/%u'", sender->uid, sender->gid);
	t->denials_quiet_until = time_deadline(DENIALS_PAUSE);
	t->denials_untold = 0;
}

static void authenticate(struct supervisor *s, struct connection *c, struct msghdr *message)
{
	struct ucred sender = {.uid = OVERFLOW_UID, .gid = OVERFLOW_UID};

	if (find_sender(c->fd, message, &sender) &&
	    (sender.uid == 0 || (sender.uid == getuid() && sender.gid == getgid())) &&
	    !control_is_contained(c->fd, sender.pid))
		c->flags |= CONNECTION_AUTHENTICATED;
	else
		tell_denied(&s->control, &sender);
	c->uid = sender.uid;
}

/* Bytes, 0 at the end, -errno. */
static ssize_t receive(struct supervisor *s, struct connection *c, void *to, size_t room)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) +
			   CMSG_SPACE(FDS_LOOKED_AT * sizeof(int))];
	} ancillary = {0};
	struct iovec into = {.iov_base = to, .iov_len = room};
	struct msghdr message = {
		.msg_iov = &into,
		.msg_iovlen = 1,
		.msg_control = ancillary.bytes,
		.msg_controllen = sizeof(ancillary.bytes),
	};
	bool wants_fd = c->phase == PHASE_PAYLOAD &&
			c->request.command == WIRE_SECCOMP_NOTIFY_ADD_LISTENER;
	ssize_t got;

	do
		got = recvmsg(c->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	take_descriptors(&s->control, &message, wants_fd);
	if (got > 0 && c->phase == PHASE_HEADER && c->header_filled == 0)
		authenticate(s, c, &message);
	return got;
}

struct census {
	uint32_t uid, count;
};

static void count_half_received(struct supervisor *s, struct connection *c, void *context)
{
	struct census *census = context;

	if (c->deadline != USEC_INFINITY && c->phase <= PHASE_PAYLOAD && c->uid == census->uid)
		census->count++;
}

/* The request goes on later: within its time, and not together with too many others. */
static void wait_for_rest(struct supervisor *s, struct connection *c)
{
	struct census census = {.uid = c->uid};

	if (c->deadline != USEC_INFINITY)
		return;
	control_each(s, count_half_received, &census);
	if (census.count >= HALF_RECEIVED_MAX)
		connection_close(s, c);
	else
		connection_set_deadline(s, c, time_deadline(WIRE_DEADLINE * USEC_PER_MSEC));
}

/* Nothing more will come. Who is only half gone may still wait for its EOF. */
static void end_of_input(struct supervisor *s, struct connection *c, uint32_t events)
{
	if (events & EPOLLHUP || c->header_filled > 0) {
		connection_close(s, c);
		return;
	}
	c->flags |= CONNECTION_HALF_CLOSED;
	connection_watch(s, c);
}

/* 1: the request is complete; 0: not yet, or the connection is gone. */
static int begin_payload(struct supervisor *s, struct connection *c)
{
	int64_t length = command_payload_length(&c->request);
	void *buffer;

	if (length < 0) {
		connection_close(s, c);
		return 0;
	}
	if (length == 0)
		return 1;
	buffer = mmap(NULL, (size_t)length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (buffer == MAP_FAILED) {
		connection_close(s, c);
		return 0;
	}
	c->buffer = buffer;
	c->length = (uint32_t)length;
	c->filled = 0;
	c->phase = PHASE_PAYLOAD;
	return 0;
}

static ssize_t receive_more(struct supervisor *s, struct connection *c)
{
	ssize_t got;

	if (c->phase == PHASE_HEADER) {
		got = receive(s, c, (char *)&c->request + c->header_filled,
			      sizeof(c->request) - c->header_filled);
		if (got > 0)
			c->header_filled = (uint8_t)(c->header_filled + got);
	} else {
		got = receive(s, c, c->buffer + c->filled, c->length - c->filled);
		if (got > 0)
			c->filled += (uint32_t)got;
	}
	return got;
}

void connection_read(struct supervisor *s, struct connection *c, uint32_t events)
{
	for (;;) {
		ssize_t got = receive_more(s, c);
		bool complete = false;

		if (got == -EAGAIN) {
			if (c->header_filled > 0)
				wait_for_rest(s, c);
			return;
		}
		if (got < 0) {
			connection_close(s, c);
			return;
		}
		if (got == 0) {
			end_of_input(s, c, events);
			return;
		}
		if (!(c->flags & CONNECTION_AUTHENTICATED)) {
			connection_answer_code(s, c, -EPERM);
			return;
		}
		if (c->phase == PHASE_PAYLOAD)
			complete = c->filled == c->length;
		else if (c->header_filled == sizeof(c->request))
			complete = begin_payload(s, c) == 1;
		if (c->phase == PHASE_FREE)
			return;
		if (complete) {
			command_run(s, c);
			return;
		}
	}
}
