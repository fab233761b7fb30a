/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving interfaces to other network namespaces, and what belongs to them on the way: name, alias,
 * MTU, address … rtnetlink(7), setns(2).
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
	if (change->usage) {
		netlink_add_u32(q, IFLA_TXQLEN, change->usage->queue_length);
		netlink_add_u32(q, IFLA_GROUP, change->usage->group);
		netlink_add(q, IFLA_LINKMODE, &change->usage->mode, sizeof(change->usage->mode));
	}
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
