/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces, the host's side: runtime.md §9.1, §9.4. Built are the types veth (as port of
 * a Linux bridge or unconnected), empty and none, for root; everything else that lxc.net.* can say
 * is refused by name. A peer is born inside under its final name, so nothing has to be renamed
 * there.
 */

#include "plan/c_net.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/num.h"
#include "config/hwaddr.h"

#define LOG_CATEGORY "network"

enum { DEFAULT_MTU = 1500, NAME_ROOM = 16 };

const char *net_key(struct compiler *c, const struct config_net *net, const char *subkey)
{
	return compile_textf(c, "lxc.net.%u.%s", (unsigned)net->index, subkey);
}

static struct origin origin_of(const struct config_net *net, const char *subkey)
{
	const struct config_key *key = config_net_key_find(subkey, strlen(subkey));

	return key ? net->origins[key - config_net_keys] : (struct origin){};
}

const char *net_origin(struct compiler *c, const struct config_net *net, const char *subkey)
{
	return compile_origin(c, origin_of(net, subkey), net_key(c, net, subkey));
}

/* Whether an interface before this one, or any with a name of its own, is called so. */
static bool is_taken(struct compiler *c, size_t index, const char *name)
{
	const struct config_nets *nets = &c->values->nets;

	for (size_t i = 0; i < nets->count; i++) {
		const char *other = nets->items[i].name;

		if (i == index || nets->items[i].type == NET_NONE)
			continue;
		if (!other && i < index && nets->items[i].type != NET_EMPTY)
			other = net_name_inside(c, i);
		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

const char *net_name_inside(struct compiler *c, size_t index)
{
	const struct config_net *net = &c->values->nets.items[index];
	char name[NAME_ROOM] = "eth0";

	if (net->type == NET_EMPTY)
		return "lo";
	if (net->name)
		return net->name;
	/* Each interface takes one name at most. */
	for (size_t n = 0; n <= c->values->nets.count; n++) {
		snprintf(name, sizeof(name), "eth%zu", n);
		if (!is_taken(c, index, name))
			break;
	}
	return compile_textf(c, "%s", name);
}

static int refuse(struct compiler *c, const struct config_net *net, const char *subkey,
		  const char *hint, struct err *e)
{
	err_origin(e, "%s", net_origin(c, net, subkey));
	if (hint)
		err_hint(e, "%s", hint);
	return err_wrap(e, -EINVAL, "Failed to create network lxc.net.%u", (unsigned)net->index);
}

static int unsupported(struct compiler *c, const struct config_net *net, const char *subkey,
		       const char *what, struct err *e)
{
	return compile_unsupported(c, net_key(c, net, subkey), net_origin(c, net, subkey), what, e);
}

/* Keys of later issues, and ordinary users. */
static int check_built(struct compiler *c, const struct config_net *net, struct err *e)
{
	bool is_veth = net->type == NET_VETH;

	switch (net->type) {
	case NET_VETH:
	case NET_EMPTY:
	case NET_NONE:
		break;
	case NET_MACVLAN:
		return unsupported(c, net, "type", "network interfaces of type macvlan", e);
	case NET_IPVLAN:
		return unsupported(c, net, "type", "network interfaces of type ipvlan", e);
	case NET_VLAN:
		return unsupported(c, net, "type", "network interfaces of type vlan", e);
	case NET_PHYS:
		return unsupported(c, net, "type", "network interfaces of type phys", e);
	}
	if (is_veth && !c->facts->caller.is_root)
		return 0; /* c_net_user.c */
	if (is_veth && net->veth.mode == VETH_ROUTER)
		return unsupported(c, net, "veth.mode", "veth interfaces in router mode", e);
	if (is_veth && (net->veth.vlan_id != VLAN_ID_UNSET || net->veth.vlan_tagged.count > 0))
		return unsupported(c, net,
				   net->veth.vlan_tagged.count ? "veth.vlan.tagged.id"
							       : "veth.vlan.id",
				   "VLANs of bridge ports", e);
	if (net->l2proxy && net->link)
		return unsupported(c, net, "l2proxy", "l2proxy", e);
	return 0;
}

static int check_texts(struct compiler *c, size_t index, struct err *e)
{
	const struct config_nets *nets = &c->values->nets;
	const struct config_net *net = &nets->items[index];

	if (net->type == NET_EMPTY &&
	    (origin_of(net, "type").source == 0 || (net->name && strcmp(net->name, "lo") != 0))) {
		err_set(e, ERR_CONFIG_CONFLICT, 0, "Custom loopback device names not supported");
		return refuse(c, net, origin_of(net, "type").source == 0 ? "link" : "name",
			      "the type must stand before the interface's other keys; type empty "
			      "is the loopback interface, and its name is lo",
			      e);
	}
	if (net->name && net->type == NET_VETH && strcmp(net->name, "lo") == 0) {
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"The interface can't be called \"lo\": the loopback interface has that "
			"name");
		return refuse(c, net, "name", "leave the name out, or choose another one", e);
	}
	for (size_t i = 0; net->name && net->type != NET_EMPTY && i < index; i++) {
		if (!nets->items[i].name || strcmp(nets->items[i].name, net->name) != 0)
			continue;
		err_set(e, ERR_CONFIG_CONFLICT, 0,
			"lxc.net.%u and lxc.net.%u have the same name \"%s\"",
			(unsigned)nets->items[i].index, (unsigned)net->index, net->name);
		return refuse(c, net, "name", NULL, e);
	}
	return 0;
}

static int check_link(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = &c->values->nets.items[index];
	const struct facts_net *fact = &c->facts->nets.items[index];

	if (net->type != NET_VETH || !net->link)
		return 0;
	if (index >= c->facts->nets.count || !fact->link_is_there) {
		err_set(e, ERR_NETWORK_FAILED, ENODEV, "The bridge \"%s\" does not exist",
			net->link);
		return refuse(c, net, "link",
			      "`ip link` lists the host's interfaces; lxc-net makes lxcbr0 when it "
			      "is enabled in /etc/default/lxc-net",
			      e);
	}
	if (!fact->link_is_bridge && c->facts->caller.is_root)
		return unsupported(c, net, "link",
				   "ports of what is no Linux bridge (Open vSwitch)", e);
	return 0;
}

int net_read_mac(struct compiler *c, size_t index, uint64_t *ret, struct err *e)
{
	const struct config_net *net = &c->values->nets.items[index];
	uint8_t mac[HWADDR_BYTES];

	*ret = 0;
	if (!net->hwaddr)
		return 0;
	if (hwaddr_parse(net->hwaddr, mac, e) < 0)
		return refuse(c, net, "hwaddr",
			      "write six hexadecimal octets, as 10:66:6a:xx:xx:xx", e);
	if (mac[0] & 1) {
		err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "\"%s\" is a multicast address",
			net->hwaddr);
		return refuse(c, net, "hwaddr", "make the second digit of the first octet even", e);
	}
	for (size_t i = 0; i < HWADDR_BYTES; i++)
		*ret |= (uint64_t)mac[i] << 8 * i;
	return 0;
}

