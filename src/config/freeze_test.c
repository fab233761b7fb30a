/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Freezing and thawing: every configuration of the golden tests comes back as it was, origins
 * included, and foreign bytes are refused.
 */

#include "config/freeze.h"

#include <dirent.h>
#include <fcntl.h>

#include "config/config_fixture.h"

/* Bytes, dump and file name of both are the same. */
static void assert_same(const struct config *a, const struct config *b)
{
	autostr dump_a = {}, dump_b = {}, bytes_a = {}, bytes_b = {};

	config_dump(a, &dump_a);
	config_dump(b, &dump_b);
	assert_string_equal(str_text(&dump_b), str_text(&dump_a));
	assert_int_equal(config_freeze(a, &bytes_a), 0);
	assert_int_equal(config_freeze(b, &bytes_b), 0);
	assert_int_equal(bytes_b.len, bytes_a.len);
	assert_memory_equal(bytes_b.data, bytes_a.data, bytes_a.len);
	assert_int_equal(!a->first_file, !b->first_file);
	if (a->first_file)
		assert_string_equal(b->first_file, a->first_file);
}

static int collect(void *context, const char *key, const char *value)
{
	str_addf(context, "%s=%s;", key, value);
	return 0;
}

static void assert_comes_back(const struct config *c)
{
	struct config again;
	struct err e = {};
	autostr bytes = {}, items = {}, items_again = {};

	assert_int_equal(config_init(&again, NULL), 0);
	assert_int_equal(config_freeze(c, &bytes), 0);
	if (config_thaw(&again, bytes.data, bytes.len, &e) != 0)
		fail_msg("%s", err_cause(&e));
	assert_same(c, &again);
	assert_int_equal(config_each_item(c, collect, &items), 0);
	assert_int_equal(config_each_item(&again, collect, &items_again), 0);
	assert_string_equal(str_text(&items_again), str_text(&items));
	config_finish(&again);
}

/* Lines that fail are part of it: what they did before they failed is thawed, too. */
static void all_golden_configurations_come_back(void **state)
{
	autostr path = {};
	struct dirent *entry;
	unsigned count = 0;
	DIR *directory;
	int fd;

	str_addf(&path, "%s/tests/golden/config", getenv("TARE_SOURCE_ROOT"));
	fd = open(str_text(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fdopendir(fd);
	assert_non_null(directory);
	assert_int_equal(fchdir(fd), 0);
	while ((entry = readdir(directory))) {
		struct fixture f;

		if (!text_ends(entry->d_name, ".conf"))
			continue;
		fixture_init(&f);
		config_load(&f.config, entry->d_name, &f.error);
		assert_comes_back(&f.config);
		fixture_finish(&f);
		count++;
	}
	closedir(directory);
	assert_true(count > 100);
}

static void what_the_api_changed_comes_back(void **state)
{
	struct fixture f;

	fixture_init(&f);
	assert_loads(&f, "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n"
			 "lxc.mount.entry = a b none bind\nlxc.hook.start = x\n"
			 "lxc.sysctl.net.ipv4.ip_forward = 1\nlxc.cap.drop = sys_time mac_admin\n");
	assert_set(&f, "lxc.net.3.type", "empty");
	assert_set(&f, "lxc.uts.name", "n");
	assert_int_equal(config_clear(&f.config, "lxc.hook.start", NULL), 0);
	assert_int_equal(config_clear(&f.config, "lxc.autodev", NULL), 0);
	assert_int_equal(config_set(&f.config, "lxc.log.level", "loud", "(API)", NULL), -EINVAL);
	assert_int_equal(config_set(&f.config, "lxc.idmap", "u 0 1", "(API)", NULL), -EINVAL);
	assert_comes_back(&f.config);
	assert_int_equal(config_clear(&f.config, "lxc.net.0", NULL), 0);
	assert_comes_back(&f.config);
	fixture_finish(&f);
}

static void a_variable_of_the_environment_is_frozen_with_its_value(void **state)
{
	struct fixture f;
	struct config again;
	autostr bytes = {}, value = {};

	fixture_init(&f);
	assert_int_equal(putenv((char[]){"TARE_FREEZE=here"}), 0);
	assert_loads(&f, "lxc.environment = TARE_FREEZE\n");
	assert_int_equal(config_freeze(&f.config, &bytes), 0);
	assert_int_equal(putenv((char[]){"TARE_FREEZE=there"}), 0);
	assert_int_equal(config_init(&again, NULL), 0);
	assert_int_equal(config_thaw(&again, bytes.data, bytes.len, NULL), 0);
	assert_int_equal(config_get(&again, "lxc.environment", &value), 0);
	assert_string_equal(str_text(&value), "TARE_FREEZE=here\n");
	config_finish(&again);
	fixture_finish(&f);
}

static void items_are_those_with_a_value_in_order(void **state)
{
	struct fixture f;
	autostr items = {};
	char *at;

	fixture_init(&f);
	assert_loads(&f, "lxc.cgroup2.memory.max = 1\nlxc.cgroup2.memory.max = 2\n"
			 "lxc.cgroup2.cpu.max = 3\nlxc.net.1.type = veth\nlxc.net.1.link = br\n"
			 "lxc.utsname = old\n");
	assert_int_equal(config_each_item(&f.config, collect, &items), 0);
	at = strstr(str_text(&items), "lxc.cgroup2=");
	assert_non_null(at);
	assert_true(text_starts(at, "lxc.cgroup2=lxc.cgroup2.memory.max = 1\n"
				    "lxc.cgroup2.memory.max = 2\nlxc.cgroup2.cpu.max = 3\n;"
				    "lxc.cgroup2.cpu.max=3\n;lxc.cgroup2.memory.max=1\n2\n;"));
	at = strstr(str_text(&items), "lxc.net=");
	assert_non_null(at);
	assert_true(text_starts(at, "lxc.net=veth\n;lxc.net.1."));
	assert_non_null(strstr(at, ";lxc.net.1.link=br;"));
	assert_non_null(strstr(str_text(&items), ";lxc.uts.name=old;"));
	assert_null(strstr(str_text(&items), "lxc.utsname"));
	assert_null(strstr(str_text(&items), "lxc.hook.start"));
	fixture_finish(&f);
}

/* Every cut and every flipped byte: refused, or at least survived. */
static void foreign_bytes_are_refused(void **state)
{
	struct fixture f;
	autostr bytes = {};

	fixture_init(&f);
	assert_loads(&f, "lxc.uts.name = a\nlxc.tty.max = 3\n");
	assert_int_equal(config_freeze(&f.config, &bytes), 0);
	for (size_t i = 0; i < bytes.len; i++) {
		autofree char *copy = malloc(bytes.len);
		struct config again;

		memcpy(copy, bytes.data, bytes.len);
		assert_int_equal(config_init(&again, NULL), 0);
		assert_true(config_thaw(&again, copy, i, NULL) < 0);
		config_finish(&again);
		copy[i] = (char)(copy[i] ^ 0x55);
		assert_int_equal(config_init(&again, NULL), 0);
		config_thaw(&again, copy, bytes.len, NULL);
		config_finish(&again);
	}
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_golden_configurations_come_back),
		cmocka_unit_test(what_the_api_changed_comes_back),
		cmocka_unit_test(a_variable_of_the_environment_is_frozen_with_its_value),
		cmocka_unit_test(items_are_those_with_a_value_in_order),
		cmocka_unit_test(foreign_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
