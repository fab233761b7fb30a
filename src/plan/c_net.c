/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces, the host's side: runtime.md §9.1, §9.4: which there are, what they are
 * called, their scripts, and the order of it all. Interfaces are born inside under their final
 * names, so nothing has to be renamed there.
 */

#include "plan/c_net.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/num.h"
#include "config/hwaddr.h"
#include "config/interface_name.h"

#define LOG_CATEGORY "network"

enum { NAME_ROOM = 16 };

const char *net_key(struct compiler *c, const struct config_net *net, const char *subkey)
{
	return compile_textf(c, "lxc.net.%u.%s", (unsigned)net->index, subkey);
}

struct origin net_origin_of(const struct config_net *net, const char *subkey)
{
	const struct config_key *key = config_net_key_find(subkey, strlen(subkey));

	return key ? net->origins[key - config_net_keys] : (struct origin){};
}

const char *net_origin(struct compiler *c, const struct config_net *net, const char *subkey)
{
	return compile_origin(c, net_origin_of(net, subkey), net_key(c, net, subkey));
}

const struct facts_net *net_facts(const struct compiler *c, size_t index)
{
	static const struct facts_net nothing;
	const size_t net = (size_t)(c->links[index].net - c->values->nets.items);

	return net < c->facts->nets.count ? &c->facts->nets.items[net] : &nothing;
}

/* "lan%d": the kernel's way to number them, without its numbers. */
static bool is_numbered(const struct config_net *net)
{
	return net->name && interface_name_is_template(net->name);
}

const char *net_explicit_name(const struct compiler *c, size_t index)
{
	const struct compiler_link *link = &c->links[index];

	if (is_numbered(link->net))
		return NULL;
	if (link->net->name || link->net->type != NET_PHYS)
		return link->net->name;
	return link->phys ? link->phys->name : link->net->link;
}

/* Whether an interface before this one, or any with a name of its own, is called so. */
static bool is_taken(struct compiler *c, size_t index, const char *name)
{
	for (size_t i = 0; i < c->link_count; i++) {
		const enum net_type type = c->links[i].net->type;
		const char *other = net_explicit_name(c, i);

		if (i == index || type == NET_NONE)
			continue;
		if (!other && i < index && type != NET_EMPTY)
			other = net_name_inside(c, i);
		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

const char *net_name_inside(struct compiler *c, size_t index)
{
	const char *pattern = is_numbered(c->links[index].net) ? c->links[index].net->name
							       : "eth%d";
	const char *mark = strchr(pattern, '%');
	char name[NAME_ROOM] = "";

	if (c->links[index].net->type == NET_EMPTY)
		return "lo";
	if (net_explicit_name(c, index))
		return net_explicit_name(c, index);
	/* Each interface takes one name at most. */
	for (size_t n = 0; n <= c->link_count; n++) {
		snprintf(name, sizeof(name), "%.*s%zu%s", (int)(mark - pattern), pattern, n,
			 mark + 2);
		if (!is_taken(c, index, name))
			break;
	}
	return compile_textf(c, "%s", name);
}

const char *net_type_word(enum net_type type)
{
	const struct config_word *word = config_net_keys[0].words;

	while (word->word && word->value != (int32_t)type)
		word++;
	return word->word ? word->word : "";
}

int net_refuse(struct compiler *c, const struct config_net *net, const char *subkey,
	       const char *hint, struct err *e)
{
	err_origin(e, "%s", net_origin(c, net, subkey));
	if (hint)
		err_hint(e, "%s", hint);
	return err_wrap(e, -EINVAL, "Failed to create network lxc.net.%u", (unsigned)net->index);
}

int net_read_mtu(struct compiler *c, size_t index, uint32_t *ret, struct err *e)
{
	const struct config_net *net = c->links[index].net;

	uint32_t mtu;

	if (!net->mtu)
		return 0;
	if (num_parse_u32(net->mtu, 10, &mtu) == 0) {
		if (mtu)
			*ret = mtu;
		else
			log_warn("%s of 0 is passed over", net_key(c, net, "mtu"));
		return 0;
	}
	err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "Failed to parse mtu \"%s\"", net->mtu);
	return net_refuse(c, net, "mtu", "write a number of bytes", e);
}

int net_read_mac(struct compiler *c, size_t index, uint64_t *ret, struct err *e)
{
	const struct config_net *net = c->links[index].net;
	uint8_t mac[HWADDR_BYTES];

	*ret = 0;
	if (!net->hwaddr)
		return 0;
	if (hwaddr_parse(net->hwaddr, mac, e) < 0)
		return net_refuse(c, net, "hwaddr",
				  "write six hexadecimal octets, as 10:66:6a:xx:xx:xx", e);
	if (mac[0] & 1) {
		err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "\"%s\" is a multicast address",
			net->hwaddr);
		return net_refuse(c, net, "hwaddr", "make the second digit of the first octet even",
				  e);
	}
	for (size_t i = 0; i < HWADDR_BYTES; i++)
		*ret |= (uint64_t)mac[i] << 8 * i;
	if (*ret)
		return 0;
	err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "\"%s\" is no address of an interface",
		net->hwaddr);
	return net_refuse(c, net, "hwaddr", "leave it out: the kernel chooses one", e);
}

