/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's addresses: netlink(7), rtnetlink(7). An address event does not tell the
 * interface's name; it is asked for once, and changes come as events of their own. When the kernel
 * had to drop events, everything is asked again.
 */

#include "supervisor/address.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "supervisor/supervisor.h"
#include "sys/netlink.h"

enum {
	BUFFER_SIZE = 16384, /* bytes: more than the kernel puts into one datagram of ours */
	IPV4_LENGTH = 4,
	IPV6_LENGTH = 16,
};

/* Readers retry while the number is odd or has changed. */
static void begin_writing(struct record_header *record)
{
	atomic_fetch_add_explicit(&record->address_sequence, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void end_writing(struct record_header *record)
{
	atomic_fetch_add_explicit(&record->address_sequence, 1, memory_order_release);
}

static void clear_all(struct record_header *record)
{
	begin_writing(record);
	memset(record->addresses, 0, sizeof(record->addresses));
	end_writing(record);
}

static int send_request(struct supervisor *s, uint16_t type, uint16_t flags, const void *body,
			uint32_t size)
{
	struct {
		struct nlmsghdr header;
		char body[64];
	} request = {
		.header =
			{
				.nlmsg_len = NLMSG_LENGTH(size),
				.nlmsg_type = type,
				.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
				.nlmsg_seq = ++s->addresses.sequence,
			},
	};

	memcpy(request.body, body, size);
	return send(supervisor_role_fd(s, ROLE_ADDRESS_SOCKET), &request, request.header.nlmsg_len,
		    MSG_DONTWAIT | MSG_NOSIGNAL) < 0
		       ? -errno
		       : 0;
}

static void ask_for_all(struct supervisor *s)
{
	const struct ifaddrmsg all = {.ifa_family = AF_UNSPEC};

	/* One dump at a time: the next one begins when this one has ended. */
	if (s->addresses.is_dumping) {
		s->addresses.is_stale = true;
		return;
	}
	s->addresses.is_stale = false;
	clear_all(s->record);
	s->addresses.is_dumping = send_request(s, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all)) == 0;
	s->addresses.dump_sequence = s->addresses.sequence;
}

static void ask_for_name(struct supervisor *s, uint32_t ifindex)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex};

	send_request(s, RTM_GETLINK, 0, &link, sizeof(link));
}

static bool same_address(const struct record_address *a, const struct record_address *b)
{
	return a->family == b->family && a->ifindex == b->ifindex && a->prefix == b->prefix &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* A point-to-point address has the local one apart. */
static bool read_address(const struct nlmsghdr *message, struct record_address *ret)
{
	const struct ifaddrmsg *body = NLMSG_DATA(message);
	size_t length = 0, wanted;
	const void *bytes;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*body)) ||
	    (body->ifa_family != AF_INET && body->ifa_family != AF_INET6))
		return false;
	wanted = body->ifa_family == AF_INET ? IPV4_LENGTH : IPV6_LENGTH;
	bytes = netlink_find(message, sizeof(*body), IFA_LOCAL, &length);
	if (!bytes)
		bytes = netlink_find(message, sizeof(*body), IFA_ADDRESS, &length);
	if (!bytes || length != wanted)
		return false;
	*ret = (struct record_address){
		.family = body->ifa_family,
		.prefix = body->ifa_prefixlen,
		.scope = body->ifa_scope,
		.ifindex = body->ifa_index,
	};
	memcpy(ret->address, bytes, length);
	return true;
}

static void add_address(struct supervisor *s, struct record_address *fresh)
{
	struct record_address *rows = s->record->addresses;
	struct record_address *free_row = NULL;
	bool is_named = false;

	for (int i = 0; i < RECORD_ADDRESSES_MAX; i++) {
		if (rows[i].family == 0) {
			free_row = free_row ? free_row : &rows[i];
			continue;
		}
		if (same_address(&rows[i], fresh))
			return;
		if (rows[i].ifindex == fresh->ifindex && rows[i].interface[0]) {
			memcpy(fresh->interface, rows[i].interface, sizeof(fresh->interface));
			is_named = true;
		}
	}
	if (!free_row)
		return;
	begin_writing(s->record);
	*free_row = *fresh;
	end_writing(s->record);
	if (!is_named)
		ask_for_name(s, fresh->ifindex);
}

