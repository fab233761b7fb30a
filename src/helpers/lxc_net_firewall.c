/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules for the bridge: a table of our own in nftables (nft(8)), made and replaced by one
 * transaction; or single rules of iptables(8), each with a comment by which it is known again. No
 * rule of others is touched.
 */

#include "helpers/lxc_net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "helpers/lxc_net_command.h"

enum { WORDS_MAX = 24, TIMES_MAX = 100 };

/* Whether it is there or not: it is not, behind these. */
#define NFT_REMOVE "table inet " NET_TABLE "\ndelete table inet " NET_TABLE "\n"

static void print_masquerade(const char *family, const struct net_range *network, struct str *out)
{
	char text[NET_TEXT_MAX];

	net_range_print(network, true, text);
	str_addf(out, "\t\t%s saddr %s %s daddr != %s counter masquerade\n", family, text, family,
		 text);
}

void net_firewall_print_nft(const struct net_settings *s, struct str *out)
{
	const char *bridge = net_text(s, LXC_BRIDGE);

	str_add(out, NFT_REMOVE);
	str_addf(out,
		 "table inet " NET_TABLE " {\n"
		 "\tchain input {\n"
		 "\t\ttype filter hook input priority 0; policy accept;\n"
		 "\t\tiifname \"%s\" udp dport { 53, 67 } accept\n"
		 "\t\tiifname \"%s\" tcp dport { 53, 67 } accept\n"
		 "\t}\n"
		 "\tchain forward {\n"
		 "\t\ttype filter hook forward priority 0; policy accept;\n"
		 "\t\tiifname \"%s\" accept\n"
		 "\t\toifname \"%s\" accept\n"
		 "\t}\n"
		 "\tchain postrouting {\n"
		 "\t\ttype nat hook postrouting priority 100; policy accept;\n",
		 bridge, bridge, bridge, bridge);
	print_masquerade("ip", &s->network4, out);
	if (s->ipv6 && s->ipv6_nat)
		print_masquerade("ip6", &s->network6, out);
	str_add(out, "\t}\n}\n");
}

static int run_nft(const struct net_work *work, const char *text, struct err *e)
{
	static const char *const argv[] = {"nft", "-f", "-", NULL};
	const struct command command = {.argv = argv, .input = text, .kept_fd = work->lock_fd};
	int r = command_run(&command, e);

	return r > 0 ? -EIO : r;
}

static bool is_there(const char *program)
{
	char *path = NULL;
	int r = command_find(program, &path);

	free(path);
	return r != -ENOENT;
}

/* Who removes the program removes the way to what it has made; that waits for nobody. */
static bool is_missing(const char *program, const char *what)
{
	if (is_there(program))
		return false;
	fprintf(stderr, "lxc-net: there is no program \"%s\" any more: %s\n", program, what);
	return true;
}

static const char *const list_table[] = {"nft", "list", "table", "inet", NET_TABLE, NULL};

static int remove_table(const struct net_work *work, struct err *e)
{
	const struct command command = {.argv = list_table, .kept_fd = work->lock_fd};
	struct err why = {0};
	int r;

	if (is_missing("nft", "the table \"inet " NET_TABLE "\" stays in the kernel until the "
			      "next start with nft, or the next boot"))
		return 0;
	r = command_run(&command, &why);
	if (r < 0)
		*e = why;
	/* What can't be listed counts as gone; that it may not be so is said. */
	if (r > 0 && !strstr(err_cause(&why), "No such file or directory"))
		fprintf(stderr,
			"lxc-net: cannot look for the table \"inet " NET_TABLE
			"\": %s: it stays, if "
			"it is there\n",
			err_cause(&why));
	return r == 0 ? run_nft(work, NFT_REMOVE, e) : r < 0 ? r : 0;
}

/* --- iptables */

struct rule {
	bool is_ipv6;
	const char *table, *operation, *chain;
	const char *words[10]; /* BRIDGE and NETWORK stand for themselves */
};

static const char bridge_word[] = "BRIDGE", network_word[] = "NETWORK";