static void add_overlay(struct compiler *c, struct plan_overlay row)
{
	struct plan_overlay *overlay = vec_push(&c->b.overlays);

	if (overlay)
		*overlay = row;
	else
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
}

void net_add_names(struct compiler *c, size_t index, const char *inside)
{
	const struct config_net *net = c->links[index].net;

	if (net->type == NET_VETH)
		add_overlay(c, (struct plan_overlay){
				       .key = plan_build_text(&c->b, net_key(c, net, "veth.pair")),
				       .register_number = c->r_veth[index]});
	/* A pattern has many. */
	if ((!net->name || is_numbered(net)) && index < c->values->nets.count)
		add_overlay(c, (struct plan_overlay){
				       .key = plan_build_text(&c->b, net_key(c, net, "name")),
				       .register_number = PLAN_NO_REGISTER,
				       .value = plan_build_text(&c->b, inside)});
}

void net_add_register(struct compiler *c, size_t index, const char *kind)
{
	const struct compiler_link *link = &c->links[index];
	const char *name = index < c->values->nets.count
				   ? compile_textf(c, "%s-%u", kind, (unsigned)link->net->index)
				   : compile_textf(c, "%s-%u %s", kind, (unsigned)link->net->index,
						   link->phys->name);

	c->r_veth[index] = plan_build_register(&c->b, REGISTER_NAME, name);
}

void net_keep_namespace(struct compiler *c)
{
	uint32_t text;
	struct plan_step *step;

	if (c->r_net != PLAN_NO_REGISTER)
		return;
	c->r_net = plan_build_register(&c->b, REGISTER_FD, "network");
	text = plan_build_text(&c->b, "net");
	step = STEP(c, SECTION_START, OP_NS_OPEN, "net", "");
	step->out = c->r_net;
	step->arg[0] = text;
}

/* What is inside lives as long as the namespace does, and counts. */
static void leave_namespace(struct compiler *c, enum plan_section s)
{
	if (c->r_net == PLAN_NO_REGISTER)
		return;
	compile_fd_close(c, s, "network", c->r_net);
	c->b.steps[s].items[c->b.steps[s].count - 1].flags = STEP_LIVE;
}

/* -- which there are */

static int add_link(struct compiler *c, const struct compiler_link *link, struct err *e)
{
	if (c->link_count == ARRAY_LENGTH(c->links))
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0,
			       "%zu network interfaces are more than the %zu that a container can "
			       "have",
			       c->link_count + 1, ARRAY_LENGTH(c->links));
	c->links[c->link_count++] = *link;
	return 0;
}

static const struct facts_physes *physes_of(const struct compiler *c, size_t net)
{
	static const struct facts_physes none;

	return net < c->facts->nets.count && c->values->nets.items[net].type == NET_PHYS
		       ? &c->facts->nets.items[net].physes
		       : &none;
}

static int collect(struct compiler *c, struct err *e)
{
	const struct config_nets *nets = &c->values->nets;
	int r = 0;

	c->link_count = 0;
	for (size_t i = 0; i < nets->count && r == 0; i++) {
		const struct facts_physes *physes = physes_of(c, i);
		const struct compiler_link link = {&nets->items[i],
						   physes->count > 0 ? &physes->items[0] : NULL};

		r = net_check_pattern(c, &nets->items[i], physes->count, e);
		if (r == 0)
			r = add_link(c, &link, e);
	}
	for (size_t i = 0; i < nets->count && r == 0; i++)
		for (size_t k = 1; k < physes_of(c, i)->count && r == 0; k++) {
			const struct compiler_link link = {&nets->items[i],
							   &physes_of(c, i)->items[k]};

			r = add_link(c, &link, e);
		}
	return r;
}

/* -- scripts */

enum { SCRIPT_WORDS = 4 };

/* Words behind "net up": the type, the link, the host's end. */
static void script_words(struct compiler *c, size_t index, const char *ret[SCRIPT_WORDS])
{
	const struct compiler_link *link = &c->links[index];
	const char *lower = link->phys ? link->phys->name : link->net->link;
	size_t n = 0;

	ret[n++] = net_type_word(link->net->type);
	if (link->net->type != NET_EMPTY && lower)
		ret[n++] = compile_literal(c, lower);
	if (link->net->type == NET_VETH)
		ret[n++] = compile_reference(c, c->r_veth[index]);
	ret[n] = NULL;
}

