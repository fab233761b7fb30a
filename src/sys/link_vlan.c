/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VLANs of a port of a Linux bridge: bridge(8), IFLA_BRIDGE_VLAN_INFO of rtnetlink(7).
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static int ask_vlan(struct netlink *n, uint16_t type, uint32_t index, uint16_t id, uint16_t flags)
{
	const struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = (int)index};
	const struct bridge_vlan_info info = {.flags = flags, .vid = id};
	struct netlink_request q;
	uint32_t list;

	netlink_begin(&q, type, 0);
	netlink_add_header(&q, &header, sizeof(header));
	list = netlink_nest_begin(&q, IFLA_AF_SPEC);
	netlink_add(&q, IFLA_BRIDGE_VLAN_INFO, &info, sizeof(info));
	netlink_nest_end(&q, list);
	return netlink_ask(n, &q, NULL, 0);
}

int link_add_vlan(struct netlink *n, uint32_t index, uint16_t id, bool untagged)
{
	return ask_vlan(n, RTM_SETLINK, index, id,
			untagged ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0);
}

int link_delete_vlan(struct netlink *n, uint32_t index, uint16_t id)
{
	int r = ask_vlan(n, RTM_DELLINK, index, id, 0);

	return r == -ENOENT ? 0 : r;
}