/* What VETH_CREATE takes besides the names. */
struct veth {
	uint64_t mtu, mac;
};

static int read_veth(struct compiler *c, size_t index, struct veth *ret, struct err *e)
{
	const struct config_net *net = &c->values->nets.items[index];
	uint32_t mtu = DEFAULT_MTU;

	if (net->link && c->facts->nets.items[index].link_mtu)
		mtu = c->facts->nets.items[index].link_mtu;
	if (net->mtu && num_parse_u32(net->mtu, 10, &mtu) < 0) {
		err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "Failed to parse mtu \"%s\"", net->mtu);
		return refuse(c, net, "mtu", "write a number of bytes", e);
	}
	ret->mtu = mtu;
	return net_read_mac(c, index, &ret->mac, e);
}

static void add_overlay(struct compiler *c, struct plan_overlay row)
{
	struct plan_overlay *overlay = vec_push(&c->b.overlays);

	if (overlay)
		*overlay = row;
	else
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
}

void net_add_names(struct compiler *c, size_t index, const char *peer)
{
	const struct config_net *net = &c->values->nets.items[index];
	uint32_t pair = plan_build_text(&c->b, net_key(c, net, "veth.pair"));
	uint32_t name = plan_build_text(&c->b, net_key(c, net, "name"));

	add_overlay(c, (struct plan_overlay){.key = pair, .register_number = c->r_veth[index]});
	if (!net->name)
		add_overlay(c, (struct plan_overlay){.key = name,
						     .register_number = PLAN_NO_REGISTER,
						     .value = plan_build_text(&c->b, peer)});
}

