/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Setting, clearing and asking for keys of the model. The text of the configuration is the business
 * of text.c, which calls this.
 */

#include "config/access.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "config/legacy.h"

static void init_net(struct config *c, struct config_net *net)
{
	for (size_t i = 0; i < config_net_key_count; i++) {
		struct value_slot slot = {
			.config = c,
			.key = &config_net_keys[i],
			.field = (char *)net + config_net_keys[i].offset,
			.place = &net->origins[i],
			.net = net,
		};

		value_reset(&slot);
	}
}

void config_init_slot(const struct config *c, const struct config_key *key, struct value_slot *ret)
{
	*ret = (struct value_slot){
		.config = (struct config *)c,
		.key = key,
		.field = (char *)&c->values + key->offset,
		.place = (struct origin *)&c->origins[config_key_row(key)],
	};
}

int config_init(struct config *c, const struct config_effects *effects)
{
	*c = (struct config){.legacy_net = -1};
	for (size_t i = 0; i < config_key_count; i++) {
		struct value_slot slot;

		config_init_slot(c, &config_keys[i], &slot);
		value_reset(&slot);
	}
	/* Defaults have no effects: they are what happens anyway. */
	if (effects)
		c->effects = *effects;
	return c->values.rootfs_mount.mount ? 0 : -ENOMEM;
}

void config_finish(struct config *c)
{
	arena_finish(&c->arena);
	*c = (struct config){};
}

unsigned config_add_source(struct config *c, const char *name)
{
	struct config_source *source;
	char *copy;

	for (size_t i = 0; i < c->sources.count; i++)
		if (strcmp(c->sources.items[i].name, name) == 0)
			return (unsigned)i + 1;
	if (c->sources.count >= UINT16_MAX)
		return 0;
	copy = arena_strdup(&c->arena, name);
	source = copy ? vec_push_in(&c->sources, &c->arena) : NULL;
	if (!source)
		return 0;
	source->name = copy;
	return (unsigned)c->sources.count;
}

const char *config_origin(const struct config *c, struct origin origin, char *buf, size_t len)
{
	if (origin.source == 0 || origin.source > c->sources.count)
		snprintf(buf, len, "%s", "");
	else if (origin.line == 0)
		snprintf(buf, len, "%s", c->sources.items[origin.source - 1].name);
	else
		snprintf(buf, len, "%s:%u", c->sources.items[origin.source - 1].name,
			 (unsigned)origin.line);
	return buf;
}

