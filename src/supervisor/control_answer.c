/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers (spec/wire.md §3): header and descriptors in one message, the payload right behind in the
 * same call. What the socket doesn't take at once is kept until the request's time is over.
 */

#include "supervisor/control.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "supervisor/supervisor.h"

enum {
	FDS_MAX = PLAN_HIERARCHIES_MAX,
	ORDINARY = 64 * 1024, /* bytes that every socket's buffer holds */
};

static void forget_request(struct connection *c)
{
	if (c->buffer)
		munmap(c->buffer, c->length);
	c->buffer = NULL;
	c->filled = c->length = 0;
	c->header_filled = 0;
	c->flags &= (uint8_t) ~(CONNECTION_AUTHENTICATED | CONNECTION_KEPT);
	c->deadline = USEC_INFINITY;
}

static void finish(struct supervisor *s, struct connection *c, enum verdict verdict)
{
	bool was_watched_for_input = c->phase <= PHASE_PAYLOAD;

	if (verdict == VERDICT_CLOSE) {
		connection_close(s, c);
		return;
	}
	forget_request(c);
	c->phase = verdict == VERDICT_WAIT ? PHASE_WAITING : PHASE_HEADER;
	if (c->phase == PHASE_WAITING || !was_watched_for_input)
		connection_watch(s, c);
}

/* Keep what was not sent. */
static int keep_rest(struct connection *c, const struct iovec *pieces, size_t count, size_t sent)
{
	size_t total = 0, at = 0;
	char *buffer;

	for (size_t i = 0; i < count; i++)
		total += pieces[i].iov_len;
	buffer = mmap(NULL, total - sent, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (buffer == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < count; i++) {
		size_t over = sent < pieces[i].iov_len ? sent : pieces[i].iov_len;

		sent -= over;
		memcpy(buffer + at, (const char *)pieces[i].iov_base + over,
		       pieces[i].iov_len - over);
		at += pieces[i].iov_len - over;
	}
	if (c->buffer)
		munmap(c->buffer, c->length);
	c->buffer = buffer;
	c->length = (uint32_t)at;
	c->filled = 0;
	return 0;
}

static ssize_t send_pieces(int fd, struct iovec *pieces, size_t count, const struct answer *answer)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} ancillary = {0};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
	size_t size = answer->fd_count * sizeof(int);
	ssize_t sent;

	if (answer->fd_count > FDS_MAX)
		return -E2BIG;
	if (answer->fd_count > 0) {
		ancillary.header.cmsg_level = SOL_SOCKET;
		ancillary.header.cmsg_type = SCM_RIGHTS;
		ancillary.header.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&ancillary.header), answer->fds, size);
		message.msg_control = ancillary.bytes;
		message.msg_controllen = CMSG_SPACE(size);
	}
	do
		sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

/* Clients read a payload with one call: a large one should be there as a whole. */
static void make_room(int fd, size_t total)
{
	int room = total > INT32_MAX / 4 ? INT32_MAX / 2 : (int)total * 2;

	if (total > ORDINARY && setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

void connection_answer(struct supervisor *s, struct connection *c, const struct answer *answer,
		       enum verdict verdict)
{
	size_t length = answer->payload[0].iov_len + answer->payload[1].iov_len;
	struct wire_answer header = {
		.ret = answer->ret, .length = (int32_t)length, .data = answer->data};
	struct iovec pieces[] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		answer->payload[0],
		answer->payload[1],
	};
	ssize_t sent;

	make_room(c->fd, sizeof(header) + length);
	sent = send_pieces(c->fd, pieces, ARRAY_LENGTH(pieces), answer);
	if (sent == (ssize_t)(sizeof(header) + length)) {
		finish(s, c, verdict);
		return;
	}
	if (sent < 0 || keep_rest(c, pieces, ARRAY_LENGTH(pieces), (size_t)sent) < 0) {
		connection_close(s, c);
		return;
	}
	c->phase = PHASE_ANSWER;
	if (verdict == VERDICT_KEEP)
		c->flags |= CONNECTION_KEPT;
	connection_watch(s, c);
	connection_set_deadline(s, c, time_deadline(WIRE_DEADLINE * USEC_PER_MSEC));
}

void connection_answer_code(struct supervisor *s, struct connection *c, int32_t ret)
{
	const struct answer answer = {.ret = ret};

	connection_answer(s, c, &answer, VERDICT_CLOSE);
}

void connection_write(struct supervisor *s, struct connection *c)
{
	ssize_t sent = send(c->fd, c->buffer + c->filled, c->length - c->filled,
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent < 0) {
		connection_close(s, c);
		return;
	}
	c->filled += (uint32_t)sent;
	if (c->filled == c->length)
		finish(s, c, c->flags & CONNECTION_KEPT ? VERDICT_KEEP : VERDICT_CLOSE);
}

void connection_keep(struct supervisor *s, struct connection *c, enum verdict verdict)
{
	finish(s, c, verdict);
}
