/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists by rtnetlink(7): netlink(7), Documentation/userspace-api/netlink/intro.rst. INIT lane
 * rules: see the header.
 */

#include "sys/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { TRIES = 8 };

/* What is known of an answer that is being read. */
struct answer {
	netlink_message_fn take;
	void *context;
	bool is_complete, has_changed;
	int error; /* what it ends in */
};

static void read_message(struct netlink *n, const struct nlmsghdr *message, struct answer *answer)
{
	int32_t error = -EPROTO;

	if (message->nlmsg_seq != n->sequence)
		return;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->has_changed = true;
	if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
		/* Both begin with a number: 0 or -errno. */
		if (message->nlmsg_len >= NLMSG_HDRLEN + sizeof(error))
			memcpy(&error, (const char *)message + NLMSG_HDRLEN, sizeof(error));
		answer->is_complete = true;
		if (answer->error == 0)
			answer->error = error;
	} else if (answer->error == 0) {
		answer->error = answer->take(answer->context, message);
	}
}

/* Also behind an error of take(): the socket is to be empty for the next request. */
static int read_answer(struct netlink *n, struct answer *answer)
{
	_Alignas(struct nlmsghdr) char bytes[NETLINK_REPLY_MAX];

	while (!answer->is_complete) {
		const struct nlmsghdr *message;
		ssize_t got = netlink_read(n, bytes, sizeof(bytes));
		size_t at = 0;

		if (got < 0)
			return (int)got;
		while ((message = netlink_next(bytes, (size_t)got, &at)))
			read_message(n, message, answer);
		if (at < (size_t)got)
			return -EPROTO;
	}
	return answer->error;
}

int netlink_dump(struct netlink *n, struct netlink_request *q, netlink_message_fn take,
		 void *context)
{
	struct nlmsghdr *header = (void *)q->bytes;

	n->note[0] = '\0';
	if (q->is_full)
		return -EMSGSIZE;
	/* A list has an end of its own: an acknowledgement would come besides. */
	header->nlmsg_flags = (uint16_t)((header->nlmsg_flags | NLM_F_DUMP) & ~NLM_F_ACK);
	for (int try = 0; try < TRIES; try++) {
		struct answer answer = {.take = take, .context = context};
		int r = netlink_send(n, q);

		if (r == 0)
			r = read_answer(n, &answer);
		if (r < 0 || !answer.has_changed)
			return r;
	}
	return -EAGAIN;
}
