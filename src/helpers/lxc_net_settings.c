/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The variables of lxc-net. Ranges and names are checked as strictly as those need it who get them
 * behind us: nft and iptables take "*" and "+" in names of interfaces for patterns, dnsmasq takes
 * commas and slashes apart.
 */

#include "helpers/lxc_net_settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/sha256.h"
#include "base/str.h"
#include "base/suggest.h"
#include "config/hwaddr.h"
#include "sys/file.h"
#include "tare_paths.h"

enum { DOMAIN_MAX = 253, DHCP_MAX = 1000000 };

#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

const char *const net_variable_names[NET_VARIABLES] = {
	[USE_LXC_BRIDGE] = "USE_LXC_BRIDGE",
	[LXC_BRIDGE] = "LXC_BRIDGE",
	[LXC_BRIDGE_MAC] = "LXC_BRIDGE_MAC",
	[LXC_ADDR] = "LXC_ADDR",
	[LXC_NETMASK] = "LXC_NETMASK",
	[LXC_NETWORK] = "LXC_NETWORK",
	[LXC_DHCP_RANGE] = "LXC_DHCP_RANGE",
	[LXC_DHCP_MAX] = "LXC_DHCP_MAX",
	[LXC_DHCP_CONFILE] = "LXC_DHCP_CONFILE",
	[LXC_DHCP_PING] = "LXC_DHCP_PING",
	[LXC_DOMAIN] = "LXC_DOMAIN",
	[LXC_USE_NFT] = "LXC_USE_NFT",
	[LXC_IPV6_ENABLE] = "LXC_IPV6_ENABLE",
	[LXC_IPV6_ADDR] = "LXC_IPV6_ADDR",
	[LXC_IPV6_MASK] = "LXC_IPV6_MASK",
	[LXC_IPV6_NETWORK] = "LXC_IPV6_NETWORK",
	[LXC_IPV6_NAT] = "LXC_IPV6_NAT",
};

/* Empty: nothing, or what follows from the others. */
static const char *const defaults[NET_VARIABLES] = {
	[USE_LXC_BRIDGE] = "true",
	[LXC_BRIDGE] = "lxcbr0",
	[LXC_BRIDGE_MAC] = "10:66:6a:00:00:00",
	[LXC_ADDR] = "10.0.3.1",
	[LXC_NETMASK] = "255.255.255.0",
	[LXC_NETWORK] = "",
	[LXC_DHCP_RANGE] = "",
	[LXC_DHCP_MAX] = "",
	[LXC_DHCP_CONFILE] = "",
	[LXC_DHCP_PING] = "true",
	[LXC_DOMAIN] = "",
	[LXC_USE_NFT] = "true",
	[LXC_IPV6_ENABLE] = "true",
	[LXC_IPV6_ADDR] = "",
	[LXC_IPV6_MASK] = "64",
	[LXC_IPV6_NETWORK] = "",
	[LXC_IPV6_NAT] = "true",
};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for the settings");
}

/* The setting is wrong: "NAME=VALUE: why". */
static int refuse(const struct net_settings *s, enum net_variable variable, struct err *e,
		  const char *why)
{
	const struct net_value *value = &s->values[variable];
	int r = err_set(e, ERR_SYSTEM_CONFIG, 0, "%s=\"%s\" %s", net_variable_names[variable],
			value->text, why);

	err_origin(e, "%s", value->origin ? value->origin : "default");
	return r;
}

/* It does not fit to another one, which is named with its place. */
static int refuse_beside(const struct net_settings *s, enum net_variable variable,
			 enum net_variable other, struct err *e, const char *why)
{
	const struct net_value *beside = &s->values[other];
	autostr text = {0};
	int r;

	str_addf(&text, "%s %s=\"%s\" (%s)", why, net_variable_names[other], beside->text,
		 beside->origin ? beside->origin : "default");
	/* One that nobody wrote is nobody's mistake. */
	r = refuse(s, variable, e, str_text(&text));
	if (!s->values[variable].origin && beside->origin)
		err_origin(e, "%s", beside->origin);
	return r;
}

