/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bridges, and what lxc-net does with one: rtnetlink(7), linux/if_link.h. INIT lane rules: see
 * netlink.h.
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
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

int link_create_bridge(struct netlink *n, const char *name, const uint8_t *mac, uint32_t *ret_index)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct netlink_request q;
	struct link_facts made;
	uint32_t info;
	int r;

	if (text_length(name, LINK_NAME_MAX) == LINK_NAME_MAX)
		return -ENAMETOOLONG;
	netlink_begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add_text(&q, IFLA_IFNAME, name);
	netlink_add(&q, IFLA_ADDRESS, mac, LINK_MAC_LENGTH);
	info = netlink_nest_begin(&q, IFLA_LINKINFO);
	netlink_add_text(&q, IFLA_INFO_KIND, "bridge");
	netlink_nest_end(&q, info);
	r = netlink_ask(n, &q, NULL, 0);
	if (r == 0)
		r = link_find(n, name, 0, &made);
	if (r == 0)
		*ret_index = made.index;
	return r;
}

int link_set_down(struct netlink *n, uint32_t index)
{
	const struct ifinfomsg header = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = (int)index,
		.ifi_change = IFF_UP,
	};
	struct netlink_request q;

	netlink_begin(&q, RTM_NEWLINK, 0);
	netlink_add_header(&q, &header, sizeof(header));
	return netlink_ask(n, &q, NULL, 0);
}

enum { ADDRESSES_AT_ONCE = 16 };

struct found_address {
	struct ifaddrmsg header;
	uint8_t bytes[16];
	size_t length;
};

struct address_list {
	uint32_t index;
	const struct link_address *wanted; /* NULL = all but those of link scope */
	link_address_fn take;              /* instead of the list, or NULL */
	void *context;
	struct found_address found[ADDRESSES_AT_ONCE];
	size_t count;
	bool has_more;
};

static bool is_wanted(const struct address_list *list, const struct found_address *found)
{
	if (list->wanted)
		return found->length == list->wanted->length &&
		       memcmp(found->bytes, list->wanted->bytes, found->length) == 0;
	return found->header.ifa_scope < RT_SCOPE_LINK;
}

static int take_address(void *context, const struct nlmsghdr *message)
{
	struct address_list *list = context;
	struct found_address found = {0};
	const void *bytes;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    message->nlmsg_len < NLMSG_HDRLEN + sizeof(found.header))
		return 0;
	memcpy(&found.header, (const char *)message + NLMSG_HDRLEN, sizeof(found.header));
	if (found.header.ifa_index != list->index)
		return 0;
	/* Of IPv4 the local one names it; IPv6 has that for a peer's address only. */
	bytes = netlink_find(message, sizeof(found.header), IFA_LOCAL, &found.length);
	if (!bytes)
		bytes = netlink_find(message, sizeof(found.header), IFA_ADDRESS, &found.length);
	if (!bytes || found.length > sizeof(found.bytes))
		return 0;
	memcpy(found.bytes, bytes, found.length);
	if (!is_wanted(list, &found))
		return 0;
	if (list->take) {
		const struct link_address address = {
			.bytes = found.bytes,
			.length = (uint8_t)found.length,
			.prefix = found.header.ifa_prefixlen,
		};

		return list->take(list->context, &address);
	}
	if (list->count < ADDRESSES_AT_ONCE)
		list->found[list->count++] = found;
	else
		list->has_more = true;
	return 0;
}

static int list_addresses(struct netlink *n, struct address_list *list)
{
	const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
	struct netlink_request q;

	list->count = 0;
	list->has_more = false;
	netlink_begin(&q, RTM_GETADDR, 0);
	netlink_add_header(&q, &header, sizeof(header));
	return netlink_dump(n, &q, take_address, list);
}

static int delete_address(struct netlink *n, const struct found_address *address)
{
	struct netlink_request q;
	int r;

	netlink_begin(&q, RTM_DELADDR, 0);
	netlink_add_header(&q, &address->header, sizeof(address->header));
	netlink_add(&q, IFA_LOCAL, address->bytes, address->length);
	r = netlink_ask(n, &q, NULL, 0);
	/* A primary address takes its secondary ones along. */
	return r == -EADDRNOTAVAIL ? 0 : r;
}

int link_flush_addresses(struct netlink *n, uint32_t index)
{
	struct address_list list = {.index = index};
	int r;

	do {
		r = list_addresses(n, &list);
		for (size_t i = 0; r == 0 && i < list.count; i++)
			r = delete_address(n, &list.found[i]);
	} while (r == 0 && list.has_more);
	return r;
}

