/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces that are made of one of the host's, or are one (runtime.md §9.1): macvlan,
 * ipvlan, vlan, phys. The first three are deleted where they are; the last comes back, for which
 * the plan holds how it was.
 */

#include "plan/c_net.h"

/* The step that makes it, with the arguments that all kinds have. */
static int begin(struct compiler *c, size_t index, enum plan_op op, const char *kind,
		 struct plan_step **ret, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const char *name = net_name_inside(c, index);
	uint32_t mtu = 0;
	uint64_t mac = 0;
	int r = net_read_mtu(c, index, &mtu, e);

	if (r == 0)
		r = net_read_mac(c, index, &mac, e);
	if (r < 0)
		return r;
	net_keep_namespace(c);
	net_add_register(c, index, kind);
	net_add_names(c, index, name);
	*ret = STEP(c, SECTION_START, op, compile_textf(c, "%s on %s", name, net->link),
		    net_origin(c, net, "type"));
	(*ret)->out = c->r_veth[index];
	(*ret)->arg[0] = plan_build_text(&c->b, net->link);
	(*ret)->arg[1] = plan_build_text(&c->b, name);
	(*ret)->arg[2] = mtu;
	(*ret)->arg[3] = mac;
	return 0;
}

int net_add_macvlan(struct compiler *c, size_t index, struct err *e)
{
	static const uint32_t modes[] = {
		[MACVLAN_PRIVATE] = PLAN_MACVLAN_PRIVATE,
		[MACVLAN_VEPA] = PLAN_MACVLAN_VEPA,
		[MACVLAN_BRIDGE] = PLAN_MACVLAN_BRIDGE,
		[MACVLAN_PASSTHRU] = PLAN_MACVLAN_PASSTHRU,
	};
	const enum macvlan_mode mode = c->links[index].net->macvlan_mode;
	struct plan_step *step;
	int r = begin(c, index, OP_MACVLAN_CREATE, "macvlan", &step, e);

	if (r < 0)
		return r;
	step->arg[4] = modes[mode];
	/* The link has room for one. */
	step->arg[5] = mode == MACVLAN_PASSTHRU ? NET_WAIT : 0;
	return 0;
}

int net_add_ipvlan(struct compiler *c, size_t index, struct err *e)
{
	static const uint32_t modes[] = {
		[IPVLAN_L3] = PLAN_IPVLAN_L3,
		[IPVLAN_L3S] = PLAN_IPVLAN_L3S,
		[IPVLAN_L2] = PLAN_IPVLAN_L2,
	};
	static const uint32_t isolations[] = {
		[IPVLAN_ISOLATION_BRIDGE] = PLAN_IPVLAN_BRIDGE,
		[IPVLAN_ISOLATION_PRIVATE] = PLAN_IPVLAN_PRIVATE,
		[IPVLAN_ISOLATION_VEPA] = PLAN_IPVLAN_VEPA,
	};
	const struct config_net *net = c->links[index].net;
	struct plan_step *step;
	int r = begin(c, index, OP_IPVLAN_CREATE, "ipvlan", &step, e);

	if (r < 0)
		return r;
	step->arg[4] = modes[net->ipvlan.mode];
	step->arg[5] = isolations[net->ipvlan.isolation];
	return 0;
}

int net_add_vlan(struct compiler *c, size_t index, struct err *e)
{
	struct plan_step *step;
	int r = begin(c, index, OP_VLAN_CREATE, "vlan", &step, e);

	if (r < 0)
		return r;
	step->arg[4] = c->links[index].net->vlan_id;
	step->arg[5] = NET_WAIT;
	return 0;
}

void net_end_upper(struct compiler *c, enum plan_section s, size_t index)
{
	const struct config_net *net = c->links[index].net;
	const uint32_t kind = plan_build_text(&c->b, net->type == NET_MACVLAN  ? "macvlan"
						     : net->type == NET_IPVLAN ? "ipvlan"
									       : "vlan");
	struct plan_step *step =
		STEP(c, s, OP_UPPER_DELETE,
		     compile_textf(c, "%s on %s", net_name_inside(c, index), net->link),
		     net_origin(c, net, "type"));

	step->in = c->r_veth[index];
	step->arg[0] = kind;
	step->arg[1] = c->r_net;
	/* It goes with its namespace anyway, a little later. */
	step->flags = STEP_LIVE | STEP_WARN;
}

/* -- phys */

int net_add_phys(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	const struct facts_phys *phys = c->links[index].phys;
	const char *name = net_name_inside(c, index);
	struct plan_step *step;
	uint32_t mtu = 0;
	uint64_t mac = 0;
	int r = net_read_mtu(c, index, &mtu, e);

	if (r == 0)
		r = net_read_mac(c, index, &mac, e);
	if (r < 0)
		return r;
	net_add_register(c, index, "phys");
	net_add_names(c, index, name);
	step = STEP(c, SECTION_START, phys->phy ? OP_WIRELESS_TAKE : OP_PHYS_TAKE,
		    compile_textf(c, "%s (%s)", phys->name, name), net_origin(c, net, "link"));
	step->out = c->r_veth[index];
	step->arg[0] = plan_build_text(&c->b, phys->name);
	step->arg[1] = plan_build_text(&c->b, name);
	step->arg[2] = phys->phy ? plan_build_text(&c->b, phys->phy) : phys->index;
	step->arg[3] = mtu;
	step->arg[4] = mac;
	return 0;
}

static const struct config_net *first_phys(const struct compiler *c)
{
	for (size_t i = 0; i < c->link_count; i++)
		if (c->links[i].net->type == NET_PHYS)
			return c->links[i].net;
	return NULL;
}

void net_begin_physes(struct compiler *c)
{
	const struct config_net *net = first_phys(c);

	if (net)
		STEP(c, SECTION_START, OP_NETNS_PIN, c->request->name, net_origin(c, net, "type"));
}

void net_end_physes(struct compiler *c, enum plan_section s)
{
	const struct config_net *first = first_phys(c);

	for (size_t i = 0; i < c->link_count; i++) {
		const struct facts_phys *phys = c->links[i].phys;
		uint32_t others;
		struct plan_step *step;

		if (c->links[i].net->type != NET_PHYS)
			continue;
		others = phys->others ? plan_build_list(&c->b, phys->others) : 0;
		step = STEP(c, s, phys->phy ? OP_WIRELESS_RETURN : OP_PHYS_RETURN, phys->name,
			    net_origin(c, c->links[i].net, "link"));
		step->flags = STEP_OWED;
		step->in = c->r_veth[i];
		step->arg[0] = plan_build_text(&c->b, phys->name);
		step->arg[1] = phys->phy ? plan_build_text(&c->b, phys->phy) : phys->index;
		step->arg[2] = phys->mtu;
		step->arg[3] = phys->mac;
		step->arg[4] = plan_build_text(&c->b, phys->alias);
		step->arg[5] = others;
	}
	if (first)
		STEP(c, s, OP_NETNS_UNPIN, c->request->name, net_origin(c, first, "type"))->flags =
			STEP_OWED;
}
