/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checks of the network interfaces: what LXC finds out one by one while it starts.
 */

#include "config/check.h"

#include <string.h>

#include "base/num.h"
#include "config/hwaddr.h"
#include "config/interface_name.h"

struct net_check {
	struct config_checker *checker;
	const struct config_net *net;
};

static struct origin net_origin(const struct config_net *net, const char *subkey)
{
	const struct config_key *key = config_net_key_find(subkey, strlen(subkey));

	return key ? net->origins[key - config_net_keys] : (struct origin){};
}

/* The line to point at: of the subkey, or of the first key that the interface has at all. */
static void report(struct net_check *check, enum config_severity severity, const char *subkey,
		   struct err *e)
{
	struct origin origin = net_origin(check->net, subkey);

	for (size_t i = 0; origin.source == 0 && i < config_net_key_count; i++)
		origin = check->net->origins[i];
	config_checker_report(check->checker, severity, origin, e);
}

static const char *type_name(enum net_type type)
{
	const struct config_word *word = config_net_keys[0].words;

	while (word->word && word->value != (int32_t)type)
		word++;
	return word->word;
}

static void check_type_and_link(struct net_check *check)
{
	const struct config_net *net = check->net;
	unsigned index = net->index;
	struct err e;

	if (net_origin(net, "type").source == 0) {
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0, "lxc.net.%u has no type", index);
		err_hint(&e, "put lxc.net.%u.type before the interface's other keys", index);
		report(check, CONFIG_ERROR, "type", &e);
		return;
	}
	if (net->link)
		return;
	switch (net->type) {
	case NET_MACVLAN:
	case NET_IPVLAN:
	case NET_VLAN:
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0,
			"No link for %s network device specified (lxc.net.%u.link)",
			type_name(net->type), index);
		report(check, CONFIG_ERROR, "type", &e);
		break;
	case NET_PHYS:
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0,
			"No link for physical interface specified (lxc.net.%u.link)", index);
		report(check, CONFIG_ERROR, "type", &e);
		break;
	case NET_EMPTY:
	case NET_NONE:
	case NET_VETH:
		break;
	}
}

static void check_name(struct net_check *check, const char *subkey, const char *name)
{
	const char *problem = name ? interface_name_problem(name) : NULL;
	struct err e;

	if (!problem || (strcmp(subkey, "name") == 0 && interface_name_is_template(name)))
		return;
	err_set(&e, ERR_CONFIG_VALUE_INVALID, 0, "The interface name \"%s\" %s", name, problem);
	report(check, CONFIG_ERROR, subkey, &e);
}

/* Of lo only addresses can be chosen. */
static void check_empty(struct net_check *check)
{
	const struct config_net *net = check->net;
	struct err e;

	if (net->type != NET_EMPTY)
		return;
	if (net->mtu) {
		err_set(&e, ERR_CONFIG_IGNORED, 0, "mtu has no effect on type empty (lxc.net.%u)",
			(unsigned)net->index);
		report(check, CONFIG_WARNING, "mtu", &e);
	}
	if (net->hwaddr) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"The loopback interface has no hardware address (lxc.net.%u)",
			(unsigned)net->index);
		report(check, CONFIG_ERROR, "hwaddr", &e);
	}
}

static bool is_zero(const uint8_t address[static HWADDR_BYTES])
{
	static const uint8_t zero[HWADDR_BYTES];

	return memcmp(address, zero, sizeof(zero)) == 0;
}

