/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtual Ethernet interfaces, the host's end (runtime.md §9.1): port of a Linux bridge or of one
 * of Open vSwitch, with its VLANs; or the host's side of a route, which answers for the gateway.
 */

#include "plan/c_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/macros.h"

enum { DEFAULT_MTU = 1500 };

static const char *host_name(const struct config_net *net)
{
	return net->veth.pair ? net->veth.pair : "vethXXXXXX";
}

static bool is_port(const struct config_net *net)
{
	return net->link && net->veth.mode == VETH_BRIDGE;
}

/* What is no Linux bridge is one of Open vSwitch: LXC's assumption. */
static bool is_openvswitch(const struct compiler *c, size_t index)
{
	return is_port(c->links[index].net) && !net_facts(c, index)->link_is_bridge;
}

static void set_sysctl(struct compiler *c, size_t index, const char *family, const char *file,
		       const char *origin, unsigned flags)
{
	struct plan_step *step =
		STEP(c, SECTION_START, OP_LINK_SYSCTL, compile_textf(c, "%s = 1", file), origin);

	step->in = c->r_veth[index];
	step->arg[0] = plan_build_text(&c->b, family);
	step->arg[1] = plan_build_text(&c->b, file);
	step->arg[2] = plan_build_text(&c->b, "1");
	step->flags = (uint8_t)flags;
}

static void add_routes(struct compiler *c, size_t index, const struct config_addresses *routes,
		       size_t length, const char *subkey, bool to_host)
{
	const struct config_net *net = c->links[index].net;

	for (size_t i = 0; i < routes->count; i++) {
		const struct config_address *route = &routes->items[i];
		const char *origin = compile_origin(c, route->origin, net_key(c, net, subkey));
		char text[INET6_ADDRSTRLEN] = "";
		struct plan_step *step;
		const unsigned prefix = to_host ? (unsigned)(8 * length) : route->prefix;

		inet_ntop(length == sizeof(struct in_addr) ? AF_INET : AF_INET6, &route->address,
			  text, sizeof(text));
		step = STEP(c, SECTION_START, OP_LINK_ROUTE,
			    compile_textf(c, "%s/%u", text, prefix), origin);
		step->in = c->r_veth[index];
		step->arg[0] = plan_build_bytes(&c->b, &route->address, length);
		step->arg[1] = prefix;
	}
}

/* -- ports of bridges */

static void change_vlan(struct compiler *c, size_t index, enum plan_op op, uint32_t id,
			bool untagged, const char *origin)
{
	struct plan_step *step =
		STEP(c, SECTION_START, op, compile_textf(c, "%u", (unsigned)id), origin);

	step->in = c->r_veth[index];
	step->arg[0] = id;
	if (op == OP_LINK_VLAN_ADD)
		step->arg[1] = untagged;
}

static const char *tagged_origin(struct compiler *c, const struct config_net *net, size_t i)
{
	return compile_origin(c, net->veth.vlan_tagged.items[i].origin,
			      net_key(c, net, "veth.vlan.tagged.id"));
}

static void add_linux_vlans(struct compiler *c, size_t index)
{
	const struct config_net *net = c->links[index].net;
	const uint16_t first = net_facts(c, index)->link_pvid;
	const int32_t id = net->veth.vlan_id;
	const char *origin = net_origin(c, net, "veth.vlan.id");

	if (id != VLAN_ID_UNSET && id != first && first != 0)
		change_vlan(c, index, OP_LINK_VLAN_REMOVE, first, false, origin);
	if (id >= 0)
		change_vlan(c, index, OP_LINK_VLAN_ADD, (uint32_t)id, true, origin);
	for (size_t i = 0; i < net->veth.vlan_tagged.count; i++)
		change_vlan(c, index, OP_LINK_VLAN_ADD, net->veth.vlan_tagged.items[i].id, false,
			    tagged_origin(c, net, i));
}

