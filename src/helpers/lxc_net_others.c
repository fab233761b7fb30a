/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other firewalls of the host. A packet must be accepted in every table: what one of them drops is
 * lost, whatever ours says. A table that has a rule for the bridge which does not drop has been
 * told of it, and is believed, for the hook in which that stands; of a chain that others jump to,
 * for both.
 */

#include "helpers/lxc_net.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "helpers/lxc_net_command.h"
#include "sys/file.h"

enum hook { HOOK_INPUT, HOOK_FORWARD, HOOKS, HOOK_NONE = HOOKS };

struct table {
	const char *name; /* "inet firewalld", in the text; NULL = outside of tables */
	size_t name_len;
	enum hook hook; /* of the chain that is being read */
	bool drops[HOOKS], knows[HOOKS];
	bool is_dockers, is_ufws, is_firewallds;
};

static bool line_has(const char *line, size_t len, const char *what)
{
	return memmem(line, len, what, strlen(what)) != NULL;
}

/* Whose it is, and the command that tells it of the bridge. */
static void add_advice(const struct table *table, const char *bridge, struct str *out)
{
	if (table->is_firewallds)
		str_addf(out,
			 "firewall-cmd --permanent --zone=trusted --add-interface=%s; "
			 "firewall-cmd --reload",
			 bridge);
	else if (table->is_ufws)
		str_addf(out,
			 "ufw allow in on %s; ufw route allow in on %s; "
			 "ufw route allow out on %s",
			 bridge, bridge, bridge);
	else if (table->is_dockers)
		str_addf(out,
			 "iptables -I DOCKER-USER -i %s -j ACCEPT; "
			 "iptables -I DOCKER-USER -o %s -j ACCEPT",
			 bridge, bridge);
	else
		str_addf(out, "it must accept what comes from and goes to %s", bridge);
}

static void judge(const struct table *table, const char *bridge, struct str *out)
{
	bool loses[HOOKS];

	for (size_t i = 0; i < HOOKS; i++)
		loses[i] = (table->drops[i] || table->is_firewallds) && !table->knows[i];
	if (!table->name || (!loses[HOOK_INPUT] && !loses[HOOK_FORWARD]))
		return;
	str_addf(out, "the firewall \"%.*s\"%s drops what %s %s, and wins over lxc-net: ",
		 (int)table->name_len, table->name,
		 table->is_firewallds ? ""
		 : table->is_ufws     ? " (of ufw)"
		 : table->is_dockers  ? " (of Docker)"
				      : "",
		 loses[HOOK_INPUT] ? "comes from" : "goes through", bridge);
	add_advice(table, bridge, out);
	str_add_char(out, '\n');
}

static void learn(struct table *table, enum hook hook)
{
	for (size_t i = 0; i < HOOKS; i++)
		table->knows[i] |= hook == HOOK_NONE || hook == i;
}

static bool line_ends(const char *line, size_t len, const char *what)
{
	const size_t what_len = strlen(what);

	return len >= what_len && memcmp(line + len - what_len, what, what_len) == 0;
}

static bool refuses(const char *line, size_t len)
{
	return line_ends(line, len, "drop") || line_has(line, len, "reject");
}

/* A rule for all packets, behind which none comes: "counter packets 0 bytes 0 drop". */
static bool refuses_all(const char *line, size_t len)
{
	const char *end = line + len;

	if (text_starts(line, "counter packets ")) {
		line += LITERAL_LENGTH("counter packets ");
		line += strspn(line, "0123456789");
		if (!text_starts(line, " bytes "))
			return false;
		line += LITERAL_LENGTH(" bytes ");
		line += strspn(line, "0123456789");
		line += *line == ' ';
	}
	if (line >= end)
		return false;
	return text_starts(line, "drop") || text_starts(line, "reject") ||
	       (text_starts(line, "log ") && refuses(line, (size_t)(end - line)));
}

