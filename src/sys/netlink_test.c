/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink in a network namespace where somebody else may send, too: what is not the kernel's is not
 * heard, and answers no question.
 */

#include "sys/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

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
		cmocka_unit_test(datagrams_of_others_are_dropped),
		cmocka_unit_test(others_answer_no_question),
	};

	return cmocka_run_group_tests_name("sys/netlink", tests, NULL, NULL);
}
