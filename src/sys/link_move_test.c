/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces that change their namespace, in network namespaces of the test's own.
 */

#include "sys/link.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
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
static int here_fd = -EBADF, there_fd = -EBADF;

static int enter_namespaces(void **state)
{
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	there_fd = namespace_open(0, "net");
	if (there_fd < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	here_fd = namespace_open(0, "net");
	if (here_fd < 0 || netlink_open(&here) < 0)
		return -1;
	return netlink_open_in(there_fd, &there);
}

static int leave(void **state)
{
	if (here_fd < 0)
		return 0;
	netlink_close(&here);
	netlink_close(&there);
	close(here_fd);
	close(there_fd);
	return 0;
}

static void need_namespaces(void)
{
	if (here_fd >= 0)
		return;
	print_message("network namespaces need root\n");
	skip();
}

static uint32_t make_pair(const char *name)
{
	const struct link_veth veth = {.name = name, .peer_ns_fd = -1};
	uint32_t index = 0;

	assert_int_equal(link_create_veth(&here, &veth, &index), 0);
	return index;
}

static void a_handle_of_another_namespace_leaves_us_where_we_are(void **state)
{
	const uint64_t before = namespace_number("/proc/self/ns/net");
	struct netlink other;

	need_namespaces();
	assert_int_equal(netlink_open_in(there_fd, &other), 0);
	netlink_close(&other);
	assert_true(before == namespace_number("/proc/self/ns/net"));
	assert_true(netlink_open_in(-1, &other) < 0);
}

static void it_moves_with_all_changes_at_once_and_comes_back(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 9};
	const struct link_change changes = {
		.name = "inside0", .mtu = 1400, .mac = mac, .alias = "an alias"};
	const struct link_change back = {.name = "phys0", .mtu = 1500, .alias = ""};
	struct link_facts facts;
	uint32_t index, inside;

	need_namespaces();
	index = make_pair("phys0");
	assert_int_equal(link_move(&here, index, there_fd, 0, &changes), 0);
	assert_int_equal(link_find(&here, NULL, index, &facts), -ENODEV);
	assert_int_equal(link_find(&there, "inside0", 0, &facts), 0);
	assert_int_equal(facts.mtu, 1400);
	assert_memory_equal(facts.mac, mac, sizeof(mac));
	assert_string_equal(facts.alias, "an alias");
	assert_false(facts.flags & IFF_UP);
	inside = facts.index;

	assert_int_equal(link_move(&there, inside, here_fd, index, &back), 0);
	assert_int_equal(link_find(&here, "phys0", 0, &facts), 0);
	assert_int_equal(facts.index, index);
	assert_int_equal(facts.mtu, 1500);
	assert_string_equal(facts.alias, "");
	assert_int_equal(link_delete(&here, index), 0);
}

static void taken_names_are_told(void **state)
{
	const struct link_change lo = {.name = "lo"}, same = {.name = "two"};
	const struct link_change longest = {.name = "a-name-that-is-long"};
	struct link_facts facts;
	uint32_t one, two;

	need_namespaces();
	one = make_pair("one");
	two = make_pair("two");
	assert_int_equal(link_change(&here, one, &same), -EEXIST);
	assert_int_equal(link_change(&here, one, &longest), -ENAMETOOLONG);
	assert_int_equal(link_move(&here, one, there_fd, 0, &longest), -ENAMETOOLONG);
	/* It is there then, under the name that it had. */
	assert_int_equal(link_move(&here, one, there_fd, 0, &lo), -EEXIST);
	assert_int_equal(link_find(&there, "one", 0, &facts), 0);
	assert_int_equal(link_delete(&there, facts.index), 0);
	assert_int_equal(link_delete(&here, two), 0);
}

enum { MANY = 300, LONG = 121 };

/* Counts, and checks that the names come in order. */
static int take_name(void *context, const char *name)
{
	int *count = context, number;

	return sscanf(name, "name%d", &number) == 1 && number == (*count)++ ? 0 : -EINVAL;
}

static void alternative_names_come_and_go(void **state)
{
	struct link_facts facts;
	char name[LONG + 1];
	uint32_t index;
	int count = 0;

	need_namespaces();
	index = make_pair("one");
	assert_int_equal(link_each_altname(&here, index, take_name, &count), 0);
	assert_int_equal(link_add_altname(&here, index, "another"), 0);
	assert_int_equal(link_add_altname(&here, index, "another"), -EEXIST);
	assert_int_equal(link_each_altname(&here, index, take_name, &count), -EINVAL);
	assert_int_equal(link_delete_altname(&here, index, "another"), 0);
	assert_true(link_delete_altname(&here, index, "another") < 0);
	/* More than have room in any other answer. */
	for (int i = 0; i < MANY; i++) {
		memset(name, 'x', LONG);
		name[LONG] = '\0';
		name[snprintf(name, LONG, "name%03d", i)] = '-';
		assert_int_equal(link_add_altname(&here, index, name), 0);
	}
	assert_int_equal(link_each_altname(&here, index, take_name, &count), MANY);
	assert_int_equal(count, MANY);
	assert_int_equal(link_find_large(&here, "one", 0, &facts), 0);
	assert_int_equal(facts.index, index);
	assert_string_equal(facts.identity.kind, "veth");
	assert_int_equal(link_strip_altnames(&here, index), 0);
	assert_int_equal(link_each_altname(&here, index, take_name, &count), 0);
	assert_int_equal(link_each_altname(&here, 4711, take_name, &count), -ENODEV);
	assert_int_equal(link_delete(&here, index), 0);
}

static int look_for(void *context, uint32_t index)
{
	uint32_t *wanted = context;

	if (*wanted == index)
		*wanted = 0;
	return 0;
}

static void all_are_walked_through_and_their_use_is_set(void **state)
{
	const struct link_usage usage = {.queue_length = 7, .group = 8, .mode = 1};
	const struct link_change change = {.usage = &usage};
	struct link_facts facts;
	uint32_t index, wanted;

	need_namespaces();
	index = make_pair("one");
	wanted = index;
	assert_int_equal(link_each_index(&here, look_for, &wanted), 0);
	assert_int_equal(wanted, 0);
	assert_int_equal(link_change(&here, index, &change), 0);
	assert_int_equal(link_find(&here, NULL, index, &facts), 0);
	assert_int_equal(facts.usage.queue_length, 7);
	assert_int_equal(facts.usage.group, 8);
	assert_int_equal(facts.usage.mode, 1);
	assert_int_equal(link_delete(&here, index), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handle_of_another_namespace_leaves_us_where_we_are),
		cmocka_unit_test(it_moves_with_all_changes_at_once_and_comes_back),
		cmocka_unit_test(taken_names_are_told),
		cmocka_unit_test(alternative_names_come_and_go),
		cmocka_unit_test(all_are_walked_through_and_their_use_is_set),
	};

	return cmocka_run_group_tests_name("link_move", tests, enter_namespaces, leave);
}
