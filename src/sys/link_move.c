/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving interfaces to other network namespaces, and what belongs to them on the way: names,
 * alternative names, alias, MTU, address. rtnetlink(7), setns(2).
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/macros.h"
#include "sys/namespace.h"

int netlink_open_in(int ns_fd, struct netlink *ret)
{
	autoclose int home = namespace_open(0, "net");
	int r;

	if (home < 0)
		return home;
	if (setns(ns_fd, CLONE_NEWNET) < 0)
		return -errno;
	r = netlink_open(ret);
	/* In a namespace that is not ours everything that follows would be done to the wrong one.
	 */
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	return r;
}

static void begin(struct netlink_request *q, uint16_t type, uint32_t index)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};

	netlink_begin(q, type, 0);
	netlink_add_header(q, &info, sizeof(info));
}

static void add_change(struct netlink_request *q, const struct link_change *change)
{
	if (change->name)
		netlink_add_text(q, IFLA_IFNAME, change->name);
	if (change->mtu)
		netlink_add_u32(q, IFLA_MTU, change->mtu);
	if (change->mac)
		netlink_add(q, IFLA_ADDRESS, change->mac, LINK_MAC_LENGTH);
	if (change->alias)
		netlink_add(q, IFLA_IFALIAS, change->alias, strlen(change->alias));
}

static bool is_too_long(const struct link_change *change)
{
	return (change->name && strlen(change->name) >= LINK_NAME_MAX) ||
	       (change->alias && strlen(change->alias) >= LINK_ALIAS_MAX);
}

int link_change(struct netlink *n, uint32_t index, const struct link_change *change)
{
	struct netlink_request q;

	if (is_too_long(change))
		return -ENAMETOOLONG;
	begin(&q, RTM_SETLINK, index);
	add_change(&q, change);
	return netlink_ask(n, &q, NULL, 0);
}

int link_move(struct netlink *n, uint32_t index, int ns_fd, uint32_t new_index,
	      const struct link_change *change)
{
	struct netlink_request q;

	if (is_too_long(change))
		return -ENAMETOOLONG;
	begin(&q, RTM_SETLINK, index);
	netlink_add_u32(&q, IFLA_NET_NS_FD, (uint32_t)ns_fd);
	if (new_index)
		netlink_add_u32(&q, IFLA_NEW_IFINDEX, new_index);
	add_change(&q, change);
	return netlink_ask(n, &q, NULL, 0);
}

/* The texts of one type inside of an attribute. */
static void take_names(const char *content, size_t size, struct link_altnames *ret)
{
	while (size >= NLA_HDRLEN && ret->count < LINK_ALTNAMES_MAX) {
		struct nlattr attribute;
		size_t length, step;

		memcpy(&attribute, content, sizeof(attribute));
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > size)
			return;
		length = attribute.nla_len - (size_t)NLA_HDRLEN;
		if ((attribute.nla_type & NLA_TYPE_MASK) == IFLA_ALT_IFNAME && length > 1 &&
		    length <= LINK_ALTNAME_MAX) {
			char *name = ret->names[ret->count++];

			memcpy(name, content + NLA_HDRLEN, length);
			name[length - 1] = '\0';
		}
		step = NLA_ALIGN(attribute.nla_len);
		if (step > size)
			return;
		content += step;
		size -= step;
	}
}

void link_read_altnames(const struct nlmsghdr *message, struct link_altnames *ret)
{
	size_t size;
	const void *list = netlink_find(message, sizeof(struct ifinfomsg), IFLA_PROP_LIST, &size);

	ret->count = 0;
	if (list)
		take_names(list, size, ret);
}

int link_list_altnames(struct netlink *n, uint32_t index, struct link_altnames *ret)
{
	_Alignas(struct nlmsghdr) char reply[NETLINK_REPLY_MAX];
	struct netlink_request q;
	int r;

	begin(&q, RTM_GETLINK, index);
	netlink_add_u32(&q, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	memset(reply, 0, NLMSG_HDRLEN + sizeof(struct ifinfomsg));
	r = netlink_ask(n, &q, reply, sizeof(reply));
	if (r == 0)
		link_read_altnames((const void *)reply, ret);
	return r;
}

static int ask_altname(struct netlink *n, uint16_t type, uint32_t index, const char *name)
{
	struct netlink_request q;
	uint32_t list;

	if (strlen(name) >= LINK_ALTNAME_MAX)
		return -ENAMETOOLONG;
	begin(&q, type, index);
	list = netlink_nest_begin(&q, IFLA_PROP_LIST | NLA_F_NESTED);
	netlink_add_text(&q, IFLA_ALT_IFNAME, name);
	netlink_nest_end(&q, list);
	return netlink_ask(n, &q, NULL, 0);
}

int link_add_altname(struct netlink *n, uint32_t index, const char *name)
{
	return ask_altname(n, RTM_NEWLINKPROP, index, name);
}

int link_delete_altname(struct netlink *n, uint32_t index, const char *name)
{
	return ask_altname(n, RTM_DELLINKPROP, index, name);
}