static void add_routes(struct compiler *c, size_t index, const struct config_addresses *routes,
		       size_t length, const char *subkey)
{
	const struct config_net *net = &c->values->nets.items[index];

	for (size_t i = 0; i < routes->count; i++) {
		const struct config_address *route = &routes->items[i];
		struct plan_step *step =
			STEP(c, SECTION_START, OP_LINK_ROUTE, net_key(c, net, subkey),
			     compile_origin(c, route->origin, net_key(c, net, subkey)));

		step->in = c->r_veth[index];
		step->arg[0] = plan_build_bytes(&c->b, &route->address, length);
		step->arg[1] = route->prefix;
	}
}

/* The bridge must not speak IPv6 with the host through the port itself. */
static void connect_to_bridge(struct compiler *c, size_t index)
{
	const struct config_net *net = &c->values->nets.items[index];
	const char *origin = net_origin(c, net, "link");
	struct plan_step *step = STEP(c, SECTION_START, OP_LINK_SYSCTL, "disable_ipv6 = 1", origin);

	step->in = c->r_veth[index];
	step->arg[0] = plan_build_text(&c->b, "ipv6");
	step->arg[1] = plan_build_text(&c->b, "disable_ipv6");
	step->arg[2] = plan_build_text(&c->b, "1");
	step->flags = STEP_OPTIONAL; /* a kernel without IPv6 has no such file */
	step = STEP(c, SECTION_START, OP_LINK_MASTER, net->link, origin);
	step->in = c->r_veth[index];
	step->arg[0] = plan_build_text(&c->b, net->link);
}

static int add_veth(struct compiler *c, size_t index, struct err *e)
{
	const struct config_net *net = &c->values->nets.items[index];
	const char *name = net->veth.pair ? net->veth.pair : "vethXXXXXX";
	const char *peer = net_name_inside(c, index);
	struct plan_step *step;
	struct veth veth = {0};
	int r = read_veth(c, index, &veth, e);

	if (r < 0)
		return r;
	c->r_veth[index] = plan_build_register(&c->b, REGISTER_NAME,
					       compile_textf(c, "veth-%u", (unsigned)net->index));
	step = STEP(c, SECTION_START, OP_VETH_CREATE, compile_textf(c, "%s (%s)", name, peer),
		    net_origin(c, net, "type"));
	step->out = c->r_veth[index];
	step->arg[0] = plan_build_text(&c->b, name);
	step->arg[1] = plan_build_text(&c->b, peer);
	step->arg[2] = veth.mtu;
	step->arg[3] = veth.mac;
	step->arg[4] = net->veth.rx_queues | (uint64_t)net->veth.tx_queues << 32;
	net_add_names(c, index, peer);

	if (net->link)
		connect_to_bridge(c, index);
	step = STEP(c, SECTION_START, OP_LINK_UP, name, net_origin(c, net, "type"));
	step->in = c->r_veth[index];
	add_routes(c, index, &net->veth.ipv4_routes, sizeof(struct in_addr), "veth.ipv4.route");
	add_routes(c, index, &net->veth.ipv6_routes, sizeof(struct in6_addr), "veth.ipv6.route");
	return 0;
}

enum { SCRIPT_WORDS = 4 };

/* Words behind "net up": the type, the bridge, the host's end. */
static void script_words(struct compiler *c, size_t index, const char *ret[SCRIPT_WORDS])
{
	const struct config_net *net = &c->values->nets.items[index];
	size_t n = 0;

	if (net->type == NET_EMPTY) {
		ret[n++] = "empty";
	} else {
		ret[n++] = "veth";
		if (net->link)
			ret[n++] = compile_literal(c, net->link);
		ret[n++] = compile_reference(c, c->r_veth[index]);
	}
	ret[n] = NULL;
}

