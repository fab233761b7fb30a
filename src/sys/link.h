/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Network interfaces, their addresses and routes, by rtnetlink(7), in the network namespace in
 * which the handle was opened.
 *
 * May be used after clone, in the INIT lane (see netlink.h). All return 0 or -errno; the handle's
 * note has the kernel's words.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/netlink.h"

enum { LINK_NAME_MAX = 16, LINK_ALIAS_MAX = 256, LINK_MAC_LENGTH = 6 };

struct link_facts {
	uint32_t index;
	uint32_t mtu;
	uint32_t flags; /* IFF_* */
	bool has_mac;
	uint8_t mac[LINK_MAC_LENGTH];
	char name[LINK_NAME_MAX];
	char kind[LINK_NAME_MAX];   /* "veth"; "" = a device */
	char alias[LINK_ALIAS_MAX]; /* "" = none, or too long for us */
};

/* By name, or by index when name is NULL. -ENODEV: there is none. -ENAMETOOLONG. */
int link_find(struct netlink *n, const char *name, uint32_t index, struct link_facts *ret);

int link_set_up(struct netlink *n, uint32_t index);
/* Add to a bridge or bond; 0 takes it out. */
int link_set_master(struct netlink *n, uint32_t index, uint32_t master);
/* -ENODEV: there is none (any more). */
int link_delete(struct netlink *n, uint32_t index);

/* A pair of virtual Ethernet interfaces, made by one request. */
struct link_veth {
	const char *name;              /* of our end */
	const char *alias;             /* of our end (IFLA_IFALIAS), or NULL */
	const char *peer_name;         /* NULL: the kernel's choice */
	int peer_ns_fd;                /* network namespace in which the peer is born; -1 = ours */
	uint32_t mtu;                  /* of both ends; 0 = kernel's default */
	uint32_t rx_queues, tx_queues; /* of both ends; 0 = default */
	const uint8_t *mac;            /* of our end, 6 bytes; NULL = random */
	const uint8_t *peer_mac;       /* of the peer; NULL = random */
};
/* -EEXIST: a name is taken. The alias is set by a second request; when that fails the pair is
 * deleted again. */
int link_create_veth(struct netlink *n, const struct link_veth *veth, uint32_t *ret_index);

/* An address: 4 bytes of IPv4 or 16 of IPv6 as `length` says, in network order. */
struct link_address {
	const void *bytes;
	size_t length;
	uint8_t prefix;
	uint32_t broadcast; /* IPv4, network order; 0 = none */
};
/* -EEXIST: it is there. */
int link_add_address(struct netlink *n, uint32_t index, const struct link_address *address);

/* A route of link scope to address/prefix (bits behind the prefix are cleared). -EEXIST. */
int link_add_route(struct netlink *n, uint32_t index, const struct link_address *to);

/*
 * The default route of AF_INET or AF_INET6. `gateway` NULL: through the device itself. A gateway
 * that is not reachable gets a route of link scope first, as LXC does.
 */
int link_add_default_route(struct netlink *n, uint32_t index, int family,
			   const struct link_address *gateway);
