/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files about network interfaces share: c_net.c (all of them on the host), c_net_check.c,
 * c_net_veth.c, c_net_user.c (the same of ordinary users), c_net_link.c (the other types),
 * c_net_proxy.c (l2proxy), c_net_inside.c (in the container). `index` is one of c->links.
 */

#include "plan/compiler.h"

/* "lxc.net.0.mtu" in the arena, and who set it ("" when nobody did). */
const char *net_key(struct compiler *c, const struct config_net *net, const char *subkey);
struct origin net_origin_of(const struct config_net *net, const char *subkey);
const char *net_origin(struct compiler *c, const struct config_net *net, const char *subkey);

/*
 * The name that an interface has inside: its own, "lo" for type empty, the link's for type phys,
 * else the next eth<n> that nobody else has, as the kernel would choose.
 */
const char *net_name_inside(struct compiler *c, size_t index);

/* A name that stands fast: the configuration's, or that of the host's interface; or NULL. */
const char *net_explicit_name(const struct compiler *c, size_t index);

/* "veth" */
const char *net_type_word(enum net_type type);

/* What was looked at for an interface. */
const struct facts_net *net_facts(const struct compiler *c, size_t index);

/* Close an error that was set: its origin is the key, its intent the interface. */
int net_refuse(struct compiler *c, const struct config_net *net, const char *subkey,
	       const char *hint, struct err *e);

/* The hardware address that the configuration gives, first byte lowest; 0 = none. */
int net_read_mac(struct compiler *c, size_t index, uint64_t *ret, struct err *e);
/* The same of the MTU in bytes; untouched when it gives none. */
int net_read_mtu(struct compiler *c, size_t index, uint32_t *ret, struct err *e);

/* What the run calls an interface, on both sides (spec/api.md, get_running_config_item). The host's
 * end, of type veth, is in c->r_veth. */
void net_add_names(struct compiler *c, size_t index, const char *inside);

/* The register for the interface. */
void net_add_register(struct compiler *c, size_t index, const char *kind);

/* Have c->r_net opened, unless it is: what is deleted inside behind init's end needs it. */
void net_keep_namespace(struct compiler *c);

/* Milliseconds to wait while one that goes with another namespace is in the way: the supervisor of
 * that was killed, or it would have been deleted. */
enum { NET_WAIT = 2000 };

/* c_net_check.c: before anything is made of it */
int net_check(struct compiler *c, size_t index, struct err *e);
/* The same of a link that means `count` interfaces. */
int net_check_pattern(struct compiler *c, const struct config_net *net, size_t count,
		      struct err *e);

/* c_net_veth.c */
int net_add_veth(struct compiler *c, size_t index, struct err *e);
void net_end_veth(struct compiler *c, enum plan_section s, size_t index);

/* c_net_link.c */
int net_add_macvlan(struct compiler *c, size_t index, struct err *e);
int net_add_ipvlan(struct compiler *c, size_t index, struct err *e);
int net_add_vlan(struct compiler *c, size_t index, struct err *e);
/* Of those three: delete it. */
void net_end_upper(struct compiler *c, enum plan_section s, size_t index);
int net_add_phys(struct compiler *c, size_t index, struct err *e);
/* Keep the namespace while interfaces of the host's are in it, and bring them back. */
void net_begin_physes(struct compiler *c);
void net_end_physes(struct compiler *c, enum plan_section s);

/* c_net_proxy.c */
int net_add_proxies(struct compiler *c, size_t index, struct err *e);
void net_end_proxies(struct compiler *c, enum plan_section s, size_t index);

/* c_net_user.c: type veth, when the caller is not root */
int net_add_user_veth(struct compiler *c, size_t index, struct err *e);
int net_add_user_veth_inside(struct compiler *c, size_t index, struct err *e);
void net_end_user_veth(struct compiler *c, enum plan_section s, size_t index);