static void check_texts(struct net_check *check)
{
	const struct config_net *net = check->net;
	uint8_t address[HWADDR_BYTES];
	uint32_t mtu;
	struct err e = {};

	if (net->hwaddr && hwaddr_parse(net->hwaddr, address, &e) < 0)
		report(check, CONFIG_ERROR, "hwaddr", &e);
	if (net->hwaddr && hwaddr_parse(net->hwaddr, address, NULL) == 0 && address[0] & 1) {
		err_set(&e, ERR_CONFIG_VALUE_INVALID, 0,
			"Hardware address \"%s\" of lxc.net.%u is a multicast address", net->hwaddr,
			(unsigned)net->index);
		err_hint(&e, "make the second digit of the first octet even");
		report(check, CONFIG_ERROR, "hwaddr", &e);
	}
	if (net->hwaddr && hwaddr_parse(net->hwaddr, address, NULL) == 0 && is_zero(address)) {
		err_set(&e, ERR_CONFIG_VALUE_INVALID, 0,
			"Hardware address \"%s\" of lxc.net.%u is no address of an interface",
			net->hwaddr, (unsigned)net->index);
		report(check, CONFIG_ERROR, "hwaddr", &e);
	}
	if (net->mtu && num_parse_u32(net->mtu, 10, &mtu) < 0) {
		err_set(&e, ERR_CONFIG_VALUE_INVALID, 0, "Failed to parse mtu \"%s\" of lxc.net.%u",
			net->mtu, (unsigned)net->index);
		report(check, CONFIG_ERROR, "mtu", &e);
	}
	if (net->mtu && num_parse_u32(net->mtu, 10, &mtu) == 0 && mtu == 0) {
		err_set(&e, ERR_CONFIG_IGNORED, 0, "An mtu of 0 has no effect (lxc.net.%u)",
			(unsigned)net->index);
		report(check, CONFIG_WARNING, "mtu", &e);
	}
	if (net->name && net->type == NET_EMPTY && strcmp(net->name, "lo") != 0) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"Custom loopback device names not supported (lxc.net.%u.name)",
			(unsigned)net->index);
		report(check, CONFIG_ERROR, "name", &e);
	}
}

static bool is_link_local(const struct config_gateway *gateway)
{
	return gateway->kind == GATEWAY_ADDRESS && IN6_IS_ADDR_LINKLOCAL(&gateway->address.v6);
}

static void check_gateway(struct net_check *check, const struct config_gateway *gateway,
			  const struct config_addresses *addresses, const char *family,
			  bool may_stand_alone)
{
	const struct config_net *net = check->net;
	autostr subkey = {};
	struct err e;

	if (gateway->kind == GATEWAY_NONE)
		return;
	str_addf(&subkey, "%s.gateway", family);
	if (gateway->kind == GATEWAY_AUTO && net->type != NET_VETH && net->type != NET_MACVLAN) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"Automatic gateway detection is only supported for veth and macvlan");
		report(check, CONFIG_ERROR, str_text(&subkey), &e);
	} else if (gateway->kind == GATEWAY_AUTO && !net->link) {
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0,
			"Automatic gateway detection needs lxc.net.%u.link", (unsigned)net->index);
		report(check, CONFIG_ERROR, str_text(&subkey), &e);
	}
	if (!net->up) {
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0,
			"Cannot add %s gateway for network device lxc.net.%u when not bringing "
			"up the interface",
			family, (unsigned)net->index);
		err_hint(&e, "set lxc.net.%u.flags = up", (unsigned)net->index);
		report(check, CONFIG_ERROR, str_text(&subkey), &e);
	}
	if (addresses->count == 0 && !may_stand_alone) {
		err_set(&e, ERR_CONFIG_INCOMPLETE, 0,
			"Cannot add %s gateway for network device lxc.net.%u without an %s address",
			family, (unsigned)net->index, family);
		report(check, CONFIG_ERROR, str_text(&subkey), &e);
	}
}

