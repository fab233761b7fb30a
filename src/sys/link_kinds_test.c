/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces on top of others, proxy neighbours and VLANs of ports, in network namespaces of the
 * test's own. Kinds that the kernel lacks are tried in the guest (tests/vm).
 */

#include "sys/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "sys/namespace.h"

static struct netlink here, there; /* in namespaces of their own */
static int there_fd = -EBADF;
static uint32_t lower; /* "lower0" here */

static int enter_namespaces(void **state)
{
	const struct link_veth veth = {.name = "lower0", .peer_ns_fd = -1};

	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	there_fd = namespace_open(0, "net");
	if (there_fd < 0 || unshare(CLONE_NEWNET) < 0 || netlink_open(&here) < 0 ||
	    netlink_open_in(there_fd, &there) < 0)
		return -1;
	return link_create_veth(&here, &veth, &lower);
}

static int leave(void **state)
{
	if (there_fd < 0)
		return 0;
	netlink_close(&here);
	netlink_close(&there);
	close(there_fd);
	return 0;
}

static void need_namespaces(void)
{
	if (there_fd >= 0)
		return;
	print_message("network namespaces need root\n");
	skip();
}

/* False when the kernel lacks the kind. */
static bool make(const struct link_upper *upper)
{
	int r = link_create_upper(&here, upper);

	if (r == -EOPNOTSUPP) {
		print_message("# the kernel has no such interfaces: %d\n", upper->kind);
		return false;
	}
	assert_int_equal(r, 0);
	return true;
}

static void they_are_born_in_the_other_namespace(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 9};
	struct link_upper upper = {.name = "eth0", .lower = lower, .ns_fd = there_fd, .mtu = 1300};
	static const char *const kinds[] = {"macvlan", "ipvlan", "vlan"};
	struct link_facts facts;

	need_namespaces();
	for (int kind = LINK_MACVLAN; kind <= LINK_VLAN; kind++) {
		upper.kind = (enum link_kind)kind;
		upper.lower = lower;
		upper.ns_fd = there_fd;
		upper.mode = kind == LINK_MACVLAN ? MACVLAN_MODE_BRIDGE
			     : kind == LINK_VLAN  ? 7
						  : IPVLAN_MODE_L3;
		upper.flags = kind == LINK_IPVLAN ? IPVLAN_F_PRIVATE : 0;
		upper.mac = kind == LINK_IPVLAN ? NULL : mac;
		if (!make(&upper))
			continue;
		assert_int_equal(link_find(&here, "eth0", 0, &facts), -ENODEV);
		assert_int_equal(link_find(&there, "eth0", 0, &facts), 0);
		assert_string_equal(facts.identity.kind, kinds[kind]);
		assert_int_equal(facts.mtu, 1300);
		if (upper.mac)
			assert_memory_equal(facts.mac, mac, sizeof(mac));
		assert_int_equal(link_create_upper(&here, &upper), -EEXIST);
		assert_int_equal(link_delete(&there, facts.index), 0);
	}
	upper.name = "a-name-that-is-long";
	assert_int_equal(link_create_upper(&here, &upper), -ENAMETOOLONG);
}

static void neighbours_are_answered_for(void **state)
{
	static const uint8_t v4[] = {192, 0, 2, 7}, v6[16] = {0xfd, [15] = 7};
	const struct link_address addresses[] = {{v4, 4, 32, 0}, {v6, 16, 128, 0}};
	const struct link_address bad = {v6, 5, 0, 0};

	need_namespaces();
	for (size_t i = 0; i < ARRAY_LENGTH(addresses); i++) {
		assert_int_equal(link_add_proxy(&here, lower, &addresses[i]), 0);
		assert_int_equal(link_add_proxy(&here, lower, &addresses[i]), -EEXIST);
		assert_int_equal(link_delete_proxy(&here, lower, &addresses[i]), 0);
		assert_int_equal(link_delete_proxy(&here, lower, &addresses[i]), -ENOENT);
	}
	assert_int_equal(link_add_proxy(&here, lower, &bad), -EINVAL);
}

static void routes_go_again(void **state)
{
	static const uint8_t v4[] = {192, 0, 2, 7};
	const struct link_address address = {v4, 4, 32, 0};

	need_namespaces();
	assert_int_equal(link_set_up(&here, lower), 0);
	assert_int_equal(link_add_route(&here, lower, &address), 0);
	assert_int_equal(link_delete_route(&here, lower, &address), 0);
	assert_int_equal(link_delete_route(&here, lower, &address), -ESRCH);
}

static void what_is_no_port_has_no_vlans(void **state)
{
	need_namespaces();
	assert_true(link_add_vlan(&here, lower, 7, true) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_born_in_the_other_namespace),
		cmocka_unit_test(neighbours_are_answered_for),
		cmocka_unit_test(routes_go_again),
		cmocka_unit_test(what_is_no_port_has_no_vlans),
	};

	return cmocka_run_group_tests_name("link_kinds", tests, enter_namespaces, leave);
}
