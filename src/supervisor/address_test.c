/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses in the run record, from a real network namespace of the test's: what is there at the
 * beginning, what comes and goes.
 */

#include "supervisor/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "supervisor/supervisor_fixture.h"
#include "sys/link.h"
#include "sys/netlink.h"

static const struct record_address *find(struct fixture *f, const char *text)
{
	for (int i = 0; i < RECORD_ADDRESSES_MAX; i++) {
		const struct record_address *a = &f->record->addresses[i];
		char got[INET6_ADDRSTRLEN];

		if (a->family && inet_ntop(a->family, a->address, got, sizeof(got)) &&
		    strcmp(got, text) == 0)
			return a;
	}
	return NULL;
}

static void settle(struct fixture *f)
{
	for (int i = 0; i < 20; i++) {
		struct pollfd polled = {.fd = f->s.loop.epoll_fd, .events = POLLIN};

		poll(&polled, 1, 2);
		fixture_pump(f);
	}
}

static void addresses_are_kept_in_the_record(void **state)
{
	struct fixture f;
	struct netlink n;
	struct link_facts lo;
	struct link_address address = {.length = 4, .prefix = 24};
	uint32_t bytes = htonl(0x0a4e0002);
	struct plan *p;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		skip();
		return;
	}
	fixture_open(&f, NULL, NULL);
	p = (struct plan *)f.s.run.plan;
	/* A register that the fixture has no other use for. */
	p->roles[ROLE_ADDRESS_SOCKET] = FIXTURE_DEVPTS;
	fixture_set_fd(&f, FIXTURE_DEVPTS,
		       netlink_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR));
	assert_int_equal(netlink_open(&n), 0);
	assert_int_equal(link_find(&n, "lo", 0, &lo), 0);
	assert_int_equal(link_set_up(&n, lo.index), 0);
	address_begin(&f.s);
	settle(&f);
	assert_non_null(find(&f, "127.0.0.1"));
	assert_string_equal(find(&f, "127.0.0.1")->interface, "lo");
	assert_int_equal(find(&f, "127.0.0.1")->prefix, 8);
	address.bytes = &bytes;
	assert_int_equal(link_add_address(&n, lo.index, &address), 0);
	settle(&f);
	assert_non_null(find(&f, "10.78.0.2"));
	assert_int_equal(find(&f, "10.78.0.2")->prefix, 24);
	assert_string_equal(find(&f, "10.78.0.2")->interface, "lo");
	assert_int_equal(f.record->address_sequence % 2, 0);
	address_end(&f.s);
	assert_null(find(&f, "10.78.0.2"));
	netlink_close(&n);
	fixture_close(&f);
}

/* As the container's root can: from a socket of its own to the port of the supervisor's. */
static void send_from_inside(int to_fd, const void *bytes, size_t size)
{
	struct sockaddr_nl to;
	socklen_t length = sizeof(to);
	int fd = netlink_socket(0);

	assert_true(fd >= 0);
	assert_int_equal(getsockname(to_fd, (void *)&to, &length), 0);
	assert_int_equal(sendto(fd, bytes, size, 0, (void *)&to, length), size);
	close(fd);
}

static void only_the_kernel_is_believed(void **state)
{
	static char odd[16384];
	const struct {
		struct nlmsghdr header;
		struct ifaddrmsg body;
		struct nlattr attribute;
		uint32_t address;
	} forged = {
		.header = {.nlmsg_len = sizeof(forged), .nlmsg_type = RTM_NEWADDR},
		.body = {.ifa_family = AF_INET, .ifa_prefixlen = 8, .ifa_index = 1},
		.attribute = {.nla_len = 8, .nla_type = IFA_ADDRESS},
		.address = htonl(0x08080808),
	};
	struct fixture f;
	int fd;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		skip();
		return;
	}
	fixture_open(&f, NULL, NULL);
	((struct plan *)f.s.run.plan)->roles[ROLE_ADDRESS_SOCKET] = FIXTURE_DEVPTS;
	fd = netlink_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	fixture_set_fd(&f, FIXTURE_DEVPTS, fd);
	address_begin(&f.s);
	settle(&f);
	send_from_inside(fd, &forged, sizeof(forged));
	settle(&f);
	assert_null(find(&f, "8.8.8.8"));
	memset(odd, 'A', sizeof(odd));
	for (uint32_t length = sizeof(odd) - 4; length <= sizeof(odd); length++) {
		const struct nlmsghdr header = {.nlmsg_len = length, .nlmsg_type = 0x7fff};

		memcpy(odd, &header, sizeof(header));
		send_from_inside(fd, odd, length);
		settle(&f);
	}
	assert_int_equal(f.s.loop.watches[WATCH_ADDRESS].fd, fd);
	address_end(&f.s);
	fixture_close(&f);
}