static void check_vlans(struct net_check *check)
{
	const struct config_net *net = check->net;
	const struct config_vlan_ids *tagged = &net->veth.vlan_tagged;
	bool is_used = net->veth.vlan_id != VLAN_ID_UNSET || tagged->count > 0;
	struct err e;

	if (net->type != NET_VETH || !is_used)
		return;
	if (net->veth.mode != VETH_BRIDGE || !net->link) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"Cannot use veth vlan.id when not in bridge mode or no bridge link "
			"specified");
		report(check, CONFIG_ERROR, tagged->count ? "veth.vlan.tagged.id" : "veth.vlan.id",
		       &e);
	}
	for (size_t i = 0; i < tagged->count; i++) {
		if ((int32_t)tagged->items[i].id != net->veth.vlan_id)
			continue;
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"VLAN %u of lxc.net.%u is both untagged and tagged",
			(unsigned)tagged->items[i].id, (unsigned)net->index);
		config_checker_report(check->checker, CONFIG_ERROR, tagged->items[i].origin, &e);
	}
}

static void check_l2proxy(struct net_check *check)
{
	const struct config_net *net = check->net;
	struct err e;

	if (net->l2proxy && net->type == NET_IPVLAN && net->ipvlan.mode != IPVLAN_L3S) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"l2proxy on ipvlan needs lxc.net.%u.ipvlan.mode = l3s",
			(unsigned)net->index);
		report(check, CONFIG_ERROR, "l2proxy", &e);
	}
	if (net->l2proxy && net->type == NET_PHYS) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"l2proxy has no effect on type phys (lxc.net.%u)", (unsigned)net->index);
		report(check, CONFIG_ERROR, "l2proxy", &e);
	}
	if (net->l2proxy && !net->link) {
		err_set(&e, ERR_CONFIG_IGNORED, 0, "l2proxy has no effect without lxc.net.%u.link",
			(unsigned)net->index);
		report(check, CONFIG_WARNING, "l2proxy", &e);
	}
}

/* Templates have a number each. */
static bool is_same_name(const struct config_net *one, const struct config_net *other)
{
	return one->name && other->name && strcmp(one->name, other->name) == 0 &&
	       !interface_name_is_template(one->name);
}

static void check_duplicates(struct net_check *check, const struct config_nets *nets)
{
	const struct config_net *net = check->net;
	struct err e;

	for (const struct config_net *other = nets->items; other < net; other++) {
		if (is_same_name(net, other)) {
			err_set(&e, ERR_CONFIG_CONFLICT, 0,
				"lxc.net.%u and lxc.net.%u have the same name \"%s\"",
				(unsigned)other->index, (unsigned)net->index, net->name);
			report(check, CONFIG_ERROR, "name", &e);
		}
		if (net->veth.pair && other->veth.pair &&
		    !interface_name_is_random(net->veth.pair) &&
		    strcmp(net->veth.pair, other->veth.pair) == 0) {
			err_set(&e, ERR_CONFIG_CONFLICT, 0,
				"lxc.net.%u and lxc.net.%u have the same host interface \"%s\"",
				(unsigned)other->index, (unsigned)net->index, net->veth.pair);
			report(check, CONFIG_ERROR, "veth.pair", &e);
		}
	}
	if (net->type == NET_NONE && nets->count > 1) {
		err_set(&e, ERR_CONFIG_CONFLICT, 0,
			"lxc.net.%u of type none shares the host's network, which leaves no "
			"room for other interfaces",
			(unsigned)net->index);
		report(check, CONFIG_WARNING, "type", &e);
	}
}

void config_check_nets(struct config_checker *checker)
{
	const struct config_nets *nets = &checker->config->values.nets;

	for (size_t i = 0; i < nets->count; i++) {
		struct net_check check = {.checker = checker, .net = &nets->items[i]};

		check_type_and_link(&check);
		check_texts(&check);
		check_name(&check, "name", check.net->name);
		check_name(&check, "veth.pair", check.net->veth.pair);
		check_empty(&check);
		check_gateway(&check, &check.net->ipv4_gateway, &check.net->ipv4, "ipv4", false);
		check_gateway(&check, &check.net->ipv6_gateway, &check.net->ipv6, "ipv6",
			      is_link_local(&check.net->ipv6_gateway));
		check_vlans(&check);
		check_l2proxy(&check);
		check_duplicates(&check, nets);
	}
}
