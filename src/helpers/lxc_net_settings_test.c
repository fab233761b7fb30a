/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What follows from settings, and the prefix that follows from a machine's identity. Which values
 * are refused: tests/bats/lxc-net-settings.bats.
 */

#include "helpers/lxc_net_settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

static const struct assignments_files no_files = {0};

static struct net_settings take(const char *text)
{
	struct assignments a = {0};
	struct net_settings s = {0};

	assert_int_equal(assignments_parse(&a, text, strlen(text), "FILE", &no_files, NULL), 0);
	assert_int_equal(net_settings_take(&a, NULL, &s, NULL), 0);
	assignments_finish(&a);
	return s;
}

static void nothing_set_is_lxcs_network(void **state)
{
	struct net_settings s = take("");

	assert_true(s.use_bridge && s.dhcp_ping && s.use_nft && s.ipv6 && s.ipv6_nat);
	assert_string_equal(net_text(&s, LXC_BRIDGE), "lxcbr0");
	assert_string_equal(net_text(&s, LXC_ADDR), "10.0.3.1");
	assert_string_equal(net_text(&s, LXC_NETWORK), "10.0.3.0/24");
	assert_string_equal(net_text(&s, LXC_DHCP_RANGE), "10.0.3.2,10.0.3.254");
	assert_string_equal(net_text(&s, LXC_DHCP_MAX), "253");
	assert_string_equal(net_text(&s, LXC_IPV6_ADDR), "fc42:5009:ba4b:5ab0::1");
	assert_string_equal(net_text(&s, LXC_IPV6_NETWORK), "fc42:5009:ba4b:5ab0::/64");
	net_settings_finish(&s);
}

static const struct {
	const char *text, *network, *range, *max;
} derived[] = {
	{"LXC_ADDR=10.9.8.7", "10.9.8.0/24", "10.9.8.1,10.9.8.254", "253"},
	{"LXC_ADDR=10.9.8.254", "10.9.8.0/24", "10.9.8.1,10.9.8.253", "253"},
	{"LXC_ADDR=10.9.8.1 LXC_NETMASK=255.255.0.0", "10.9.0.0/16", "10.9.0.1,10.9.255.254",
	 "65533"},
	{"LXC_ADDR=10.9.8.2 LXC_NETMASK=255.255.255.252", "10.9.8.0/30", "10.9.8.1,10.9.8.1", "1"},
	{"LXC_ADDR=10.1.1.1 LXC_NETMASK=255.0.0.0 LXC_NETWORK=10.0.0.0/8", "10.0.0.0/8",
	 "10.0.0.1,10.255.255.254", "1000000"},
	{"LXC_DHCP_RANGE=10.0.3.9,static", "10.0.3.0/24", "10.0.3.9,static", "253"},
};

static void what_is_not_set_follows_from_what_is(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(derived); i++) {
		struct net_settings s = take(derived[i].text);

		assert_string_equal(net_text(&s, LXC_NETWORK), derived[i].network);
		assert_string_equal(net_text(&s, LXC_DHCP_RANGE), derived[i].range);
		assert_string_equal(net_text(&s, LXC_DHCP_MAX), derived[i].max);
		net_settings_finish(&s);
	}
}

static void what_is_off_is_not_looked_at(void **state)
{
	struct net_settings s = take("USE_LXC_BRIDGE=false LXC_ADDR=nonsense");

	assert_false(s.use_bridge);
	net_settings_finish(&s);
	s = take("LXC_IPV6_ENABLE=false LXC_IPV6_ADDR=nonsense");
	assert_false(s.ipv6);
	net_settings_finish(&s);
	s = take("LXC_IPV6_ADDR=''");
	assert_false(s.ipv6);
	net_settings_finish(&s);
}

static void a_machine_has_a_prefix_of_its_own(void **state)
{
	char text[NET_TEXT_MAX];

	/* The first 14 digits of `printf 'lxc-net\n1111…' | sha256sum`. */
	net_ula_prefix("11111111111111111111111111111111\n", text);
	assert_string_equal(text, "fd2e:7ed0:c084:68f7");
	net_ula_prefix("uninitialized\n", text);
	assert_string_equal(text, "fc42:5009:ba4b:5ab0");
	net_ula_prefix(NULL, text);
	assert_string_equal(text, "fc42:5009:ba4b:5ab0");
}

static void names_with_a_mistake_are_told(void **state)
{
	static const char text[] = "LXC_AUTO=true\nLXC_ADRR=10.0.3.9\nBOOTGROUPS=x\n";
	struct assignments a = {0};
	autostr out = {0};

	assert_int_equal(assignments_parse(&a, text, strlen(text), "FILE", &no_files, NULL), 0);
	net_settings_look_for_typos(&a, &out);
	assert_string_equal(str_text(&out), "FILE:2: nothing reads LXC_ADRR: is LXC_ADDR meant?\n");
	assignments_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_set_is_lxcs_network),
		cmocka_unit_test(what_is_not_set_follows_from_what_is),
		cmocka_unit_test(what_is_off_is_not_looked_at),
		cmocka_unit_test(a_machine_has_a_prefix_of_its_own),
		cmocka_unit_test(names_with_a_mistake_are_told),
	};

	return cmocka_run_group_tests_name("lxc_net_settings", tests, NULL, NULL);
}