/* Variables of hooks of version 1, then those of `more` (may be NULL). */
static const char *const *script_environment(struct compiler *c, size_t index,
					     const char *const *more)
{
	const struct config_net *net = &c->values->nets.items[index];
	const char **list;
	size_t count = 0, n = 0;

	while (more && more[count])
		count++;
	list = arena_alloc(&c->arena, (count + SCRIPT_WORDS) * sizeof(*list));
	if (!list) {
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
		return more;
	}
	if (c->values->hook_version == 1 && net->type == NET_EMPTY) {
		list[n++] = "LXC_NET_TYPE=empty";
	} else if (c->values->hook_version == 1) {
		list[n++] = "LXC_NET_TYPE=veth";
		list[n++] = compile_textf(c, "LXC_NET_PARENT=%s",
					  net->link ? compile_literal(c, net->link) : "");
		list[n++] =
			compile_textf(c, "LXC_NET_PEER=%s", compile_reference(c, c->r_veth[index]));
	}
	for (size_t i = 0; i < count; i++)
		list[n++] = more[i];
	list[n] = NULL;
	return list;
}

/* script.up at the start, script.down at either end. */
static int run_script(struct compiler *c, enum plan_section s, size_t index, struct err *e)
{
	static const unsigned flags[SECTION_COUNT] = {
		[SECTION_STOP] = STEP_WARN | STEP_LIVE,
		[SECTION_UNDO] = STEP_OPTIONAL | STEP_LIVE,
	};
	const struct config_net *net = &c->values->nets.items[index];
	bool up = s == SECTION_START;
	const char *words[SCRIPT_WORDS];
	const char *const *environment;

	script_words(c, index, words);
	environment = script_environment(c, index, up ? NULL : compile_ns_environment(c));
	return compile_script(c, s, up ? net->script_up : net->script_down, up ? "up" : "down",
			      net_origin(c, net, up ? "script.up" : "script.down"), words,
			      environment, flags[s], e);
}

int compile_net_host(struct compiler *c, struct err *e)
{
	const struct config_nets *nets = &c->values->nets;

	if (!c->has_net_ns) {
		if (nets->count > 0 && nets->items[0].type != NET_NONE)
			log_info("lxc.net.*: the container has no network namespace of its own: "
				 "no interfaces are made");
		return 0;
	}
	if (nets->count > ARRAY_LENGTH(c->r_veth))
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0,
			       "%zu network interfaces are more than the %zu that a container can "
			       "have",
			       nets->count, ARRAY_LENGTH(c->r_veth));
	for (size_t i = 0; i < nets->count; i++) {
		const struct config_net *net = &nets->items[i];
		int r = check_texts(c, i, e);

		if (r == 0)
			r = check_built(c, net, e);
		if (r == 0)
			r = check_link(c, i, e);
		if (r == 0 && net->type == NET_VETH)
			r = c->facts->caller.is_root ? add_veth(c, i, e)
						     : compile_net_user(c, i, e);
		if (r == 0 && net->script_up && net->type != NET_NONE)
			r = run_script(c, SECTION_START, i, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int compile_net_end(struct compiler *c, enum plan_section s, struct err *e)
{
	const struct config_nets *nets = &c->values->nets;

	for (size_t i = 0; c->has_net_ns && i < nets->count; i++) {
		const struct config_net *net = &nets->items[i];
		bool is_undo = s == SECTION_UNDO;
		struct plan_step *step;

		/* A start that failed before the interface was there has nothing to take down. */
		if (net->script_down && net->type != NET_NONE &&
		    !(is_undo && net->type == NET_EMPTY)) {
			int r = run_script(c, s, i, e);

			if (r < 0)
				return r;
			if (is_undo)
				c->b.steps[s].items[c->b.steps[s].count - 1].in = c->r_veth[i];
		}
		if (net->type == NET_VETH && !c->facts->caller.is_root)
			compile_net_user_end(c, s, i);
		if (net->type != NET_VETH || !c->facts->caller.is_root)
			continue;
		step = STEP(c, s, OP_LINK_DELETE, net->veth.pair ? net->veth.pair : "vethXXXXXX",
			    net_origin(c, net, "type"));
		step->in = c->r_veth[i];
	}
	compile_net_user_leave(c, s);
	return 0;
}
