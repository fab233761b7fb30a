/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces: what can't be is refused before anything is made, with the key and its place.
 */

#include "plan/c_net.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "config/interface_name.h"

#define LOG_CATEGORY "network"

static int check_place(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;

	if (net->type == NET_EMPTY && (net_origin_of(net, "type").source == 0 ||
				       (net->name && strcmp(net->name, "lo") != 0))) {
		err_set(e, ERR_CONFIG_CONFLICT, 0, "Custom loopback device names not supported");
		return net_refuse(c, net, net_origin_of(net, "type").source == 0 ? "link" : "name",
				  "the type must stand before the interface's other keys; type "
				  "empty is the loopback interface, and its name is lo",
				  e);
	}
	return 0;
}

static int check_user(struct compiler *c, const struct config_net *net, struct err *e)
{
	if (c->facts->caller.is_root || net->type == NET_VETH || net->type == NET_EMPTY ||
	    net->type == NET_NONE)
		return 0;
	err_set(e, ERR_PERMISSION, 0,
		"Networks of type %s are not supported by unprivileged containers",
		net_type_word(net->type));
	return net_refuse(c, net, "type",
			  "let root start the container, or use an interface of the type veth", e);
}

static int check_name(struct compiler *c, const struct config_net *net, const char *subkey,
		      const char *name, const char *hint, struct err *e)
{
	const char *problem = name ? interface_name_problem(name) : NULL;

	if (!problem)
		return 0;
	err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "The interface name \"%s\" %s", name, problem);
	return net_refuse(c, net, subkey, hint, e);
}

static int check_names(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const char *name = net_explicit_name(c, index);

	if (!name || net->type == NET_EMPTY || net->type == NET_NONE)
		return 0;
	if (check_name(
		    c, net, "name", net->name,
		    "leave it out for the first of eth0, eth1 … that is free, or write letters and "
		    "digits",
		    e) < 0)
		return -EINVAL;
	if (strcmp(name, "lo") == 0) {
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"The interface can't be called \"lo\": the loopback interface has that "
			"name");
		return net_refuse(c, net, net->name ? "name" : "link",
				  "leave the name out, or choose another one", e);
	}
	for (size_t i = 0; i < index; i++) {
		const char *other = net_explicit_name(c, i);

		if (!other || strcmp(other, name) != 0 || c->links[i].net->type == NET_NONE)
			continue;
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"lxc.net.%u and lxc.net.%u have the same name \"%s\"",
			(unsigned)c->links[i].net->index, (unsigned)net->index, name);
		return net_refuse(c, net, net->name ? "name" : "link", NULL, e);
	}
	return 0;
}

static int check_link(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	bool is_veth = net->type == NET_VETH;

	if (net->type == NET_EMPTY || net->type == NET_NONE || (is_veth && !net->link))
		return 0;
	if (!net->link) {
		if (net->type == NET_PHYS)
			err_set(e, ERR_CONFIG_INCOMPLETE, 0,
				"No link for physical interface specified");
		else
			err_set(e, ERR_CONFIG_INCOMPLETE, 0,
				"No link for %s network device specified",
				net_type_word(net->type));
		return net_refuse(c, net, "type",
				  compile_textf(c,
						"name an interface of the host in lxc.net.%u.link",
						(unsigned)net->index),
				  e);
	}
	if (net->type == NET_PHYS ? c->links[index].phys != NULL
				  : net_facts(c, index)->link_is_there)
		return 0;
	if (is_veth && net->veth.mode == VETH_BRIDGE) {
		err_set(e, ERR_NETWORK_FAILED, ENODEV, "The bridge \"%s\" does not exist",
			net->link);
		return net_refuse(
			c, net, "link",
			"`ip link` lists the host's interfaces; lxc-net makes lxcbr0 when "
			"it is enabled in /etc/default/lxc-net",
			e);
	}
	if (net->type == NET_PHYS && *net->link && net->link[strlen(net->link) - 1] == '+')
		err_set(e, ERR_NETWORK_FAILED, ENODEV,
			"No network interface of the host matches \"%s\"", net->link);
	else
		err_set(e, ERR_NETWORK_FAILED, ENODEV,
			"The network interface \"%s\" does not exist", net->link);
	return net_refuse(
		c, net, "link",
		"`ip link` lists the host's interfaces; one that another container has is "
		"not among them",
		e);
}

/* On the host; an ordinary user's name is lxc-user-nic's choice. */
static int check_pair(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;

	if (net->type != NET_VETH || !net->veth.pair || !c->facts->caller.is_root ||
	    interface_name_is_random(net->veth.pair))
		return 0;
	if (check_name(c, net, "veth.pair", net->veth.pair,
		       "leave it out for a name that is free, or write letters and digits", e) < 0)
		return -EINVAL;
	for (size_t i = 0; i < index; i++) {
		const struct config_net *other = c->links[i].net;

		if (other->type != NET_VETH || !other->veth.pair ||
		    strcmp(other->veth.pair, net->veth.pair) != 0)
			continue;
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"lxc.net.%u and lxc.net.%u have the same veth.pair \"%s\"",
			(unsigned)other->index, (unsigned)net->index, net->veth.pair);
		return net_refuse(c, net, "veth.pair",
				  "each of them needs a name of its own on the host", e);
	}
	return 0;
}

/* The loopback interface. LXC, too, passes over what is told here. */
static int check_empty(struct compiler *c, const struct config_net *net, struct err *e)
{
	if (net->type != NET_EMPTY)
		return 0;
	if (net->mtu || net->l2proxy)
		log_warn("%s is passed over: type empty is the loopback interface",
			 net_key(c, net, net->mtu ? "mtu" : "l2proxy"));
	if (!net->hwaddr)
		return 0;
	err_set(e, ERR_CONFIG_CONFLICT, 0, "The loopback interface has no hardware address");
	return net_refuse(c, net, "hwaddr", "take it out", e);
}

int net_check(struct compiler *c, size_t index, struct err *e)
{
	int r = check_user(c, c->links[index].net, e);

	if (r == 0)
		r = check_place(c, index, e);
	if (r == 0)
		r = check_link(c, index, e);
	if (r == 0)
		r = check_names(c, index, e);
	if (r == 0)
		r = check_pair(c, index, e);
	if (r == 0)
		r = check_empty(c, c->links[index].net, e);
	return r;
}

/* What only one interface can have. */
int net_check_pattern(struct compiler *c, const struct config_net *net, size_t count, struct err *e)
{
	const struct {
		bool is_given;
		const char *subkey, *what;
	} rows[] = {
		{net->name && !interface_name_is_template(net->name), "name", "name"},
		{net->hwaddr, "hwaddr", "hardware address"},
		{net->ipv4.count > 0, "ipv4.address", "IPv4 address"},
		{net->ipv6.count > 0, "ipv6.address", "IPv6 address"},
		{net->ipv4_gateway.kind != GATEWAY_NONE, "ipv4.gateway", "IPv4 gateway"},
		{net->ipv6_gateway.kind != GATEWAY_NONE, "ipv6.gateway", "IPv6 gateway"},
	};

	for (size_t i = 0; count > 1 && i < ARRAY_LENGTH(rows); i++) {
		if (!rows[i].is_given)
			continue;
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"\"%s\" means %zu interfaces, which cannot all have one %s", net->link,
			count, rows[i].what);
		return net_refuse(c, net, rows[i].subkey,
				  "take it out, or name one interface as the link", e);
	}
	return 0;
}
