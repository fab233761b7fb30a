/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces on top of another one: macvlan, ipvlan, VLANs. rtnetlink(7). The request is made where
 * the lower one is, and names the namespace in which the new one is born: nothing has to be moved.
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static void add_u16(struct netlink_request *q, uint16_t type, uint32_t value)
{
	const uint16_t number = (uint16_t)value;

	netlink_add(q, type, &number, sizeof(number));
}

static void add_details(struct netlink_request *q, const struct link_upper *upper)
{
	static const char *const kinds[] = {
		[LINK_MACVLAN] = "macvlan", [LINK_IPVLAN] = "ipvlan", [LINK_VLAN] = "vlan"};
	uint32_t info = netlink_nest_begin(q, IFLA_LINKINFO), data;

	netlink_add_text(q, IFLA_INFO_KIND, kinds[upper->kind]);
	data = netlink_nest_begin(q, IFLA_INFO_DATA);
	switch (upper->kind) {
	case LINK_MACVLAN:
		netlink_add_u32(q, IFLA_MACVLAN_MODE, upper->mode);
		break;
	case LINK_IPVLAN:
		add_u16(q, IFLA_IPVLAN_MODE, upper->mode);
		/* Unknown before Linux 4.15, which has what 0 means. */
		if (upper->flags)
			add_u16(q, IFLA_IPVLAN_FLAGS, upper->flags);
		break;
	case LINK_VLAN:
		add_u16(q, IFLA_VLAN_ID, upper->mode);
		break;
	}
	netlink_nest_end(q, data);
	netlink_nest_end(q, info);
}

int link_create_upper(struct netlink *n, const struct link_upper *upper)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct netlink_request q;

	if (strlen(upper->name) >= LINK_NAME_MAX)
		return -ENAMETOOLONG;
	netlink_begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add_text(&q, IFLA_IFNAME, upper->name);
	netlink_add_u32(&q, IFLA_LINK, upper->lower);
	if (upper->ns_fd >= 0)
		netlink_add_u32(&q, IFLA_NET_NS_FD, (uint32_t)upper->ns_fd);
	if (upper->mtu)
		netlink_add_u32(&q, IFLA_MTU, upper->mtu);
	if (upper->mac)
		netlink_add(&q, IFLA_ADDRESS, upper->mac, LINK_MAC_LENGTH);
	add_details(&q, upper);
	return netlink_ask(n, &q, NULL, 0);
}
