/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces and their addresses, in a network namespace of the test's own.
 */

#include "host/link_look.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "sys/link.h"

static int make_bridge(const char *name)
{
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return ioctl(fd, SIOCBRADDBR, name) < 0 ? -errno : 0;
}

static int set_up(void **state)
{
	(void)state;
	return geteuid() == 0 ? unshare(CLONE_NEWNET) : 0;
}

static void links_bridges_and_addresses_are_seen(void **state)
{
	const uint8_t v4[] = {10, 9, 8, 7};
	struct link_address address = {.bytes = v4, .length = sizeof(v4), .prefix = 24};
	struct link_look look;
	struct netlink netlink;
	struct in6_addr six;
	struct in_addr four;
	char text[INET6_ADDRSTRLEN];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(link_look("lo", &look), 0);
	assert_int_equal(look.index, 1);
	assert_int_equal(look.mtu, 65536);
	assert_false(look.is_bridge);
	assert_int_equal(link_look("nosuch0", &look), -ENODEV);
	assert_int_equal(link_look("a-name-that-is-too-long", &look), -ENAMETOOLONG);
	assert_int_equal(link_ipv4_address("lo", &four), -EADDRNOTAVAIL);
	assert_int_equal(link_ipv4_address("nosuch0", &four), -ENODEV);

	if (make_bridge("br-test") < 0)
		skip();
	assert_int_equal(link_look("br-test", &look), 0);
	assert_true(look.is_bridge);
	assert_int_equal(look.mtu, 1500);
	assert_int_equal(netlink_open(&netlink), 0);
	assert_int_equal(link_add_address(&netlink, look.index, &address), 0);
	assert_int_equal(link_ipv4_address("br-test", &four), 0);
	assert_string_equal(inet_ntop(AF_INET, &four, text, sizeof(text)), "10.9.8.7");

	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &six), 1);
	address = (struct link_address){.bytes = &six, .length = sizeof(six), .prefix = 64};
	if (link_add_address(&netlink, look.index, &address) == 0) {
		memset(&six, 0, sizeof(six));
		assert_int_equal(link_ipv6_address("br-test", &six), 0);
		assert_string_equal(inet_ntop(AF_INET6, &six, text, sizeof(text)), "2001:db8::1");
	}
	assert_int_equal(link_ipv6_address("br-tes", &six), -EADDRNOTAVAIL);
	netlink_close(&netlink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(links_bridges_and_addresses_are_seen)};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
