/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rtnetlink(7), veth(4). INIT lane rules: see netlink.h. Addresses are read nowhere: the supervisor
 * listens on a socket of its own.
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

static size_t text_length(const char *text, size_t max)
{
	size_t length = 0;

	while (length < max && text[length])
		length++;
	return length;
}

static void begin_link(struct netlink_request *q, uint16_t type, uint16_t flags, uint32_t index)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};

	netlink_begin(q, type, flags);
	netlink_add_header(q, &info, sizeof(info));
}

/* A text of the kernel's, which ends in NUL; what is too long for us counts as none. */
static void copy_text(const struct nlmsghdr *message, uint16_t type, char *ret, size_t room)
{
	size_t length;
	const char *text = netlink_find(message, sizeof(struct ifinfomsg), type, &length);

	ret[0] = '\0';
	if (!text || length > room || length == 0)
		return;
	memcpy(ret, text, length);
	ret[length - 1] = '\0';
}

/* The same for what has a fixed size; zero when it isn't there. */
static bool copy_number(const struct nlmsghdr *message, uint16_t type, void *ret, size_t size)
{
	size_t length;
	const void *found = netlink_find(message, sizeof(struct ifinfomsg), type, &length);

	if (!found || length != size)
		return false;
	memcpy(ret, found, size);
	return true;
}

static void copy_identity(const struct nlmsghdr *message, struct link_identity *ret)
{
	size_t size, length;
	const void *info = netlink_find(message, sizeof(struct ifinfomsg), IFLA_LINKINFO, &size);
	const char *kind = info ? netlink_find_in(info, size, IFLA_INFO_KIND, &length) : NULL;
	const void *permanent;

	if (kind && length > 0 && length <= sizeof(ret->kind)) {
		memcpy(ret->kind, kind, length);
		ret->kind[length - 1] = '\0';
	}
	copy_text(message, IFLA_PARENT_DEV_BUS_NAME, ret->bus, sizeof(ret->bus));
	copy_text(message, IFLA_PARENT_DEV_NAME, ret->parent, sizeof(ret->parent));
	permanent = netlink_find(message, sizeof(struct ifinfomsg), IFLA_PERM_ADDRESS, &length);
	if (permanent && length <= sizeof(ret->permanent))
		memcpy(ret->permanent, permanent, length);
}

void link_read_facts(const struct nlmsghdr *message, struct link_facts *ret)
{
	struct ifinfomsg info;

	memcpy(&info, (const char *)message + NLMSG_HDRLEN, sizeof(info));
	memset(ret, 0, sizeof(*ret));
	ret->index = (uint32_t)info.ifi_index;
	ret->flags = info.ifi_flags;
	copy_text(message, IFLA_IFNAME, ret->name, sizeof(ret->name));
	copy_text(message, IFLA_IFALIAS, ret->alias, sizeof(ret->alias));
	copy_identity(message, &ret->identity);
	copy_number(message, IFLA_MTU, &ret->mtu, sizeof(ret->mtu));
	copy_number(message, IFLA_LINK, &ret->link, sizeof(ret->link));
	ret->has_link_namespace = copy_number(message, IFLA_LINK_NETNSID, &ret->link_namespace,
					      sizeof(ret->link_namespace));
	ret->has_mac = copy_number(message, IFLA_ADDRESS, ret->mac, sizeof(ret->mac));
	copy_number(message, IFLA_TXQLEN, &ret->usage.queue_length,
		    sizeof(ret->usage.queue_length));
	copy_number(message, IFLA_GROUP, &ret->usage.group, sizeof(ret->usage.group));
	copy_number(message, IFLA_LINKMODE, &ret->usage.mode, sizeof(ret->usage.mode));
}

