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

struct link_look {
	uint32_t index;
	uint32_t mtu;
	bool is_bridge; /* a Linux bridge; Open vSwitch's are not */
};

/* 0, -ENODEV: there is none; -ENAMETOOLONG; other -errno. */
int link_look(const char *name, struct link_look *ret);

/* The first IPv4 address. 0; -EADDRNOTAVAIL: it has none; -ENODEV. */
int link_ipv4_address(const char *name, struct in_addr *ret);

/*
 * The first IPv6 address of global scope, or the link-local one when that is all there is. 0;
 * -EADDRNOTAVAIL: it has none, or the kernel has no IPv6.
 */
int link_ipv6_address(const char *name, struct in6_addr *ret);
