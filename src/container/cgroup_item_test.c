/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroup files by the other version's names, on hosts that are tables: what is read, and what is
 * written where.
 */

#include "container/cgroup_item.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

/* A host: the files of one version, and what was written. */
struct file {
	const char *name, *content;
};
struct host {
	enum limit_version version;
	const struct file *files; /* ends in NULL */
	struct str writes;
	int write_error;
};

static const struct file *find(const struct host *h, enum limit_version version, const char *name)
{
	for (const struct file *f = h->files; version == h->version && f->name; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static int read_file(void *context, enum limit_version version, const char *name, struct str *out)
{
	const struct file *f = find(context, version, name);

	if (!f)
		return -ENOENT;
	str_add(out, f->content);
	return 0;
}

static int write_file(void *context, enum limit_version version, const char *name,
		      const char *value)
{
	struct host *h = context;

	if (!find(h, version, name))
		return -ENOENT;
	str_addf(&h->writes, "%s=%s;", name, value);
	return h->write_error;
}

static const struct file files_v2[] = {
	{"memory.max", "536870912\n"},
	{"memory.swap.max", "104857600\n"},
	{"memory.low", "0\n"},
	{"memory.current", "1000\n"},
	{"memory.swap.current", "24\n"},
	{"memory.stat", "anon 5\nfile 6\nkernel 77\nsock 8\n"},
	{"memory.events", "low 0\nhigh 0\nmax 12\noom 0\n"},
	{"cpu.max", "50000 100000\n"},
	{"cpu.weight", "100\n"},
	{"cpu.stat", "usage_usec 2000000\nuser_usec 1500000\nsystem_usec 500000\n"},
	{"cpuset.cpus", "\n"},
	{"cpuset.cpus.effective", "0-1\n"},
	{"cpuset.cpus.partition", "member\n"},
	{"io.max", "8:0 rbps=1048576 wbps=max riops=max wiops=max\n"},
	{"io.weight", "default 100\n8:0 200\n"},
	{"io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=5 wbytes=0 "
		    "rios=1 wios=0 dbytes=0 dios=0\n"},
	{"cgroup.freeze", "0\n"},
	{"cgroup.threads", "1\n2\n"},
	{"cgroup.procs", "1\n"},
	{"pids.max", "max\n"},
	{"hugetlb.2MB.max", "max\n"},
	{"hugetlb.2MB.current", "0\n"},
	{NULL, NULL},
};

static const struct file files_v2_half_limited[] = {
	{"memory.max", "max\n"},
	{"memory.swap.max", "104857600\n"},
	{"memory.low", "500\n"},
	{"cpuset.cpus.partition", "isolated\n"},
	{NULL, NULL},
};

static const struct file files_v1[] = {
	{"memory.limit_in_bytes", "9223372036854771712\n"},
	{"memory.memsw.limit_in_bytes", "9223372036854771712\n"},
	{"memory.soft_limit_in_bytes", "9223372036854771712\n"},
	{"memory.usage_in_bytes", "1000\n"},
	{"memory.memsw.usage_in_bytes", "1024\n"},
	{"cpu.shares", "1024\n"},
	{"cpu.cfs_period_us", "100000\n"},
	{"cpu.cfs_quota_us", "50000\n"},
	{"cpuacct.usage", "2000000000\n"},
	{"cpuacct.usage_user", "1500000000\n"},
	{"cpuacct.usage_sys", "500000000\n"},
	{"blkio.throttle.read_bps_device", "8:0 1048576\n"},
	{"blkio.throttle.write_bps_device", ""},
	{"blkio.throttle.io_service_bytes",
	 "8:16 Read 5\n8:16 Write 6\n8:16 Sync 11\n8:16 Async 0\n8:16 Discard 7\n8:16 Total 18\n"
	 "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 48\n"},
	{"blkio.throttle.io_serviced", "8:16 Read 1\n8:16 Write 2\n8:16 Total 3\nTotal 3\n"},
	{"freezer.state", "FROZEN\n"},
	{"tasks", "1\n2\n"},
	{"pids.max", "max\n"},
	{NULL, NULL},
};

static const struct file files_v1_limited[] = {
	{"memory.limit_in_bytes", "1000000\n"},
	{"memory.memsw.limit_in_bytes", "1500000\n"},
	{"memory.soft_limit_in_bytes", "700000\n"},
	{NULL, NULL},
};

static void assert_get(enum limit_version version, const struct file *table, const char *name,
		       const char *expected)
{
	struct host h = {.version = version, .files = table};
	const struct cgroup_files files = {.read = read_file, .write = write_file, .context = &h};
	struct err e = {0};
	autostr out = {0};
	int r = cgroup_item_get(&files, name, &out, &e);

	if (r != (expected ? 0 : -ENOENT))
		print_error("%s: %s\n", name, err_cause(&e));
	assert_int_equal(r, expected ? 0 : -ENOENT);
	assert_string_equal(str_text(&out), expected ? expected : "");
	assert_int_equal(err_is_set(&e), !expected);
}

static void v1_names_are_read_on_v2(void **state)
{
	static const char *const rows[][2] = {
		{"pids.max", "max\n"},
		{"memory.limit_in_bytes", "536870912\n"},
		{"memory.memsw.limit_in_bytes", "641728512\n"},
		{"memory.soft_limit_in_bytes", "-1\n"},
		{"memory.usage_in_bytes", "1000\n"},
		{"memory.memsw.usage_in_bytes", "1024\n"},
		{"memory.kmem.usage_in_bytes", "77\n"},
		{"memory.kmem.tcp.usage_in_bytes", "8\n"},
		{"memory.failcnt", "12\n"},
		{"cpu.shares", "1024\n"},
		{"cpu.cfs_quota_us", "50000\n"},
		{"cpu.cfs_period_us", "100000\n"},
		{"cpuacct.usage", "2000000000\n"},
		{"cpuacct.stat", "user 150\nsystem 50\n"},
		{"cpuset.cpus", "0-1\n"},
		{"cpuset.effective_cpus", "0-1\n"},
		{"cpuset.cpu_exclusive", "0\n"},
		{"cpuset.sched_load_balance", "1\n"},
		{"blkio.throttle.read_bps_device", "8:0 1048576\n"},
		{"blkio.throttle.write_bps_device", ""},
		{"blkio.weight", "500\n"},
		{"blkio.throttle.io_service_bytes",
		 "8:0 Read 10\n8:0 Write 20\n8:0 Discard 0\n8:0 Total 30\n"
		 "8:16 Read 5\n8:16 Write 0\n8:16 Discard 0\n8:16 Total 5\nTotal 35\n"},
		{"freezer.state", "THAWED\n"},
		{"tasks", "1\n2\n"},
		{"hugetlb.2MB.limit_in_bytes", "-1\n"},
		{"hugetlb.2MB.usage_in_bytes", "0\n"},
		{"memory.swappiness", NULL},
		{"no.such.file", NULL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_get(LIMIT_V2, files_v2, rows[i][0], rows[i][1]);
	/* Memory and swap have no sum while memory has no limit. */
	assert_get(LIMIT_V2, files_v2_half_limited, "memory.memsw.limit_in_bytes", "-1\n");
	assert_get(LIMIT_V2, files_v2_half_limited, "memory.soft_limit_in_bytes", "500\n");
	assert_get(LIMIT_V2, files_v2_half_limited, "cpuset.sched_load_balance", "0\n");
}

static void v2_names_are_read_on_v1(void **state)
{
	static const char *const rows[][2] = {
		{"memory.max", "max\n"},
		{"memory.low", "0\n"},
		{"memory.current", "1000\n"},
		{"memory.swap.current", "24\n"},
		{"cpu.weight", "100\n"},
		{"cpu.max", "50000 100000\n"},
		{"cpu.stat", "usage_usec 2000000\nuser_usec 1500000\nsystem_usec 500000\n"},
		{"cgroup.freeze", "1\n"},
		{"cgroup.threads", "1\n2\n"},
		{"io.stat", "8:16 rbytes=5 wbytes=6 dbytes=7 rios=1 wios=2 dios=0\n"
			    "8:0 rbytes=10 wbytes=20 dbytes=0 rios=0 wios=0 dios=0\n"},
		{"pids.max", "max\n"},
		{"memory.oom.group", NULL},
		{"no.such.file", NULL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_get(LIMIT_V1, files_v1, rows[i][0], rows[i][1]);
	assert_get(LIMIT_V1, files_v1_limited, "memory.max", "1000000\n");
	assert_get(LIMIT_V1, files_v1_limited, "memory.swap.max", "500000\n");
	assert_get(LIMIT_V1, files_v1_limited, "memory.low", "700000\n");
}

static void assert_set(enum limit_version version, const struct file *table, const char *name,
		       const char *value, int result, const char *expected)
{
	struct host h = {.version = version, .files = table};
	const struct cgroup_files files = {.read = read_file, .write = write_file, .context = &h};
	struct err e = {0};
	int r = cgroup_item_set(&files, name, value, &e);

	if (r != result)
		print_error("%s: %s\n", name, err_cause(&e));
	assert_int_equal(r, result);
	assert_string_equal(str_text(&h.writes), expected);
	assert_int_equal(err_is_set(&e), result != 0);
	str_finish(&h.writes);
}

static void v1_names_are_written_on_v2(void **state)
{
	static const struct {
		const char *name, *value;
		int result;
		const char *expected;
	} rows[] = {
		{"pids.max", "100", 0, "pids.max=100;"},
		{"memory.limit_in_bytes", "256M", 0, "memory.max=256M;"},
		{"memory.limit_in_bytes", "-1", 0, "memory.max=max;"},
		{"memory.memsw.limit_in_bytes", "600000000", 0, "memory.swap.max=63129088;"},
		{"memory.memsw.limit_in_bytes", "1000", -EINVAL, ""},
		{"memory.soft_limit_in_bytes", "64M", 0, "memory.low=64M;"},
		{"memory.soft_limit_in_bytes", "-1", 0, "memory.low=0;"},
		{"cpu.shares", "512", 0, "cpu.weight=59;"},
		{"cpu.cfs_quota_us", "20000", 0, "cpu.max=20000 100000;"},
		{"cpu.cfs_period_us", "200000", 0, "cpu.max=50000 200000;"},
		{"cpu.cfs_quota_us", "-1", 0, "cpu.max=max 100000;"},
		{"blkio.throttle.write_bps_device", "8:0 4096", 0, "io.max=8:0 wbps=4096;"},
		{"freezer.state", "FROZEN", 0, "cgroup.freeze=1;"},
		{"memory.use_hierarchy", "1", 0, ""},
		{"memory.swappiness", "10", -ENOENT, ""},
		{"cpu.rt_runtime_us", "10", -ENOENT, ""},
		{"no.such.file", "10", -ENOENT, ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_set(LIMIT_V2, files_v2, rows[i].name, rows[i].value, rows[i].result,
			   rows[i].expected);
}

static void v2_names_are_written_on_v1(void **state)
{
	assert_set(LIMIT_V1, files_v1, "memory.max", "256M", 0, "memory.limit_in_bytes=256M;");
	assert_set(LIMIT_V1, files_v1, "memory.max", "max", 0, "memory.limit_in_bytes=-1;");
	assert_set(LIMIT_V1, files_v1, "cpu.max", "20000 200000", 0,
		   "cpu.cfs_period_us=200000;cpu.cfs_quota_us=20000;");
	assert_set(LIMIT_V1, files_v1, "cpu.weight", "100", 0, "cpu.shares=1024;");
	assert_set(LIMIT_V1, files_v1, "cgroup.freeze", "1", 0, "freezer.state=FROZEN;");
	assert_set(LIMIT_V1, files_v1_limited, "memory.swap.max", "500000", 0,
		   "memory.memsw.limit_in_bytes=1500000;");
	assert_set(LIMIT_V1, files_v1, "memory.low", "64M", 0, "memory.soft_limit_in_bytes=64M;");
	assert_set(LIMIT_V1, files_v1, "memory.low", "0", 0, "memory.soft_limit_in_bytes=-1;");
	assert_set(LIMIT_V1, files_v1, "memory.min", "5", -ENOENT, "");
}

/* The kernel takes no byte for no write, and a blank for a limit of 0 bytes. */
static void nothing_is_a_value_of_cpusets_alone(void **state)
{
	static const char *const blanks[] = {"", " ", "\n"};

	for (size_t i = 0; i < ARRAY_LENGTH(blanks); i++) {
		assert_set(LIMIT_V2, files_v2, "memory.max", blanks[i], -EINVAL, "");
		assert_set(LIMIT_V1, files_v1, "memory.max", blanks[i], -EINVAL, "");
		assert_set(LIMIT_V1, files_v1, "memory.limit_in_bytes", blanks[i], -EINVAL, "");
		assert_set(LIMIT_V1, files_v1, "freezer.state", blanks[i], -EINVAL, "");
		assert_set(LIMIT_V2, files_v2, "cpuset.cpus", blanks[i], 0, "cpuset.cpus=\n;");
	}
}

static void what_the_kernel_refuses_names_both_files(void **state)
{
	struct host h = {.version = LIMIT_V2, .files = files_v2, .write_error = -EBUSY};
	const struct cgroup_files files = {.read = read_file, .write = write_file, .context = &h};
	struct err e = {0};
	autostr text = {0};

	assert_int_equal(cgroup_item_set(&files, "memory.limit_in_bytes", "1", &e), -EBUSY);
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text), "\"memory.limit_in_bytes\""));
	assert_non_null(strstr(str_text(&text), "\"memory.max\""));
	str_finish(&h.writes);
}

/* A host that refuses what the kernel would: the sum is never below the limit of memory alone. */
struct pair {
	uint64_t limit, sum;
	struct str writes;
};

static int read_pair(void *context, enum limit_version version, const char *name, struct str *out)
{
	const struct pair *pair = context;

	if (version != LIMIT_V1)
		return -ENOENT;
	if (strcmp(name, "memory.limit_in_bytes") == 0)
		str_addf(out, "%llu\n", (unsigned long long)pair->limit);
	else if (strcmp(name, "memory.memsw.limit_in_bytes") == 0)
		str_addf(out, "%llu\n", (unsigned long long)pair->sum);
	else
		return -ENOENT;
	return 0;
}

static int write_pair(void *context, enum limit_version version, const char *name,
		      const char *value)
{
	uint64_t n = strcmp(value, "-1") == 0 ? 0x7ffffffffffff000 : strtoull(value, NULL, 10);
	struct pair *pair = context;
	uint64_t *number;

	if (version != LIMIT_V1 || !strstr(name, "limit_in_bytes"))
		return -ENOENT;
	number = strstr(name, "memsw") ? &pair->sum : &pair->limit;
	if (number == &pair->sum ? n < pair->limit : n > pair->sum)
		return -EINVAL;
	*number = n;
	str_addf(&pair->writes, "%s;", strstr(name, "memsw") ? "sum" : "limit");
	return 0;
}

static void memory_max_takes_the_sum_along_on_v1(void **state)
{
	static const struct {
		const char *value;
		uint64_t limit, sum;
		const char *writes;
	} rows[] = {
		{"500000", 500000, 1000000, "limit;sum;"},
		{"4000000", 4000000, 4500000, "sum;limit;"},
		{"1200000", 1200000, 1700000, "limit;sum;"},
		{"max", 0x7ffffffffffff000, 0x7ffffffffffff000, "sum;limit;"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct pair pair = {.limit = 1000000, .sum = 1500000};
		const struct cgroup_files files = {
			.read = read_pair, .write = write_pair, .context = &pair};
		struct err e = {0};

		assert_int_equal(cgroup_item_set(&files, "memory.max", rows[i].value, &e), 0);
		assert_int_equal(pair.limit, rows[i].limit);
		assert_int_equal(pair.sum, rows[i].sum);
		assert_string_equal(str_text(&pair.writes), rows[i].writes);
		str_finish(&pair.writes);
	}
}

/* Where both freezers are, v1's counts. */
static const struct file files_hybrid[] = {
	{"freezer.state", "FROZEN\n"},
	{NULL, NULL},
};

static int read_hybrid(void *context, enum limit_version version, const char *name, struct str *out)
{
	if (version == LIMIT_V2 && strcmp(name, "cgroup.freeze") == 0) {
		str_add(out, "0\n");
		return 0;
	}
	return read_file(context, version, name, out);
}

static void the_freezer_of_v1_overrules_that_of_v2(void **state)
{
	struct host h = {.version = LIMIT_V1, .files = files_hybrid};
	const struct cgroup_files files = {.read = read_hybrid, .write = write_file, .context = &h};
	struct err e = {0};
	autostr out = {0};

	assert_int_equal(cgroup_item_get(&files, "cgroup.freeze", &out, &e), 0);
	assert_string_equal(str_text(&out), "1\n");
	assert_int_equal(cgroup_item_set(&files, "cgroup.freeze", "0", &e), 0);
	assert_string_equal(str_text(&h.writes), "freezer.state=THAWED;");
	str_finish(&h.writes);
}

/* A host of v2 with two values in it, and what people have said of them. */
struct talk {
	char weight[16], io_weight[16], noted[16], configured[16];
};

static int read_talk(void *context, enum limit_version version, const char *name, struct str *out)
{
	const struct talk *talk = context;

	if (version != LIMIT_V2)
		return -ENOENT;
	if (strcmp(name, "cpu.weight") == 0)
		str_addf(out, "%s\n", talk->weight);
	else if (strcmp(name, "io.weight") == 0)
		str_addf(out, "default %s\n", talk->io_weight);
	else
		return -ENOENT;
	return 0;
}

static int write_talk(void *context, enum limit_version version, const char *name,
		      const char *value)
{
	struct talk *talk = context;

	if (version != LIMIT_V2 ||
	    (strcmp(name, "cpu.weight") != 0 && strcmp(name, "io.weight") != 0))
		return -ENOENT;
	snprintf(name[0] == 'c' ? talk->weight : talk->io_weight, sizeof(talk->weight), "%s",
		 value);
	return 0;
}

static void note_talk(void *context, const char *file, const char *value)
{
	struct talk *talk = context;

	snprintf(talk->noted, sizeof(talk->noted), "%s", value);
}

static int noted_talk(void *context, unsigned at, const char *file, struct str *out)
{
	const struct talk *talk = context;
	const char *text = at == 0 ? talk->noted : talk->configured;

	str_add(out, text);
	return *text ? 0 : -ENOENT;
}

static void assert_talk(struct talk *talk, const char *name, const char *expected)
{
	const struct cgroup_files files = {read_talk, write_talk, note_talk, noted_talk, talk};
	struct err e = {0};
	autostr out = {0};

	assert_int_equal(cgroup_item_get(&files, name, &out, &e), 0);
	assert_string_equal(str_text(&out), expected);
}

static void what_was_set_is_read_back_though_it_was_rounded(void **state)
{
	struct talk talk = {.weight = "100", .io_weight = "100"};
	const struct cgroup_files files = {read_talk, write_talk, note_talk, noted_talk, &talk};
	struct err e = {0};

	assert_int_equal(cgroup_item_set(&files, "cpu.shares", "512", &e), 0);
	assert_string_equal(talk.weight, "59");
	assert_talk(&talk, "cpu.shares", "512\n");
	assert_talk(&talk, "cpu.weight", "59\n");
	/* Somebody else has set it since. */
	snprintf(talk.weight, sizeof(talk.weight), "100");
	assert_talk(&talk, "cpu.shares", "1024\n");
	/* What the configuration said at the start. */
	talk = (struct talk){.weight = "59", .io_weight = "102", .configured = "512"};
	assert_talk(&talk, "cpu.shares", "512\n");
	assert_talk(&talk, "blkio.weight", "512\n");
	/* That is no number: nothing is made of it. */
	talk = (struct talk){
		.weight = "59", .io_weight = "102", .noted = "512\n1", .configured = "x"};
	assert_talk(&talk, "cpu.shares", "521\n");
	assert_talk(&talk, "blkio.weight", "510\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v1_names_are_read_on_v2),
		cmocka_unit_test(v2_names_are_read_on_v1),
		cmocka_unit_test(v1_names_are_written_on_v2),
		cmocka_unit_test(v2_names_are_written_on_v1),
		cmocka_unit_test(nothing_is_a_value_of_cpusets_alone),
		cmocka_unit_test(what_the_kernel_refuses_names_both_files),
		cmocka_unit_test(memory_max_takes_the_sum_along_on_v1),
		cmocka_unit_test(the_freezer_of_v1_overrules_that_of_v2),
		cmocka_unit_test(what_was_set_is_read_back_though_it_was_rounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