struct config_net *config_find_net(const struct config *c, uint32_t index)
{
	const struct config_nets *nets = &c->values.nets;
	size_t low = 0;
	size_t high = nets->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nets->items[middle].index == index)
			return &nets->items[middle];
		if (nets->items[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Interfaces stay in ascending order whatever order their keys come in. */
static struct config_net *add_net(struct config *c, uint32_t index)
{
	struct config_nets *nets = &c->values.nets;
	size_t at = nets->count;

	if (!vec_push_in(nets, &c->arena))
		return NULL;
	while (at > 0 && nets->items[at - 1].index > index)
		at--;
	memmove(&nets->items[at + 1], &nets->items[at],
		(nets->count - 1 - at) * sizeof(nets->items[0]));
	nets->items[at] = (struct config_net){.index = index};
	init_net(c, &nets->items[at]);
	return &nets->items[at];
}

static void remove_net(struct config *c, uint32_t index)
{
	struct config_net *net = config_find_net(c, index);

	if (net)
		vec_remove(&c->values.nets, (size_t)(net - c->values.nets.items));
}

static int refuse_net_type(const struct key_ref *ref, const struct config_net *net, struct err *e)
{
	const char *kind = ref->key->name;
	int r = err_set(e, ERR_CONFIG_KEY_UNSUITED, 0,
			"lxc.net.%u.%s can only be used with %.*s network",
			(unsigned)ref->net_index, ref->key->name, (int)strcspn(kind, "."), kind);

	err_hint(e, "set lxc.net.%u.type first; setting it resets the interface's other keys",
		 (unsigned)net->index);
	return r;
}

int config_find_slot(const struct config *c, const struct key_ref *ref, struct value_slot *ret,
		     struct err *e)
{
	struct config_net *net;

	if (ref->form != KEY_FORM_NET_MEMBER) {
		config_init_slot(c, ref->key, ret);
		ret->member = ref->member;
		return 0;
	}
	net = config_find_net(c, ref->net_index);
	if (!net)
		return err_set(e, ERR_CONFIG_KEY_UNSUITED, 0,
			       "There is no network interface lxc.net.%u",
			       (unsigned)ref->net_index);
	if (ref->key->net_types && !(ref->key->net_types & (1U << net->type)))
		return refuse_net_type(ref, net, e);
	*ret = (struct value_slot){
		.config = (struct config *)c,
		.key = ref->key,
		.field = (char *)net + ref->key->offset,
		.place = &net->origins[ref->key - config_net_keys],
		.net = net,
	};
	return 0;
}

/* An interface that its first key failed to set up is not left behind. */
static int set_net_member(struct config *c, const struct key_ref *ref, const char *value,
			  struct origin origin, struct err *e)
{
	bool is_new = !config_find_net(c, ref->net_index);
	struct value_slot slot;
	int r;

	if (is_new && !add_net(c, ref->net_index))
		return value_no_memory(e);
	r = config_find_slot(c, ref, &slot, e);
	if (r == 0) {
		slot.origin = origin;
		r = value_set(&slot, value, e);
	}
	if (r < 0 && is_new)
		remove_net(c, ref->net_index);
	return r;
}

static int apply_to_nets(struct config *c, const struct key_ref *ref, const char *value,
			 struct err *e)
{
	if (value[0] && ref->form == KEY_FORM_NETS)
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "lxc.net must not have a value");
	if (value[0])
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "lxc.net.%u must not have a value",
			       (unsigned)ref->net_index);
	if (ref->form == KEY_FORM_NETS)
		c->values.nets.count = 0;
	else
		remove_net(c, ref->net_index);
	return 0;
}

static int apply_resolved(struct config *c, const struct key_ref *ref, const char *value,
			  struct origin origin, struct err *e)
{
	struct value_slot slot;
	int r;

	if (ref->form == KEY_FORM_NETS || ref->form == KEY_FORM_NET)
		return apply_to_nets(c, ref, value, e);
	if (value[0] && ref->form == KEY_FORM_NET_MEMBER)
		return set_net_member(c, ref, value, origin, e);
	r = config_find_slot(c, ref, &slot, e);
	if (r < 0)
		return r;
	slot.origin = origin;
	return value[0] ? value_set(&slot, value, e) : value_set_empty(&slot, e);
}

/* The key's present name in `canonical`; empty when it has no effect today. */
static enum legacy_result translate(const struct config *c, const char *key, bool adds,
				    int64_t *current_net, struct str *canonical)
{
	const struct config_nets *nets = &c->values.nets;
	struct legacy_nets legacy = {
		.current = *current_net,
		.next = nets->count > 0 ? nets->items[nets->count - 1].index + 1 : 0,
	};
	enum legacy_result result = legacy_translate(key, &legacy, adds, canonical);

	*current_net = legacy.current;
	if (result == LEGACY_PRESENT)
		str_add(canonical, key);
	return result;
}

/*
 * The value that the same line must have to mean the same again, elsewhere: random digits of an
 * address and a variable of our environment are part of it. NULL when memory is out.
 */
static const char *lasting_text(struct config *c, const struct key_ref *ref, const char *value)
{
	const struct config_items *items;
	const struct config_item *last;

	if (ref->form == KEY_FORM_NET_MEMBER && ref->key->type == VALUE_HWADDR)
		return config_find_net(c, ref->net_index)->hwaddr;
	if (ref->form != KEY_FORM_PLAIN || ref->key->type != VALUE_ENVIRONMENT ||
	    strchr(value, '='))
		return arena_strdup(&c->arena, value);
	items = (const void *)((const char *)&c->values + ref->key->offset);
	last = &items->items[items->count - 1];
	return arena_printf(&c->arena, "%s=%s", last->name, last->text);
}

