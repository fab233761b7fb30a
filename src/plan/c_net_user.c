/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtual Ethernet interfaces of ordinary users (runtime.md §9.3): lxc-user-nic makes the pair, as
 * lxc-usernet allows, and nothing of the host's end is this user's to change. mtu, queues and
 * veth.pair are the administrator's business then and passed over, as LXC does; what would leave
 * the container in another network than the configuration says is refused. The hardware address is
 * set inside.
 */

#include "plan/c_net.h"

#include <errno.h>

#include "base/log.h"

#define LOG_CATEGORY "network"

static int refuse(struct compiler *c, const struct config_net *net, const char *subkey,
		  const char *what, struct err *e)
{
	int r = err_set(e, ERR_CONFIG_CONFLICT, 0,
			"%s are not supported by unprivileged containers", what);

	err_origin(e, "%s", net_origin(c, net, subkey));
	err_hint(e, "lxc-user-nic makes ports of bridges and nothing else; root can do it");
	return r;
}

static void pass_over(struct compiler *c, const struct config_net *net, const char *subkey,
		      const char *why)
{
	log_info("%s is passed over: %s", net_key(c, net, subkey), why);
}

static int check_keys(struct compiler *c, const struct config_net *net, struct err *e)
{
	if (net->veth.mode == VETH_ROUTER)
		return refuse(c, net, "veth.mode", "veth interfaces in router mode", e);
	if (net->veth.vlan_id != VLAN_ID_UNSET)
		return refuse(c, net, "veth.vlan.id", "VLANs of bridge ports", e);
	if (net->veth.vlan_tagged.count > 0)
		return refuse(c, net, "veth.vlan.tagged.id", "VLANs of bridge ports", e);
	if (net->veth.ipv4_routes.count > 0)
		return refuse(c, net, "veth.ipv4.route", "routes on the host", e);
	if (net->veth.ipv6_routes.count > 0)
		return refuse(c, net, "veth.ipv6.route", "routes on the host", e);
	if (net->mtu)
		pass_over(c, net, "mtu", "the interface has the bridge's");
	if (net->veth.rx_queues)
		pass_over(c, net, "veth.n_rxqueues", "lxc-user-nic leaves it to the kernel");
	if (net->veth.tx_queues)
		pass_over(c, net, "veth.n_txqueues", "lxc-user-nic leaves it to the kernel");
	if (net->veth.pair)
		pass_over(c, net, "veth.pair", "lxc-user-nic chooses the name");
	return 0;
}

/* Ports of Open vSwitch outlive their interface, and are taken away through its namespace. */
static bool is_openvswitch(const struct compiler *c, size_t index)
{
	return c->links[index].net->link && !net_facts(c, index)->link_is_bridge;
}

int net_add_user_veth(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const char *inside = net_name_inside(c, index);
	const char *bridge = net->link ? net->link : "none";
	struct plan_step *step;
	int r = check_keys(c, net, e);

	if (r < 0)
		return r;
	if (is_openvswitch(c, index))
		net_keep_namespace(c);
	net_add_register(c, index, "veth");
	step = STEP(c, SECTION_START, OP_USER_NIC_CREATE, inside, net_origin(c, net, "type"));
	step->out = c->r_veth[index];
	step->arg[0] = plan_build_text(&c->b, bridge);
	step->arg[1] = plan_build_text(&c->b, inside);
	net_add_names(c, index, inside);
	return 0;
}

int net_add_user_veth_inside(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const char *inside = net_name_inside(c, index);
	struct plan_step *step;
	uint64_t mac = 0;
	int r = net->hwaddr ? net_read_mac(c, index, &mac, e) : 0;

	if (r < 0 || !net->hwaddr)
		return r;
	step = STEP(c, SECTION_START, OP_LINK_MAC_INSIDE, inside, net_origin(c, net, "hwaddr"));
	step->arg[0] = plan_build_text(&c->b, inside);
	step->arg[1] = mac;
	return 0;
}

void net_end_user_veth(struct compiler *c, enum plan_section s, size_t index)
{
	const struct config_net *net = c->links[index].net;
	struct plan_step *step;

	if (!is_openvswitch(c, index))
		return;
	step = STEP(c, s, OP_USER_NIC_DELETE, net_name_inside(c, index),
		    net_origin(c, net, "type"));
	step->in = c->r_veth[index];
	step->arg[0] = plan_build_text(&c->b, net->link);
	step->arg[1] = c->r_net;
	/* Without the namespace, when the supervisor has died, lxc-user-nic itself tidies up. */
	step->flags = STEP_LIVE | STEP_WARN;
}
