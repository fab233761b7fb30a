/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proxy neighbours, with which an interface answers for addresses of others, and the end of routes.
 * rtnetlink(7), the options NTF_* of ip-neighbour(8).
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static int family_of(const struct link_address *address)
{
	return address->length == 4 ? AF_INET : address->length == 16 ? AF_INET6 : -EINVAL;
}

static int ask_proxy(struct netlink *n, uint16_t type, uint16_t flags, uint32_t index,
		     const struct link_address *address)
{
	const int family = family_of(address);
	const struct ndmsg header = {
		.ndm_family = (uint8_t)family,
		.ndm_ifindex = (int)index,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = NTF_PROXY,
	};
	struct netlink_request q;

	if (family < 0)
		return family;
	netlink_begin(&q, type, flags);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add(&q, NDA_DST, address->bytes, address->length);
	return netlink_ask(n, &q, NULL, 0);
}

/* Whether it is there: the kernel adds one twice without a word. */
static int find_proxy(struct netlink *n, uint32_t index, const struct link_address *address)
{
	_Alignas(struct nlmsghdr) char reply[NETLINK_REPLY_MAX];
	const struct ndmsg header = {
		.ndm_family = (uint8_t)family_of(address),
		.ndm_ifindex = (int)index,
		.ndm_flags = NTF_PROXY,
	};
	struct netlink_request q;

	netlink_begin(&q, RTM_GETNEIGH, 0);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add(&q, NDA_DST, address->bytes, address->length);
	return netlink_ask(n, &q, reply, sizeof(reply));
}

int link_add_proxy(struct netlink *n, uint32_t index, const struct link_address *address)
{
	if (family_of(address) < 0)
		return -EINVAL;
	if (find_proxy(n, index, address) == 0)
		return -EEXIST;
	return ask_proxy(n, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, index, address);
}

int link_delete_proxy(struct netlink *n, uint32_t index, const struct link_address *address)
{
	return ask_proxy(n, RTM_DELNEIGH, 0, index, address);
}

int link_delete_route(struct netlink *n, uint32_t index, const struct link_address *to)
{
	const int family = family_of(to);
	const struct rtmsg header = {
		.rtm_family = (uint8_t)family,
		.rtm_dst_len = to->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct netlink_request q;

	if (family < 0)
		return family;
	netlink_begin(&q, RTM_DELROUTE, 0);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add(&q, RTA_DST, to->bytes, to->length);
	netlink_add_u32(&q, RTA_OIF, index);
	return netlink_ask(n, &q, NULL, 0);
}
