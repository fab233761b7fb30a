/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink in a network namespace where somebody else may send, too: what is not the kernel's is not
 * heard, and answers no question. The walk over the messages of a datagram.
 */

#include "sys/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

/* On the heap, without slack: what the sanitizers guard. */
static size_t walk(const void *bytes, size_t size)
{
	autofree char *exact = malloc(size);
	const struct nlmsghdr *message;
	size_t at = 0, count = 0;

	assert_non_null(exact);
	memcpy(exact, bytes, size);
	while ((message = netlink_next(exact, size, &at))) {
		assert_true((const char *)message + message->nlmsg_len <= exact + size);
		count++;
	}
	return count;
}

static void a_walk_ends_with_the_datagram(void **state)
{
	_Alignas(struct nlmsghdr) char bytes[128] = {0};
	struct nlmsghdr first = {.nlmsg_len = 20}, second = {.nlmsg_len = NLMSG_HDRLEN};

	memcpy(bytes, &first, sizeof(first));
	for (uint32_t length = NLMSG_HDRLEN; length <= 64; length++) {
		second.nlmsg_len = length;
		memcpy(bytes + 20, &second, sizeof(second));
		assert_int_equal(walk(bytes, 20 + length), 2);
		/* The same cut short, and with too little behind it for another one. */
		assert_int_equal(walk(bytes, 20 + length - 1), 1);
		assert_int_equal(walk(bytes, 20 + length + 1), 2);
	}
	for (uint32_t wrong = 0; wrong < NLMSG_HDRLEN; wrong++) {
		second.nlmsg_len = wrong;
		memcpy(bytes + 20, &second, sizeof(second));
		assert_int_equal(walk(bytes, 64), 1);
		assert_int_equal(walk(bytes, wrong + 1), 0);
	}
	second.nlmsg_len = UINT32_MAX;
	memcpy(bytes + 20, &second, sizeof(second));
	assert_int_equal(walk(bytes, 64), 1);
}

/* In a new network namespace; false: there is none to be had. */
static bool enter_network(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
}

static uint32_t port_of(int fd)
{
	struct sockaddr_nl address = {0};
	socklen_t length = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	return address.nl_pid;
}

/* An error, as the kernel would answer the request of this number. */
static void send_error(int from, uint32_t port, uint32_t sequence, int error)
{
	const struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} message = {
		.header = {.nlmsg_len = sizeof(message),
			   .nlmsg_type = NLMSG_ERROR,
			   .nlmsg_seq = sequence},
		.error = {.error = error},
	};
	const struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = port};

	assert_int_equal(sendto(from, &message, sizeof(message), 0, (const struct sockaddr *)&to,
				sizeof(to)),
			 sizeof(message));
}

static void datagrams_of_others_are_dropped(void **state)
{
	char bytes[256];
	int from, to;

	if (!enter_network()) {
		skip();
		return;
	}
	from = netlink_socket(0);
	to = netlink_socket(RTMGRP_LINK);
	assert_true(from >= 0 && to >= 0);
	assert_int_equal(netlink_receive(to, bytes, sizeof(bytes), MSG_DONTWAIT), -EAGAIN);
	send_error(from, port_of(to), 1, 0);
	assert_int_equal(netlink_receive(to, bytes, sizeof(bytes), MSG_DONTWAIT), 0);
	assert_int_equal(netlink_receive(to, bytes, sizeof(bytes), MSG_DONTWAIT), -EAGAIN);
	close(from);
	close(to);
}

static void others_answer_no_question(void **state)
{
	struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = 1};
	struct netlink_request request;
	struct netlink n;
	char reply[NETLINK_REPLY_MAX];
	int from;

	if (!enter_network()) {
		skip();
		return;
	}
	assert_int_equal(netlink_open(&n), 0);
	from = netlink_socket(0);
	assert_true(from >= 0);
	for (uint32_t sequence = 0; sequence < 4; sequence++)
		send_error(from, port_of(n.fd), sequence, -EPERM);
	netlink_begin(&request, RTM_GETLINK, 0);
	netlink_add_header(&request, &header, sizeof(header));
	assert_int_equal(netlink_ask(&n, &request, reply, sizeof(reply)), 0);
	close(from);
	netlink_close(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_ends_with_the_datagram),
		cmocka_unit_test(datagrams_of_others_are_dropped),
		cmocka_unit_test(others_answer_no_question),
	};

	return cmocka_run_group_tests_name("sys/netlink", tests, NULL, NULL);
}
