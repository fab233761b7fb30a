/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.net.<i>.l2proxy (runtime.md §9.1): the link answers neighbours' questions for the container's
 * addresses. With ipvlan the host finds them behind lo.
 */

#include "plan/c_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/macros.h"

enum { BITS = 64 };

static bool has_proxies(const struct compiler *c, size_t index)
{
	const struct config_net *net = c->links[index].net;

	/* Further interfaces of a pattern have the same addresses. */
	return net->l2proxy && net->link && index < c->values->nets.count &&
	       net->type != NET_EMPTY && net->type != NET_NONE;
}

static int require(struct compiler *c, const struct config_net *net, bool is_so, const char *family,
		   const char *file, struct err *e)
{
	if (is_so)
		return 0;
	err_set(e, ERR_NETWORK_FAILED, 0, "Requires sysctl net.%s.conf.%s.%s=1", family, net->link,
		file);
	return net_refuse(
		c, net, "l2proxy",
		compile_textf(c, "sysctl -w net/%s/conf/%s/%s=1", family, net->link, file), e);
}

static int check(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const struct facts_net *fact = net_facts(c, index);
	int r = 0;

	/* It loses its neighbours on the way. */
	if (net->type == NET_PHYS) {
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"l2proxy has no effect on type phys: the container gets \"%s\" itself",
			net->link);
		return net_refuse(c, net, "l2proxy", "take it out", e);
	}
	if (net->ipv4.count > 0)
		r = require(c, net, fact->ipv4_forwarding, "ipv4", "forwarding", e);
	if (r == 0 && net->ipv6.count > 0)
		r = require(c, net, fact->ipv6_proxy_ndp, "ipv6", "proxy_ndp", e);
	if (r == 0 && net->ipv6.count > 0)
		r = require(c, net, fact->ipv6_forwarding, "ipv6", "forwarding", e);
	if (r == 0 && net->type == NET_IPVLAN && net->ipvlan.mode != IPVLAN_L3S) {
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"Requires ipvlan mode on dev \"%s\" be l3s when used with l2proxy",
			net->link);
		r = net_refuse(c, net, "l2proxy",
			       compile_textf(c, "set lxc.net.%u.ipvlan.mode = l3s",
					     (unsigned)net->index),
			       e);
	}
	if (r == 0 && net->ipv4.count + net->ipv6.count > BITS / 2) {
		err_set(e, ERR_CONFIG_VALUE_INVALID, 0,
			"l2proxy is for %d addresses of an interface at most", BITS / 2);
		r = net_refuse(c, net, "l2proxy", "spread them over two interfaces", e);
	}
	return r;
}

static const enum plan_op proxy_ops[SECTION_COUNT] = {OP_PROXY_ADD, OP_PROXY_REMOVE,
						      OP_PROXY_REMOVE};
static const enum plan_op route_ops[SECTION_COUNT] = {OP_LO_ROUTE_ADD, OP_LO_ROUTE_REMOVE,
						      OP_LO_ROUTE_REMOVE};

static void set_register(struct compiler *c, enum plan_section s, size_t index,
			 struct plan_step *step)
{
	if (s == SECTION_START)
		step->out = c->r_proxy[index];
	else
		step->in = c->r_proxy[index];
}

/* The steps of one family, the same ones at the beginning and at the ends. */
static void add_steps(struct compiler *c, enum plan_section s, size_t index, int family,
		      unsigned *bit)
{
	const struct config_net *net = c->links[index].net;
	bool is_ipv4 = family == AF_INET;
	const struct config_addresses *list = is_ipv4 ? &net->ipv4 : &net->ipv6;
	const size_t length = is_ipv4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	const char *key = net_key(c, net, is_ipv4 ? "ipv4.address" : "ipv6.address");

	for (size_t i = 0; i < list->count; i++) {
		const struct config_address *address = &list->items[i];
		const char *origin = compile_origin(c, address->origin, key);
		uint32_t bytes = plan_build_bytes(&c->b, &address->address, length);
		char text[INET6_ADDRSTRLEN] = "";
		struct plan_step *step;

		inet_ntop(family, &address->address, text, sizeof(text));
		step = STEP(c, s, proxy_ops[s], text, origin);
		set_register(c, s, index, step);
		step->arg[0] = plan_build_text(&c->b, net->link);
		step->arg[1] = bytes;
		step->arg[2] = (*bit)++;
		if (net->type != NET_IPVLAN)
			continue;
		step = STEP(c, s, route_ops[s],
			    compile_textf(c, "%s/%u", text, (unsigned)(8 * length)), origin);
		set_register(c, s, index, step);
		step->arg[0] = bytes;
		step->arg[1] = (*bit)++;
	}
}

int net_add_proxies(struct compiler *c, size_t index, struct err *e)
{
	unsigned bit = 0;
	int r;

	if (!has_proxies(c, index))
		return 0;
	r = check(c, index, e);
	if (r < 0)
		return r;
	c->r_proxy[index] = plan_build_register(
		&c->b, REGISTER_NUMBER,
		compile_textf(c, "proxies-%u", (unsigned)c->links[index].net->index));
	add_steps(c, SECTION_START, index, AF_INET, &bit);
	add_steps(c, SECTION_START, index, AF_INET6, &bit);
	return 0;
}

void net_end_proxies(struct compiler *c, enum plan_section s, size_t index)
{
	unsigned bit = 0;

	if (c->r_proxy[index] == PLAN_NO_REGISTER)
		return;
	add_steps(c, s, index, AF_INET, &bit);
	add_steps(c, s, index, AF_INET6, &bit);
}