/* Columns of a row of the table Port, ovs-vswitchd.conf.db(5). */
static void add_openvswitch_vlans(struct compiler *c, size_t index)
{
	const struct config_net *net = c->links[index].net;
	const struct config_vlan_ids *tagged = &net->veth.vlan_tagged;
	const int32_t id = net->veth.vlan_id;
	const char *columns[4] = {NULL}, *trunks = "";
	size_t n = 0;
	struct plan_step *step;
	uint32_t list;

	for (size_t i = 0; i < tagged->count; i++)
		trunks = compile_textf(c, "%s%s%u", trunks, i ? "," : "",
				       (unsigned)tagged->items[i].id);
	columns[n++] = tagged->count == 0 ? "vlan_mode=access"
		       : id >= 0          ? "vlan_mode=native-untagged"
					  : "vlan_mode=trunk";
	if (id >= 0)
		columns[n++] = compile_textf(c, "tag=%u", (unsigned)id);
	if (tagged->count > 0)
		columns[n++] = compile_textf(c, "trunks=%s", trunks);
	list = plan_build_list(&c->b, columns);
	step = STEP(c, SECTION_START, OP_OVS_PORT_SET, columns[0],
		    id != VLAN_ID_UNSET ? net_origin(c, net, "veth.vlan.id")
					: tagged_origin(c, net, 0));
	step->in = c->r_veth[index];
	step->arg[0] = list;
}

static bool has_vlans(const struct config_net *net)
{
	return net->veth.vlan_id != VLAN_ID_UNSET || net->veth.vlan_tagged.count > 0;
}

static int check_vlans(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const struct config_vlan_ids *tagged = &net->veth.vlan_tagged;
	const char *subkey = net->veth.vlan_id != VLAN_ID_UNSET ? "veth.vlan.id"
								: "veth.vlan.tagged.id";

	if (!has_vlans(net))
		return 0;
	if (!is_port(net)) {
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"Cannot use veth vlan.id when not in bridge mode or no bridge link "
			"specified");
		return net_refuse(c, net, subkey, "name a bridge as the link, or take VLANs out",
				  e);
	}
	for (size_t i = 0; i < tagged->count; i++) {
		if ((int32_t)tagged->items[i].id != net->veth.vlan_id)
			continue;
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"VLAN %u cannot be both the untagged one and a tagged one",
			(unsigned)tagged->items[i].id);
		return net_refuse(c, net, "veth.vlan.tagged.id", "take it out of one of the two",
				  e);
	}
	if (is_openvswitch(c, index)) {
		if (net->veth.vlan_id != VLAN_ID_NONE || tagged->count > 0)
			return 0;
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"A port of Open vSwitch cannot be in no VLAN at all");
		return net_refuse(c, net, subkey,
				  compile_textf(c,
						"add lxc.net.%u.veth.vlan.tagged.id, or a number",
						(unsigned)net->index),
				  e);
	}
	if (net_facts(c, index)->link_filters_vlans)
		return 0;
	err_set(e, ERR_NETWORK_FAILED, 0, "vlan_filtering is not enabled on \"%s\"", net->link);
	return net_refuse(
		c, net, subkey,
		compile_textf(c, "ip link set %s type bridge vlan_filtering 1", net->link), e);
}

/* The bridge must not speak IPv6 with the host through the port itself. */
static void connect_to_bridge(struct compiler *c, size_t index)
{
	const struct config_net *net = c->links[index].net;
	const char *origin = net_origin(c, net, "link");
	bool is_ovs = is_openvswitch(c, index);
	struct plan_step *step;

	/* A kernel without IPv6 has no such file. */
	set_sysctl(c, index, "ipv6", "disable_ipv6", origin, STEP_OPTIONAL);
	if (is_ovs)
		c->r_port[index] = plan_build_register(
			&c->b, REGISTER_NAME, compile_textf(c, "port-%u", (unsigned)net->index));
	step = STEP(c, SECTION_START, is_ovs ? OP_OVS_PORT_ADD : OP_LINK_MASTER, net->link, origin);
	step->in = c->r_veth[index];
	step->out = c->r_port[index];
	step->arg[0] = plan_build_text(&c->b, net->link);
	if (has_vlans(net) && is_ovs)
		add_openvswitch_vlans(c, index);
	else if (has_vlans(net))
		add_linux_vlans(c, index);
}

/* -- router mode */

static const struct config_gateway *gateway_of(const struct config_gateway *gateway,
					       const struct config_gateway *automatic)
{
	return gateway->kind == GATEWAY_AUTO ? automatic : gateway;
}

static void answer_for(struct compiler *c, size_t index, int family, const void *address,
		       const char *origin)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct plan_step *step;

	inet_ntop(family, address, text, sizeof(text));
	step = STEP(c, SECTION_START, OP_LINK_PROXY, text, origin);
	step->in = c->r_veth[index];
	step->arg[0] = plan_build_bytes(&c->b, address,
					family == AF_INET ? sizeof(struct in_addr)
							  : sizeof(struct in6_addr));
}

