/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Translation of cgroup keys: one line per row and rule of the table, both ways. A list is written
 * as alternating keys and values, its translation as one line per entry:
 *
 *	[sources] key = value [| fallback key = value] (E, A, none, dropped, invalid)
 */

#include "config/cgroup_translate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"
#include "config/cgroup_translate_rows.h"

enum { SETTINGS_MAX = 16 };

typedef int (*translate_fn)(const struct cgroup_setting *settings, size_t count,
			    struct arena *arena, struct cgroup_translation_list *ret);

static void entry_print(const struct cgroup_translation *entry, struct str *out)
{
	static const char *const words[] = {"E", "A", "none", "dropped", "invalid"};

	str_add(out, "[");
	for (size_t i = 0; i < entry->source_count; i++)
		str_addf(out, "%s%zu", i ? " " : "", entry->sources[i]);
	str_add(out, "] ");
	if (entry->key)
		str_addf(out, "%s = %s ", entry->key, entry->value);
	if (entry->fallback_key)
		str_addf(out, "| %s = %s ", entry->fallback_key, entry->fallback_value);
	str_addf(out, "(%s)\n", words[entry->exactness]);
}

/* Translate a NULL-terminated list of keys and values. */
static void assert_list(translate_fn translate, const char *const *texts, const char *expected)
{
	struct cgroup_setting settings[SETTINGS_MAX];
	struct cgroup_translation_list list = {0};
	struct arena arena = {0};
	autostr out = {0};
	size_t count = 0;

	for (; texts[2 * count]; count++) {
		assert_true(count < SETTINGS_MAX);
		settings[count] = (struct cgroup_setting){texts[2 * count], texts[2 * count + 1]};
	}
	assert_int_equal(translate(settings, count, &arena, &list), 0);
	for (size_t i = 0; i < list.count; i++) {
		assert_int_equal(!list.items[i].key, !list.items[i].value);
		entry_print(&list.items[i], &out);
	}
	assert_string_equal(str_text(&out), expected);
	arena_finish(&arena);
}

#define FORWARD(expected, ...) \
	assert_list(cgroup_translate, (const char *const[]){__VA_ARGS__, NULL}, expected)
#define BACK(expected, ...) \
	assert_list(cgroup_translate_back, (const char *const[]){__VA_ARGS__, NULL}, expected)

/* One setting, whose entry is `expected` behind its source. */
static void assert_one(translate_fn translate, const char *key, const char *value,
		       const char *expected)
{
	char line[256];

	snprintf(line, sizeof(line), "[0] %s\n", expected);
	assert_list(translate, (const char *const[]){key, value, NULL}, line);
}

static void nothing_becomes_nothing(void **state)
{
	(void)state;
	assert_list(cgroup_translate, (const char *const[]){NULL}, "");
	assert_list(cgroup_translate_back, (const char *const[]){NULL}, "");
}

