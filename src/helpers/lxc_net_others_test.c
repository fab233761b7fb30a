/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is said of other firewalls and of routers' words, by what nft, iptables and the kernel
 * print.
 */

#include "helpers/lxc_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

#define CHAIN(name, lines) "\tchain " name " {\n" lines "\t}\n"
#define TABLE(name, lines) "table " name " {\n" lines "}\n"
#define OURS               TABLE("inet lxc-net", CHAIN("x", "\t\tiifname \"lxcbr0\" accept\n"))
#define HOOK(hook, policy) "\t\ttype filter hook " hook " priority filter; policy " policy ";\n"
#define DROPS              HOOK("forward", "drop")
#define ACCEPTS            HOOK("forward", "accept")
#define FILTER(lines)      TABLE("ip filter", CHAIN("FORWARD", lines))

/* Without a warning: NULL. */
static const struct {
	const char *ruleset, *warning;
} tables[] = {
	{"", NULL},
	{OURS, NULL},
	{OURS FILTER(HOOK("forward", "accept")), NULL},
	{TABLE("ip filter", CHAIN("FORWARD", DROPS) CHAIN("DOCKER", "")) OURS,
	 "\"ip filter\" (of Docker) drops what goes through lxcbr0"},
	{FILTER(DROPS "\t\tiifname \"lxcbr0\" accept\n"), NULL},
	{FILTER(DROPS "\t\tiifname \"lxcbr01\" accept\n"), "\"ip filter\" drops what goes through"},
	{TABLE("ip filter", CHAIN("INPUT", HOOK("input", "drop")) CHAIN("ufw-user-input", "")),
	 "(of ufw) drops what comes from lxcbr0, and wins over lxc-net: ufw allow in on lxcbr0"},
	{TABLE("inet firewalld", CHAIN("x", "")), "firewall-cmd --permanent"},
	{TABLE("inet firewalld", CHAIN("x", "\t\tiifname \"lxcbr0\" goto y\n")), NULL},
	{"table inet mine {\n\tchain x {\n" DROPS, NULL},
	/* What drops without a policy. */
	{FILTER(ACCEPTS "\t\tcounter packets 0 bytes 0 drop\n"), "drops what goes through"},
	{FILTER(ACCEPTS "\t\tip saddr 10.0.0.0/8 accept\n\t\treject with icmpx admin-prohibited\n"),
	 "drops what goes through"},
	{FILTER(ACCEPTS "\t\tlog prefix \"no: \" drop\n"), "drops what goes through"},
	{FILTER(ACCEPTS "\t\tiifname \"eth0\" drop\n\t\tcounter packets 0 bytes 0\n"), NULL},
	{FILTER(ACCEPTS "\t\tcounter packets 1 bytes 2 tcp dport 22 drop\n"), NULL},
	{FILTER(ACCEPTS "\t\tiifname \"lxcbr0\" accept\n\t\tdrop\n"), NULL},
	{TABLE("ip filter", CHAIN("FORWARD", ACCEPTS) CHAIN("mine", "\t\tdrop\n")), NULL},
	/* Each hook for itself; a rule that drops what comes from the bridge is no leave. */
	{TABLE("ip filter",
	       CHAIN("FORWARD", DROPS)
		       CHAIN("INPUT", HOOK("input", "accept") "\t\tiifname \"lxcbr0\" accept\n")),
	 "drops what goes through"},
	{TABLE("ip filter", CHAIN("FORWARD", DROPS "\t\tiifname \"lxcbr0\" accept\n")
				    CHAIN("INPUT", HOOK("input", "drop"))),
	 "drops what comes from"},
	{FILTER(DROPS "\t\tiifname \"lxcbr0\" counter packets 0 bytes 0 drop\n"),
	 "drops what goes through"},
	{FILTER(DROPS "\t\tiifname \"lxcbr0\" reject\n"), "drops what goes through"},
	{TABLE("ip filter", CHAIN("FORWARD", DROPS "\t\tjump mine\n")
				    CHAIN("mine", "\t\tiifname \"lxcbr0\" accept\n")),
	 NULL},
};

