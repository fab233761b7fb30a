/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What lxc-net is to set up: the variables of /etc/default/lxc and lxc-net, read, checked against
 * each other, and what follows from them where one is not set (spec/templates-and-services.md §7).
 * A setting that is wrong is refused with the file and line where it stands.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "helpers/assignments.h"
#include "sys/link.h"

struct str;

enum net_variable {
	USE_LXC_BRIDGE,
	LXC_BRIDGE,
	LXC_BRIDGE_MAC,
	LXC_ADDR,
	LXC_NETMASK,
	LXC_NETWORK,
	LXC_DHCP_RANGE,
	LXC_DHCP_MAX,
	LXC_DHCP_CONFILE,
	LXC_DHCP_PING,
	LXC_DOMAIN,
	LXC_USE_NFT,
	LXC_IPV6_ENABLE,
	LXC_IPV6_ADDR,
	LXC_IPV6_MASK,
	LXC_IPV6_NETWORK,
	LXC_IPV6_NAT,
	NET_VARIABLES,
};

extern const char *const net_variable_names[NET_VARIABLES];

enum { NET_TEXT_MAX = 64 };

struct net_value {
	char *text;   /* heap, never NULL */
	char *origin; /* "FILE:LINE", heap; NULL = it follows from the others */
};

struct net_range {
	uint8_t bytes[16]; /* of an address, or of a network with its other bits 0 */
	uint8_t length;    /* 4 or 16 */
	uint8_t prefix;
};

struct net_settings {
	struct net_value values[NET_VARIABLES];
	bool use_bridge, dhcp_ping, use_nft, ipv6, ipv6_nat;
	uint8_t mac[LINK_MAC_LENGTH];
	struct net_range address4, network4, address6, network6;
	uint32_t broadcast; /* network order */
};

static inline const char *net_text(const struct net_settings *s, enum net_variable variable)
{
	return s->values[variable].text;
}

/*
 * Check assignments and fill the settings; `machine_id` is the content of machine-id(5), from which
 * the IPv6 network follows where none is given, or NULL. With USE_LXC_BRIDGE other than true the
 * others are not looked at. 0, or negative, and then there is nothing to finish.
 */
int net_settings_take(const struct assignments *a, const char *machine_id, struct net_settings *ret,
		      struct err *e);

/* From the files of the system: the assignments are returned, too. `always`: whatever is said of
 * USE_LXC_BRIDGE, for undoing. */
int net_settings_read(bool always, struct assignments *ret_assignments, struct net_settings *ret,
		      struct err *e);

/* The host has none. */
int net_settings_turn_ipv6_off(struct net_settings *s, struct err *e);

/* As lines NAME='VALUE'. */
void net_settings_print(const struct net_settings *s, struct str *out);

void net_settings_finish(struct net_settings *s);

/* The network of a host that has no other: "fdXX:XXXX:XXXX:XXXX", the same for ever. */
void net_ula_prefix(const char *machine_id, char ret[static NET_TEXT_MAX]);

/* "10.0.3.1" or, of a network, "10.0.3.0/24". */
void net_range_print(const struct net_range *range, bool with_prefix,
		     char ret[static NET_TEXT_MAX]);

/* Names that look like a variable of ours with a typing mistake: one line of warning each. */
void net_settings_look_for_typos(const struct assignments *a, struct str *out);
