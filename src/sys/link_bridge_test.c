/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bridge, its addresses and what is attached to it, in a network namespace of the test's own.
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

enum { MANY = 40 };

static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
static struct netlink here = {.fd = -EBADF};

static int enter_namespace(void **state)
{
	return unshare(CLONE_NEWNET) < 0 ? 0 : netlink_open(&here);
}

static int leave(void **state)
{
	netlink_close(&here);
	return 0;
}

static uint32_t make_bridge(void)
{
	uint32_t index = 0;

	if (here.fd < 0) {
		print_message("network namespaces need root\n");
		skip();
	}
	assert_int_equal(link_create_bridge(&here, "br0", mac, &index), 0);
	assert_int_not_equal(index, 0);
	return index;
}

static void a_bridge_is_made_once(void **state)
{
	uint32_t index = make_bridge(), second = 0;
	struct link_facts facts;

	assert_int_equal(link_find(&here, "br0", 0, &facts), 0);
	assert_string_equal(facts.identity.kind, "bridge");
	assert_memory_equal(facts.mac, mac, sizeof(mac));
	assert_int_equal(facts.index, index);
	assert_int_equal(link_create_bridge(&here, "br0", mac, &second), -EEXIST);
	assert_int_equal(second, 0);
	assert_int_equal(link_create_bridge(&here, "a-name-that-is-long", mac, &second),
			 -ENAMETOOLONG);

	assert_int_equal(link_set_up(&here, index), 0);
	assert_int_equal(link_set_down(&here, index), 0);
	assert_int_equal(link_find(&here, NULL, index, &facts), 0);
	assert_false(facts.flags & IFF_UP);
	assert_int_equal(link_delete(&here, index), 0);
}

static void more_addresses_than_fit_at_once_are_flushed(void **state)
{
	uint8_t bytes[4] = {10, 1, 0, 1}, six[16] = {0xfd, 1};
	const struct link_address four = {.bytes = bytes, .length = 4, .prefix = 24};
	const struct link_address ipv6 = {.bytes = six, .length = 16, .prefix = 64};
	uint32_t index = make_bridge();

	for (int i = 1; i <= MANY; i++) {
		bytes[2] = bytes[3] = (uint8_t)i;
		six[15] = (uint8_t)i;
		assert_int_equal(link_add_address(&here, index, &four), 0);
		assert_int_equal(link_add_address(&here, index, &ipv6), 0);
	}
	assert_int_equal(link_has_address(&here, index, &four), 1);
	assert_int_equal(link_has_address(&here, index, &ipv6), 1);
	assert_int_equal(link_has_address(&here, index + 1, &ipv6), 0);
	assert_int_equal(link_flush_addresses(&here, index), 0);
	for (int i = 1; i <= MANY; i++) {
		bytes[2] = bytes[3] = (uint8_t)i;
		six[15] = (uint8_t)i;
		assert_int_equal(link_has_address(&here, index, &four), 0);
		assert_int_equal(link_has_address(&here, index, &ipv6), 0);
	}
	assert_int_equal(link_flush_addresses(&here, index), 0);
	assert_int_equal(link_delete(&here, index), 0);
}

static void a_primary_address_takes_its_secondary_ones_along(void **state)
{
	uint8_t bytes[4] = {10, 1, 0, 1};
	const struct link_address four = {.bytes = bytes, .length = 4, .prefix = 24};
	uint32_t index = make_bridge();

	for (uint8_t i = 1; i < 5; i++) {
		bytes[3] = i;
		assert_int_equal(link_add_address(&here, index, &four), 0);
	}
	assert_int_equal(link_flush_addresses(&here, index), 0);
	assert_int_equal(link_has_address(&here, index, &four), 0);
	assert_int_equal(link_delete(&here, index), 0);
}

static void what_is_attached_is_counted(void **state)
{
	const struct link_veth veth = {.name = "tare0", .peer_name = "tare1", .peer_ns_fd = -1};
	uint32_t index = make_bridge(), pair, other;
	struct link_ports ports;
	struct link_facts facts;

	assert_int_equal(link_look_at_ports(&here, index, &ports), 0);
	assert_int_equal(ports.count, 0);
	assert_int_equal(link_create_veth(&here, &veth, &pair), 0);
	assert_int_equal(link_set_master(&here, pair, index), 0);
	assert_int_equal(link_look_at_ports(&here, index, &ports), 0);
	assert_int_equal(ports.count, 1);
	assert_string_equal(ports.attached, "tare0");
	assert_string_equal(ports.foreign, "");
	assert_string_equal(ports.upper, "");

	/* Another bridge's ports are not counted. */
	assert_int_equal(link_create_bridge(&here, "br1", mac, &other), 0);
	assert_int_equal(link_find(&here, "tare1", 0, &facts), 0);
	assert_int_equal(link_set_master(&here, facts.index, other), 0);
	assert_int_equal(link_look_at_ports(&here, index, &ports), 0);
	assert_int_equal(ports.count, 1);
	assert_int_equal(link_delete(&here, pair), 0);
	assert_int_equal(link_delete(&here, other), 0);
	assert_int_equal(link_delete(&here, index), 0);
}