/* Variables of hooks of version 1, then those of `more` (may be NULL). */
static const char *const *script_environment(struct compiler *c, size_t index,
					     const char *const *more)
{
	const struct compiler_link *link = &c->links[index];
	const char *lower = link->phys ? link->phys->name : link->net->link;
	const enum net_type type = link->net->type;
	const char **list;
	size_t count = 0, n = 0;

	while (more && more[count])
		count++;
	list = arena_alloc(&c->arena, (count + SCRIPT_WORDS) * sizeof(*list));
	if (!list) {
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
		return more;
	}
	if (c->values->hook_version == 1) {
		list[n++] = compile_textf(c, "LXC_NET_TYPE=%s", net_type_word(type));
		/* Not of the other two: so does LXC. */
		if (type == NET_VETH || type == NET_MACVLAN || type == NET_PHYS)
			list[n++] = compile_textf(c, "LXC_NET_PARENT=%s",
						  lower ? compile_literal(c, lower) : "");
		if (type == NET_VETH)
			list[n++] = compile_textf(c, "LXC_NET_PEER=%s",
						  compile_reference(c, c->r_veth[index]));
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
	const struct config_net *net = c->links[index].net;
	bool up = s == SECTION_START;
	const char *text = up ? net->script_up : net->script_down;
	const char *words[SCRIPT_WORDS];
	const char *const *environment;
	int r;

	if (!text || net->type == NET_NONE)
		return 0;
	/* A start that failed before the interface was there has nothing to take down. */
	if (s == SECTION_UNDO && c->r_veth[index] == PLAN_NO_REGISTER)
		return 0;
	script_words(c, index, words);
	environment = script_environment(c, index, up ? NULL : compile_ns_environment(c));
	r = compile_script(c, s, text, up ? "up" : "down",
			   net_origin(c, net, up ? "script.up" : "script.down"), words, environment,
			   flags[s], e);
	if (r == 0 && s == SECTION_UNDO)
		c->b.steps[s].items[c->b.steps[s].count - 1].in = c->r_veth[index];
	return r;
}

/* -- the beginning and the ends */

static int create(struct compiler *c, size_t index, struct err *e)
{
	switch (c->links[index].net->type) {
	case NET_VETH:
		return c->facts->caller.is_root ? net_add_veth(c, index, e)
						: net_add_user_veth(c, index, e);
	case NET_MACVLAN:
		return net_add_macvlan(c, index, e);
	case NET_IPVLAN:
		return net_add_ipvlan(c, index, e);
	case NET_VLAN:
		return net_add_vlan(c, index, e);
	case NET_PHYS:
		return net_add_phys(c, index, e);
	case NET_EMPTY:
	case NET_NONE:
		break;
	}
	return 0;
}

int compile_net_host(struct compiler *c, struct err *e)
{
	const struct config_nets *nets = &c->values->nets;
	int r;

	if (!c->has_net_ns) {
		if (nets->count > 0 && nets->items[0].type != NET_NONE)
			log_info("lxc.net.*: the container has no network namespace of its own: "
				 "no interfaces are made");
		return 0;
	}
	r = collect(c, e);
	for (size_t i = 0; i < c->link_count && r == 0; i++)
		r = net_check(c, i, e);
	if (r < 0)
		return r;
	net_begin_physes(c);
	for (size_t i = 0; i < c->link_count && r == 0; i++) {
		r = net_add_proxies(c, i, e);
		if (r == 0)
			r = create(c, i, e);
		if (r == 0)
			r = run_script(c, SECTION_START, i, e);
	}
	return r;
}

static void delete (struct compiler *c, enum plan_section s, size_t index)
{
	switch (c->links[index].net->type) {
	case NET_VETH:
		(c->facts->caller.is_root ? net_end_veth : net_end_user_veth)(c, s, index);
		break;
	case NET_MACVLAN:
	case NET_IPVLAN:
	case NET_VLAN:
		net_end_upper(c, s, index);
		break;
	case NET_PHYS:
	case NET_EMPTY:
	case NET_NONE:
		break;
	}
}

/* Steps of UNDO behind the first `count`. */
static void mark_network(struct compiler *c, enum plan_section s, size_t count)
{
	for (size_t i = count; s == SECTION_UNDO && i < c->b.steps[s].count; i++) {
		struct plan_step *step = &c->b.steps[s].items[i];

		if (!(step->flags & STEP_LIVE) && step->op != OP_NETNS_UNPIN)
			step->flags |= STEP_NETWORK;
	}
}

int compile_net_end(struct compiler *c, enum plan_section s, struct err *e)
{
	const size_t count = c->b.steps[s].count;
	int r = 0;

	if (!c->has_net_ns)
		return 0;
	net_end_physes(c, s);
	for (size_t i = 0; i < c->link_count && r == 0; i++) {
		net_end_proxies(c, s, i);
		r = run_script(c, s, i, e);
		if (r == 0)
			delete (c, s, i);
	}
	leave_namespace(c, s);
	mark_network(c, s, count);
	return r;
}
