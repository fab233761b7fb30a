/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading and writing items: the get contract of the bindings (contracts.md GO-02, GO-04, PY-02,
 * PY-03), key lists, items of a running container, its interfaces and addresses, and cgroup items
 * by the names of both versions (GO-12, INC-17).
 */

#include "world.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int (*get_fn)(struct lxc_container *c, const char *key, char *retv, int inlen);

/* As go-lxc does it: the length with NULL, then the same length with a buffer that is one longer.
 * Heap, or NULL. */
static char *get(struct lxc_container *c, get_fn read, const char *key)
{
	int length = read(c, key, NULL, 0);
	char *value;

	if (length < 0)
		return NULL;
	value = malloc((size_t)length + 1);
	assert_non_null(value);
	memset(value, '#', (size_t)length + 1);
	assert_int_equal(read(c, key, value, length + 1), length);
	assert_int_equal(strlen(value), length);
	return value;
}

static void assert_item(struct lxc_container *c, const char *key, const char *expected)
{
	char *value = get(c, c->get_config_item, key);

	if (!value)
		fail_msg("%s: %s", key, c->error_string);
	assert_string_equal(value, expected);
	free(value);
}

static void lengths_and_values_agree(void **state)
{
	struct lxc_container *c = lxc_container_new("get", world_lxcpath);
	char small[4] = "###", *keys, *line, *rest;
	int tried = 0;

	assert_works(c, c->set_config_item(c, "lxc.uts.name", "get"));
	keys = get(c, c->get_keys, NULL);
	assert_non_null(keys);
	/* What LXC's own table prints. */
	assert_int_equal(strlen(keys), 1480);
	for (line = strtok_r(keys, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *value = get(c, c->get_config_item, line);

		if (strcmp(line, "lxc.include") == 0)
			assert_null(value);
		else if (!value && strcmp(line, "lxc.hook") != 0)
			fail_msg("%s: %s", line, c->error_string);
		free(value);
		tried++;
	}
	assert_true(tried > 70);
	free(keys);

	/* Scalars are copied only when they fit, lists as much as fits. */
	assert_works(c, c->set_config_item(c, "lxc.group", "onegroup"));
	assert_int_equal(c->get_config_item(c, "lxc.group", small, sizeof(small)), 9);
	assert_string_equal(small, "one");
	assert_item(c, "lxc.group", "onegroup\n");
	lxc_container_put(c);
}

static void values_come_back_as_they_were_set(void **state)
{
	static const char *const pairs[][2] = {
		{"lxc.tty.max", "7"},
		{"lxc.init.cmd", "/sbin/init  --a 'b c'"},
		{"lxc.environment", "A=\"quoted text\""},
		{"lxc.mount.entry", "/a\\040b c none bind 0 0"},
		{"lxc.net.0.hwaddr", "00:16:3E:aa:BB:01"},
		{"lxc.idmap", "u 0 100000 65536"},
	};
	struct lxc_container *c = lxc_container_new("set", world_lxcpath);

	assert_works(c, c->set_config_item(c, "lxc.net.0.type", "veth"));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *value, *end;

		assert_works(c, c->set_config_item(c, pairs[i][0], pairs[i][1]));
		value = get(c, c->get_config_item, pairs[i][0]);
		assert_non_null(value);
		end = strrchr(value, '\n');
		if (end && !end[1])
			*end = '\0';
		assert_string_equal(value, pairs[i][1]);
		free(value);
	}
	assert_item(c, "lxc.mount.entry", "/a\\040b c none bind 0 0\n");
	assert_works(c, c->set_config_item(c, "lxc.cap.drop", "sys_module sys_time"));
	assert_item(c, "lxc.cap.drop", "sys_module\nsys_time\n");
	assert_works(c, c->clear_config_item(c, "lxc.cap.drop"));
	assert_item(c, "lxc.cap.drop", "");
	lxc_container_put(c);
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[length] == '\n')
			return true;
	return false;
}

static void networks_as_the_bindings_use_them(void **state)
{
	struct lxc_container *c = lxc_container_new("net", world_lxcpath);
	char *keys;

	assert_works(c, c->set_config_item(c, "lxc.net.0.type", "veth"));
	assert_works(c, c->set_config_item(c, "lxc.net.0.name", "eth0"));
	assert_works(c, c->set_config_item(c, "lxc.net.2.type", "empty"));
	assert_item(c, "lxc.net", "veth\nempty\n");
	keys = get(c, c->get_keys, "lxc.net.0");
	assert_non_null(keys);
	assert_true(has_line(keys, "name"));
	assert_true(has_line(keys, "mtu"));
	assert_true(has_line(keys, "veth.pair"));
	free(keys);
	/* PY-04: a made-up type leaves no trace. */
	assert_false(c->set_config_item(c, "lxc.net.5.type", "temp_type"));
	assert_explained(c, "temp_type");
	assert_item(c, "lxc.net", "veth\nempty\n");
	lxc_container_put(c);
}

static void assert_running_item(struct lxc_container *c, const char *key, const char *expected)
{
	char *value = c->get_running_config_item(c, key);

	if (!value)
		fail_msg("%s: %s", key, c->error_string);
	assert_string_equal(value, expected);
	free(value);
}

