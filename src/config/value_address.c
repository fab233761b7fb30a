/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Value types of addresses, gateways and routes. Texts follow inet_pton(3); what LXC works out by
 * itself (the prefix from an IPv4 address's class, the broadcast address) is worked out here, so
 * that the model holds the whole address.
 */

#include "config/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/num.h"

enum {
	IPV4_BITS = 32,
	IPV6_BITS = 128,
	IPV6_PREFIX_DEFAULT = 64,
};

/* The parts of "ADDRESS[/PREFIX][ BROADCAST]", each terminated; NULL when missing. */
struct address_text {
	char buf[128];
	const char *address;
	const char *prefix;
	const char *broadcast;
};

static bool split_address(const char *text, struct address_text *ret)
{
	size_t len = strlen(text);
	char *slash;
	char *blank;

	*ret = (struct address_text){};
	if (len >= sizeof(ret->buf))
		return false;
	memcpy(ret->buf, text, len + 1);
	blank = strpbrk(ret->buf, " \t");
	if (blank) {
		*blank++ = '\0';
		blank += strspn(blank, " \t");
		ret->broadcast = *blank ? blank : NULL;
	}
	slash = strchr(ret->buf, '/');
	if (slash) {
		*slash++ = '\0';
		ret->prefix = slash;
	}
	ret->address = ret->buf;
	return true;
}

static bool take_prefix(const char *text, uint32_t most, uint32_t *ret)
{
	uint32_t n;

	if (num_parse_u32(text, 10, &n) < 0 || n > most)
		return false;
	*ret = n;
	return true;
}

/* Class A 8, B 16, C 24: what LXC takes when no prefix is written. */
static uint32_t class_prefix(struct in_addr address)
{
	uint32_t host = ntohl(address.s_addr);

	if (IN_CLASSA(host))
		return 8;
	if (IN_CLASSB(host))
		return 16;
	return IN_CLASSC(host) ? 24 : 0;
}

/* /31 and /32 have no broadcast address. */
static struct in_addr broadcast_address(struct in_addr address, uint32_t prefix)
{
	uint32_t mask = prefix == 0 ? 0 : UINT32_MAX << (IPV4_BITS - prefix);

	if (prefix >= IPV4_BITS - 1)
		return (struct in_addr){};
	return (struct in_addr){htonl(ntohl(address.s_addr) | ~mask)};
}

static int add_address(const struct value_slot *s, const struct config_address *address,
		       struct err *e)
{
	struct config_addresses *list = s->field;
	struct config_address *added = vec_push_in(list, &s->config->arena);

	if (!added)
		return value_no_memory(e);
	*added = *address;
	added->origin = s->origin;
	return 0;
}

static int refuse_address(const char *kind, const char *text, struct err *e)
{
	return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "Invalid %s \"%s\"", kind, text);
}

int value_parse_ipv4(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_address address = {};
	struct address_text part;

	if (!split_address(text, &part) ||
	    inet_pton(AF_INET, part.address, &address.address.v4) != 1)
		return refuse_address("ipv4 address", text, e);
	if (!part.prefix)
		address.prefix = class_prefix(address.address.v4);
	else if (!take_prefix(part.prefix, IPV4_BITS, &address.prefix))
		return value_refuse(s, text, 0, e);
	if (!part.broadcast)
		address.broadcast = broadcast_address(address.address.v4, address.prefix);
	else if (inet_pton(AF_INET, part.broadcast, &address.broadcast) != 1)
		return refuse_address("ipv4 broadcast address", text, e);
	return add_address(s, &address, e);
}

int value_parse_ipv6(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_address address = {.prefix = IPV6_PREFIX_DEFAULT};
	struct address_text part;

	if (!split_address(text, &part) || part.broadcast ||
	    inet_pton(AF_INET6, part.address, &address.address.v6) != 1)
		return refuse_address("ipv6 address", text, e);
	if (part.prefix && !take_prefix(part.prefix, IPV6_BITS, &address.prefix))
		return value_refuse(s, text, 0, e);
	return add_address(s, &address, e);
}

static int parse_route(const struct value_slot *s, const char *text, int family, struct err *e)
{
	uint32_t bits = family == AF_INET ? IPV4_BITS : IPV6_BITS;
	struct config_address route = {};
	struct address_text part;

	if (!split_address(text, &part) || part.broadcast || !part.prefix ||
	    inet_pton(family, part.address, &route.address) != 1 ||
	    !take_prefix(part.prefix, bits, &route.prefix))
		return value_refuse(s, text, 0, e);
	return add_address(s, &route, e);
}

int value_parse_ipv4_route(const struct value_slot *s, const char *text, struct err *e)
{
	return parse_route(s, text, AF_INET, e);
}

int value_parse_ipv6_route(const struct value_slot *s, const char *text, struct err *e)
{
	return parse_route(s, text, AF_INET6, e);
}

static void print_addresses(const struct value_slot *s, int family, struct str *out)
{
	const struct config_addresses *list = s->field;

	for (size_t i = 0; i < list->count; i++) {
		const struct config_address *address = &list->items[i];
		char text[INET6_ADDRSTRLEN];

		inet_ntop(family, &address->address, text, sizeof(text));
		str_addf(out, "%s%s/%" PRIu32, i > 0 ? "\n" : "", text, address->prefix);
	}
}

void value_print_ipv4(const struct value_slot *s, struct str *out)
{
	print_addresses(s, AF_INET, out);
}

void value_print_ipv6(const struct value_slot *s, struct str *out)
{
	print_addresses(s, AF_INET6, out);
}

void value_print_ipv4_route(const struct value_slot *s, struct str *out)
{
	print_addresses(s, AF_INET, out);
}

void value_print_ipv6_route(const struct value_slot *s, struct str *out)
{
	print_addresses(s, AF_INET6, out);
}

static int parse_gateway(const struct value_slot *s, const char *text, int family, struct err *e)
{
	struct config_gateway gateway = {.kind = GATEWAY_ADDRESS};

	if (strcmp(text, "auto") == 0)
		gateway.kind = GATEWAY_AUTO;
	else if (strcmp(text, "dev") == 0)
		gateway.kind = GATEWAY_DEVICE;
	else if (inet_pton(family, text, &gateway.address) != 1)
		return refuse_address(family == AF_INET ? "ipv4 gateway address"
							: "ipv6 gateway address",
				      text, e);
	*(struct config_gateway *)s->field = gateway;
	return 0;
}

int value_parse_ipv4_gateway(const struct value_slot *s, const char *text, struct err *e)
{
	return parse_gateway(s, text, AF_INET, e);
}

int value_parse_ipv6_gateway(const struct value_slot *s, const char *text, struct err *e)
{
	return parse_gateway(s, text, AF_INET6, e);
}

static void print_gateway(const struct value_slot *s, int family, struct str *out)
{
	const struct config_gateway *gateway = s->field;
	char text[INET6_ADDRSTRLEN];

	switch (gateway->kind) {
	case GATEWAY_NONE:
		return;
	case GATEWAY_AUTO:
		str_add(out, "auto");
		return;
	case GATEWAY_DEVICE:
		str_add(out, "dev");
		return;
	case GATEWAY_ADDRESS:
		inet_ntop(family, &gateway->address, text, sizeof(text));
		str_add(out, text);
		return;
	}
}

void value_print_ipv4_gateway(const struct value_slot *s, struct str *out)
{
	print_gateway(s, AF_INET, out);
}

void value_print_ipv6_gateway(const struct value_slot *s, struct str *out)
{
	print_gateway(s, AF_INET6, out);
}
