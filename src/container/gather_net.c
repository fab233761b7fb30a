/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces of the host that the configuration names: bridges and other links, interfaces
 * that go to the container, settings that must be on.
 */

#include "container/gather_internal.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "base/macros.h"
#include "host/link_look.h"

static void look_at_gateways(const struct config_net *net, struct facts_net *fact)
{
	if (net->ipv4_gateway.kind == GATEWAY_AUTO &&
	    link_ipv4_address(net->link, &fact->ipv4_auto.address.v4) == 0)
		fact->ipv4_auto.kind = GATEWAY_ADDRESS;
	if (net->ipv6_gateway.kind == GATEWAY_AUTO &&
	    link_ipv6_address(net->link, &fact->ipv6_auto.address.v6) == 0)
		fact->ipv6_auto.kind = GATEWAY_ADDRESS;
}

static void look_at_settings(const struct config_net *net, struct facts_net *fact)
{
	if (net->l2proxy && net->link) {
		fact->ipv4_forwarding = link_setting_is_on("ipv4", net->link, "forwarding");
		fact->ipv6_forwarding = link_setting_is_on("ipv6", net->link, "forwarding");
		fact->ipv6_proxy_ndp = link_setting_is_on("ipv6", net->link, "proxy_ndp");
	}
	if (net->type == NET_VETH && net->veth.mode == VETH_ROUTER)
		fact->ipv6_all_forwarding = link_setting_is_on("ipv6", "all", "forwarding");
}

struct names {
	struct gathering *g;
	VEC_OF(const char *)
};

static int add_name(void *context, const char *name)
{
	struct names *names = context;
	const char **place = vec_push_in(names, &names->g->facts->arena);

	if (place)
		*place = arena_strdup(&names->g->facts->arena, name);
	return place && *place ? 0 : -ENOMEM;
}

/* Its alternative names, ending in NULL; NULL: it has none. 0 or -errno. */
static int list_names(struct gathering *g, uint32_t index, const char *const **ret)
{
	struct names names = {.g = g};
	struct netlink netlink;
	int r = netlink_open(&netlink);

	*ret = NULL;
	if (r < 0)
		return r;
	r = link_each_altname(&netlink, index, add_name, &names);
	netlink_close(&netlink);
	if (r > 0) {
		const char **end = vec_push_in(&names, &g->facts->arena);

		if (!end)
			return -ENOMEM;
		*end = NULL;
		*ret = names.items;
	}
	return r < 0 ? r : 0;
}

/* `name` may be an alternative one: what it is called is what it is to be called again. */
static int add_phys(struct gathering *g, const char *name, struct facts_net *fact, struct err *e)
{
	char phy[LINK_PHY_MAX];
	struct link_look look;
	struct facts_phys *phys;
	const char *const *others;
	int r = link_look(name, &look);

	/* The compiler tells that there is none. */
	if (r < 0)
		return 0;
	r = list_names(g, look.index, &others);
	if (r < 0)
		return r == -ENOMEM ? gather_no_memory(e)
				    : err_set(e, ERR_NETWORK_FAILED, -r,
					      "Cannot list the names of the network interface "
					      "\"%s\"",
					      name);
	phys = vec_push_in(&fact->physes, &g->facts->arena);
	if (!phys)
		return gather_no_memory(e);
	*phys = (struct facts_phys){
		.name = arena_strdup(&g->facts->arena, look.name),
		.phy = link_phy(look.name, phy) == 0 ? arena_strdup(&g->facts->arena, phy) : NULL,
		.index = look.index,
		.mtu = look.mtu,
		.mac = look.mac,
		.alias = look.alias[0] ? arena_strdup(&g->facts->arena, look.alias) : NULL,
		.others = others,
	};
	if (!phys->name || (look.alias[0] && !phys->alias))
		return gather_no_memory(e);
	return 0;
}

/* `link = enp+`: all that begin so. */
static int match_physes(struct gathering *g, const char *pattern, struct facts_net *fact,
			struct err *e)
{
	const size_t length = strlen(pattern) - 1;
	struct if_nameindex *all = if_nameindex();
	int r = 0;

	if (!all)
		return err_set(e, ERR_NETWORK_FAILED, errno,
			       "Cannot list the host's network interfaces");
	for (size_t i = 0; r == 0 && all[i].if_index != 0; i++)
		if (strncmp(all[i].if_name, pattern, length) == 0 &&
		    strcmp(all[i].if_name, "lo") != 0)
			r = add_phys(g, all[i].if_name, fact, e);
	if_freenameindex(all);
	return r;
}

static int look_at_phys(struct gathering *g, const struct config_net *net, struct facts_net *fact,
			struct err *e)
{
	const size_t length = strlen(net->link);

	return length > 0 && net->link[length - 1] == '+' ? match_physes(g, net->link, fact, e)
							  : add_phys(g, net->link, fact, e);
}

static int look_at_link(struct gathering *g, const struct config_net *net, struct facts_net *fact,
			struct err *e)
{
	struct link_look look;

	look_at_settings(net, fact);
	if (!net->link || net->type == NET_EMPTY || net->type == NET_NONE)
		return 0;
	if (net->type == NET_PHYS)
		return look_at_phys(g, net, fact, e);
	if (link_look(net->link, &look) < 0)
		return 0;
	fact->link_is_there = true;
	fact->link_is_bridge = look.is_bridge;
	fact->link_filters_vlans = look.filters_vlans;
	fact->link_pvid = look.pvid;
	fact->link_mtu = look.mtu;
	look_at_gateways(net, fact);
	return 0;
}

int gather_nets(struct gathering *g, struct err *e)
{
	const struct config_nets *nets = &g->values->nets;
	int r = 0;

	for (size_t i = 0; i < nets->count && r == 0; i++) {
		struct facts_net *fact = vec_push_in(&g->facts->nets, &g->facts->arena);

		r = fact ? look_at_link(g, &nets->items[i], fact, e) : gather_no_memory(e);
	}
	return r;
}
