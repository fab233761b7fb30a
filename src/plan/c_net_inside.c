/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces, the container's side: addresses, up, gateways (runtime.md §9.2). All of it
 * happens before any mounts. Names are known beforehand: explicit ones first, then eth0, eth1 …
 */

#include "plan/c_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/macros.h"

/* One of the two families of an interface. */
struct family {
	int number;
	const char *name; /* "ipv4" */
	size_t length;    /* bytes of an address */
	const struct config_addresses *addresses;
	const struct config_gateway *gateway;
	const struct config_gateway *automatic; /* what `auto` was found to be */
};

static const char *address_text(struct compiler *c, const struct family *family,
				const void *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(family->number, address, text, sizeof(text));
	return compile_textf(c, "%s", text);
}

static void add_addresses(struct compiler *c, const struct config_net *net, const char *link,
			  const struct family *family)
{
	const char *key = net_key(c, net, compile_textf(c, "%s.address", family->name));

	for (size_t i = 0; i < family->addresses->count; i++) {
		const struct config_address *address = &family->addresses->items[i];
		const char *object = compile_textf(
			c, "%s/%u", address_text(c, family, &address->address), address->prefix);
		struct plan_step *step = STEP(c, SECTION_START, OP_ADDRESS_ADD, object,
					      compile_origin(c, address->origin, key));

		step->arg[0] = plan_build_text(&c->b, link);
		step->arg[1] = plan_build_bytes(&c->b, &address->address, family->length);
		step->arg[2] = address->prefix;
		if (family->number == AF_INET)
			step->arg[3] = address->broadcast.s_addr;
		/* Unique on the link. */
		step->arg[4] = net->type == NET_IPVLAN ? NET_WAIT : 0;
	}
}

static int refuse_gateway(struct compiler *c, const struct config_net *net,
			  const struct family *family, const char *hint, struct err *e)
{
	const char *subkey = compile_textf(c, "%s.gateway", family->name);

	err_origin(e, "%s", net_origin(c, net, subkey));
	err_hint(e, "%s", hint);
	return err_wrap(e, -EINVAL, "Failed to setup network lxc.net.%u", (unsigned)net->index);
}

static int check_gateway(struct compiler *c, const struct config_net *net, const char *link,
			 const struct family *family, struct err *e)
{
	const struct config_gateway *gateway = family->gateway;
	const struct config_gateway *real = gateway->kind == GATEWAY_AUTO ? family->automatic
									  : gateway;
	bool is_link_local = family->number == AF_INET6 && real->kind == GATEWAY_ADDRESS &&
			     IN6_IS_ADDR_LINKLOCAL(&real->address.v6);

	if (!net->up) {
		err_set(e, ERR_CONFIG_INCOMPLETE, 0,
			"Cannot add %s gateway for network device \"%s\" when not bringing up the "
			"interface",
			family->name, link);
		return refuse_gateway(
			c, net, family,
			compile_textf(c, "set lxc.net.%u.flags = up", (unsigned)net->index), e);
	}
	if (gateway->kind == GATEWAY_AUTO && net->type != NET_VETH && net->type != NET_MACVLAN) {
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"Automatic gateway detection is only supported for veth and macvlan");
		return refuse_gateway(c, net, family, "write the gateway's address", e);
	}
	if (gateway->kind == GATEWAY_AUTO && real->kind == GATEWAY_NONE) {
		err_set(e, ERR_NETWORK_FAILED, 0,
			"Failed to retrieve the %s address of \"%s\" for an automatic gateway",
			family->name, net->link ? net->link : "");
		return refuse_gateway(
			c, net, family,
			compile_textf(c,
				      "give the bridge that lxc.net.%u.link names an address, or "
				      "write the gateway's address",
				      (unsigned)net->index),
			e);
	}
	if (!is_link_local && family->addresses->count == 0) {
		err_set(e, ERR_CONFIG_INCOMPLETE, 0,
			"Cannot add %s gateway for network device \"%s\" when not assigning an "
			"%s address",
			family->name, link, family->name);
		return refuse_gateway(c, net, family,
				      "give the interface an address of the same family", e);
	}
	return 0;
}

static int add_gateway(struct compiler *c, const struct config_net *net, const char *link,
		       const struct family *family, struct err *e)
{
	const struct config_gateway *gateway = family->gateway;
	const char *subkey = compile_textf(c, "%s.gateway", family->name);
	const char *object = link;
	struct plan_step *step;
	uint32_t bytes = 0;
	int r;

	if (gateway->kind == GATEWAY_NONE)
		return 0;
	r = check_gateway(c, net, link, family, e);
	if (r < 0)
		return r;
	if (gateway->kind == GATEWAY_AUTO)
		gateway = family->automatic;
	if (gateway->kind == GATEWAY_ADDRESS) {
		bytes = plan_build_bytes(&c->b, &gateway->address, family->length);
		object = address_text(c, family, &gateway->address);
	}
	step = STEP(c, SECTION_START, OP_ROUTE_DEFAULT, object, net_origin(c, net, subkey));
	step->arg[0] = plan_build_text(&c->b, link);
	step->arg[1] = bytes;
	step->arg[2] = (uint64_t)family->number;
	return 0;
}

static void bring_up(struct compiler *c, const char *link, unsigned wait, const char *origin)
{
	struct plan_step *step = STEP(c, SECTION_START, OP_LINK_UP_INSIDE, link, origin);

	step->arg[0] = plan_build_text(&c->b, link);
	step->arg[1] = wait;
}

static int set_up(struct compiler *c, size_t index, bool *lo_is_up, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const struct facts_net *fact = net_facts(c, index);
	const char *link = net_name_inside(c, index);
	const struct family families[] = {
		{AF_INET, "ipv4", sizeof(struct in_addr), &net->ipv4, &net->ipv4_gateway,
		 &fact->ipv4_auto},
		{AF_INET6, "ipv6", sizeof(struct in6_addr), &net->ipv6, &net->ipv6_gateway,
		 &fact->ipv6_auto},
	};
	int r = 0;

	if (net->type == NET_VETH && !c->facts->caller.is_root)
		r = net_add_user_veth_inside(c, index, e);
	for (size_t i = 0; i < ARRAY_LENGTH(families) && r == 0; i++)
		add_addresses(c, net, link, &families[i]);
	if (net->up && r == 0) {
		const char *origin = net_origin(c, net, "flags");

		if (net->type != NET_EMPTY)
			bring_up(c, link, net->type == NET_MACVLAN && net->hwaddr ? NET_WAIT : 0,
				 origin);
		if (!*lo_is_up)
			bring_up(c, "lo", 0, origin);
		*lo_is_up = true;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(families) && r == 0; i++)
		r = add_gateway(c, net, link, &families[i], e);
	return r;
}

int compile_net_inside(struct compiler *c, struct err *e)
{
	bool lo_is_up = false;

	for (size_t i = 0; i < c->link_count; i++) {
		int r = c->links[i].net->type == NET_NONE ? 0 : set_up(c, i, &lo_is_up, e);

		if (r < 0)
			return r;
	}
	return 0;
}
