/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rows of lxc.net.<i>.*: the same table as keys.c has for the rest, about struct config_net.
 * A row that belongs to some types of interface is refused for the others.
 */

#include "config/keys.h"

#include <string.h>

#include "base/macros.h"
#include "config/model.h"

/* clang-format off */
static const struct config_word veth_modes[] = {
	{"bridge", VETH_BRIDGE}, {"router", VETH_ROUTER}, {},
};
static const struct config_word macvlan_modes[] = {
	{"private", MACVLAN_PRIVATE}, {"vepa", MACVLAN_VEPA}, {"bridge", MACVLAN_BRIDGE},
	{"passthru", MACVLAN_PASSTHRU}, {},
};
static const struct config_word ipvlan_modes[] = {
	{"l3", IPVLAN_L3}, {"l3s", IPVLAN_L3S}, {"l2", IPVLAN_L2}, {},
};
static const struct config_word ipvlan_isolations[] = {
	{"bridge", IPVLAN_ISOLATION_BRIDGE}, {"private", IPVLAN_ISOLATION_PRIVATE},
	{"vepa", IPVLAN_ISOLATION_VEPA}, {},
};
static const struct config_word net_types[] = {
	{"veth", NET_VETH}, {"macvlan", NET_MACVLAN}, {"ipvlan", NET_IPVLAN}, {"vlan", NET_VLAN},
	{"phys", NET_PHYS}, {"empty", NET_EMPTY}, {"none", NET_NONE}, {},
};

#define ROW(name_, type_, member_, doc_, ...)                                                      \
	{ .name = (name_), .name_length = LITERAL_LENGTH(name_), .type = (type_),                  \
	  .offset = offsetof(struct config_net, member_), .doc = (doc_), ##__VA_ARGS__ }
#define FOR(type_) .net_types = 1 << NET_##type_

const struct config_key config_net_keys[] = {
	ROW("type", VALUE_NET_TYPE, type,
	    "Kind of interface; must stand before the interface's other keys",
	    .words = net_types, .complaint = "Invalid network type %s"),
	ROW("flags", VALUE_NET_FLAGS, up,
	    "Any text brings the interface and lo up"),
	ROW("link", VALUE_INTERFACE, link,
	    "Interface on the host: the bridge, parent, or the interface to move"),
	ROW("name", VALUE_INTERFACE, name,
	    "Name of the interface in the container"),
	ROW("hwaddr", VALUE_HWADDR, hwaddr,
	    "MAC address; every x becomes a random digit"),
	ROW("mtu", VALUE_TEXT, mtu,
	    "Largest packet size in bytes"),
	ROW("ipv4.address", VALUE_IPV4, ipv4,
	    "IPv4 address: ADDRESS[/PREFIX] [BROADCAST]"),
	ROW("ipv6.address", VALUE_IPV6, ipv6,
	    "IPv6 address: ADDRESS[/PREFIX]"),
	ROW("ipv4.gateway", VALUE_IPV4_GATEWAY, ipv4_gateway,
	    "IPv4 gateway: an address, auto or dev"),
	ROW("ipv6.gateway", VALUE_IPV6_GATEWAY, ipv6_gateway,
	    "IPv6 gateway: an address, auto or dev"),
	ROW("l2proxy", VALUE_BOOL, l2proxy,
	    "Answer neighbour requests for the container on the link"),
	ROW("script.up", VALUE_TEXT, script_up,
	    "Command run on the host when the interface was made"),
	ROW("script.down", VALUE_TEXT, script_down,
	    "Command run on the host before the interface is removed"),
	ROW("veth.mode", VALUE_WORD, veth.mode,
	    "bridge or router", .words = veth_modes, FOR(VETH)),
	ROW("veth.pair", VALUE_INTERFACE, veth.pair,
	    "Name of the interface's end on the host", FOR(VETH)),
	ROW("veth.n_rxqueues", VALUE_QUEUES, veth.rx_queues,
	    "Number of receive queues", FOR(VETH)),
	ROW("veth.n_txqueues", VALUE_QUEUES, veth.tx_queues,
	    "Number of transmit queues", FOR(VETH)),
	ROW("veth.ipv4.route", VALUE_IPV4_ROUTE, veth.ipv4_routes,
	    "Route on the host to the container: NETWORK/PREFIX", FOR(VETH),
	    .complaint = "Invalid ipv4 route \"%s\", can only be used with veth network"),
	ROW("veth.ipv6.route", VALUE_IPV6_ROUTE, veth.ipv6_routes,
	    "Route on the host to the container: NETWORK/PREFIX", FOR(VETH),
	    .complaint = "Invalid ipv6 route \"%s\", can only be used with veth network"),
	ROW("veth.vlan.id", VALUE_VETH_VLAN, veth.vlan_id,
	    "Untagged VLAN of the bridge port, or none", FOR(VETH)),
	ROW("veth.vlan.tagged.id", VALUE_VLAN_LIST, veth.vlan_tagged,
	    "A tagged VLAN of the bridge port", FOR(VETH)),
	ROW("macvlan.mode", VALUE_WORD, macvlan_mode,
	    "private, vepa, bridge or passthru", .words = macvlan_modes, FOR(MACVLAN)),
	ROW("ipvlan.mode", VALUE_WORD, ipvlan.mode,
	    "l3, l3s or l2", .words = ipvlan_modes, FOR(IPVLAN),
	    .complaint = "Invalid ipvlan mode \"%s\", can only be used with ipvlan network"),
	ROW("ipvlan.isolation", VALUE_WORD, ipvlan.isolation,
	    "bridge, private or vepa", .words = ipvlan_isolations, FOR(IPVLAN),
	    .complaint = "Invalid ipvlan isolation \"%s\", can only be used with ipvlan network"),
	ROW("vlan.id", VALUE_UNSIGNED, vlan_id,
	    "VLAN number", .limit = 65535, FOR(VLAN)),
};
/* clang-format on */

const size_t config_net_key_count = ARRAY_LENGTH(config_net_keys);
_Static_assert(ARRAY_LENGTH(config_net_keys) <= CONFIG_NET_KEY_MAX,
	       "origins have room for every key of an interface");

const struct config_key *config_net_key_find(const char *name, size_t len)
{
	for (size_t i = 0; i < config_net_key_count; i++) {
		const struct config_key *key = &config_net_keys[i];

		if (key->name_length == len && memcmp(key->name, name, len) == 0)
			return key;
	}
	return NULL;
}
