/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces, addresses and routes in network namespaces of the test's own.
 */

#include "sys/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "sys/namespace.h"

static struct netlink here; /* in a namespace of its own */
static int there = -EBADF;  /* another namespace */

static int enter_namespaces(void **state)
{
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	there = namespace_open(0, "net");
	if (there < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	return netlink_open(&here);
}

static int leave(void **state)
{
	netlink_close(&here);
	if (there >= 0)
		close(there);
	return 0;
}

static void need_namespaces(void)
{
	if (there >= 0)
		return;
	print_message("network namespaces need root\n");
	skip();
}

static uint32_t make_pair(const char *name, const char *alias)
{
	static const uint8_t mac[] = {0xfe, 1, 2, 3, 4, 5}, peer_mac[] = {2, 0, 0, 0, 0, 9};
	const struct link_veth veth = {
		.name = name,
		.alias = alias,
		.peer_name = "eth0",
		.peer_ns_fd = there,
		.mtu = 1400,
		.rx_queues = 2,
		.tx_queues = 3,
		.mac = mac,
		.peer_mac = peer_mac,
	};
	uint32_t index = 0;

	assert_int_equal(link_create_veth(&here, &veth, &index), 0);
	assert_int_not_equal(index, 0);
	return index;
}

static void a_pair_is_made_as_asked(void **state)
{
	struct link_facts facts;
	struct netlink other;
	uint32_t index;

	need_namespaces();
	index = make_pair("tare0", "an alias");
	assert_int_equal(link_find(&here, "tare0", 0, &facts), 0);
	assert_int_equal(facts.index, index);
	assert_int_equal(facts.mtu, 1400);
	assert_string_equal(facts.alias, "an alias");
	assert_string_equal(facts.identity.kind, "veth");
	assert_true(facts.has_mac);
	assert_int_equal(facts.mac[0], 0xfe);
	assert_int_equal(facts.mac[5], 5);
	assert_int_equal(link_find(&here, NULL, index, &facts), 0);
	assert_string_equal(facts.name, "tare0");

	/* Its peer is born in the other namespace. */
	assert_int_equal(link_find(&here, "eth0", 0, &facts), -ENODEV);
	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	assert_int_equal(netlink_open(&other), 0);
	assert_int_equal(link_find(&other, "eth0", 0, &facts), 0);
	assert_int_equal(facts.mac[5], 9);
	assert_int_equal(facts.mtu, 1400);
	netlink_close(&other);

	assert_int_equal(link_delete(&here, index), 0);
	assert_int_equal(link_delete(&here, index), -ENODEV);
	assert_int_equal(link_delete(&here, 0), -ENODEV);
}

static void a_taken_name_is_told(void **state)
{
	const struct link_veth veth = {.name = "tare0", .peer_ns_fd = -1};
	uint32_t index, other = 0;

	need_namespaces();
	index = make_pair("tare0", NULL);
	assert_int_equal(link_create_veth(&here, &veth, &other), -EEXIST);
	assert_int_equal(other, 0);
	assert_int_equal(link_delete(&here, index), 0);
}

static void a_name_that_is_too_long_is_told(void **state)
{
	const struct link_veth veth = {.name = "a-name-that-is-long", .peer_ns_fd = -1};
	struct link_facts facts;
	uint32_t index;

	need_namespaces();
	assert_int_equal(link_create_veth(&here, &veth, &index), -ENAMETOOLONG);
	assert_int_equal(link_find(&here, veth.name, 0, &facts), -ENAMETOOLONG);
}

static void the_kernels_words_are_kept(void **state)
{
	const uint8_t bytes[4] = {10, 0, 0, 1};
	const struct link_address address = {.bytes = bytes, .length = 4, .prefix = 77};

	need_namespaces();
	assert_true(link_add_address(&here, 1, &address) < 0);
	assert_true(here.note[0] != '\0');
}

static void addresses_and_routes_are_added(void **state)
{
	const uint8_t ipv4[4] = {10, 9, 8, 7}, gateway[4] = {10, 9, 8, 1}, far[4] = {192, 0, 2, 1};
	const uint8_t ipv6[16] = {0xfd, [15] = 7}, gateway6[16] = {0xfd, [15] = 1};
	const struct link_address address4 = {ipv4, 4, 24, 0}, address6 = {ipv6, 16, 64, 0};
	const struct link_address via4 = {gateway, 4, 32, 0}, via6 = {gateway6, 16, 128, 0};
	const struct link_address via_far = {far, 4, 32, 0};
	const struct link_address network = {far, 4, 20, 0};
	struct link_facts facts;
	uint32_t index;

	need_namespaces();
	index = make_pair("tare0", NULL);
	assert_int_equal(link_add_address(&here, index, &address4), 0);
	assert_int_equal(link_add_address(&here, index, &address4), -EEXIST);
	assert_int_equal(link_add_address(&here, index, &address6), 0);
	assert_int_equal(link_set_up(&here, index), 0);
	assert_int_equal(link_find(&here, "tare0", 0, &facts), 0);
	assert_true(facts.flags & IFF_UP);
	assert_int_equal(link_add_default_route(&here, index, AF_INET, &via4), 0);
	assert_int_equal(link_add_default_route(&here, index, AF_INET6, &via6), 0);
	/* Host bits of a network are no reason to refuse it. */
	assert_int_equal(link_add_route(&here, index, &network), 0);
	assert_int_equal(link_delete(&here, index), 0);

	/* A gateway outside of every network is reached by a route of its own. */
	index = make_pair("tare1", NULL);
	assert_int_equal(link_add_address(&here, index, &address4), 0);
	assert_int_equal(link_set_up(&here, index), 0);
	assert_int_equal(link_add_default_route(&here, index, AF_INET, &via_far), 0);
	assert_int_equal(link_delete(&here, index), 0);

	/* And without one the device is the way. */
	index = make_pair("tare2", NULL);
	assert_int_equal(link_set_up(&here, index), 0);
	assert_int_equal(link_add_default_route(&here, index, AF_INET, NULL), 0);
	assert_int_equal(link_add_default_route(&here, index, AF_INET6, NULL), 0);
	assert_int_equal(link_add_default_route(&here, index, AF_INET6, &via4), -EINVAL);
	assert_int_equal(link_delete(&here, index), 0);
}

static void a_bridge_takes_an_interface(void **state)
{
	uint32_t index;

	need_namespaces();
	index = make_pair("tare0", NULL);
	/* Into nothing, and into something that has no ports. */
	assert_true(link_set_master(&here, index, 4711) < 0);
	assert_true(link_set_master(&here, index, 1) < 0);
	assert_int_equal(link_set_master(&here, index, 0), 0);
	assert_int_equal(link_delete(&here, index), 0);
}

static void requests_that_do_not_fit_are_refused(void **state)
{
	struct netlink_request q;
	char much[NETLINK_REQUEST_MAX];

	need_namespaces();
	memset(much, 'x', sizeof(much));
	netlink_begin(&q, RTM_GETLINK, 0);
	netlink_add(&q, 1, much, sizeof(much));
	assert_int_equal(netlink_ask(&here, &q, NULL, 0), -EMSGSIZE);
	netlink_begin(&q, RTM_GETLINK, 0);
	netlink_add(&q, 1, much, 600);
	netlink_add(&q, 1, much, 600);
	assert_int_equal(netlink_ask(&here, &q, NULL, 0), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_made_as_asked),
		cmocka_unit_test(a_taken_name_is_told),
		cmocka_unit_test(a_name_that_is_too_long_is_told),
		cmocka_unit_test(the_kernels_words_are_kept),
		cmocka_unit_test(addresses_and_routes_are_added),
		cmocka_unit_test(a_bridge_takes_an_interface),
		cmocka_unit_test(requests_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests_name("link", tests, enter_namespaces, leave);
}
