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

enum {
	LINK_NAME_MAX = 16,
	LINK_ALIAS_MAX = 256,
	LINK_MAC_LENGTH = 6,
	LINK_BUS_MAX = 16,
	LINK_PARENT_MAX = 48,
	LINK_PERMANENT_MAX = 32,
};

/* What an interface is, that nobody can change or choose who makes another one. All zero: unknown,
 * or it has none. */
struct link_identity {
	char kind[LINK_NAME_MAX];              /* "veth"; "" = a device */
	char bus[LINK_BUS_MAX];                /* of the device behind it (Linux 5.14), "pci" */
	char parent[LINK_PARENT_MAX];          /* and its name there, "0000:00:03.0" */
	uint8_t permanent[LINK_PERMANENT_MAX]; /* address that the device was made with (5.6) */
};

/* How it is used, besides name, address and MTU. */
struct link_usage {
	uint32_t queue_length;
	uint32_t group;
	uint8_t mode; /* IF_LINK_MODE_* */
};

struct link_facts {
	uint32_t index;
	uint32_t mtu;
	uint32_t flags; /* IFF_* */
	uint32_t link;  /* of a veth: its peer's index; 0 = none */
	bool has_link_namespace;
	int32_t link_namespace; /* where that is: a number as link_namespace_id() has it */
	bool has_mac;
	uint8_t mac[LINK_MAC_LENGTH];
	char name[LINK_NAME_MAX];
	char alias[LINK_ALIAS_MAX]; /* "" = none, or too long for us */
	struct link_identity identity;
	struct link_usage usage;
};

/* Of a message of the kernel's about an interface, RTM_NEWLINK. */
struct nlmsghdr;
void link_read_facts(const struct nlmsghdr *message, struct link_facts *ret);

/* By name, or by index when name is NULL. -ENODEV: there is none. -ENAMETOOLONG. */
int link_find(struct netlink *n, const char *name, uint32_t index, struct link_facts *ret);

int link_set_up(struct netlink *n, uint32_t index);
int link_set_mac(struct netlink *n, uint32_t index, const uint8_t mac[static LINK_MAC_LENGTH]);
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

/* -- link_move.c: interfaces that change their namespace. Not for the INIT lane. */

/*
 * As netlink_open(), in another network namespace: the calling thread is there for a moment. 0 or
 * -errno; when the thread could not come back to its own namespace the process ends.
 */
int netlink_open_in(int ns_fd, struct netlink *ret);

/* What an interface gets on its way, or where it is; NULL and 0: as it is. */
struct link_change {
	const char *name;
	uint32_t mtu;
	const uint8_t *mac; /* 6 bytes */
	const char *alias;  /* "" takes it away */
	const struct link_usage *usage;
};

/* Change it where it is, by one request. -EEXIST: the name is taken. */
int link_change(struct netlink *n, uint32_t index, const struct link_change *change);

/*
 * Move it to another network namespace with the changes, by one request. `new_index`: the number
 * that it is to have there, 0 = the one that it has, if that is free. -EBUSY: the number is taken.
 * Moving sets it down. When a change fails (-EEXIST: the name is taken) it is there nevertheless,
 * under the name that it had; only when that is taken there, too, it stays.
 */
int link_move(struct netlink *n, uint32_t index, int ns_fd, uint32_t new_index,
	      const struct link_change *change);

/* -- link_names.c: alternative names (Linux 5.5), and interfaces that have many. Not for INIT. */

enum { LINK_ALTNAME_MAX = 128 };

/* Hand over the kernel's message about an interface, whole: by name, or by index when that is NULL.
 * What the function returns, or -ENODEV, -ENAMETOOLONG, other -errno. */
int link_ask(struct netlink *n, const char *name, uint32_t index, netlink_message_fn take,
	     void *context);
/* As link_find(), for an interface that others may have given more names than have room in the
 * answer there. */
int link_find_large(struct netlink *n, const char *name, uint32_t index, struct link_facts *ret);

/* Hand over each of its names; the handle may be used meanwhile. What the function returns, when
 * negative, ends it. How many there were, or negative. */