static const struct rule rules[] = {
	{false, NULL, "-I", "INPUT", {"-i", bridge_word, "-p", "udp", "--dport", "67"}},
	{false, NULL, "-I", "INPUT", {"-i", bridge_word, "-p", "tcp", "--dport", "67"}},
	{false, NULL, "-I", "INPUT", {"-i", bridge_word, "-p", "udp", "--dport", "53"}},
	{false, NULL, "-I", "INPUT", {"-i", bridge_word, "-p", "tcp", "--dport", "53"}},
	{false, NULL, "-I", "FORWARD", {"-i", bridge_word}},
	{false, NULL, "-I", "FORWARD", {"-o", bridge_word}},
	{false, "nat", "-A", "POSTROUTING", {"-s", network_word, "!", "-d", network_word}},
	{false, "mangle", "-A", "POSTROUTING", {"-o", bridge_word, "-p", "udp", "--dport", "68"}},
	{true, "nat", "-A", "POSTROUTING", {"-s", network_word, "!", "-d", network_word}},
};

/* -w waits for others that change rules (iptables 1.4.20). */
static bool knows_waiting(const struct net_work *work)
{
	static const char *const argv[] = {"iptables", "-w", "-n", "-L", "OUTPUT", NULL};
	const struct command command = {.argv = argv, .kept_fd = work->lock_fd};

	return command_run(&command, NULL) == 0;
}

static void add_target(const struct rule *rule, const char **argv, size_t at)
{
	static const char *const checksum[] = {"CHECKSUM", "--checksum-fill", NULL};
	static const char *const masquerade[] = {"MASQUERADE", NULL};
	static const char *const accept[] = {"ACCEPT", NULL};
	const char *const *target = !rule->table                         ? accept
				    : strcmp(rule->table, "mangle") == 0 ? checksum
									 : masquerade;

	argv[at++] = "-j";
	while (*target)
		argv[at++] = *target++;
	argv[at] = NULL;
}

/* As command_run(): positive is iptables' exit status, 1 when -C or -D found no such rule. */
static int run_rule(const struct net_work *work, const struct rule *rule, const char *operation,
		    bool waits, struct err *e)
{
	const struct net_settings *s = &work->settings;
	const char *argv[WORDS_MAX];
	const struct command command = {.argv = argv, .kept_fd = work->lock_fd};
	char network[NET_TEXT_MAX];
	size_t n = 0;

	net_range_print(rule->is_ipv6 ? &s->network6 : &s->network4, true, network);
	argv[n++] = rule->is_ipv6 ? "ip6tables" : "iptables";
	if (waits)
		argv[n++] = "-w";
	if (rule->table) {
		argv[n++] = "-t";
		argv[n++] = rule->table;
	}
	argv[n++] = operation;
	argv[n++] = rule->chain;
	for (size_t i = 0; i < ARRAY_LENGTH(rule->words) && rule->words[i]; i++) {
		const char *word = rule->words[i];

		argv[n++] = word == bridge_word    ? net_text(s, LXC_BRIDGE)
			    : word == network_word ? network
						   : word;
	}
	argv[n++] = "-m";
	argv[n++] = "comment";
	argv[n++] = "--comment";
	argv[n++] = NET_TABLE;
	add_target(rule, argv, n);
	return command_run(&command, e);
}

static bool is_used(const struct net_work *work, const struct rule *rule)
{
	return !rule->is_ipv6 || (work->settings.ipv6 && work->settings.ipv6_nat);
}

/* Answers to DHCP of old clients, which look at checksums that nobody has computed yet: where
 * there is no such target, there is no such rule. */
static bool is_optional(const struct rule *rule)
{
	return rule->table && strcmp(rule->table, "mangle") == 0;
}

/* As often as it is there: rules may have been saved and loaded again. What can't be looked at, for
 * its table or a match is missing, is not there. */
static int remove_rule(const struct net_work *work, const struct rule *rule, bool waits,
		       struct err *e)
{
	int r;

	for (unsigned i = 0; i < TIMES_MAX; i++) {
		r = run_rule(work, rule, "-C", waits, e);
		if (r != 0)
			return r < 0 && r != -ENOENT ? r : 0;
		r = run_rule(work, rule, "-D", waits, e);
		if (r != 0)
			return r > 0 ? -EIO : r;
	}
	return err_set(e, ERR_EXEC_FAILED, 0, "a rule is there again each time that it is removed");
}

/* All are tried; the first failure is the one that is told. */
static int remove_rules(const struct net_work *work, struct err *e)
{
	const bool waits = knows_waiting(work);
	int first = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		struct err why = {0};
		int r = is_used(work, &rules[i]) ? remove_rule(work, &rules[i], waits, &why) : 0;

		if (r < 0 && first == 0) {
			*e = why;
			first = r;
		}
	}
	return first;
}