static void look_at_line(struct table *table, const char *line, size_t len, const char *quoted)
{
	while (len > 0 && *line == '\t') {
		line++;
		len--;
	}
	table->is_dockers |= line_has(line, len, "chain DOCKER");
	table->is_ufws |= line_has(line, len, "chain ufw-");
	if (text_starts(line, "chain ")) {
		table->hook = HOOK_NONE;
	} else if (text_starts(line, "type ")) {
		table->hook = line_has(line, len, "hook forward") ? HOOK_FORWARD
			      : line_has(line, len, "hook input") ? HOOK_INPUT
								  : HOOK_NONE;
		if (table->hook != HOOK_NONE)
			table->drops[table->hook] |= line_has(line, len, "policy drop");
	} else if (line_has(line, len, quoted)) {
		if (!refuses(line, len))
			learn(table, table->hook);
	} else if (table->hook != HOOK_NONE) {
		table->drops[table->hook] |= refuses_all(line, len);
	}
}

/* "table inet firewalld {" */
static struct table begin_table(const char *line, size_t len)
{
	struct table table = {.name = line + LITERAL_LENGTH("table "), .hook = HOOK_NONE};

	table.name_len = len - LITERAL_LENGTH("table ") - LITERAL_LENGTH(" {");
	table.is_firewallds = line_has(table.name, table.name_len, " firewalld");
	return table;
}

void net_others_look_at_nft(const char *ruleset, const char *bridge, struct str *out)
{
	static const char own[] = "table inet " NET_TABLE " {";
	struct table table = {0};
	autostr quoted = {0};

	str_addf(&quoted, "\"%s\"", bridge);
	for (const char *line = ruleset; *line;) {
		const size_t len = strcspn(line, "\n");
		const bool is_own = len == LITERAL_LENGTH(own) && memcmp(line, own, len) == 0;

		if (text_starts(line, "table ") && len > LITERAL_LENGTH("table  {") && !is_own)
			table = begin_table(line, len);
		else if (line[0] == '}') {
			judge(&table, bridge, out);
			table = (struct table){0};
		} else if (table.name) {
			look_at_line(&table, line, len, str_text(&quoted));
		}
		line += len + (line[len] == '\n');
	}
}

/* "-A FORWARD -i lxcbr0 -j ACCEPT" */
static void look_at_legacy_rule(struct table *table, const char *line, size_t len,
				const char *bridge)
{
	autostr in = {0}, through = {0};
	const bool refuses = line_has(line, len, "-j DROP") || line_has(line, len, "-j REJECT");
	const enum hook hook = text_starts(line, "-A FORWARD ") ? HOOK_FORWARD
			       : text_starts(line, "-A INPUT ") ? HOOK_INPUT
								: HOOK_NONE;

	str_addf(&in, " -i %s ", bridge);
	str_addf(&through, " -o %s ", bridge);
	if (line_has(line, len, str_text(&in)) || line_has(line, len, str_text(&through))) {
		if (!refuses)
			learn(table, hook);
	} else if (hook != HOOK_NONE) {
		/* With nothing between the chain and the target. */
		line += LITERAL_LENGTH("-A ");
		line += strcspn(line, " ");
		table->drops[hook] |= text_starts(line, " -j DROP") ||
				      text_starts(line, " -j REJECT");
	}
}

void net_others_look_at_legacy(const char *rules, const char *bridge, struct str *out)
{
	static const char name[] = "iptables-legacy";
	struct table table = {.name = name, .name_len = LITERAL_LENGTH(name)};

	for (const char *line = rules; *line;) {
		const size_t len = strcspn(line, "\n");

		table.drops[HOOK_FORWARD] |= text_starts(line, "-P FORWARD DROP");
		table.drops[HOOK_INPUT] |= text_starts(line, "-P INPUT DROP");
		table.is_dockers |= text_starts(line, "-N DOCKER");
		table.is_ufws |= text_starts(line, "-N ufw-");
		if (text_starts(line, "-A "))
			look_at_legacy_rule(&table, line, len, bridge);
		line += len + (line[len] == '\n');
	}
	judge(&table, bridge, out);
}

