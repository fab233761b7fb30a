/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parts of lxc-net: what one run works on, and what each part makes and takes away again. What
 * takes away succeeds where there is nothing, so that it can follow a death at any point.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "helpers/lxc_net_settings.h"
#include "sys/netlink.h"

struct str;

#define NET_RUN_DIRECTORY "/run/lxc"
#define NET_FLAG          NET_RUN_DIRECTORY "/network_up"
#define NET_RECORD        NET_RUN_DIRECTORY "/lxc-net.record"
#define NET_LOCK          NET_RUN_DIRECTORY "/lxc-net.lock"
#define NET_PID_FILE      NET_RUN_DIRECTORY "/dnsmasq.pid"

/* Our table: LXC's own are "inet lxc", "ip lxc" and "ip6 lxc", which others take for theirs, too
 * (spec/contracts.md WAY-14). */
#define NET_TABLE "lxc-net"

enum net_firewall { NET_FIREWALL_NONE, NET_FIREWALL_NFT, NET_FIREWALL_IPTABLES };

struct net_work {
	struct net_settings settings;
	enum net_firewall firewall;
	bool borrows_bridge; /* it was there before, and stays */
	bool is_restart;     /* what goes down comes up again: what stays is not told */
	struct netlink link;
	int lock_fd; /* -1: not held */
};

/* --- lxc_net_record.c: what was made, written before it is made */

int net_record_write(const struct net_work *work, struct err *e);

/* Settings, firewall and bridge. 0; 1: there is none, or it is of another boot. */
int net_record_read(struct net_work *ret, struct err *e);

/* Whether there is a record of another boot, of which nothing but files can be left. */
bool net_record_is_stale(void);
int net_record_remove(struct err *e);

/* --- lxc_net_bridge.c: the bridge, its addresses, forwarding */

enum net_bridge {
	NET_BRIDGE_NONE,
	NET_BRIDGE_OURS, /* by its alias; or it has our address, as LXC's own has */
	NET_BRIDGE_BARE, /* a bridge that somebody has made, and nothing else */
	NET_BRIDGE_FOREIGN,
};

/* One of the first three; negative and explained when an interface has the name that is none of
 * ours: a bridge with another alias, with other addresses, with something on top of it, or to which
 * other interfaces than containers' are attached. */
int net_bridge_look(struct net_work *work, struct err *e);
/* Whether the host has IPv6. */
bool net_has_ipv6(void);
int net_bridge_up(struct net_work *work, struct err *e);
/* The bridge stays while something is attached to it, without addresses; one that was left in this
 * way goes. */
int net_bridge_down(struct net_work *work, struct err *e);
/* /proc/sys/net/WHAT begins with "1", or more. */
bool net_sysctl_is_on(const char *what);

/* --- lxc_net_firewall.c */

void net_firewall_print_nft(const struct net_settings *s, struct str *out);
int net_firewall_choose(struct net_work *work, struct err *e);
int net_firewall_up(const struct net_work *work, struct err *e);
int net_firewall_down(const struct net_work *work, struct err *e);
/* 1: it is all there, 0: it is not; negative and explained: nobody knows. */
int net_firewall_look(const struct net_work *work, struct err *e);

/* --- lxc_net_others.c: the host's other firewalls, one line of warning each */

/* `ruleset` is what "nft list ruleset" prints, `rules` what "iptables-legacy -S" prints. */
void net_others_look_at_nft(const char *ruleset, const char *bridge, struct str *out);
void net_others_look_at_legacy(const char *rules, const char *bridge, struct str *out);
/* `routes` is /proc/net/ipv6_route; listens() says whether an interface takes routers' words even
 * from a host that forwards. */
void net_others_look_at_routes(const char *routes, bool (*listens)(const char *interface),
			       struct str *out);
void net_others_look(const struct net_work *work, struct str *out);

/* --- lxc_net_dnsmasq.c */

enum { NET_DNSMASQ_WORDS = 40 };

/* `words` point into the settings and `room`. */
void net_dnsmasq_words(const struct net_settings *s, const char *user, struct str *room,
		       const char *words[static NET_DNSMASQ_WORDS]);
/* Whether it is there and would take its words, by asking it. */
int net_dnsmasq_check(const struct net_work *work, struct err *e);
int net_dnsmasq_up(const struct net_work *work, struct err *e);
int net_dnsmasq_down(struct err *e);
/* Our dnsmasq in this network namespace: its pid, or 0. */
pid_t net_dnsmasq_find(void);
void net_dnsmasq_lease_file(const struct net_settings *s, struct str *out);

/* --- lxc_net_up.c */

enum { NET_ALREADY = 1 }; /* it is up, or it is down, and nothing was done */

/* `always`: a network that is up is taken down first. */
int net_start(bool always, struct err *e);
int net_stop(struct err *e);

/* --- lxc_net_status.c */

enum {
	NET_STATUS_RUNNING = 0, /* as LSB has it for init scripts */
	NET_STATUS_BROKEN = 1,
	NET_STATUS_STOPPED = 3,
	NET_STATUS_UNKNOWN = 4,
};

/* Prints, and returns one of these. */
int net_status(bool as_json);