static int add_rules(const struct net_work *work, struct err *e)
{
	const bool waits = knows_waiting(work);
	int r = remove_rules(work, e);

	for (size_t i = 0; i < ARRAY_LENGTH(rules) && r == 0; i++) {
		const struct rule *rule = &rules[i];
		struct err why = {0};

		if (!is_used(work, rule))
			continue;
		r = run_rule(work, rule, rule->operation, waits, &why);
		if (r > 0 && is_optional(rule))
			r = 0;
		if (r != 0)
			*e = why;
	}
	return r > 0 ? -EIO : r;
}

/* --- both */

int net_firewall_choose(struct net_work *work, struct err *e)
{
	static const char *const nft[] = {"nft", "list", "tables", NULL};
	const struct command command = {.argv = nft, .kept_fd = -1};
	int r = work->settings.use_nft ? command_run(&command, e) : -ENOENT;

	work->firewall = NET_FIREWALL_NFT;
	if (r == 0)
		return 0;
	if (is_there("iptables")) {
		err_clear(e);
		work->firewall = NET_FIREWALL_IPTABLES;
		if (!work->settings.ipv6 || !work->settings.ipv6_nat || is_there("ip6tables"))
			return 0;
		err_set(e, ERR_EXEC_FAILED, ENOENT, "there is no program \"ip6tables\"");
		err_hint(e, "install it, or set LXC_IPV6_NAT=\"false\"");
		return -ENOENT;
	}
	if (work->settings.use_nft && r != -ENOENT)
		return err_wrap(e, -EIO, "nft does not work here, and there is no iptables");
	err_set(e, ERR_EXEC_FAILED, ENOENT, "there is no program \"%s\"",
		work->settings.use_nft ? "nft\" and no \"iptables" : "iptables");
	err_hint(e, "install the package \"%s\"", work->settings.use_nft ? "nftables" : "iptables");
	return -ENOENT;
}

int net_firewall_up(const struct net_work *work, struct err *e)
{
	autostr text = {0};
	int r;

	if (work->firewall == NET_FIREWALL_IPTABLES) {
		r = add_rules(work, e);
	} else {
		net_firewall_print_nft(&work->settings, &text);
		r = str_failed(&text) ? -ENOMEM : run_nft(work, str_text(&text), e);
	}
	return r < 0 ? err_wrap(e, r, "cannot add the firewall's rules") : 0;
}

int net_firewall_down(const struct net_work *work, struct err *e)
{
	int r = 0;

	if (work->firewall == NET_FIREWALL_NFT)
		r = remove_table(work, e);
	else if (work->firewall == NET_FIREWALL_IPTABLES &&
		 !is_missing("iptables", "its rules with the comment \"" NET_TABLE "\" stay in "
					 "the kernel until the next boot"))
		r = remove_rules(work, e);
	return r < 0 ? err_wrap(e, r, "cannot remove the firewall's rules") : 0;
}

/* Lines of a chain, as nft prints it and as we do. */
static unsigned count_lines(const char *text, const char *chain)
{
	autostr head = {0};
	const char *at;
	unsigned count = 0;

	str_addf(&head, "\tchain %s {\n", chain);
	at = str_failed(&head) ? NULL : strstr(text, str_text(&head));
	for (at = at ? at + head.len : ""; *at && !text_starts(at, "\t}"); at += *at == '\n') {
		count++;
		at += strcspn(at, "\n");
	}
	return count;
}

/* Others may add to our table; nothing of ours must be missing. */
static bool is_complete(const struct net_settings *s, const char *printed)
{
	static const char chains[][12] = {"input", "forward", "postrouting"};
	autostr ours = {0};
	bool is = true;

	net_firewall_print_nft(s, &ours);
	for (size_t i = 0; i < ARRAY_LENGTH(chains); i++)
		is = is &&
		     count_lines(printed, chains[i]) >= count_lines(str_text(&ours), chains[i]);
	return is;
}

static int look_at_table(const struct net_work *work, struct err *e)
{
	autostr printed = {0};
	const struct command command = {.argv = list_table, .output = &printed, .kept_fd = -1};
	int r = command_run(&command, e);

	return r == 0 ? is_complete(&work->settings, str_text(&printed)) : r < 0 ? r : 0;
}

int net_firewall_look(const struct net_work *work, struct err *e)
{
	bool waits;
	int r = 0;

	if (work->firewall == NET_FIREWALL_NFT)
		return look_at_table(work, e);
	waits = knows_waiting(work);
	for (size_t i = 0; i < ARRAY_LENGTH(rules) && r == 0; i++) {
		if (is_used(work, &rules[i]) && !is_optional(&rules[i]))
			r = run_rule(work, &rules[i], "-C", waits, e);
	}
	return r < 0 ? r : r == 0;
}