/* Other names of an interface stand in what is told about it: more than fits into a datagram. */
static void add_other_names(struct netlink *n, uint32_t index)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};
	char name[120];

	for (int i = 0; i < 150; i++) {
		struct netlink_request q;
		uint32_t list;

		snprintf(name, sizeof(name), "%0119d", i);
		netlink_begin(&q, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND);
		netlink_add_header(&q, &info, sizeof(info));
		list = netlink_nest_begin(&q, IFLA_PROP_LIST | NLA_F_NESTED);
		netlink_add_text(&q, IFLA_ALT_IFNAME, name);
		netlink_nest_end(&q, list);
		assert_int_equal(netlink_ask(n, &q, NULL, 0), 0);
	}
}

/* The container's root decides how long that is: it must not keep us busy for ever. */
static void what_is_too_long_is_not_asked_for_again(void **state)
{
	struct pollfd polled = {.events = POLLIN};
	struct fixture f;
	struct netlink n;
	struct link_facts lo;
	int served = 0;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		skip();
		return;
	}
	fixture_open(&f, NULL, NULL);
	((struct plan *)f.s.run.plan)->roles[ROLE_ADDRESS_SOCKET] = FIXTURE_DEVPTS;
	fixture_set_fd(&f, FIXTURE_DEVPTS, netlink_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR));
	assert_int_equal(netlink_open(&n), 0);
	assert_int_equal(link_find(&n, "lo", 0, &lo), 0);
	assert_int_equal(link_set_up(&n, lo.index), 0);
	add_other_names(&n, lo.index);
	address_begin(&f.s);
	polled.fd = f.s.loop.epoll_fd;
	while (served < 2000 && poll(&polled, 1, 20) == 1) {
		loop_serve_one(&f.s);
		served++;
	}
	assert_in_range(served, 1, 1999);
	assert_non_null(find(&f, "127.0.0.1"));
	assert_string_equal(find(&f, "127.0.0.1")->interface, "lo");
	address_end(&f.s);
	netlink_close(&n);
	fixture_close(&f);
}

static void damaged_messages_are_passed_over(void **state)
{
	struct {
		struct nlmsghdr header;
		char body[64];
	} message = {0};
	struct fixture f;

	fixture_open(&f, NULL, NULL);
	for (uint16_t type = 0; type < 32; type++) {
		for (uint32_t length = sizeof(message.header); length <= sizeof(message);
		     length++) {
			message.header.nlmsg_type = type;
			message.header.nlmsg_len = length;
			memset(message.body, (int)(type * 7 + length), sizeof(message.body));
			message.body[0] = AF_INET;
			address_take(&f.s, &message.header);
		}
	}
	assert_int_equal(f.record->address_sequence % 2, 0);
	fixture_close(&f);
}

/* The kernel refuses the list, or a name: only the first is the end of asking for all. */
static void a_refused_list_is_not_waited_for(void **state)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr body;
	} message = {
		.header = {.nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_ERROR},
		.body = {.error = -ENOMEM},
	};
	struct fixture f;

	fixture_open(&f, NULL, NULL);
	((struct plan *)f.s.run.plan)->roles[ROLE_ADDRESS_SOCKET] = FIXTURE_DEVPTS;
	fixture_set_fd(&f, FIXTURE_DEVPTS, netlink_socket(0));
	address_begin(&f.s);
	assert_true(f.s.addresses.is_dumping);
	message.header.nlmsg_seq = f.s.addresses.sequence + 1;
	address_take(&f.s, &message.header);
	assert_true(f.s.addresses.is_dumping);
	message.header.nlmsg_seq = f.s.addresses.sequence;
	address_take(&f.s, &message.header);
	assert_false(f.s.addresses.is_dumping);
	address_end(&f.s);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_messages_are_passed_over),
		cmocka_unit_test(addresses_are_kept_in_the_record),
		cmocka_unit_test(only_the_kernel_is_believed),
		cmocka_unit_test(what_is_too_long_is_not_asked_for_again),
		cmocka_unit_test(a_refused_list_is_not_waited_for),
	};

	return cmocka_run_group_tests_name("supervisor/address", tests, NULL, NULL);
}