static int set_text(struct net_value *value, const char *text, struct err *e)
{
	char *copy = strdup(text);

	if (!copy)
		return no_memory(e);
	free(value->text);
	value->text = copy;
	return 0;
}

static int take_texts(const struct assignments *a, struct net_settings *s, struct err *e)
{
	for (size_t i = 0; i < NET_VARIABLES; i++) {
		const struct assignment *found = assignments_find(a, net_variable_names[i]);
		autostr origin = {0};
		int r = set_text(&s->values[i], found ? found->value : defaults[i], e);

		if (r < 0)
			return r;
		if (!found || !found->file)
			continue;
		str_addf(&origin, "%s:%u", found->file, (unsigned)found->line);
		s->values[i].origin = str_take(&origin);
		if (!s->values[i].origin)
			return no_memory(e);
	}
	return 0;
}

/* For LXC all but "true" is false. Who writes another word for that gets what he means; another
 * word for true would silently do nothing. */
static bool means_false(const char *text)
{
	static const char *const words[] = {"", "false", "no", "off", "0"};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

static int take_bool(const struct net_settings *s, enum net_variable variable, bool *ret,
		     struct err *e)
{
	const char *text = net_text(s, variable);
	int r;

	if (strcmp(text, "true") == 0)
		*ret = true;
	else if (means_false(text))
		*ret = false;
	else {
		r = refuse(s, variable, e, "is neither true nor false");
		err_hint(e, "LXC takes everything but \"true\" for false: write the one that is "
			    "meant");
		return r;
	}
	return 0;
}

static int take_bridge(const struct net_settings *s, struct err *e)
{
	const char *name = net_text(s, LXC_BRIDGE);
	const size_t len = strlen(name);

	if (len == 0 || len >= LINK_NAME_MAX || name[0] == '-' || name[0] == '.' ||
	    strspn(name, NAME_LETTERS "_.-") != len)
		return refuse(s, LXC_BRIDGE, e,
			      "is no name for the bridge: 1 to 15 letters, digits, \"_\", \".\" or "
			      "\"-\"");
	if (strcmp(name, "lo") == 0 || strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
		return refuse(s, LXC_BRIDGE, e, "is a name that the kernel uses");
	return 0;
}

static int take_mac(struct net_settings *s, struct err *e)
{
	static const uint8_t none[LINK_MAC_LENGTH];
	uint8_t mac[LINK_MAC_LENGTH] = {0};

	if (hwaddr_parse(net_text(s, LXC_BRIDGE_MAC), mac, NULL) < 0 || mac[0] & 1 ||
	    memcmp(mac, none, sizeof(none)) == 0)
		return refuse(s, LXC_BRIDGE_MAC, e,
			      "is no hardware address of an interface, such as "
			      "\"10:66:6a:00:00:00\" (of the first two digits the second is even)");
	memcpy(s->mac, mac, sizeof(mac));
	return 0;
}

static void clear_host_bits(struct net_range *range)
{
	for (size_t bit = range->prefix; bit < (size_t)range->length * 8; bit++)
		range->bytes[bit / 8] = (uint8_t)(range->bytes[bit / 8] & ~(0x80U >> bit % 8));
}

static bool range_has(const struct net_range *network, const uint8_t *bytes)
{
	struct net_range other = *network;

	memcpy(other.bytes, bytes, network->length);
	clear_host_bits(&other);
	return memcmp(other.bytes, network->bytes, network->length) == 0;
}

void net_range_print(const struct net_range *range, bool with_prefix, char ret[static NET_TEXT_MAX])
{
	const int family = range->length == 4 ? AF_INET : AF_INET6;
	size_t len;

	if (!inet_ntop(family, range->bytes, ret, NET_TEXT_MAX))
		ret[0] = '\0';
	len = strlen(ret);
	if (with_prefix)
		snprintf(ret + len, NET_TEXT_MAX - len, "/%u", range->prefix);
}

/* "NETWORK/PREFIX". */
static bool parse_network(const char *text, struct net_range *ret)
{
	const char *slash = strchr(text, '/'), *at = slash ? slash + 1 : NULL;
	autofree char *address = slash ? strndup(text, (size_t)(slash - text)) : NULL;
	const struct net_range before = *ret;
	uint64_t prefix;

	if (!address ||
	    inet_pton(ret->length == 4 ? AF_INET : AF_INET6, address, ret->bytes) != 1 ||
	    num_take_u64(&at, &prefix) < 0 || *at || prefix > (uint64_t)before.length * 8)
		return false;
	ret->prefix = (uint8_t)prefix;
	return true;
}

/* LXC_NETWORK, LXC_IPV6_NETWORK: given, and then they hold the address, or what it lies in. */
static int take_network(struct net_settings *s, enum net_variable variable,
			enum net_variable address_variable, const struct net_range *address,
			struct net_range *ret, struct err *e)
{
	struct net_range network = *address, cleared;
	char text[NET_TEXT_MAX];

	if (*net_text(s, variable)) {
		if (!parse_network(net_text(s, variable), &network))
			return refuse(s, variable, e,
				      address->length == 4
					      ? "is no network, such as \"10.0.3.0/24\""
					      : "is no network, such as \"fd00:1:2:3::/64\"");
		cleared = network;
		clear_host_bits(&cleared);
		if (memcmp(cleared.bytes, network.bytes, network.length) != 0)
			return refuse(s, variable, e, "has bits behind its prefix");
		if (!range_has(&network, address->bytes))
			return refuse_beside(s, variable, address_variable, e, "does not hold");
		*ret = network;
		return 0;
	}
	clear_host_bits(&network);
	net_range_print(&network, true, text);
	*ret = network;
	return set_text(&s->values[variable], text, e);
}

static uint32_t host_order(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static int take_ipv4(struct net_settings *s, struct err *e)
{
	uint8_t bytes[4];
	uint32_t mask, address;

	if (inet_pton(AF_INET, net_text(s, LXC_ADDR), s->address4.bytes) != 1)
		return refuse(s, LXC_ADDR, e, "is no IPv4 address, such as \"10.0.3.1\"");
	if (inet_pton(AF_INET, net_text(s, LXC_NETMASK), bytes) != 1)
		return refuse(s, LXC_NETMASK, e, "is no mask, such as \"255.255.255.0\"");
	mask = host_order(bytes);
	if (mask != 0 && (~mask & (~mask + 1)) != 0)
		return refuse(s, LXC_NETMASK, e, "is no mask: its ones must come first");
	s->address4.length = 4;
	s->address4.prefix = mask == 0 ? 0 : (uint8_t)(32 - __builtin_popcount(~mask));
	if (s->address4.prefix < 1 || s->address4.prefix > 30)
		return refuse(s, LXC_NETMASK, e, "leaves no network with room for containers");
	address = host_order(s->address4.bytes);
	s->broadcast = htonl(address | ~mask);
	if ((address & ~mask) == 0 || (address | ~mask) == address || s->address4.bytes[0] == 0 ||
	    s->address4.bytes[0] == 127 || s->address4.bytes[0] >= 224)
		return refuse_beside(s, LXC_ADDR, LXC_NETMASK, e,
				     "is not the address of a host, with");
	return take_network(s, LXC_NETWORK, LXC_ADDR, &s->address4, &s->network4, e);
}

/* All of the network but its first and last address, and ours where it is at one of the ends. */
static int follow_dhcp_range(struct net_settings *s, struct err *e)
{
	const uint32_t own = host_order(s->address4.bytes);
	uint32_t mask = (uint32_t)(UINT64_C(0xffffffff) << (32 - s->address4.prefix));
	uint32_t first = (own & mask) + 1, last = (own | ~mask) - 1;
	struct net_range begin = {.length = 4}, end = {.length = 4};
	char begin_text[NET_TEXT_MAX], end_text[NET_TEXT_MAX];
	autostr text = {0};

	if (first == own)
		first++;
	else if (last == own)
		last--;
	first = htonl(first);
	last = htonl(last);
	memcpy(begin.bytes, &first, 4);
	memcpy(end.bytes, &last, 4);
	net_range_print(&begin, false, begin_text);
	net_range_print(&end, false, end_text);
	str_addf(&text, "%s,%s", begin_text, end_text);
	return set_text(&s->values[LXC_DHCP_RANGE], str_text(&text), e);
}

/* One part between commas: 1 when it is an address, which must lie in the network. */
static int take_range_part(const struct net_settings *s, const char *part, size_t len,
			   uint32_t *ret, struct err *e)
{
	autofree char *text = strndup(part, len);
	const struct net_range subnet = s->address4;
	struct net_range network = subnet;
	uint8_t bytes[4];

	if (!text)
		return no_memory(e);
	if (inet_pton(AF_INET, text, bytes) != 1)
		return 0;
	clear_host_bits(&network);
	if (!range_has(&network, bytes))
		return refuse_beside(s, LXC_DHCP_RANGE, LXC_ADDR, e, "is outside the network of");
	*ret = host_order(bytes);
	return 1;
}

static bool is_mode(const char *part, size_t len)
{
	static const char modes[][7] = {"static", "proxy"};

	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		if (strlen(modes[i]) == len && memcmp(part, modes[i], len) == 0)
			return true;
	}
	return false;
}

/* dnsmasq(8): [tag:TAG,][set:TAG,]FIRST[,LAST|MODE][,MASK[,BROADCAST]][,TIME]; what stands behind
 * these two it looks at itself (net_dnsmasq_check()). */
static int take_dhcp_range(struct net_settings *s, struct err *e)
{
	static const char what[] = "is no range for dnsmasq, such as \"10.0.3.2,10.0.3.254\"";
	const char *at = net_text(s, LXC_DHCP_RANGE);
	uint32_t ends[2] = {0};
	int r;

	if (*at == '\0')
		return follow_dhcp_range(s, e);
	if (strpbrk(at, " \t\n\r"))
		return refuse(s, LXC_DHCP_RANGE, e, what);
	while (text_starts(at, "tag:") || text_starts(at, "set:")) {
		at += strcspn(at, ",");
		at += *at == ',';
	}
	r = take_range_part(s, at, strcspn(at, ","), &ends[0], e);
	if (r <= 0)
		return r < 0 ? r : refuse(s, LXC_DHCP_RANGE, e, what);
	at += strcspn(at, ",");
	if (*at == '\0')
		return refuse(s, LXC_DHCP_RANGE, e, what);
	at++;
	r = take_range_part(s, at, strcspn(at, ","), &ends[1], e);
	if (r < 0)
		return r;
	if (r == 0 && !is_mode(at, strcspn(at, ",")))
		return refuse(s, LXC_DHCP_RANGE, e, what);
	if (r == 1 && ends[1] < ends[0])
		return refuse(s, LXC_DHCP_RANGE, e, "ends before it begins");
	return 0;
}

static int take_dhcp_max(struct net_settings *s, struct err *e)
{
	const char *text = net_text(s, LXC_DHCP_MAX);
	uint64_t number;

	if (*text == '\0') {
		/* As many as the network has addresses, without its ends and ours: 253 of a /24. */
		uint32_t hosts = (uint32_t)((UINT64_C(1) << (32 - s->address4.prefix)) - 3);
		autostr printed = {0};

		str_addf(&printed, "%u", (unsigned)(hosts < DHCP_MAX ? hosts : DHCP_MAX));
		return set_text(&s->values[LXC_DHCP_MAX], str_text(&printed), e);
	}
	if (num_take_u64(&text, &number) < 0 || *text || number > DHCP_MAX)
		return refuse(s, LXC_DHCP_MAX, e, "is no number of leases, 0 to 1000000");
	return 0;
}

static int take_dhcp_files(const struct net_settings *s, struct err *e)
{
	const char *file = net_text(s, LXC_DHCP_CONFILE), *domain = net_text(s, LXC_DOMAIN);

	if (*file && file[0] != '/')
		return refuse(s, LXC_DHCP_CONFILE, e, "is no path from the root");
	if (strpbrk(file, "\n\r"))
		return refuse(s, LXC_DHCP_CONFILE, e, "has more than one line");
	if (strlen(domain) > DOMAIN_MAX || strspn(domain, NAME_LETTERS ".-_") != strlen(domain) ||
	    domain[0] == '-' || domain[0] == '.' || strstr(domain, ".."))
		return refuse(s, LXC_DOMAIN, e,
			      "is no domain, such as \"lxc\" or \"lxc.internal\"");
	return 0;
}

void net_ula_prefix(const char *machine_id, char ret[static NET_TEXT_MAX])
{
	static const char label[] = "lxc-net\n";
	const size_t digits = 32;
	uint8_t hash[SHA256_BYTES];
	autostr text = {0};

	/* One for all, where the machine has no name of its own yet: LXC's. */
	if (!machine_id || strspn(machine_id, "0123456789abcdef") != digits ||
	    (machine_id[digits] && machine_id[digits] != '\n')) {
		snprintf(ret, NET_TEXT_MAX, "fc42:5009:ba4b:5ab0");
		return;
	}
	str_add(&text, label);
	str_add_bytes(&text, machine_id, digits);
	sha256(str_text(&text), text.len, hash);
	snprintf(ret, NET_TEXT_MAX, "fd%02x:%02x%02x:%02x%02x:%02x%02x", hash[0], hash[1], hash[2],
		 hash[3], hash[4], hash[5], hash[6]);
}

static int take_ipv6(struct net_settings *s, const char *machine_id, struct err *e)
{
	const bool is_set = s->values[LXC_IPV6_ADDR].origin;
	const char *at = net_text(s, LXC_IPV6_MASK);
	uint64_t prefix;
	int r = take_bool(s, LXC_IPV6_ENABLE, &s->ipv6, e);

	if (r == 0)
		r = take_bool(s, LXC_IPV6_NAT, &s->ipv6_nat, e);
	if (r < 0)
		return r;
	/* That is how it was turned off before there was a variable for it. */
	if (is_set && *net_text(s, LXC_IPV6_ADDR) == '\0')
		s->ipv6 = false;
	if (!s->ipv6)
		return 0;
	if (!is_set && *net_text(s, LXC_IPV6_ADDR) == '\0') {
		char address[NET_TEXT_MAX];
		size_t len;

		net_ula_prefix(machine_id, address);
		len = strlen(address);
		snprintf(address + len, sizeof(address) - len, "::1");
		r = set_text(&s->values[LXC_IPV6_ADDR], address, e);
		if (r < 0)
			return r;
	}
	s->address6.length = 16;
	if (inet_pton(AF_INET6, net_text(s, LXC_IPV6_ADDR), s->address6.bytes) != 1 ||
	    s->address6.bytes[0] == 0xff || s->address6.bytes[0] == 0)
		return refuse(s, LXC_IPV6_ADDR, e,
			      "is no IPv6 address of a host, such as \"fd00:1:2:3::1\"");
	/* fe80::/10 */
	if (s->address6.bytes[0] == 0xfe && (s->address6.bytes[1] & 0xc0) == 0x80)
		return refuse(s, LXC_IPV6_ADDR, e,
			      "is an address of one link: each interface has one by itself");
	if (num_take_u64(&at, &prefix) < 0 || *at || prefix < 1 || prefix > 126)
		return refuse(s, LXC_IPV6_MASK, e, "is no length of a prefix, such as \"64\"");
	s->address6.prefix = (uint8_t)prefix;
	return take_network(s, LXC_IPV6_NETWORK, LXC_IPV6_ADDR, &s->address6, &s->network6, e);
}

static int take_all(const struct assignments *a, const char *machine_id, struct net_settings *s,
		    struct err *e)
{
	int r = take_texts(a, s, e);

	if (r == 0)
		r = take_bool(s, USE_LXC_BRIDGE, &s->use_bridge, e);
	if (r < 0 || !s->use_bridge)
		return r;
	r = take_bridge(s, e);
	if (r == 0)
		r = take_mac(s, e);
	if (r == 0)
		r = take_ipv4(s, e);
	if (r == 0)
		r = take_dhcp_range(s, e);
	if (r == 0)
		r = take_dhcp_max(s, e);
	if (r == 0)
		r = take_dhcp_files(s, e);
	if (r == 0)
		r = take_bool(s, LXC_DHCP_PING, &s->dhcp_ping, e);
	if (r == 0)
		r = take_bool(s, LXC_USE_NFT, &s->use_nft, e);
	return r == 0 ? take_ipv6(s, machine_id, e) : r;
}

int net_settings_take(const struct assignments *a, const char *machine_id, struct net_settings *ret,
		      struct err *e)
{
	struct net_settings s = {0};
	int r = take_all(a, machine_id, &s, e);

	if (r < 0)
		net_settings_finish(&s);
	else
		*ret = s;
	return r;
}

static int read_files(struct assignments *a, struct err *e)
{
	/* The second one is where systems with RPM have it. */
	static const char *const directories[] = {PATH_DEFAULTS, "/etc/sysconfig"};
	/* The first reads the second, as it is installed. */
	static const char *const names[] = {"lxc", "lxc-net"};

	for (size_t i = 0; i < ARRAY_LENGTH(directories); i++) {
		for (size_t j = 0; j < ARRAY_LENGTH(names); j++) {
			autostr path = {0};

			str_addf(&path, "%s/%s", directories[i], names[j]);
			if (str_failed(&path))
				return no_memory(e);
			if (access(str_text(&path), F_OK) == 0)
				return assignments_read(a, str_text(&path), e);
		}
	}
	return 0;
}

int net_settings_read(bool always, struct assignments *ret_assignments, struct net_settings *ret,
		      struct err *e)
{
	autofree char *machine_id = NULL;
	struct assignments a = {0};
	int r = 0;

	/* What LXC has set before it reads the files, which may refer to it. */
	for (size_t i = 0; i < NET_VARIABLES && r == 0; i++) {
		if (defaults[i][0])
			r = assignments_set(&a, net_variable_names[i], defaults[i]) < 0
				    ? no_memory(e)
				    : 0;
	}
	if (r == 0)
		r = read_files(&a, e);
	if (r == 0 && always && assignments_set(&a, net_variable_names[USE_LXC_BRIDGE], "true") < 0)
		r = no_memory(e);
	if (r == 0) {
		(void)file_read_all(AT_FDCWD, "/etc/machine-id", ASSIGNMENTS_VALUE_MAX, &machine_id,
				    NULL);
		r = net_settings_take(&a, machine_id, ret, e);
	}
	if (r < 0)
		assignments_finish(&a);
	else
		*ret_assignments = a;
	return r;
}

void net_settings_print(const struct net_settings *s, struct str *out)
{
	for (size_t i = 0; i < NET_VARIABLES; i++) {
		str_addf(out, "%s=", net_variable_names[i]);
		str_add_quoted(out, s->values[i].text);
		str_add_char(out, '\n');
	}
}

int net_settings_turn_ipv6_off(struct net_settings *s, struct err *e)
{
	s->ipv6 = false;
	return set_text(&s->values[LXC_IPV6_ENABLE], "false", e);
}

void net_settings_finish(struct net_settings *s)
{
	for (size_t i = 0; i < NET_VARIABLES; i++) {
		free(s->values[i].text);
		free(s->values[i].origin);
	}
	memset(s, 0, sizeof(*s));
}

static bool is_ours(const char *name)
{
	for (size_t i = 0; i < NET_VARIABLES; i++) {
		if (strcmp(name, net_variable_names[i]) == 0)
			return true;
	}
	return false;
}

void net_settings_look_for_typos(const struct assignments *a, struct str *out)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct assignment *found = &a->items[i];
		struct suggestion s;

		/* Those of lxc-containers stand in the same file. */
		if (is_ours(found->name) || strcmp(found->name, "LXC_AUTO") == 0)
			continue;
		suggest_init(&s, found->name);
		for (size_t j = 0; j < NET_VARIABLES; j++)
			suggest_offer(&s, net_variable_names[j]);
		if (suggest_best(&s))
			str_addf(out, "%s:%u: nothing reads %s: is %s meant?\n", found->file,
				 (unsigned)found->line, found->name, suggest_best(&s));
	}
}