int link_has_address(struct netlink *n, uint32_t index, const struct link_address *address)
{
	struct address_list list = {.index = index, .wanted = address};
	int r = list_addresses(n, &list);

	return r < 0 ? r : list.count > 0;
}

int link_list_addresses(struct netlink *n, uint32_t index, link_address_fn take, void *context)
{
	struct address_list list = {.index = index, .take = take, .context = context};

	return list_addresses(n, &list);
}

int link_delete_address(struct netlink *n, uint32_t index, const struct link_address *address)
{
	const struct ifaddrmsg header = {
		.ifa_family = address->length == 4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = address->prefix,
		.ifa_index = index,
	};
	struct netlink_request q;

	netlink_begin(&q, RTM_DELADDR, 0);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add(&q, IFA_LOCAL, address->bytes, address->length);
	return netlink_ask(n, &q, NULL, 0);
}

/* All interfaces, one message each. */
static int list_links(struct netlink *n, netlink_message_fn take, void *context)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct netlink_request q;

	netlink_begin(&q, RTM_GETLINK, 0);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add_u32(&q, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return netlink_dump(n, &q, take, context);
}

static bool has_u32(const struct nlmsghdr *message, uint16_t type, uint32_t value)
{
	size_t length;
	const void *found = netlink_find(message, sizeof(struct ifinfomsg), type, &length);

	return found && length == sizeof(value) && memcmp(found, &value, length) == 0;
}

static bool is_kind(const struct nlmsghdr *message, const char *wanted)
{
	const size_t room = text_length(wanted, LINK_NAME_MAX) + 1;
	size_t length, size;
	const void *info = netlink_find(message, sizeof(struct ifinfomsg), IFLA_LINKINFO, &size);
	const char *kind = info ? netlink_find_in(info, size, IFLA_INFO_KIND, &length) : NULL;

	return kind && length == room && memcmp(kind, wanted, length) == 0;
}

static void copy_name(const struct nlmsghdr *message, char ret[static LINK_NAME_MAX])
{
	size_t length;
	const char *name = netlink_find(message, sizeof(struct ifinfomsg), IFLA_IFNAME, &length);

	if (!name || length == 0 || length > LINK_NAME_MAX)
		return;
	memcpy(ret, name, length);
	ret[length - 1] = '\0';
}

struct port_search {
	uint32_t master;
	struct link_ports *ports;
};

static int take_port(void *context, const struct nlmsghdr *message)
{
	const struct port_search *search = context;
	size_t length;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	/* With a number of a namespace the index is that of an interface there. */
	if (has_u32(message, IFLA_LINK, search->master) &&
	    !netlink_find(message, sizeof(struct ifinfomsg), IFLA_LINK_NETNSID, &length))
		copy_name(message, search->ports->upper);
	if (!has_u32(message, IFLA_MASTER, search->master))
		return 0;
	search->ports->count++;
	copy_name(message, search->ports->attached);
	if (!is_kind(message, "veth"))
		copy_name(message, search->ports->foreign);
	return 0;
}

int link_look_at_ports(struct netlink *n, uint32_t master, struct link_ports *ret)
{
	struct link_ports ports = {0};
	struct port_search search = {.master = master, .ports = &ports};
	int r = list_links(n, take_port, &search);

	if (r == 0)
		*ret = ports;
	return r;
}

struct bridge_search {
	const char *alias;
	uint32_t after, found; /* 0 = none */
};

static int take_bridge(void *context, const struct nlmsghdr *message)
{
	struct bridge_search *search = context;
	const size_t room = text_length(search->alias, LINK_ALIAS_MAX) + 1;
	struct ifinfomsg info;
	const char *alias;
	uint32_t index;
	size_t length;

	if (message->nlmsg_type != RTM_NEWLINK || !is_kind(message, "bridge"))
		return 0;
	memcpy(&info, (const char *)message + NLMSG_HDRLEN, sizeof(info));
	index = (uint32_t)info.ifi_index;
	alias = netlink_find(message, sizeof(info), IFLA_IFALIAS, &length);
	if (!alias || length != room || memcmp(alias, search->alias, length) != 0)
		return 0;
	if (index > search->after && (search->found == 0 || index < search->found))
		search->found = index;
	return 0;
}

int link_find_bridge(struct netlink *n, const char *alias, uint32_t after, uint32_t *ret_index)
{
	struct bridge_search search = {.alias = alias, .after = after};
	int r = list_links(n, take_bridge, &search);

	*ret_index = search.found;
	return r < 0 ? r : search.found == 0 ? -ENODEV : 0;
}