/* The field of a line, from 0, between blanks: its length in *ret_len. */
static const char *field_of(const char *line, size_t len, unsigned wanted, size_t *ret_len)
{
	const char *end = line + len;

	for (unsigned n = 0;; n++) {
		const char *begin;

		while (line < end && *line == ' ')
			line++;
		begin = line;
		while (line < end && *line != ' ')
			line++;
		if (n == wanted || line == end) {
			*ret_len = n == wanted ? (size_t)(line - begin) : 0;
			return begin;
		}
	}
}

/* ::/0, and learnt from a router by the kernel (RTF_ADDRCONF of linux/ipv6_route.h). */
static bool is_learnt_default(const char *line, size_t len)
{
	const uint32_t learnt = 0x40000;
	char text[16] = "";
	uint32_t flags;
	size_t n;
	const char *field = field_of(line, len, 8, &n);

	if (!text_starts(line, "00000000000000000000000000000000 00 ") || n >= sizeof(text))
		return false;
	memcpy(text, field, n);
	return num_parse_u32(text, 16, &flags) == 0 && (flags & learnt);
}

/* sysctl(8) takes the dots of a VLAN's name for slashes, and slashes for dots. */
static void warn_of_route(const char *interface, struct str *out)
{
	str_addf(out,
		 "a host that forwards IPv6 does not listen to routers, and %s has its route "
		 "from one: sysctl -w net.ipv6.conf.",
		 interface);
	for (const char *c = interface; *c; c++)
		str_add_char(out, *c == '.' ? '/' : *c);
	str_add(out, ".accept_ra=2\n");
}

void net_others_look_at_routes(const char *routes, bool (*listens)(const char *interface),
			       struct str *out)
{
	for (const char *line = routes; *line;) {
		const size_t len = strcspn(line, "\n");
		char interface[LINK_NAME_MAX] = "";
		size_t n;
		const char *field = field_of(line, len, 9, &n);

		if (n < sizeof(interface) && is_learnt_default(line, len)) {
			memcpy(interface, field, n);
			if (!listens(interface))
				warn_of_route(interface, out);
		}
		line += len + (line[len] == '\n');
	}
}

/* Also while it forwards. */
static bool listens_to_routers(const char *interface)
{
	autofree char *text = NULL;
	autostr path = {0};

	str_addf(&path, "/proc/sys/net/ipv6/conf/%s/accept_ra", interface);
	return file_read_all(AT_FDCWD, str_text(&path), 64, &text, NULL) < 0 || text[0] == '2';
}

static void look_at_routes(struct str *out)
{
	autofree char *routes = NULL;

	if (file_read_all(AT_FDCWD, "/proc/net/ipv6_route", COMMAND_OUTPUT_MAX, &routes, NULL) == 0)
		net_others_look_at_routes(routes, listens_to_routers, out);
}

/* Asking for rules of a table that is not there would make it. */
static bool has_legacy_rules(void)
{
	autofree char *tables = NULL;

	return file_read_all(AT_FDCWD, "/proc/net/ip_tables_names", 4096, &tables, NULL) == 0 &&
	       strstr(tables, "filter") != NULL;
}

void net_others_look(const struct net_work *work, struct str *out)
{
	static const char *const nft[] = {"nft", "list", "ruleset", NULL};
	static const char *const legacy[] = {"iptables-legacy", "-S", NULL};
	const char *bridge = net_text(&work->settings, LXC_BRIDGE);
	autostr ruleset = {0}, rules = {0};
	const struct command list = {.argv = nft, .output = &ruleset, .kept_fd = -1};
	const struct command list_legacy = {.argv = legacy, .output = &rules, .kept_fd = -1};

	if (command_run(&list, NULL) == 0)
		net_others_look_at_nft(str_text(&ruleset), bridge, out);
	if (has_legacy_rules() && command_run(&list_legacy, NULL) == 0)
		net_others_look_at_legacy(str_text(&rules), bridge, out);
	if (work->settings.ipv6)
		look_at_routes(out);
}