static void remove_address(struct record_header *record, const struct record_address *gone)
{
	for (int i = 0; i < RECORD_ADDRESSES_MAX; i++) {
		if (record->addresses[i].family == 0 || !same_address(&record->addresses[i], gone))
			continue;
		begin_writing(record);
		record->addresses[i] = (struct record_address){0};
		end_writing(record);
	}
}

static void take_link(struct supervisor *s, const struct nlmsghdr *message)
{
	const struct ifinfomsg *body = NLMSG_DATA(message);
	struct record_address *rows = s->record->addresses;
	const char *name;
	size_t length;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return;
	name = netlink_find(message, sizeof(*body), IFLA_IFNAME, &length);
	if (message->nlmsg_type == RTM_NEWLINK &&
	    (!name || length == 0 || length > sizeof(rows[0].interface) ||
	     name[length - 1] != '\0'))
		return;
	begin_writing(s->record);
	for (int i = 0; i < RECORD_ADDRESSES_MAX; i++) {
		if (rows[i].family == 0 || rows[i].ifindex != (uint32_t)body->ifi_index)
			continue;
		if (message->nlmsg_type == RTM_DELLINK) {
			rows[i] = (struct record_address){0};
			continue;
		}
		memset(rows[i].interface, 0, sizeof(rows[i].interface));
		memcpy(rows[i].interface, name, length);
	}
	end_writing(s->record);
}

static void end_of_dump(struct supervisor *s)
{
	s->addresses.is_dumping = false;
	if (s->addresses.is_stale)
		ask_for_all(s);
}

void address_take(struct supervisor *s, const struct nlmsghdr *message)
{
	struct record_address address;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		s->addresses.is_stale = true;
	switch (message->nlmsg_type) {
	case RTM_NEWADDR:
		if (read_address(message, &address))
			add_address(s, &address);
		break;
	case RTM_DELADDR:
		if (read_address(message, &address))
			remove_address(s->record, &address);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(s, message);
		break;
	case NLMSG_DONE:
		end_of_dump(s);
		break;
	case NLMSG_ERROR:
		/* The other questions are about links, which may be gone again. */
		if (s->addresses.is_dumping && message->nlmsg_seq == s->addresses.dump_sequence)
			end_of_dump(s);
		break;
	default:
		break;
	}
}

/*
 * What found no room is cut off. That is one long message about an interface to which somebody has
 * given many names: its own comes first. Asked for again it would be as long again.
 */
static void take_cut(struct supervisor *s, char *bytes, size_t size)
{
	struct nlmsghdr *message = (void *)bytes;

	if (size < NLMSG_HDRLEN || message->nlmsg_len < size)
		return;
	message->nlmsg_len = (uint32_t)size;
	address_take(s, message);
}

void address_ready(struct supervisor *s, uint32_t events)
{
	int fd = s->loop.watches[WATCH_ADDRESS].fd;
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
	ssize_t got = netlink_receive(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	const size_t size = got > (ssize_t)sizeof(buffer) ? sizeof(buffer) : (size_t)got;
	const struct nlmsghdr *message;
	size_t at = 0;

	s->loop.has_deep_stack = true;
	if (got == -ENOBUFS) {
		ask_for_all(s);
		return;
	}
	if (got <= 0) {
		/* The container's, who may say what they like: see there. */
		if (got < 0 && got != -EAGAIN && got != -EINTR)
			loop_unwatch(s, WATCH_ADDRESS);
		return;
	}
	while ((message = netlink_next(buffer, size, &at)))
		address_take(s, message);
	if (size < (size_t)got && at < size)
		take_cut(s, buffer + at, size - at);
}

void address_begin(struct supervisor *s)
{
	int fd = supervisor_role_fd(s, ROLE_ADDRESS_SOCKET);

	s->addresses = (struct addresses){0};
	clear_all(s->record);
	if (fd < 0 || loop_watch(s, WATCH_ADDRESS, fd, EPOLLIN) < 0)
		return;
	ask_for_all(s);
}

void address_end(struct supervisor *s)
{
	loop_unwatch(s, WATCH_ADDRESS);
	clear_all(s->record);
}