typedef int (*link_altname_fn)(void *context, const char *name);
int link_each_altname(struct netlink *n, uint32_t index, link_altname_fn take, void *context);
/* -EEXIST: the name is taken. */
int link_add_altname(struct netlink *n, uint32_t index, const char *name);
/* -ENOENT, -EINVAL: it has no such name. */
int link_delete_altname(struct netlink *n, uint32_t index, const char *name);
/* Take all of them away. -EBUSY: somebody keeps adding some. */
int link_strip_altnames(struct netlink *n, uint32_t index);

/* Hand over the number of each interface (Linux 4.7). Otherwise as netlink_dump(). */
typedef int (*link_index_fn)(void *context, uint32_t index);
int link_each_index(struct netlink *n, link_index_fn take, void *context);

/* -- link_kinds.c: interfaces on top of another one. Not for the INIT lane. */

enum link_kind { LINK_MACVLAN, LINK_IPVLAN, LINK_VLAN };

struct link_upper {
	enum link_kind kind;
	const char *name;
	uint32_t lower;     /* index of the interface it is made on, here */
	int ns_fd;          /* network namespace in which it is born; -1 = ours */
	uint32_t mtu;       /* 0 = that of the lower one */
	const uint8_t *mac; /* 6 bytes; NULL = random, or as the kind has it */
	uint32_t mode;      /* MACVLAN_MODE_*, IPVLAN_MODE_*, or the number of the VLAN */
	uint32_t flags;     /* IPVLAN_F_* */
};
/*
 * Make one, by one request. -EEXIST: the name is taken; kernels before 6.15 look in our namespace
 * for it, too. Also the VLAN may be there already.
 */
int link_create_upper(struct netlink *n, const struct link_upper *upper);

/* -- link_proxy.c: answering for others. Not for the INIT lane. */

/* A proxy neighbour: `index` answers for the address. -EEXIST: it does already. */
int link_add_proxy(struct netlink *n, uint32_t index, const struct link_address *address);
/* -ENOENT: it does not. */
int link_delete_proxy(struct netlink *n, uint32_t index, const struct link_address *address);
/* What link_add_route() has added. -ESRCH: it is not there. */
int link_delete_route(struct netlink *n, uint32_t index, const struct link_address *to);

/* -- link_vlan.c: VLANs of a port of a Linux bridge. Not for the INIT lane. */

/* `untagged`: frames without a tag are of this VLAN, and its frames leave without one. */
int link_add_vlan(struct netlink *n, uint32_t index, uint16_t id, bool untagged);
/* One that it is not in is fine. */
int link_delete_vlan(struct netlink *n, uint32_t index, uint16_t id);

/* -- link_bridge.c: bridges. */

/* A bridge with this address of its own, 6 bytes. -EEXIST: the name is taken. */
int link_create_bridge(struct netlink *n, const char *name, const uint8_t *mac,
		       uint32_t *ret_index);

int link_set_down(struct netlink *n, uint32_t index);

/* Take all addresses away but those of link scope. */
int link_flush_addresses(struct netlink *n, uint32_t index);

/* Whether the interface has this address, whatever its prefix: 1 or 0. */
int link_has_address(struct netlink *n, uint32_t index, const struct link_address *address);

/* All addresses but those of link scope, until take() returns other than 0, which is returned. */
typedef int (*link_address_fn)(void *context, const struct link_address *address);
int link_list_addresses(struct netlink *n, uint32_t index, link_address_fn take, void *context);

/* -EADDRNOTAVAIL: it does not have it. */
int link_delete_address(struct netlink *n, uint32_t index, const struct link_address *address);

/* What is attached to a bridge or bond, or stands on it; the names: one of these, "" = there is
 * none. */
struct link_ports {
	uint32_t count;
	char attached[LINK_NAME_MAX];
	char foreign[LINK_NAME_MAX]; /* attached, and no veth */
	char upper[LINK_NAME_MAX];   /* made on top of it, as a macvlan is */
};
int link_look_at_ports(struct netlink *n, uint32_t master, struct link_ports *ret);

/* The bridge with this alias that has the lowest index above `after`. -ENODEV. */
int link_find_bridge(struct netlink *n, const char *alias, uint32_t after, uint32_t *ret_index);

/* -- link_namespace.c */

/*
 * The number by which our network namespace knows another one (link_namespace.c, Linux 4.0); -1: it
 * has none, because no interface leads there.
 */
int link_namespace_id(struct netlink *n, int ns_fd, int32_t *ret);