static void what_stands_on_it_is_named(void **state)
{
	uint32_t index = make_bridge();
	const struct link_upper upper = {
		.kind = LINK_MACVLAN,
		.name = "tare2",
		.lower = index,
		.ns_fd = -1,
		.mode = MACVLAN_MODE_BRIDGE,
	};
	struct link_ports ports;
	struct link_facts facts;

	assert_int_equal(link_create_upper(&here, &upper), 0);
	assert_int_equal(link_look_at_ports(&here, index, &ports), 0);
	assert_int_equal(ports.count, 0);
	assert_string_equal(ports.upper, "tare2");
	assert_int_equal(link_find(&here, "tare2", 0, &facts), 0);
	assert_int_equal(link_look_at_ports(&here, facts.index, &ports), 0);
	assert_string_equal(ports.upper, "");
	assert_int_equal(link_delete(&here, index), 0);
}

static void bridges_are_found_by_their_alias(void **state)
{
	const struct link_change one = {.alias = "tare"}, longer = {.alias = "tare2"};
	uint32_t first = make_bridge(), second, third, found;

	assert_int_equal(link_create_bridge(&here, "br1", mac, &second), 0);
	assert_int_equal(link_create_bridge(&here, "br2", mac, &third), 0);
	assert_int_equal(link_find_bridge(&here, "tare", 0, &found), -ENODEV);
	assert_int_equal(link_change(&here, third, &one), 0);
	assert_int_equal(link_change(&here, second, &longer), 0);
	assert_int_equal(link_change(&here, first, &one), 0);
	assert_int_equal(link_find_bridge(&here, "tare", 0, &found), 0);
	assert_int_equal(found, first);
	assert_int_equal(link_find_bridge(&here, "tare", first, &found), 0);
	assert_int_equal(found, third);
	assert_int_equal(link_find_bridge(&here, "tare", third, &found), -ENODEV);
	assert_int_equal(link_delete(&here, first), 0);
	assert_int_equal(link_delete(&here, second), 0);
	assert_int_equal(link_delete(&here, third), 0);
}

static int count_address(void *context, const struct link_address *address)
{
	unsigned *lengths = context;

	*lengths += address->length;
	return 0;
}

static int stop_at_once(void *context, const struct link_address *address)
{
	return -ECANCELED;
}

static void addresses_are_listed_and_deleted_one_by_one(void **state)
{
	uint8_t bytes[4] = {10, 1, 0, 1}, six[16] = {0xfd, 1};
	const struct link_address four = {.bytes = bytes, .length = 4, .prefix = 24};
	const struct link_address ipv6 = {.bytes = six, .length = 16, .prefix = 64};
	uint32_t index = make_bridge();
	unsigned lengths = 0;

	assert_int_equal(link_add_address(&here, index, &four), 0);
	assert_int_equal(link_add_address(&here, index, &ipv6), 0);
	assert_int_equal(link_list_addresses(&here, index, count_address, &lengths), 0);
	assert_int_equal(lengths, 20);
	assert_int_equal(link_list_addresses(&here, index, stop_at_once, NULL), -ECANCELED);
	assert_int_equal(link_delete_address(&here, index, &four), 0);
	assert_int_equal(link_delete_address(&here, index, &four), -EADDRNOTAVAIL);
	assert_int_equal(link_has_address(&here, index, &ipv6), 1);
	assert_int_equal(link_delete_address(&here, index, &ipv6), 0);
	assert_int_equal(link_has_address(&here, index, &ipv6), 0);
	assert_int_equal(link_delete(&here, index), 0);
}

static int refuse(void *context, const struct nlmsghdr *message)
{
	unsigned *count = context;

	++*count;
	return -ECANCELED;
}

static void a_list_can_be_left_and_the_handle_used_again(void **state)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	uint32_t index = make_bridge();
	struct netlink_request q;
	struct link_facts facts;
	unsigned count = 0;

	netlink_begin(&q, RTM_GETLINK, 0);
	netlink_add_header(&q, &header, sizeof(header));
	assert_int_equal(netlink_dump(&here, &q, refuse, &count), -ECANCELED);
	assert_int_equal(count, 1);
	assert_int_equal(link_find(&here, "br0", 0, &facts), 0);
	assert_int_equal(link_delete(&here, index), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bridge_is_made_once),
		cmocka_unit_test(more_addresses_than_fit_at_once_are_flushed),
		cmocka_unit_test(a_primary_address_takes_its_secondary_ones_along),
		cmocka_unit_test(what_is_attached_is_counted),
		cmocka_unit_test(what_stands_on_it_is_named),
		cmocka_unit_test(bridges_are_found_by_their_alias),
		cmocka_unit_test(addresses_are_listed_and_deleted_one_by_one),
		cmocka_unit_test(a_list_can_be_left_and_the_handle_used_again),
	};

	return cmocka_run_group_tests_name("link_bridge", tests, enter_namespace, leave);
}
