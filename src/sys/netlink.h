/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * rtnetlink(7): building a request, sending it, waiting for the answer. What is asked stands in
 * link.h and address.h.
 *
 * May be used after clone, in the INIT lane: no memory from the heap, no formatting, only system
 * calls and mem*. A handle is used by one thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>
#include <sys/types.h>

enum {
	NETLINK_REQUEST_MAX = 1024,
	NETLINK_REPLY_MAX = 8192,
	NETLINK_NOTE_MAX = 112,
};

struct netlink {
	int fd; /* owned; -EBADF when closed */
	uint32_t sequence;
	/* The kernel's own words about the last failure (Linux 4.12), or "". */
	char note[NETLINK_NOTE_MAX];
};

/* A request under construction. Running out of room is remembered and told by netlink_ask(). */
struct netlink_request {
	_Alignas(NLMSG_ALIGNTO) char bytes[NETLINK_REQUEST_MAX];
	uint32_t used;
	bool is_full;
};

/*
 * A socket in the network namespace of the calling thread, with extended acknowledgements where the
 * kernel has them. `groups` is the mask of struct sockaddr_nl, 0 for requests. Returns a
 * close-on-exec, blocking descriptor or -errno.
 */
int netlink_socket(uint32_t groups);

/* The same as a handle for requests. 0 or -errno. */
int netlink_open(struct netlink *ret);
/* For another protocol of the family: NETLINK_SOCK_DIAG … */
int netlink_open_protocol(int protocol, struct netlink *ret);
void netlink_close(struct netlink *n);

/*
 * Receive one datagram of the kernel's: its length, which may be more than `room`, or -errno; 0: it
 * was somebody else's and is dropped. Whoever has CAP_NET_ADMIN in a network namespace, its
 * container's root say, may send to every socket there (netlink(7)).
 */
ssize_t netlink_receive(int fd, void *bytes, size_t room, int flags);

/* Begin a request: RTM_*, and NLM_F_* besides NLM_F_REQUEST and NLM_F_ACK, which it always has. */
void netlink_begin(struct netlink_request *q, uint16_t type, uint16_t flags);

/* Append the fixed part of a message (struct ifinfomsg …). Attributes come behind it. */
void netlink_add_header(struct netlink_request *q, const void *header, size_t length);

/* Append an attribute. Texts get their NUL. */
void netlink_add(struct netlink_request *q, uint16_t type, const void *bytes, size_t length);
void netlink_add_u32(struct netlink_request *q, uint16_t type, uint32_t value);
void netlink_add_text(struct netlink_request *q, uint16_t type, const char *text);

/* Attributes between the two stand inside one of `type`. `at` is what begin returned. */
uint32_t netlink_nest_begin(struct netlink_request *q, uint16_t type);
void netlink_nest_end(struct netlink_request *q, uint32_t at);

/* What asking consists of. Send the request under a number of its own: 0 or -errno. */
int netlink_send(struct netlink *n, struct netlink_request *q);

/* Wait for the kernel's next datagram: its length, -EMSGSIZE when it has no room, or -errno. */
ssize_t netlink_read(const struct netlink *n, void *bytes, size_t room);

/*
 * Send the request and wait for its acknowledgement. `reply` (may be NULL) gets the message that
 * comes before it, of at most `room` bytes; a longer one is -EMSGSIZE. 0 or -errno, the kernel's
 * own or that of the socket; the note says more where the kernel did.
 */
int netlink_ask(struct netlink *n, struct netlink_request *q, void *reply, size_t room);

/*
 * Ask for one message that may be long: it is put at the beginning of `room`, which is aligned as
 * messages are. 0 or -errno; -EMSGSIZE: it is longer than that.
 */
int netlink_ask_large(struct netlink *n, struct netlink_request *q, void *room, size_t size);

/*
 * The message at *at in a datagram of `size` bytes, with *at behind it then; NULL when none fits
 * into what is left, *at is less than `size` then if there is something else.
 */
const struct nlmsghdr *netlink_next(const void *bytes, size_t size, size_t *at);

/*
 * The first attribute of `type` behind the fixed part of `header` bytes, or NULL: its content, of
 * *ret_length bytes.
 */
const void *netlink_find(const struct nlmsghdr *message, size_t header, uint16_t type,
			 size_t *ret_length);

/* The same inside the content of another attribute. */
const void *netlink_find_in(const void *content, size_t size, uint16_t type, size_t *ret_length);

/*
 * Send a request for a list (NLM_F_DUMP is added) and hand each message of the answer over; what
 * the kernel did not filter is the function's to pass over. It returns 0, or -errno, which ends the
 * list; it must not use the handle. A list during which something changed is asked for again: the
 * function may see a message twice. 0 or -errno.
 */
typedef int (*netlink_message_fn)(void *context, const struct nlmsghdr *message);
int netlink_dump(struct netlink *n, struct netlink_request *q, netlink_message_fn take,
		 void *context);