int link_find(struct netlink *n, const char *name, uint32_t index, struct link_facts *ret)
{
	_Alignas(struct nlmsghdr) char reply[NETLINK_REPLY_MAX];
	const struct nlmsghdr *message = (const void *)reply;
	struct netlink_request q;
	int r;

	begin_link(&q, RTM_GETLINK, 0, name ? 0 : index);
	if (name) {
		if (text_length(name, LINK_NAME_MAX) == LINK_NAME_MAX)
			return -ENAMETOOLONG;
		netlink_add_text(&q, IFLA_IFNAME, name);
	}
	/* Without the lists of virtual functions and statistics, which may not fit. */
	netlink_add_u32(&q, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	memset(reply, 0, NLMSG_HDRLEN + sizeof(struct ifinfomsg));
	r = netlink_ask(n, &q, reply, sizeof(reply));
	if (r < 0)
		return r;
	if (message->nlmsg_type != RTM_NEWLINK)
		return -EPROTO;
	link_read_facts(message, ret);
	return 0;
}

int link_set_up(struct netlink *n, uint32_t index)
{
	const struct ifinfomsg info = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = (int)index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	struct netlink_request q;

	netlink_begin(&q, RTM_NEWLINK, 0);
	netlink_add_header(&q, &info, sizeof(info));
	return netlink_ask(n, &q, NULL, 0);
}

int link_set_mac(struct netlink *n, uint32_t index, const uint8_t mac[static LINK_MAC_LENGTH])
{
	struct netlink_request q;

	begin_link(&q, RTM_NEWLINK, 0, index);
	netlink_add(&q, IFLA_ADDRESS, mac, LINK_MAC_LENGTH);
	return netlink_ask(n, &q, NULL, 0);
}

int link_set_master(struct netlink *n, uint32_t index, uint32_t master)
{
	struct netlink_request q;

	begin_link(&q, RTM_NEWLINK, 0, index);
	netlink_add_u32(&q, IFLA_MASTER, master);
	return netlink_ask(n, &q, NULL, 0);
}

static int set_alias(struct netlink *n, uint32_t index, const char *alias)
{
	struct netlink_request q;

	begin_link(&q, RTM_NEWLINK, 0, index);
	netlink_add(&q, IFLA_IFALIAS, alias, text_length(alias, LINK_ALIAS_MAX));
	return netlink_ask(n, &q, NULL, 0);
}

int link_delete(struct netlink *n, uint32_t index)
{
	struct netlink_request q;

	/* The kernel would take index 0 for "by other attributes", of which there are none. */
	if (index == 0)
		return -ENODEV;
	begin_link(&q, RTM_DELLINK, 0, index);
	return netlink_ask(n, &q, NULL, 0);
}

/* What both ends of a pair have in common. */
static void add_end(struct netlink_request *q, const struct link_veth *veth, const char *name,
		    const uint8_t *mac)
{
	if (name)
		netlink_add_text(q, IFLA_IFNAME, name);
	if (mac)
		netlink_add(q, IFLA_ADDRESS, mac, LINK_MAC_LENGTH);
	if (veth->mtu)
		netlink_add_u32(q, IFLA_MTU, veth->mtu);
	if (veth->rx_queues)
		netlink_add_u32(q, IFLA_NUM_RX_QUEUES, veth->rx_queues);
	if (veth->tx_queues)
		netlink_add_u32(q, IFLA_NUM_TX_QUEUES, veth->tx_queues);
}

int link_create_veth(struct netlink *n, const struct link_veth *veth, uint32_t *ret_index)
{
	const struct ifinfomsg peer_info = {.ifi_family = AF_UNSPEC};
	struct netlink_request q;
	struct link_facts made;
	uint32_t info, data, peer;
	int r;

	if (text_length(veth->name, LINK_NAME_MAX) == LINK_NAME_MAX)
		return -ENAMETOOLONG;
	begin_link(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	add_end(&q, veth, veth->name, veth->mac);
	info = netlink_nest_begin(&q, IFLA_LINKINFO);
	netlink_add_text(&q, IFLA_INFO_KIND, "veth");
	data = netlink_nest_begin(&q, IFLA_INFO_DATA);
	peer = netlink_nest_begin(&q, VETH_INFO_PEER);
	netlink_add_header(&q, &peer_info, sizeof(peer_info));
	add_end(&q, veth, veth->peer_name, veth->peer_mac);
	if (veth->peer_ns_fd >= 0)
		netlink_add_u32(&q, IFLA_NET_NS_FD, (uint32_t)veth->peer_ns_fd);
	netlink_nest_end(&q, peer);
	netlink_nest_end(&q, data);
	netlink_nest_end(&q, info);
	r = netlink_ask(n, &q, NULL, 0);
	if (r < 0)
		return r;

	/* The name was free and is ours now: nobody else's interface can be meant. */
	r = link_find(n, veth->name, 0, &made);
	if (r < 0)
		return r;
	if (veth->alias) {
		r = set_alias(n, made.index, veth->alias);
		if (r < 0) {
			link_delete(n, made.index);
			return r;
		}
	}
	*ret_index = made.index;
	return 0;
}

static int family_of(const struct link_address *address)
{
	return address->length == 4 ? AF_INET : address->length == 16 ? AF_INET6 : -EINVAL;
}

int link_add_address(struct netlink *n, uint32_t index, const struct link_address *address)
{
	const int family = family_of(address);
	const struct ifaddrmsg header = {
		.ifa_family = (uint8_t)family,
		.ifa_prefixlen = address->prefix,
		.ifa_index = index,
	};
	struct netlink_request q;

	if (family < 0)
		return family;
	netlink_begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add(&q, IFA_LOCAL, address->bytes, address->length);
	netlink_add(&q, IFA_ADDRESS, address->bytes, address->length);
	if (family == AF_INET && address->broadcast)
		netlink_add_u32(&q, IFA_BROADCAST, address->broadcast);
	return netlink_ask(n, &q, NULL, 0);
}

static void begin_route(struct netlink_request *q, int family, uint8_t prefix, uint8_t scope)
{
	const struct rtmsg header = {
		.rtm_family = (uint8_t)family,
		.rtm_dst_len = prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = scope,
		.rtm_type = RTN_UNICAST,
	};

	netlink_begin(q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	netlink_add_header(q, &header, sizeof(header));
}

int link_add_route(struct netlink *n, uint32_t index, const struct link_address *to)
{
	const int family = family_of(to);
	struct netlink_request q;
	uint8_t network[16];

	if (family < 0)
		return family;
	if (to->prefix > to->length * 8)
		return -EINVAL;
	memcpy(network, to->bytes, to->length);
	for (size_t bit = to->prefix; bit < to->length * 8; bit++)
		network[bit / 8] = (uint8_t)(network[bit / 8] & ~(0x80U >> bit % 8));

	begin_route(&q, family, to->prefix, RT_SCOPE_LINK);
	netlink_add(&q, RTA_DST, network, to->length);
	netlink_add_u32(&q, RTA_OIF, index);
	return netlink_ask(n, &q, NULL, 0);
}

static int ask_default(struct netlink *n, uint32_t index, int family,
		       const struct link_address *gateway)
{
	struct netlink_request q;

	begin_route(&q, family, 0, gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
	if (gateway)
		netlink_add(&q, RTA_GATEWAY, gateway->bytes, gateway->length);
	netlink_add_u32(&q, RTA_OIF, index);
	return netlink_ask(n, &q, NULL, 0);
}

int link_add_default_route(struct netlink *n, uint32_t index, int family,
			   const struct link_address *gateway)
{
	struct link_address host;
	int r;

	if (gateway && family_of(gateway) != family)
		return -EINVAL;
	r = ask_default(n, index, family, gateway);
	if (!gateway || (r != -ENETUNREACH && r != -EHOSTUNREACH && r != -EINVAL))
		return r;
	host = *gateway;
	host.prefix = (uint8_t)(gateway->length * 8);
	r = link_add_route(n, index, &host);
	if (r < 0 && r != -EEXIST)
		return r;
	return ask_default(n, index, family, gateway);
}
