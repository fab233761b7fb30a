/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device nodes and network interfaces of a running container: add_device_node() and its three kin,
 * from objects without a configuration, too (contracts.md INC-16).
 */

#include "world.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool has_interface(struct lxc_container *c, const char *name)
{
	char **list = c->get_interfaces(c);
	bool found = false;

	for (char **item = list; item && *item; item++) {
		found = found || strcmp(*item, name) == 0;
		free(*item);
	}
	free(list);
	return found;
}

/* What Incus does: an object of the name alone. */
static struct lxc_container *open_bare(const char *name)
{
	struct lxc_container *c = lxc_container_new(name, world_lxcpath);

	assert_non_null(c);
	c->clear_config(c);
	return c;
}

static void interfaces_go_in_and_come_back(void **state)
{
	static const char *const make[] = {"ip",   "link", "add",  "cva", "type",
					   "veth", "peer", "name", "cvb", NULL};
	struct lxc_container *running = world_start(world_name("move"), NULL);
	struct lxc_container *c = open_bare(world_name("move"));

	assert_int_equal(world_run(make), 0);
	assert_works(c, c->attach_interface(c, "cva", "eth3"));
	assert_int_equal(if_nametoindex("cva"), 0);
	assert_true(has_interface(c, "eth3"));
	assert_false(c->attach_interface(c, "cva", "eth4"));
	assert_explained(c, "Network device \"cva\" not found");
	assert_false(c->attach_interface(c, "cvb", "eth3"));
	assert_explained(c, "the name \"eth3\" is taken there");
	assert_true(if_nametoindex("cvb") > 0);
	/* Without a name it keeps its own. */
	assert_works(c, c->detach_interface(c, "eth3", NULL));
	assert_true(if_nametoindex("eth3") > 0);
	assert_false(has_interface(c, "eth3"));
	assert_false(c->detach_interface(c, "eth3", "cva"));
	assert_explained(c, "Network device \"eth3\" not found");
	assert_false(c->attach_interface(c, NULL, "eth3"));
	lxc_container_put(c);
	world_end(running);
}

/* What comes out has the name that the caller has in mind, not one that the container thought of.
 */
static void alternative_names_of_the_container_choose_none_here(void **state)
{
	static const char *const make[] = {"ip",   "link", "add",  "cvc", "type",
					   "veth", "peer", "name", "cvd", NULL};
	struct lxc_container *c = world_start(world_name("names"), NULL);
	char pid[16];
	const char *const rename[] = {"nsenter", "-t",       pid,   "-n",  "ip",
				      "link",    "property", "add", "dev", "cvc",
				      "altname", "eth9",     NULL};

	assert_int_equal(world_run(make), 0);
	assert_works(c, c->attach_interface(c, "cvc", NULL));
	snprintf(pid, sizeof(pid), "%d", (int)c->init_pid(c));
	assert_int_equal(world_run(rename), 0);
	assert_false(c->detach_interface(c, "eth9", NULL));
	assert_explained(c, "Network device \"eth9\" not found");
	assert_int_equal(if_nametoindex("cvc"), 0);
	assert_works(c, c->detach_interface(c, "eth9", "cve"));
	assert_true(if_nametoindex("cve") > 0);
	world_end(c);
}

static void nodes_are_made_and_removed(void **state)
{
	struct lxc_container *running = world_start(world_name("node"), NULL);
	struct lxc_container *c = open_bare(world_name("node"));
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/root/tmp/node", (int)c->init_pid(c));
	assert_works(c, c->add_device_node(c, "/dev/full", "/tmp/node"));
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_rdev, makedev(1, 7));
	assert_works(c, c->remove_device_node(c, "/dev/full", "/tmp/node"));
	assert_int_equal(lstat(path, &st), -1);
	assert_false(c->remove_device_node(c, "/dev/full", "/tmp/node"));
	assert_explained(c, "cannot remove the device node \"/tmp/node\"");
	assert_false(c->add_device_node(c, "/dev/nosuch", NULL));
	assert_explained(c, "cannot use the device node \"/dev/nosuch\"");
	assert_false(c->add_device_node(c, NULL, "/tmp/node"));
	lxc_container_put(c);
	world_end(running);
}

static void stopped_containers_have_none(void **state)
{
	struct lxc_container *c = world_define(world_name("stopped"), NULL);
	int fds = world_count_fds();

	assert_false(c->attach_interface(c, "lo", NULL));
	assert_explained(c, "is not running");
	assert_false(c->detach_interface(c, "lo", NULL));
	assert_explained(c, "is not running");
	assert_false(c->add_device_node(c, "/dev/null", NULL));
	assert_explained(c, "is not running");
	assert_false(c->remove_device_node(c, "/dev/null", NULL));
	assert_explained(c, "is not running");
	assert_int_equal(world_count_fds(), fds);
	lxc_container_put(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(interfaces_go_in_and_come_back, world_stop_all),
		cmocka_unit_test_teardown(alternative_names_of_the_container_choose_none_here,
					  world_stop_all),
		cmocka_unit_test_teardown(nodes_are_made_and_removed, world_stop_all),
		cmocka_unit_test_teardown(stopped_containers_have_none, world_stop_all),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