/* One of the lists that end in NULL holds this. */
static bool has_text(char **list, const char *text)
{
	for (size_t i = 0; list && list[i]; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

/* The addresses come to be known a moment after the start. */
static char **await_ips(struct lxc_container *c, const char *interface, const char *family,
			const char *expected)
{
	char **ips = NULL;

	for (int i = 0; i < 300; i++) {
		ips = c->get_ips(c, interface, family, 0);
		if (has_text(ips, expected))
			return ips;
		free_list(ips);
		usleep(10000);
	}
	fail_msg("%s has no address %s", interface ? interface : "no interface", expected);
	return NULL;
}

static void make_bridge(void)
{
	static const char *const add[] = {"ip", "link", "add", "tarebr0", "type", "bridge", NULL};
	static const char *const up[] = {"ip", "link", "set", "tarebr0", "up", NULL};

	assert_int_equal(world_run(add), 0);
	assert_int_equal(world_run(up), 0);
}

static void items_of_a_running_container(void **state)
{
	static const char lines[] = "lxc.net.0.type = veth\nlxc.net.0.link = tarebr0\n"
				    "lxc.net.0.flags = up\nlxc.net.0.name = eth0\n"
				    "lxc.net.0.ipv4.address = 10.77.1.2/24\n"
				    "lxc.net.0.ipv6.address = fd00:77::2/64\n"
				    "lxc.net.1.type = veth\nlxc.net.1.link = tarebr0\n"
				    "lxc.net.1.name = eth1\nlxc.arch = x86_64\n";
	struct lxc_container *c, *other;
	char *pair, **list;

	make_bridge();
	c = world_start(world_name("run"), lines);
	assert_running_item(c, "lxc.uts.name", c->name);
	assert_running_item(c, "lxc.net.0.type", "veth");
	assert_running_item(c, "lxc.net.0.link", "tarebr0");
	/* The name that the kernel's side got, which stands in no file. */
	pair = c->get_running_config_item(c, "lxc.net.0.veth.pair");
	assert_non_null(pair);
	assert_int_not_equal(if_nametoindex(pair), 0);
	free(pair);
	assert_item(c, "lxc.net.0.veth.pair", "");
	assert_null(c->get_running_config_item(c, "lxc.nonsense"));
	assert_non_null(c->error_string);
	assert_null(c->get_running_config_item(c, "lxc.init.cwd"));

	list = c->get_interfaces(c);
	assert_true(has_text(list, "lo") && has_text(list, "eth0") && has_text(list, "eth1"));
	assert_string_equal(list[0], "eth0");
	assert_string_equal(list[1], "eth1");
	assert_string_equal(list[2], "lo");
	assert_null(list[3]);
	free_list(list);
	free_list(await_ips(c, NULL, NULL, "10.77.1.2"));
	list = await_ips(c, "eth0", "inet6", "fd00:77::2");
	assert_false(has_text(list, "10.77.1.2"));
	assert_null(list[1]); /* the link-local one has another scope id */
	free_list(list);
	assert_null(c->get_ips(c, "eth1", "inet", 0));
	assert_null(c->get_ips(c, "eth9", NULL, 0));

	/* An object that has loaded nothing else asks as well. */
	other = lxc_container_new(c->name, world_lxcpath);
	assert_running_item(other, "lxc.net.1.name", "eth1");
	lxc_container_put(other);
	world_end(c);
}

/* A number of a cgroup file. */
static unsigned long long number(struct lxc_container *c, const char *name)
{
	char *text = get(c, c->get_cgroup_item, name), *end;
	unsigned long long value;

	if (!text)
		fail_msg("%s: %s", name, c->error_string);
	value = strtoull(text, &end, 10);
	assert_true(end != text);
	free(text);
	return value;
}

static void cgroup_items_by_the_names_of_both_versions(void **state)
{
	static const char *const readable[] = {
		"memory.usage_in_bytes", "memory.limit_in_bytes",
		"memory.current",        "memory.max",
		"pids.current",          "pids.max",
		"memory.stat",           "cpu.stat",
		"cpuacct.usage",         "cpuset.cpus",
	};
	struct lxc_container *c = world_start(world_name("cg"), NULL);
	unsigned long long limit = 64 << 20;
	char *text;

	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		text = get(c, c->get_cgroup_item, readable[i]);
		if (!text)
			fail_msg("%s: %s", readable[i], c->error_string);
		free(text);
	}
	assert_true(number(c, "memory.current") > 0);
	assert_true(number(c, "memory.usage_in_bytes") > 0);
	assert_true(number(c, "pids.current") > 0);

	assert_works(c, c->set_cgroup_item(c, "memory.max", "67108864"));
	assert_int_equal(number(c, "memory.max"), limit);
	assert_int_equal(number(c, "memory.limit_in_bytes"), limit);
	assert_works(c, c->set_cgroup_item(c, "memory.limit_in_bytes", "32M"));
	assert_int_equal(number(c, "memory.max"), limit / 2);
	assert_works(c, c->set_cgroup_item(c, "pids.max", "50"));
	assert_int_equal(number(c, "pids.max"), 50);

	assert_int_equal(c->get_cgroup_item(c, "nonsense.file", NULL, 0), -ENOENT);
	assert_explained(c, "nonsense");
	assert_true(c->get_cgroup_item(c, "memory.nonsense", NULL, 0) < 0);
	assert_explained(c, "memory.nonsense");
	assert_true(c->get_cgroup_item(c, "memory.max/../../x", NULL, 0) < 0);
	assert_false(c->set_cgroup_item(c, "memory.max", "plenty"));
	assert_non_null(c->error_string);
	/* INC-07: no process more, then the end. */
	assert_works(c, c->set_cgroup_item(c, "pids.max", "0"));
	world_end(c);
}

static void supported_keys_are_those_of_the_table(void **state)
{
	static const char *const known[] = {"lxc.arch",  "lxc.net",     "lxc.net.",   "lxc.hook",
					    "lxc.idmap", "lxc.cgroup2", "lxc.prlimit"};
	static const char *const unknown[] = {"lxc.nonsense", "lxc.net.0.type",
					      "lxc.prlimit.nofile", "lxc.cgroup2.memory.max"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_true(lxc_config_item_is_supported(known[i]));
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_false(lxc_config_item_is_supported(unknown[i]));
	assert_false(lxc_config_item_is_supported(NULL));
}

/* INC-02, and what go-lxc and python3-lxc ask before anything else. */
static void the_library_tells_what_it_is(void **state)
{
	static const char *const extensions[] = {
		"mount_injection_file",
		"seccomp_notify",
		"network_ipvlan",
		"network_l2proxy",
		"network_gateway_device_route",
		"network_phys_macvlan_mtu",
		"network_veth_router",
		"cgroup2",
		"pidfd",
		"seccomp_allow_deny_syntax",
		"devpts_fd",
		"seccomp_proxy_send_notify_fd",
		"idmapped_mounts_v2",
		"core_scheduling",
	};
	const char *words[8] = {NULL};
	signed long persona = 77;

	assert_string_equal(lxc_get_version(), "7.0.0");
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		assert_true(lxc_has_api_extension(extensions[i]));
	assert_true(lxc_has_api_extension(NULL));
	assert_false(lxc_has_api_extension("telepathy"));
	assert_false(lxc_has_api_extension("init_pidfd"));
	assert_false(lxc_has_api_extension(""));
	assert_int_equal(lxc_get_wait_states(NULL), 8);
	assert_int_equal(lxc_get_wait_states(words), 8);
	assert_string_equal(words[0], "STOPPED");
	assert_string_equal(words[2], "RUNNING");
	assert_string_equal(words[7], "THAWED");
	assert_int_equal(lxc_config_parse_arch("x86_64", &persona), 0);
	assert_int_equal(persona, 0);
	assert_int_equal(lxc_config_parse_arch("i686", &persona), 0);
	assert_int_equal(persona, 8);
	assert_true(lxc_config_parse_arch("abacus", &persona) < 0);
	assert_non_null(lxc_get_global_config_item("lxc.lxcpath"));
	assert_non_null(lxc_get_global_config_item("lxc.default_config"));
	errno = 0;
	assert_null(lxc_get_global_config_item("lxc.nonsense"));
	assert_int_equal(errno, EINVAL);
}

static void a_log_is_opened_once(void **state)
{
	const char *path = world_path("log");
	struct lxc_log log = {
		.name = "logged",
		.lxcpath = world_lxcpath,
		.file = path,
		.level = "TRACE",
		.prefix = "client",
		.quiet = true,
	};
	struct lxc_log nowhere = {.name = "logged", .file = "/proc/nowhere/log", .quiet = true};
	struct lxc_container *c;
	struct stat status;
	char *text;

	assert_int_equal(lxc_log_init(NULL), -EINVAL);
	assert_int_equal(lxc_log_init(&nowhere), -1);
	assert_int_equal(lxc_log_init(&log), 0);
	assert_int_equal(lxc_log_init(&nowhere), 0);
	/* INC-05: the cause stands there in a line of level ERROR. */
	c = world_define(world_name("logged"), "lxc.mount.entry = /no/such/source mnt none bind\n");
	assert_false(c->start(c, 0, NULL));
	lxc_container_put(c);
	lxc_log_close();
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	text = world_read(path);
	assert_non_null(text);
	if (!strstr(text, " ERROR ") || !strstr(text, "/no/such/source"))
		fail_msg("the log has no error: %s", text);
	assert_int_equal(strncmp(text, "client ", 7), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_and_values_agree),
		cmocka_unit_test(values_come_back_as_they_were_set),
		cmocka_unit_test(networks_as_the_bindings_use_them),
		cmocka_unit_test_teardown(items_of_a_running_container, world_stop_all),
		cmocka_unit_test_teardown(cgroup_items_by_the_names_of_both_versions,
					  world_stop_all),
		cmocka_unit_test(supported_keys_are_those_of_the_table),
		cmocka_unit_test(the_library_tells_what_it_is),
		cmocka_unit_test_teardown(a_log_is_opened_once, world_stop_all),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
