/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rtnetlink(7), netlink(7), Documentation/userspace-api/netlink/intro.rst. INIT lane rules: see the
 * header. Older kernels without NETLINK_EXT_ACK (before 4.12) leave the note empty.
 */

#include "sys/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/syscall.h"

static int make_socket(int protocol, uint32_t groups)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	const int on = 1;
	int fd = sys_socket(AF_NETLINK, SOCK_RAW, protocol);
	int r;

	if (fd < 0)
		return fd;
	/* Refused by old kernels, which then say less. */
	sys_setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	sys_setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	r = sys_bind(fd, &address, sizeof(address));
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	return fd;
}

int netlink_socket(uint32_t groups)
{
	return make_socket(NETLINK_ROUTE, groups);
}

int netlink_open_protocol(int protocol, struct netlink *ret)
{
	int fd = make_socket(protocol, 0);

	if (fd < 0)
		return fd;
	memset(ret, 0, sizeof(*ret));
	ret->fd = fd;
	return 0;
}

int netlink_open(struct netlink *ret)
{
	return netlink_open_protocol(NETLINK_ROUTE, ret);
}

void netlink_close(struct netlink *n)
{
	if (n->fd >= 0)
		sys_close(n->fd);
	n->fd = -EBADF;
}

ssize_t netlink_receive(int fd, void *bytes, size_t room, int flags)
{
	struct sockaddr_nl sender = {0};
	socklen_t length = sizeof(sender);
	ssize_t got = sys_recvfrom(fd, bytes, room, flags | MSG_TRUNC, &sender, &length);

	return got > 0 && (length != sizeof(sender) || sender.nl_pid != 0) ? 0 : got;
}

/* Room for so many bytes behind what is there, zeroed and padded; NULL when there is none. */
static void *append(struct netlink_request *q, size_t length)
{
	const size_t padded = NLMSG_ALIGN(length);
	void *at = q->bytes + q->used;

	if (q->is_full || padded > sizeof(q->bytes) - q->used) {
		q->is_full = true;
		return NULL;
	}
	memset(at, 0, padded);
	q->used += (uint32_t)padded;
	return at;
}

void netlink_begin(struct netlink_request *q, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *header;

	q->used = 0;
	q->is_full = false;
	header = append(q, sizeof(*header));
	header->nlmsg_type = type;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

void netlink_add_header(struct netlink_request *q, const void *header, size_t length)
{
	void *at = append(q, length);

	if (at)
		memcpy(at, header, length);
}

void netlink_add(struct netlink_request *q, uint16_t type, const void *bytes, size_t length)
{
	const struct nlattr attribute = {
		.nla_len = (uint16_t)(NLA_HDRLEN + length),
		.nla_type = type,
	};
	char *at = length < NETLINK_REQUEST_MAX ? append(q, NLA_HDRLEN + length) : NULL;

	if (!at) {
		q->is_full = true;
		return;
	}
	memcpy(at, &attribute, sizeof(attribute));
	if (length > 0)
		memcpy(at + NLA_HDRLEN, bytes, length);
}

void netlink_add_u32(struct netlink_request *q, uint16_t type, uint32_t value)
{
	netlink_add(q, type, &value, sizeof(value));
}

void netlink_add_text(struct netlink_request *q, uint16_t type, const char *text)
{
	size_t length = 0;

	/* With its bound this is no strlen to the compiler: INIT lane rules. */
	while (length < NETLINK_REQUEST_MAX && text[length])
		length++;
	netlink_add(q, type, text, length + 1);
}

uint32_t netlink_nest_begin(struct netlink_request *q, uint16_t type)
{
	const uint32_t at = q->used;

	netlink_add(q, type, NULL, 0);
	return at;
}

void netlink_nest_end(struct netlink_request *q, uint32_t at)
{
	struct nlattr attribute;

	if (q->is_full)
		return;
	memcpy(&attribute, q->bytes + at, sizeof(attribute));
	attribute.nla_len = (uint16_t)(q->used - at);
	memcpy(q->bytes + at, &attribute, sizeof(attribute));
}

const void *netlink_find(const struct nlmsghdr *message, size_t header, uint16_t type,
			 size_t *ret_length)
{
	const size_t begin = NLMSG_HDRLEN + NLMSG_ALIGN(header);

	if (message->nlmsg_len < begin)
		return NULL;
	return netlink_find_in((const char *)message + begin, message->nlmsg_len - begin, type,
			       ret_length);
}

const void *netlink_find_in(const void *content, size_t size, uint16_t type, size_t *ret_length)
{
	const char *bytes = content;

	while (size >= NLA_HDRLEN) {
		struct nlattr attribute;
		size_t step;

		memcpy(&attribute, bytes, sizeof(attribute));
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > size)
			return NULL;
		if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
			*ret_length = attribute.nla_len - (size_t)NLA_HDRLEN;
			return bytes + NLA_HDRLEN;
		}
		step = NLA_ALIGN(attribute.nla_len);
		if (step > size)
			return NULL;
		bytes += step;
		size -= step;
	}
	return NULL;
}

