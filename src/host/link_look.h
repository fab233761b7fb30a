/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a network interface of the host is, and which addresses it has: asked of the kernel in our
 * network namespace (rtnetlink(7)). /sys/class/net would do for the first, but may show another
 * namespace's interfaces.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/link.h"

struct link_look {
	uint32_t index;
	uint32_t mtu;
	bool is_bridge;           /* a Linux bridge; Open vSwitch's are not */
	bool filters_vlans;       /* of a bridge: `vlan_filtering` */
	uint16_t pvid;            /* of a bridge: the VLAN of its new ports, 0 = none */
	uint64_t mac;             /* first byte lowest; 0 = none, or not one of six bytes */
	char name[LINK_NAME_MAX]; /* it may have been asked for by an alternative one */
	char alias[LINK_ALIAS_MAX];
};

/* 0, -ENODEV: there is none; -ENAMETOOLONG; other -errno. */
int link_look(const char *name, struct link_look *ret);

/*
 * A setting of an interface or of `all`, net.FAMILY.conf.NAME.FILE: whether it is on. False when it
 * is not there, too.
 */
bool link_setting_is_on(const char *family, const char *name, const char *file);

/* The phy of a wireless interface, "phy0". 0; -ENOENT: it is not one; other -errno. */
enum { LINK_PHY_MAX = 64 };
int link_phy(const char *name, char ret[LINK_PHY_MAX]);

/* The first IPv4 address. 0; -EADDRNOTAVAIL: it has none; -ENODEV. */
int link_ipv4_address(const char *name, struct in_addr *ret);

/*
 * The first IPv6 address of global scope, or the link-local one when that is all there is. 0;
 * -EADDRNOTAVAIL: it has none, or the kernel has no IPv6.
 */
int link_ipv6_address(const char *name, struct in6_addr *ret);