static int check_router(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const struct facts_net *fact = net_facts(c, index);

	if (net->veth.mode != VETH_ROUTER || fact->ipv6_all_forwarding ||
	    gateway_of(&net->ipv6_gateway, &fact->ipv6_auto)->kind != GATEWAY_ADDRESS)
		return 0;
	err_set(e, ERR_NETWORK_FAILED, 0, "Requires sysctl net.ipv6.conf.all.forwarding=1");
	return net_refuse(c, net, "ipv6.gateway", "sysctl -w net.ipv6.conf.all.forwarding=1", e);
}

static void add_router(struct compiler *c, size_t index)
{
	const struct config_net *net = c->links[index].net;
	const struct facts_net *fact = net_facts(c, index);
	const struct config_gateway *ipv4 = gateway_of(&net->ipv4_gateway, &fact->ipv4_auto);
	const struct config_gateway *ipv6 = gateway_of(&net->ipv6_gateway, &fact->ipv6_auto);
	const char *origin = net_origin(c, net, "ipv4.gateway");

	if (ipv4->kind == GATEWAY_ADDRESS) {
		set_sysctl(c, index, "ipv4", "forwarding", origin, 0);
		answer_for(c, index, AF_INET, &ipv4->address, origin);
	}
	origin = net_origin(c, net, "ipv6.gateway");
	if (ipv6->kind == GATEWAY_ADDRESS) {
		set_sysctl(c, index, "ipv6", "forwarding", origin, 0);
		set_sysctl(c, index, "ipv6", "proxy_ndp", origin, 0);
		answer_for(c, index, AF_INET6, &ipv6->address, origin);
	}
	add_routes(c, index, &net->ipv4, sizeof(struct in_addr), "ipv4.address", true);
	add_routes(c, index, &net->ipv6, sizeof(struct in6_addr), "ipv6.address", true);
}

/* -- the pair */

static int create(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const char *peer = net_name_inside(c, index), *name = host_name(net);
	const uint32_t link_mtu = net->link ? net_facts(c, index)->link_mtu : 0;
	uint32_t mtu = link_mtu ? link_mtu : DEFAULT_MTU;
	struct plan_step *step;
	uint64_t mac = 0;
	int r = net_read_mtu(c, index, &mtu, e);

	if (r == 0)
		r = net_read_mac(c, index, &mac, e);
	if (r < 0)
		return r;
	net_add_register(c, index, "veth");
	step = STEP(c, SECTION_START, OP_VETH_CREATE, compile_textf(c, "%s (%s)", name, peer),
		    net_origin(c, net, "type"));
	step->out = c->r_veth[index];
	step->arg[0] = plan_build_text(&c->b, name);
	step->arg[1] = plan_build_text(&c->b, peer);
	step->arg[2] = mtu;
	step->arg[3] = mac;
	step->arg[4] = net->veth.rx_queues | (uint64_t)net->veth.tx_queues << 32;
	net_add_names(c, index, peer);
	return 0;
}

int net_add_veth(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	int r = check_vlans(c, index, e);

	if (r == 0)
		r = check_router(c, index, e);
	if (r == 0)
		r = create(c, index, e);
	if (r < 0)
		return r;
	if (is_port(net))
		connect_to_bridge(c, index);
	STEP(c, SECTION_START, OP_LINK_UP, host_name(net), net_origin(c, net, "type"))->in =
		c->r_veth[index];
	add_routes(c, index, &net->veth.ipv4_routes, sizeof(struct in_addr), "veth.ipv4.route",
		   false);
	add_routes(c, index, &net->veth.ipv6_routes, sizeof(struct in6_addr), "veth.ipv6.route",
		   false);
	if (net->veth.mode == VETH_ROUTER)
		add_router(c, index);
	return 0;
}

void net_end_veth(struct compiler *c, enum plan_section s, size_t index)
{
	const struct config_net *net = c->links[index].net;

	if (c->r_port[index] != PLAN_NO_REGISTER)
		STEP(c, s, OP_OVS_PORT_REMOVE, net->link, net_origin(c, net, "link"))->in =
			c->r_port[index];
	STEP(c, s, OP_LINK_DELETE, host_name(net), net_origin(c, net, "type"))->in =
		c->r_veth[index];
}