/* What an acknowledgement says: 0 or -errno. Its words go to the note. */
static int read_acknowledgement(struct netlink *n, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = (const void *)((const char *)message + NLMSG_HDRLEN);
	size_t skip = sizeof(*error), length;
	const char *text;

	if (message->nlmsg_len < NLMSG_HDRLEN + sizeof(*error))
		return -EPROTO;
	if (error->error == 0 || !(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return error->error;
	/* Without NLM_F_CAPPED the request stands between the two. */
	if (!(message->nlmsg_flags & NLM_F_CAPPED) && error->msg.nlmsg_len >= NLMSG_HDRLEN)
		skip += NLMSG_ALIGN(error->msg.nlmsg_len) - NLMSG_HDRLEN;
	text = netlink_find(message, skip, NLMSGERR_ATTR_MSG, &length);
	if (text) {
		if (length >= sizeof(n->note))
			length = sizeof(n->note) - 1;
		memcpy(n->note, text, length);
		n->note[length] = '\0';
	}
	return error->error;
}

/* 1: not yet the acknowledgement of this request. */
static int read_message(struct netlink *n, const struct nlmsghdr *message, void *reply, size_t room)
{
	if (message->nlmsg_seq != n->sequence)
		return 1;
	if (message->nlmsg_type == NLMSG_ERROR)
		return read_acknowledgement(n, message);
	if (!reply)
		return 1;
	if (message->nlmsg_len > room)
		return -EMSGSIZE;
	memcpy(reply, message, message->nlmsg_len);
	return 1;
}

const struct nlmsghdr *netlink_next(const void *bytes, size_t size, size_t *at)
{
	const struct nlmsghdr *message = (const void *)((const char *)bytes + *at);
	const size_t left = *at < size ? size - *at : 0;

	if (left < NLMSG_HDRLEN || message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > left)
		return NULL;
	*at += NLMSG_ALIGN((size_t)message->nlmsg_len);
	return message;
}

int netlink_send(struct netlink *n, struct netlink_request *q)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct nlmsghdr *header = (void *)q->bytes;
	ssize_t sent;

	header->nlmsg_len = q->used;
	header->nlmsg_seq = ++n->sequence;
	do
		sent = sys_sendto(n->fd, q->bytes, q->used, &kernel, sizeof(kernel));
	while (sent == -EINTR);
	return sent < 0 ? (int)sent : 0;
}

ssize_t netlink_read(const struct netlink *n, void *bytes, size_t room)
{
	ssize_t got;

	do
		got = netlink_receive(n->fd, bytes, room, 0);
	while (got == -EINTR || got == 0);
	return got > 0 && (size_t)got > room ? -EMSGSIZE : got;
}

static int read_answer(struct netlink *n, void *reply, size_t room)
{
	_Alignas(struct nlmsghdr) char bytes[NETLINK_REPLY_MAX];

	for (;;) {
		const struct nlmsghdr *message;
		ssize_t got = netlink_read(n, bytes, sizeof(bytes));
		size_t at = 0;

		if (got < 0)
			return (int)got;
		while ((message = netlink_next(bytes, (size_t)got, &at))) {
			int r = read_message(n, message, reply, room);

			if (r <= 0)
				return r;
		}
		if (at < (size_t)got)
			return -EPROTO;
	}
}

int netlink_ask(struct netlink *n, struct netlink_request *q, void *reply, size_t room)
{
	int r;

	n->note[0] = '\0';
	if (q->is_full)
		return -EMSGSIZE;
	r = netlink_send(n, q);
	return r < 0 ? r : read_answer(n, reply, room);
}

int netlink_ask_large(struct netlink *n, struct netlink_request *q, void *room, size_t size)
{
	const struct nlmsghdr *message = room;
	ssize_t got;
	size_t at;
	int r;

	n->note[0] = '\0';
	if (q->is_full)
		return -EMSGSIZE;
	/* An acknowledgement would come besides, and take its place. */
	((struct nlmsghdr *)q->bytes)->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	r = netlink_send(n, q);
	if (r < 0)
		return r;
	do {
		got = netlink_read(n, room, size);
		if (got < 0)
			return (int)got;
		at = 0;
		if (!netlink_next(room, (size_t)got, &at))
			return -EPROTO;
	} while (message->nlmsg_seq != n->sequence);
	return message->nlmsg_type == NLMSG_ERROR ? read_acknowledgement(n, message) : 0;
}
