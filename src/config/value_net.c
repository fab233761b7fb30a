/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Value types of network interfaces but for addresses (value_address.c). The type of an interface
 * is set first and resets the rest of it.
 */

#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "base/num.h"
#include "config/hwaddr.h"

enum { VLAN_ID_MAX = 4094 };

/* Put keys of the same interface back to their defaults: all, or those that need a certain type. */
static void reset_other_keys(const struct value_slot *s, bool only_of_type)
{
	for (size_t i = 0; i < config_net_key_count; i++) {
		struct value_slot other = *s;

		other.key = &config_net_keys[i];
		other.field = (char *)s->net + other.key->offset;
		other.place = &s->net->origins[i];
		if (other.key != s->key && (!only_of_type || other.key->net_types))
			value_reset(&other);
	}
}

int value_parse_net_type(const struct value_slot *s, const char *text, struct err *e)
{
	int r = value_parse_word(s, text, e);

	if (r < 0)
		return r;
	reset_other_keys(s, false);
	return 0;
}

/* What only made sense for the type goes with it. */
void value_clear_net_type(const struct value_slot *s)
{
	*(enum net_type *)s->field = NET_EMPTY;
	reset_other_keys(s, true);
}

void value_print_net_type(const struct value_slot *s, struct str *out)
{
	value_print_word(s, out);
}

/* LXC takes any text for "up", "down" too. */
int value_parse_net_flags(const struct value_slot *s, const char *text, struct err *e)
{
	*(bool *)s->field = true;
	return 0;
}

void value_print_net_flags(const struct value_slot *s, struct str *out)
{
	if (*(bool *)s->field)
		str_add(out, "up");
}

int value_parse_interface(const struct value_slot *s, const char *text, struct err *e)
{
	if (strlen(text) >= IFNAMSIZ)
		return err_set(e, ERR_CONFIG_VALUE_TOO_LONG, ENAMETOOLONG,
			       "Network device name \"%s\" is too long (>= %d)", text, IFNAMSIZ);
	return value_parse_text(s, text, e);
}

void value_print_interface(const struct value_slot *s, struct str *out)
{
	value_print_text(s, out);
}

int value_parse_hwaddr(const struct value_slot *s, const char *text, struct err *e)
{
	char *address = arena_strdup(&s->config->arena, text);
	uint8_t octets[HWADDR_BYTES];
	int r;

	if (!address)
		return value_no_memory(e);
	r = hwaddr_expand(address, s->config->effects.random);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "Failed to get random digits for \"%s\"", text);
	/* What is no address anyway stays as it was written, for whoever complains about it. */
	if (hwaddr_parse(address, octets, NULL) < 0)
		memcpy(address, text, strlen(text));
	*(const char **)s->field = address;
	s->net->hwaddr_template = NULL;
	if (strcmp(address, text) != 0) {
		s->net->hwaddr_template = arena_strdup(&s->config->arena, text);
		if (!s->net->hwaddr_template)
			return value_no_memory(e);
	}
	return 0;
}

void value_print_hwaddr(const struct value_slot *s, struct str *out)
{
	value_print_text(s, out);
}

int value_parse_queues(const struct value_slot *s, const char *text, struct err *e)
{
	uint32_t n;
	int r = num_parse_u32(text, 0, &n);

	if (r < 0 || n == 0 || n > INT32_MAX)
		return value_refuse(s, text, r == -ERANGE ? ERANGE : 0, e);
	*(uint32_t *)s->field = n;
	return 0;
}

void value_print_queues(const struct value_slot *s, struct str *out)
{
	if (*(uint32_t *)s->field)
		value_print_unsigned(s, out);
}

int value_parse_veth_vlan(const struct value_slot *s, const char *text, struct err *e)
{
	uint32_t n;

	if (strcmp(text, "none") == 0) {
		*(int32_t *)s->field = VLAN_ID_NONE;
		return 0;
	}
	if (num_parse_u32(text, 0, &n) < 0 || n > VLAN_ID_MAX)
		return value_refuse(s, text, 0, e);
	*(int32_t *)s->field = (int32_t)n;
	return 0;
}

void value_print_veth_vlan(const struct value_slot *s, struct str *out)
{
	if (*(int32_t *)s->field != VLAN_ID_UNSET)
		value_print_integer(s, out);
}

int value_parse_vlan_list(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_vlan_ids *ids = s->field;
	struct config_vlan_id *added;
	uint32_t n;

	if (num_parse_u32(text, 0, &n) < 0 || n > VLAN_ID_MAX)
		return value_refuse(s, text, 0, e);
	added = vec_push_in(ids, &s->config->arena);
	if (!added)
		return value_no_memory(e);
	*added = (struct config_vlan_id){n, s->origin};
	return 0;
}

void value_print_vlan_list(const struct value_slot *s, struct str *out)
{
	const struct config_vlan_ids *ids = s->field;

	for (size_t i = 0; i < ids->count; i++)
		str_addf(out, "%s%" PRIu32, i > 0 ? "\n" : "", ids->items[i].id);
}
