/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library tells about configuration keys.
 */

#include <lxc/lxccontainer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* spec/config.md §4 and contracts.md GO-13: exact names of LXC's table, no members, no v1. */
static void go_13_exact_names_are_supported(void **state)
{
	static const char *const supported[] = {
		"lxc.arch", "lxc.cgroup2",          "lxc.net",     "lxc.net.",
		"lxc.proc", "lxc.namespace.share.", "lxc.prlimit", "lxc.sysctl",
		"lxc.hook", "lxc.include",
	};
	static const char *const others[] = {
		"",           "lxc",      "lxc.nonsense",       "lxc.net.0.type",
		"lxc.cgroup", "lxc.tty",  "lxc.prlimit.nofile", "lxc.cgroup2.memory.max",
		"lxc.arch ",  "LXC.ARCH", "lxc.rootfs.backend", "lxc.namespace.share",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(supported) / sizeof(supported[0]); i++)
		assert_true(lxc_config_item_is_supported(supported[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(lxc_config_item_is_supported(others[i]));
	assert_false(lxc_config_item_is_supported(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(go_13_exact_names_are_supported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