/* A refused line may have changed a list in part; one that named a log file has not. */
static int record_change(struct config *c, const struct key_ref *ref, const char *key,
			 struct config_change change, struct err *e)
{
	struct config_change *added;

	if (ref->key && (ref->key->type == VALUE_INCLUDE ||
			 (change.failed && ref->key->type == VALUE_LOG_FILE)))
		return 0;
	if (!change.value[0] || change.failed)
		change.value = arena_strdup(&c->arena, change.value);
	else
		change.value = lasting_text(c, ref, change.value);
	change.key = arena_strdup(&c->arena, key);
	added = change.key && change.value ? vec_push_in(&c->changes, &c->arena) : NULL;
	if (!added)
		return value_no_memory(e);
	*added = change;
	return 0;
}

static int apply_and_record(struct config *c, const struct key_ref *ref, const char *key,
			    struct config_change change, struct err *e)
{
	int r = apply_resolved(c, ref, change.value, change.origin, e);
	int recorded;

	change.failed = r < 0;
	recorded = record_change(c, ref, key, change, r < 0 ? NULL : e);
	return r < 0 ? r : recorded;
}

int config_apply(struct config *c, const char *key, const char *value, struct origin origin,
		 struct str *canonical, struct err *e)
{
	enum legacy_result legacy = translate(c, key, value[0] != '\0', &c->legacy_net, canonical);
	struct key_ref ref;
	int r;

	if (str_failed(canonical))
		return value_no_memory(e);
	if (legacy != LEGACY_PRESENT)
		config_report_old_name(c, origin, key,
				       legacy == LEGACY_RENAMED ? str_text(canonical) : NULL);
	if (legacy == LEGACY_NO_EFFECT)
		return 0;
	r = config_key_resolve(str_text(canonical), &ref, e);
	if (r == 0)
		r = apply_and_record(c, &ref, str_text(canonical),
				     (struct config_change){.value = value, .origin = origin}, e);
	if (r < 0 || !value[0] || !ref.key || !(ref.key->flags & KEY_OLD))
		return r;
	/* lxc.cgroup.FILE or lxc.rootfs.backend. */
	if (ref.form == KEY_FORM_MEMBER)
		config_report_cgroup_v1(c, origin, ref.member, value);
	else
		config_report_old_name(c, origin, key, "the type that lxc.rootfs.path begins with");
	return 0;
}

int config_apply_clear(struct config *c, const char *key, struct str *canonical, struct err *e)
{
	int64_t current_net = c->legacy_net;
	struct value_slot slot;
	struct key_ref ref;
	int r;

	if (translate(c, key, false, &current_net, canonical) == LEGACY_NO_EFFECT)
		return 0;
	if (str_failed(canonical))
		return value_no_memory(e);
	r = config_key_resolve(str_text(canonical), &ref, e);
	if (r < 0)
		return r;
	if (ref.form == KEY_FORM_NETS || ref.form == KEY_FORM_NET) {
		r = apply_to_nets(c, &ref, "", e);
	} else {
		r = config_find_slot(c, &ref, &slot, e);
		if (r == 0)
			r = value_clear(&slot, e);
	}
	return r < 0 ? r
		     : record_change(c, &ref, str_text(canonical),
				     (struct config_change){.value = "", .clears = true}, e);
}

static int print_nets(const struct config *c, const struct key_ref *ref, struct str *out)
{
	if (ref->form == KEY_FORM_NET)
		return config_find_net(c, ref->net_index) ? -ENOENT : -EINVAL;
	for (size_t i = 0; i < c->values.nets.count; i++) {
		struct config_net *net = &c->values.nets.items[i];
		struct value_slot slot = {.key = &config_net_keys[0], .field = &net->type};

		value_print(&slot, out);
		str_add_char(out, '\n');
	}
	return str_failed(out) ? -ENOMEM : 0;
}