static void tables_that_drop_are_told_unless_they_name_the_bridge(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
		autostr out = {0};

		net_others_look_at_nft(tables[i].ruleset, "lxcbr0", &out);
		if (!tables[i].warning)
			assert_string_equal(str_text(&out), "");
		else if (!strstr(str_text(&out), tables[i].warning))
			fail_msg("%s\n%s", tables[i].ruleset, str_text(&out));
	}
}

static void older_rules_are_looked_at_too(void **state)
{
	autostr out = {0};

	net_others_look_at_legacy("-P INPUT ACCEPT\n-P FORWARD ACCEPT\n", "lxcbr0", &out);
	net_others_look_at_legacy("-P FORWARD DROP\n-A FORWARD -i lxcbr0 -j ACCEPT\n", "lxcbr0",
				  &out);
	net_others_look_at_legacy("-P FORWARD DROP\n-A ufw-user-forward -i lxcbr0 -j ACCEPT\n",
				  "lxcbr0", &out);
	net_others_look_at_legacy("-P FORWARD ACCEPT\n-A FORWARD -i eth0 -j DROP\n", "lxcbr0",
				  &out);
	assert_string_equal(str_text(&out), "");
	net_others_look_at_legacy("-A FORWARD -j REJECT --reject-with icmp-port-unreachable\n"
				  "-A INPUT -i lxcbr0 -j ACCEPT\n",
				  "lxcbr0", &out);
	assert_non_null(strstr(str_text(&out), "drops what goes through lxcbr0"));
	str_reset(&out);
	net_others_look_at_legacy("-P INPUT DROP\n-A INPUT -i lxcbr0 -j DROP\n", "lxcbr0", &out);
	assert_non_null(strstr(str_text(&out), "drops what comes from lxcbr0"));
	str_reset(&out);
	net_others_look_at_legacy("-P FORWARD DROP\n-N DOCKER\n-A FORWARD -i lxcbr01 -j ACCEPT\n",
				  "lxcbr0", &out);
	assert_non_null(strstr(str_text(&out), "\"iptables-legacy\" (of Docker) drops"));
}

static bool none_listens(const char *interface)
{
	return false;
}

static bool all_listen(const char *interface)
{
	return true;
}

#define ZERO "00000000000000000000000000000000"
#define REST " 00000400 00000001 00000000 "

static void a_default_route_that_a_router_told_is_missed(void **state)
{
	static const char learnt[] = "fe800000000000000000000000000000 40 " ZERO " 00 " ZERO REST
				     "00000001     eth0\n" ZERO " 00 " ZERO
				     " 00 fe800000000000000000000000000001" REST
				     "00450003     eth0\n";
	static const char ordinary[] = ZERO " 00 " ZERO " 00 fe800000000000000000000000000001" REST
					    "00000003     eth0\n" ZERO " 00 " ZERO " 00 " ZERO REST
					    "00200200       lo\n";
	autostr out = {0};

	net_others_look_at_routes(ordinary, none_listens, &out);
	net_others_look_at_routes(learnt, all_listen, &out);
	net_others_look_at_routes("", none_listens, &out);
	assert_string_equal(str_text(&out), "");
	net_others_look_at_routes(learnt, none_listens, &out);
	assert_non_null(strstr(str_text(&out), "sysctl -w net.ipv6.conf.eth0.accept_ra=2\n"));
	/* sysctl(8): a dot of a name is a slash there. */
	net_others_look_at_routes(ZERO " 00 " ZERO " 00 fe800000000000000000000000000001" REST
				       "00450003 eth0.10\n",
				  none_listens, &out);
	assert_non_null(strstr(str_text(&out), "eth0.10 has its route"));
	assert_non_null(strstr(str_text(&out), "sysctl -w net.ipv6.conf.eth0/10.accept_ra=2\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_that_drop_are_told_unless_they_name_the_bridge),
		cmocka_unit_test(older_rules_are_looked_at_too),
		cmocka_unit_test(a_default_route_that_a_router_told_is_missed),
	};

	return cmocka_run_group_tests_name("lxc_net_others", tests, NULL, NULL);
}