static void single_v1_settings(void **state)
{
	static const struct {
		const char *key, *value, *expected;
	} cases[] = {
		{"cpu.shares", "1024", "cpu.weight = 100 (A)"},
		{"cpu.shares", "1", "cpu.weight = 1 (A)"},
		{"cpu.shares", "many", "(invalid)"},
		{"cpu.shares", "-1", "(invalid)"},
		{"cpu.cfs_burst_us", "1000", "cpu.max.burst = 1000 (E)"},
		{"cpu.idle", "1", "cpu.idle = 1 (E)"},
		{"cpu.rt_runtime_us", "950000", "(none)"},
		{"cpu.rt_period_us", "1000000", "(none)"},
		{"cpuacct.usage", "0", "(none)"},
		{"cpuacct.usage_percpu", "0", "(none)"},
		{"cpuset.cpus", "0-3,7", "cpuset.cpus = 0-3,7 (E)"},
		{"cpuset.mems", "0", "cpuset.mems = 0 (E)"},
		{"cpuset.memory_migrate", "1", "(dropped)"},
		{"cpuset.memory_migrate", "0", "(none)"},
		{"cpuset.mem_hardwall", "1", "(none)"},
		{"memory.limit_in_bytes", "512M", "memory.max = 512M (E)"},
		{"memory.limit_in_bytes", "-1", "memory.max = max (E)"},
		{"memory.swappiness", "0", "(none)"},
		{"memory.oom_control", "0", "(dropped)"},
		{"memory.oom_control", "1", "(none)"},
		{"memory.kmem.limit_in_bytes", "1G", "(none)"},
		{"memory.use_hierarchy", "1", "(dropped)"},
		{"memory.use_hierarchy", "0", "(none)"},
		{"memory.move_charge_at_immigrate", "0", "(dropped)"},
		{"memory.move_charge_at_immigrate", "1", "(none)"},
		{"memory.force_empty", "0", "(dropped)"},
		{"memory.force_empty", "1M", "memory.reclaim = 1M (A)"},
		{"memory.usage_in_bytes", "0", "(none)"},
		{"blkio.weight", "500", "io.bfq.weight = 100 | io.weight = 100 (A)"},
		{"blkio.weight", "10", "io.bfq.weight = 2 | io.weight = 2 (A)"},
		{"blkio.weight", "1000", "io.bfq.weight = 200 | io.weight = 200 (A)"},
		{"blkio.weight", "9", "(invalid)"},
		{"blkio.weight", "1001", "(invalid)"},
		{"blkio.weight_device", "8:0 250",
		 "io.bfq.weight = 8:0 50 | io.weight = 8:0 50 (A)"},
		{"blkio.weight_device", "8:0 0",
		 "io.bfq.weight = 8:0 default | io.weight = 8:0 default (A)"},
		{"blkio.bfq.weight", "300", "io.bfq.weight = 300 (E)"},
		{"blkio.bfq.weight_device", "8:0 300", "io.bfq.weight = 8:0 300 (A)"},
		{"blkio.leaf_weight", "300", "(none)"},
		{"pids.max", "100", "pids.max = 100 (E)"},
		{"rdma.max", "mlx4_0 hca_handle=2", "rdma.max = mlx4_0 hca_handle=2 (E)"},
		{"misc.max", "res_a 3", "misc.max = res_a 3 (E)"},
		{"hugetlb.2MB.limit_in_bytes", "1G", "hugetlb.2MB.max = 1G (E)"},
		{"hugetlb.1GB.limit_in_bytes", "-1", "hugetlb.1GB.max = max (E)"},
		{"hugetlb.2MB.rsvd.limit_in_bytes", "4M", "hugetlb.2MB.rsvd.max = 4M (E)"},
		{"hugetlb.2MB.max_usage_in_bytes", "0", "(none)"},
		{"hugetlb..limit_in_bytes", "1G", "(none)"},
		{"devices.deny", "a", "devices.deny = a (E)"},
		{"freezer.state", "FROZEN", "cgroup.freeze = 1 (E)"},
		{"freezer.state", "THAWED", "cgroup.freeze = 0 (E)"},
		{"freezer.state", "FREEZING", "(invalid)"},
		{"net_cls.classid", "0x100001", "(none)"},
		{"net_prio.ifpriomap", "eth0 5", "(none)"},
		{"tasks", "1", "cgroup.threads = 1 (A)"},
		{"notify_on_release", "1", "(none)"},
		{"cgroup.clone_children", "1", "(dropped)"},
		{"no.such", "1", "(none)"},
		{"", "", "(none)"},
		/* LXC 5 on hybrid hosts let v2 names through */
		{"hugetlb.2MB.max", "1G", "hugetlb.2MB.max = 1G (E)"},
		{"memory.high", "1G", "memory.high = 1G (E)"},
		{"memory.current", "1", "(none)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_one(cgroup_translate, cases[i].key, cases[i].value, cases[i].expected);
}

static void quota_and_period_become_cpu_max(void **state)
{
	(void)state;
	FORWARD("[0 1] cpu.max = 50000 100000 (E)\n", "cpu.cfs_quota_us", "50000",
		"cpu.cfs_period_us", "100000");
	FORWARD("[0 2] cpu.max = 20000 10000 (E)\n[1] cpu.weight = 59 (A)\n", "cpu.cfs_period_us",
		"10000", "cpu.shares", "512", "cpu.cfs_quota_us", "20000");
	FORWARD("[0] cpu.max = 50000 100000 (E)\n", "cpu.cfs_quota_us", "50000");
	FORWARD("[0] cpu.max = max 20000 (E)\n", "cpu.cfs_period_us", "20000");
	FORWARD("[0] cpu.max = max 100000 (E)\n", "cpu.cfs_quota_us", "-1");
	FORWARD("[0] (invalid)\n", "cpu.cfs_quota_us", "999");
	FORWARD("[0] (invalid)\n", "cpu.cfs_quota_us", "half");
	FORWARD("[0] (invalid)\n", "cpu.cfs_period_us", "999");
	FORWARD("[0 1] (invalid)\n", "cpu.cfs_period_us", "1000001", "cpu.cfs_quota_us", "5000");
}

static void memsw_becomes_swap_alone(void **state)
{
	(void)state;
	FORWARD("[0] memory.max = 512M (E)\n[0 1] memory.swap.max = 536870912 (A)\n",
		"memory.limit_in_bytes", "512M", "memory.memsw.limit_in_bytes", "1G");
	FORWARD("[0 1] memory.swap.max = 0 (A)\n[1] memory.max = 0x400 (E)\n",
		"memory.memsw.limit_in_bytes", "1k", "memory.limit_in_bytes", "0x400");
	FORWARD("[0] memory.max = 1G (E)\n[0 1] (invalid)\n", "memory.limit_in_bytes", "1G",
		"memory.memsw.limit_in_bytes", "512M");
	FORWARD("[0] memory.max = max (E)\n[0 1] (invalid)\n", "memory.limit_in_bytes", "-1",
		"memory.memsw.limit_in_bytes", "512M");
	FORWARD("[0] (none)\n", "memory.memsw.limit_in_bytes", "512M");
	FORWARD("[0] memory.swap.max = max (A)\n", "memory.memsw.limit_in_bytes", "-1");
	FORWARD("[0] (invalid)\n", "memory.memsw.limit_in_bytes", "16E");
	FORWARD("[0] memory.max = x (E)\n[0 1] (invalid)\n", "memory.limit_in_bytes", "x",
		"memory.memsw.limit_in_bytes", "1G");
}

/* What is wrong is told of the line that is wrong, not of one that it was computed with. */
static void entries_name_the_setting_they_are_about(void **state)
{
	const struct cgroup_setting settings[] = {
		{"memory.memsw.limit_in_bytes", "3G"},
		{"memory.memsw.limit_in_bytes", "1G"},
		{"memory.limit_in_bytes", "2G"},
		{"memory.limit_in_bytes", "4G"},
	};
	struct cgroup_translation_list list = {0};
	struct arena arena = {0};

	(void)state;
	assert_int_equal(cgroup_translate(settings, ARRAY_LENGTH(settings), &arena, &list), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[0].exactness, CGROUP_INVALID);
	assert_int_equal(list.items[0].source_count, 4);
	assert_int_equal(list.items[0].setting, 1);
	assert_int_equal(list.items[1].setting, 3);
	arena_finish(&arena);
}

static void a_bad_part_of_a_merged_file_is_named(void **state)
{
	const struct cgroup_setting settings[] = {
		{"cpu.cfs_quota_us", "5"},
		{"cpu.cfs_period_us", "100000"},
	};
	const struct cgroup_setting others[] = {
		{"cpu.cfs_period_us", "5"},
		{"cpu.cfs_quota_us", "100000"},
	};
	struct cgroup_translation_list list = {0};
	struct arena arena = {0};

	(void)state;
	assert_int_equal(cgroup_translate(settings, 2, &arena, &list), 0);
	assert_int_equal(list.items[0].exactness, CGROUP_INVALID);
	assert_int_equal(list.items[0].setting, 0);
	list = (struct cgroup_translation_list){0};
	assert_int_equal(cgroup_translate(others, 2, &arena, &list), 0);
	assert_int_equal(list.items[0].exactness, CGROUP_INVALID);
	assert_int_equal(list.items[0].setting, 0);
	arena_finish(&arena);
}

/* A hostile file: comparing each line with each other would take minutes. */
static void many_settings_take_no_quadratic_time(void **state)
{
	enum { MANY = 60000 };

	struct cgroup_setting *settings = calloc(MANY, sizeof(*settings));
	struct cgroup_translation_list list = {0};
	struct arena arena = {0};
	clock_t start = clock();

	(void)state;
	assert_non_null(settings);
	for (int i = 0; i < MANY; i++)
		settings[i] = (struct cgroup_setting){"blkio.throttle.read_bps_device",
						      arena_printf(&arena, "%d:0 1", i % 50000)};
	assert_int_equal(cgroup_translate(settings, MANY, &arena, &list), 0);
	assert_int_equal(list.count, 50000);
	assert_int_equal(list.items[0].source_count, 2);
	assert_int_equal(list.items[0].sources[1], 50000);
	assert_string_equal(list.items[49999].value, "49999:0 rbps=1");
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
	free(settings);
	arena_finish(&arena);
}

static void soft_limit_becomes_memory_low(void **state)
{
	(void)state;
	FORWARD("[0] memory.low = 256M (A)\n", "memory.soft_limit_in_bytes", "256M");
	FORWARD("[0] (dropped)\n", "memory.soft_limit_in_bytes", "-1");
	FORWARD("[0 1] (dropped)\n[1] memory.max = 256M (E)\n", "memory.soft_limit_in_bytes",
		"256M", "memory.limit_in_bytes", "256M");
	FORWARD("[0 1] memory.low = 255M (A)\n[1] memory.max = 256M (E)\n",
		"memory.soft_limit_in_bytes", "255M", "memory.limit_in_bytes", "256M");
}

static void throttle_lines_become_one_line_per_device(void **state)
{
	(void)state;
	FORWARD("[0 2 3] io.max = 8:0 rbps=1048576 wbps=2097152 riops=max (A)\n"
		"[1] io.max = 8:16 rbps=7 (E)\n",
		"blkio.throttle.read_bps_device", "8:0 1048576", "blkio.throttle.read_bps_device",
		"8:16 7", "blkio.throttle.write_bps_device", "8:0  2097152",
		"blkio.throttle.read_iops_device", "8:0 0");
	FORWARD("[0 1] io.max = 8:0 wiops=9 (A)\n", "blkio.throttle.write_iops_device", "8:0 5",
		"blkio.throttle.write_iops_device", "8:0 9");
	FORWARD("[0] (invalid)\n", "blkio.throttle.read_bps_device", "1048576");
	FORWARD("[0] (invalid)\n", "blkio.throttle.read_bps_device", "8:0");
	FORWARD("[0] (invalid)\n", "blkio.throttle.read_bps_device", "8:0 1M");
}

static void cpuset_flags_become_a_partition(void **state)
{
	(void)state;
	FORWARD("[0] cpuset.cpus.partition = root (A)\n", "cpuset.cpu_exclusive", "1");
	FORWARD("[0] cpuset.cpus.partition = isolated (A)\n", "cpuset.sched_load_balance", "0");
	FORWARD("[0 1] cpuset.cpus.partition = isolated (A)\n", "cpuset.cpu_exclusive", "1",
		"cpuset.sched_load_balance", "0");
	FORWARD("[0 1] (dropped)\n", "cpuset.cpu_exclusive", "0", "cpuset.sched_load_balance", "1");
	FORWARD("[0] (invalid)\n", "cpuset.cpu_exclusive", "yes");
	FORWARD("[0 1] (invalid)\n", "cpuset.cpu_exclusive", "1", "cpuset.sched_load_balance",
		"off");
}

static void the_last_of_repeated_keys_counts(void **state)
{
	(void)state;
	FORWARD("[0 2] memory.max = 2G (E)\n[1] pids.max = 5 (E)\n", "memory.limit_in_bytes", "1G",
		"pids.max", "5", "memory.limit_in_bytes", "2G");
	FORWARD("[0 1] memory.low = 2M (A)\n", "memory.soft_limit_in_bytes", "1M",
		"memory.soft_limit_in_bytes", "2M");
}

static void lines_for_different_devices_all_count(void **state)
{
	(void)state;
	FORWARD("[0 2] io.bfq.weight = 8:0 60 | io.weight = 8:0 60 (A)\n"
		"[1] io.bfq.weight = 8:16 40 | io.weight = 8:16 40 (A)\n",
		"blkio.weight_device", "8:0 100", "blkio.weight_device", "8:16 200",
		"blkio.weight_device", "8:0 300");
	FORWARD("[0] rdma.max = a hca_handle=1 (E)\n[1] rdma.max = b hca_handle=2 (E)\n",
		"rdma.max", "a hca_handle=1", "rdma.max", "b hca_handle=2");
}

static void device_rules_keep_name_and_order(void **state)
{
	(void)state;
	FORWARD("[0] devices.deny = a (E)\n[1] devices.allow = c 1:3 rwm (E)\n"
		"[2] devices.allow = c 1:5 rwm (E)\n[3] devices.deny = c 1:5 w (E)\n",
		"devices.deny", "a", "devices.allow", "c 1:3 rwm", "devices.allow", "c 1:5 rwm",
		"devices.deny", "c 1:5 w");
	BACK("[0] devices.allow = c 1:3 rwm (E)\n[1] devices.allow = c 1:3 rwm (E)\n",
	     "devices.allow", "c 1:3 rwm", "devices.allow", "c 1:3 rwm");
}

static void single_v2_settings(void **state)
{
	static const struct {
		const char *key, *value, *expected;
	} cases[] = {
		{"cpu.weight", "100", "cpu.shares = 1024 (A)"},
		{"cpu.weight", "1", "cpu.shares = 2 (A)"},
		{"cpu.weight", "10000", "cpu.shares = 262144 (A)"},
		{"cpu.weight", "0", "(invalid)"},
		{"cpu.weight", "10001", "(invalid)"},
		{"cpu.max.burst", "5", "cpu.cfs_burst_us = 5 (E)"},
		{"memory.max", "1G", "memory.limit_in_bytes = 1G (E)"},
		{"memory.max", "max", "memory.limit_in_bytes = -1 (E)"},
		{"memory.low", "max", "memory.soft_limit_in_bytes = -1 (A)"},
		/* the default; as a soft limit it would single the container out */
		{"memory.low", "0", "(dropped)"},
		{"memory.high", "1G", "memory.soft_limit_in_bytes = 1G (A)"},
		{"memory.low", "lots", "(invalid)"},
		{"memory.min", "1G", "(none)"},
		{"memory.oom.group", "1", "(none)"},
		{"memory.zswap.max", "0", "(none)"},
		{"memory.reclaim", "1G", "memory.force_empty = 0 (A)"},
		{"memory.current", "0", "(none)"},
		{"pids.max", "max", "pids.max = max (E)"},
		{"cpuset.cpus", "0-1", "cpuset.cpus = 0-1 (E)"},
		{"cpuset.mems", "", "(dropped)"},
		{"cpuset.cpus.partition", "root", "cpuset.cpu_exclusive = 1 (A)"},
		{"cpuset.cpus.partition", "isolated", "cpuset.sched_load_balance = 0 (A)"},
		{"cpuset.cpus.partition", "member", "(dropped)"},
		{"cpuset.cpus.partition", "x", "(invalid)"},
		{"io.weight", "100", "blkio.bfq.weight = 100 | blkio.weight = 500 (A)"},
		{"io.weight", "default 200", "blkio.bfq.weight = 200 | blkio.weight = 1000 (A)"},
		{"io.weight", "10000", "blkio.bfq.weight = 1000 | blkio.weight = 1000 (A)"},
		{"io.weight", "1", "blkio.bfq.weight = 1 | blkio.weight = 10 (A)"},
		{"io.weight", "8:0 50",
		 "blkio.bfq.weight_device = 8:0 50 | blkio.weight_device = 8:0 250 (A)"},
		{"io.weight", "8:0 default",
		 "blkio.bfq.weight_device = 8:0 0 | blkio.weight_device = 8:0 0 (A)"},
		{"io.weight", "default default", "(invalid)"},
		{"io.weight", "0", "(invalid)"},
		{"io.bfq.weight", "300", "blkio.bfq.weight = 300 (E)"},
		{"io.bfq.weight", "1001", "(invalid)"},
		{"hugetlb.2MB.max", "max", "hugetlb.2MB.limit_in_bytes = -1 (E)"},
		{"hugetlb.1GB.rsvd.max", "2G", "hugetlb.1GB.rsvd.limit_in_bytes = 2G (E)"},
		{"cgroup.freeze", "1", "freezer.state = FROZEN (E)"},
		{"cgroup.freeze", "0", "freezer.state = THAWED (E)"},
		{"cgroup.freeze", "2", "(invalid)"},
		{"cgroup.kill", "1", "(none)"},
		{"no.such", "1", "(none)"},
		{"memory.limit_in_bytes", "1", "(none)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_one(cgroup_translate_back, cases[i].key, cases[i].value, cases[i].expected);
}

static void cpu_max_becomes_period_then_quota(void **state)
{
	(void)state;
	BACK("[0] cpu.cfs_period_us = 20000 (E)\n[0] cpu.cfs_quota_us = 10000 (E)\n", "cpu.max",
	     "10000 20000");
	BACK("[0] cpu.cfs_quota_us = -1 (E)\n", "cpu.max", "max");
	BACK("[0 1] cpu.cfs_period_us = 20000 (E)\n[0 1] cpu.cfs_quota_us = 5000 (E)\n", "cpu.max",
	     "max 20000", "cpu.max", "5000");
	BACK("[0] (invalid)\n", "cpu.max", "");
	BACK("[0] (invalid)\n", "cpu.max", "-1 100000");
	BACK("[0] (invalid)\n", "cpu.max", "1000 2000 3000");
	BACK("[0] (invalid)\n", "cpu.max", "1000 max");
}

static void swap_becomes_the_sum_behind_all_else(void **state)
{
	(void)state;
	BACK("[1] memory.limit_in_bytes = 512M (E)\n[2] pids.max = 3 (E)\n"
	     "[0 1] memory.memsw.limit_in_bytes = 1073741824 (A)\n",
	     "memory.swap.max", "512M", "memory.max", "512M", "pids.max", "3");
	BACK("[0] memory.memsw.limit_in_bytes = -1 (A)\n", "memory.swap.max", "max");
	BACK("[0] (none)\n", "memory.swap.max", "0");
	BACK("[0] memory.limit_in_bytes = -1 (E)\n[0 1] (none)\n", "memory.max", "max",
	     "memory.swap.max", "1G");
	BACK("[0] (invalid)\n", "memory.swap.max", "much");
}

static void low_and_high_become_one_soft_limit(void **state)
{
	(void)state;
	BACK("[0 1] memory.soft_limit_in_bytes = 1G (A)\n", "memory.low", "1G", "memory.high",
	     "2G");
	BACK("[0 1] memory.soft_limit_in_bytes = 1G (A)\n", "memory.high", "2G", "memory.low",
	     "1G");
	BACK("[0 1] memory.soft_limit_in_bytes = 2G (A)\n", "memory.low", "0", "memory.high", "2G");
}

static void io_max_becomes_throttle_files(void **state)
{
	(void)state;
	BACK("[0] blkio.throttle.read_bps_device = 8:0 1 (E)\n"
	     "[0] blkio.throttle.write_bps_device = 8:0 0 (A)\n"
	     "[0] blkio.throttle.read_iops_device = 8:0 3 (E)\n"
	     "[0] blkio.throttle.write_iops_device = 8:0 4 (A)\n",
	     "io.max", "8:0 rbps=1 wbps=max  riops=3 wiops=4 ");
	BACK("[0 2] blkio.throttle.read_bps_device = 8:0 2 (E)\n"
	     "[0 2] blkio.throttle.write_bps_device = 8:0 5 (A)\n"
	     "[1] blkio.throttle.read_bps_device = 8:16 9 (E)\n",
	     "io.max", "8:0 rbps=1 wbps=5", "io.max", "8:16 rbps=9", "io.max", "8:0 rbps=2");
	BACK("[0] (invalid)\n", "io.max", "rbps=1");
	BACK("[0] (invalid)\n", "io.max", "8:0");
	BACK("[0] (invalid)\n", "io.max", "8:0 rbps");
	BACK("[0] (invalid)\n", "io.max", "8:0 rbps=");
	BACK("[0] (invalid)\n", "io.max", "8:0 xbps=1");
	BACK("[0] (invalid)\n", "io.max", "8:0 rbps=1 wbps=no");
}

static void exact_rows_survive_both_ways(void **state)
{
	static const char *const settings[] = {
		"memory.limit_in_bytes",
		"256M",
		"pids.max",
		"77",
		"cpuset.cpus",
		"0-1",
		"hugetlb.2MB.limit_in_bytes",
		"-1",
		"freezer.state",
		"THAWED",
		"blkio.bfq.weight",
		"5",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(settings); i += 2) {
		struct cgroup_setting v1 = {settings[i], settings[i + 1]};
		struct cgroup_translation_list there = {0};
		struct cgroup_translation_list back = {0};
		struct arena arena = {0};
		struct cgroup_setting v2;

		assert_int_equal(cgroup_translate(&v1, 1, &arena, &there), 0);
		assert_int_equal(there.items[0].exactness, CGROUP_EXACT);
		v2 = (struct cgroup_setting){there.items[0].key, there.items[0].value};
		assert_int_equal(cgroup_translate_back(&v2, 1, &arena, &back), 0);
		assert_int_equal(back.count, 1);
		assert_string_equal(back.items[0].key, v1.key);
		assert_string_equal(back.items[0].value, v1.value);
		arena_finish(&arena);
	}
}

static void go_12_names_of_statistics(void **state)
{
	(void)state;
	assert_string_equal(cgroup_v2_name("memory.usage_in_bytes"), "memory.current");
	assert_string_equal(cgroup_v2_name("memory.limit_in_bytes"), "memory.max");
	assert_string_equal(cgroup_v2_name("memory.soft_limit_in_bytes"), "memory.low");
	assert_string_equal(cgroup_v2_name("memory.memsw.limit_in_bytes"), "memory.swap.max");
	assert_string_equal(cgroup_v2_name("memory.memsw.usage_in_bytes"), "memory.swap.current");
	assert_string_equal(cgroup_v2_name("memory.kmem.usage_in_bytes"), "memory.stat");
	assert_string_equal(cgroup_v2_name("blkio.throttle.io_service_bytes"), "io.stat");
	assert_string_equal(cgroup_v2_name("cpuacct.usage"), "cpu.stat");
	assert_string_equal(cgroup_v2_name("cpuacct.stat"), "cpu.stat");
	assert_null(cgroup_v2_name("cpuacct.usage_percpu"));
	assert_null(cgroup_v2_name("memory.kmem.limit_in_bytes"));
	assert_string_equal(cgroup_v2_name("hugetlb.2MB.limit_in_bytes"), "hugetlb.*.max");
	assert_null(cgroup_v2_name("hugetlb.2MB.limit_in_byte"));
	assert_null(cgroup_v2_name("no.such"));
}

/* Each row must be found by its own name (or an earlier row of that name, with the same rule). */
static void rows_are_reachable(void **state)
{
	(void)state;
	for (size_t i = 0; i < cgroup_row_count; i++) {
		const struct cgroup_row *row = &cgroup_rows[i];

		assert_true(row->v1 || row->v2);
		if (row->v1)
			assert_int_equal(cgroup_row_find_v1(row->v1)->rule, row->rule);
		if (row->v2)
			assert_true(cgroup_row_find_v2(row->v2) <= row);
		if (row->rule == RULE_CPU_MAX || row->rule == RULE_PARTITION ||
		    row->rule == RULE_THROTTLE || row->rule == RULE_ALWAYS)
			assert_non_null(row->word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_becomes_nothing),
		cmocka_unit_test(single_v1_settings),
		cmocka_unit_test(quota_and_period_become_cpu_max),
		cmocka_unit_test(memsw_becomes_swap_alone),
		cmocka_unit_test(entries_name_the_setting_they_are_about),
		cmocka_unit_test(a_bad_part_of_a_merged_file_is_named),
		cmocka_unit_test(many_settings_take_no_quadratic_time),
		cmocka_unit_test(soft_limit_becomes_memory_low),
		cmocka_unit_test(throttle_lines_become_one_line_per_device),
		cmocka_unit_test(cpuset_flags_become_a_partition),
		cmocka_unit_test(the_last_of_repeated_keys_counts),
		cmocka_unit_test(lines_for_different_devices_all_count),
		cmocka_unit_test(device_rules_keep_name_and_order),
		cmocka_unit_test(single_v2_settings),
		cmocka_unit_test(cpu_max_becomes_period_then_quota),
		cmocka_unit_test(swap_becomes_the_sum_behind_all_else),
		cmocka_unit_test(low_and_high_become_one_soft_limit),
		cmocka_unit_test(io_max_becomes_throttle_files),
		cmocka_unit_test(exact_rows_survive_both_ways),
		cmocka_unit_test(go_12_names_of_statistics),
		cmocka_unit_test(rows_are_reachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