int config_resolve_question(const struct config *c, const char *key, struct str *canonical,
			    struct key_ref *ret)
{
	int64_t current_net = c->legacy_net;

	if (translate(c, key, false, &current_net, canonical) == LEGACY_NO_EFFECT)
		return 1;
	if (str_failed(canonical))
		return -ENOMEM;
	return config_key_resolve(str_text(canonical), ret, NULL);
}

int config_get(const struct config *c, const char *key, struct str *out)
{
	autostr canonical = {};
	struct value_slot slot;
	struct key_ref ref;
	int r = config_resolve_question(c, key, &canonical, &ref);

	if (r != 0)
		return r < 0 ? r : 0;
	if (ref.form == KEY_FORM_NETS || ref.form == KEY_FORM_NET)
		return print_nets(c, &ref, out);
	if (ref.key->type == VALUE_INCLUDE)
		return -ENOSYS;
	r = config_find_slot(c, &ref, &slot, NULL);
	if (r < 0)
		return r;
	value_print(&slot, out);
	return str_failed(out) ? -ENOMEM : 0;
}

int config_get_buffer(const struct config *c, const char *key, char *buf, size_t len)
{
	autostr canonical = {};
	autostr text = {};
	struct key_ref ref;
	bool list;
	int r = config_get(c, key, &text);

	if (r < 0)
		return r;
	if (text.len > INT32_MAX)
		return -EOVERFLOW;
	if (!buf || len == 0)
		return (int)text.len;
	list = config_resolve_question(c, key, &canonical, &ref) == 0 &&
	       (!ref.key || value_class(ref.key->type)->list);
	if (text.len < len)
		memcpy(buf, str_text(&text), text.len + 1);
	else if (list)
		snprintf(buf, len, "%s", str_text(&text));
	else
		buf[0] = '\0';
	return (int)text.len;
}

static const char *const net_key_list =
	"flags\nlink\nname\nhwaddr\nmtu\nipv6.address\nipv6.gateway\nipv4.address\nipv4.gateway\n";

static const char *net_type_key_list(enum net_type type)
{
	switch (type) {
	case NET_VETH:
		return "veth.pair\nveth.ipv4.route\nveth.ipv6.route\nveth.vlan.id\n";
	case NET_MACVLAN:
		return "macvlan.mode\n";
	case NET_IPVLAN:
		return "ipvlan.mode\nipvlan.isolation\n";
	case NET_VLAN:
		return "vlan.id\n";
	case NET_EMPTY:
	case NET_NONE:
	case NET_PHYS:
		break;
	}
	return "";
}

int config_list_keys(const struct config *c, const char *prefix, struct str *out)
{
	const struct config_net *net;
	struct key_ref ref;

	if (!prefix || !text_starts(prefix, "lxc.net.")) {
		int r = config_keys_print(prefix, out);

		return r == 0 && str_failed(out) ? -ENOMEM : r;
	}
	if (config_key_resolve(prefix, &ref, NULL) < 0 || ref.form != KEY_FORM_NET)
		return -EINVAL;
	net = config_find_net(c, ref.net_index);
	if (!net)
		return -EINVAL;
	str_add(out, "type\nscript.up\nscript.down\n");
	if (net->type != NET_EMPTY)
		str_addf(out, "%s%s", net_key_list, net_type_key_list(net->type));
	return str_failed(out) ? -ENOMEM : 0;
}

void value_clear_group(const struct value_slot *s)
{
	struct config_values *values = &s->config->values;

	if (s->field != values->hooks)
		return;
	for (size_t i = 0; i < config_key_count; i++) {
		struct value_slot hook;

		config_init_slot(s->config, &config_keys[i], &hook);
		if (hook.key->type == VALUE_LINES && text_starts(hook.key->name, "lxc.hook."))
			value_reset(&hook);
	}
}
