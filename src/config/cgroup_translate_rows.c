/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows: v1 file, v2 file, rule, how exact. Of rows with the same v2 file the first is the one
 * that the way back takes. A v1 file that only shows something has its v2 place here too, for
 * hints; how what it shows is converted is not (the readers of statistics know that).
 */

#include "config/cgroup_translate_rows.h"

#include <string.h>

#include "base/macros.h"

/* how exact a row is; one letter, so that a row fits its line */
#define E CGROUP_EXACT
#define A CGROUP_APPROXIMATE
#define N CGROUP_NONE

static const char quota_note[] = "cgroup v2 has quota and period in one file";
static const char realtime_note[] = "cgroup v2 does not control real-time tasks";
static const char partition_note[] =
	"takes effect only if the parent is a partition root and the CPUs are nobody else's";
static const char weight_note[] = "the ranges differ; the ratio to the default is kept";
static const char buffered_note[] = "cgroup v2 counts write-back of buffered data too";
static const char kernel_memory_note[] = "kernel memory is always part of memory.max";
static const char packet_note[] = "match packets by cgroup instead (nftables: socket cgroupv2)";
static const char release_note[] = "watch `populated` in cgroup.events instead";
static const char swap_note[] = "cgroup v1 limits memory and swap together, v2 swap alone";
static const char low_note[] =
	"a soft limit reclaims from the container first, memory.low protects what is below it";
static const char throttle_note[] = "whole disks only";

const struct cgroup_row cgroup_rows[] = {
	{"cpu.shares", "cpu.weight", RULE_CPU_SHARES, A, NULL, weight_note},
	{"cpu.cfs_period_us", "cpu.max", RULE_CPU_MAX, E, "period", quota_note},
	{"cpu.cfs_quota_us", "cpu.max", RULE_CPU_MAX, E, "quota", quota_note},
	{"cpu.cfs_burst_us", "cpu.max.burst", RULE_SAME, E},
	{"cpu.idle", "cpu.idle", RULE_SAME, E},
	{"cpu.rt_runtime_us", NULL, RULE_NONE, N, NULL, realtime_note},
	{"cpu.rt_period_us", NULL, RULE_NONE, N, NULL, realtime_note},
	{"cpu.stat", "cpu.stat", RULE_READ, A},
	{"cpuacct.usage", "cpu.stat", RULE_READ, E},
	{"cpuacct.stat", "cpu.stat", RULE_READ, A},
	{"cpuacct.usage_user", "cpu.stat", RULE_READ, E},
	{"cpuacct.usage_sys", "cpu.stat", RULE_READ, E},
	{"cpuacct.usage_percpu", NULL, RULE_NONE, N, NULL, "cgroup v2 does not count by CPU"},

	{"cpuset.cpus", "cpuset.cpus", RULE_SAME, E},
	{"cpuset.mems", "cpuset.mems", RULE_SAME, E},
	{"cpuset.effective_cpus", "cpuset.cpus.effective", RULE_READ, E},
	{"cpuset.effective_mems", "cpuset.mems.effective", RULE_READ, E},
	{"cpuset.cpu_exclusive", "cpuset.cpus.partition", RULE_PARTITION, A, "root",
	 partition_note},
	{"cpuset.sched_load_balance", "cpuset.cpus.partition", RULE_PARTITION, A, "isolated",
	 partition_note},
	{"cpuset.memory_migrate", NULL, RULE_ALWAYS, E, "1", "cgroup v2 always migrates"},
	{"cpuset.mem_exclusive", NULL, RULE_NONE, N},
	{"cpuset.mem_hardwall", NULL, RULE_NONE, N},
	{"cpuset.memory_spread_page", NULL, RULE_NONE, N},
	{"cpuset.memory_spread_slab", NULL, RULE_NONE, N},
	{"cpuset.sched_relax_domain_level", NULL, RULE_NONE, N},
	{"cpuset.memory_pressure", NULL, RULE_NONE, N, NULL, "see memory.pressure"},
	{"cpuset.memory_pressure_enabled", NULL, RULE_NONE, N, NULL, "see memory.pressure"},

	{"memory.limit_in_bytes", "memory.max", RULE_LIMIT, E},
	{"memory.memsw.limit_in_bytes", "memory.swap.max", RULE_SWAP, A, NULL, swap_note},
	{"memory.soft_limit_in_bytes", "memory.low", RULE_SOFT_LIMIT, A, NULL, low_note},
	{"memory.soft_limit_in_bytes", "memory.high", RULE_SOFT_LIMIT, A, NULL,
	 "a soft limit only acts when the host is short of memory"},
	{"memory.swappiness", NULL, RULE_NONE, N, NULL,
	 "vm.swappiness holds for the whole host; memory.swap.max = 0 keeps a container from swap"},
	{"memory.oom_control", NULL, RULE_ALWAYS, E, "0",
	 "the kernel always kills; memory.events tells of it"},
	{"memory.kmem.limit_in_bytes", NULL, RULE_NONE, N, NULL, kernel_memory_note},
	{"memory.kmem.tcp.limit_in_bytes", NULL, RULE_NONE, N, NULL, kernel_memory_note},
	{"memory.use_hierarchy", NULL, RULE_ALWAYS, E, "1", "cgroup v2 is always hierarchical"},
	{"memory.move_charge_at_immigrate", NULL, RULE_ALWAYS, E, "0",
	 "memory stays charged where it was used first"},
	{"memory.force_empty", "memory.reclaim", RULE_RECLAIM, A, NULL,
	 "memory.reclaim wants a number of bytes; a new cgroup holds none"},
	{"memory.usage_in_bytes", "memory.current", RULE_READ, E},
	{"memory.max_usage_in_bytes", "memory.peak", RULE_READ, E},
	{"memory.failcnt", "memory.events", RULE_READ, A},
	{"memory.stat", "memory.stat", RULE_READ, A},
	{"memory.numa_stat", "memory.numa_stat", RULE_READ, A},
	{"memory.memsw.usage_in_bytes", "memory.swap.current", RULE_READ, A},
	{"memory.memsw.max_usage_in_bytes", "memory.swap.peak", RULE_READ, A},
	{"memory.memsw.failcnt", "memory.swap.events", RULE_READ, A},
	{"memory.kmem.usage_in_bytes", "memory.stat", RULE_READ, A},
	{"memory.kmem.tcp.usage_in_bytes", "memory.stat", RULE_READ, A},
	{"memory.kmem.max_usage_in_bytes", NULL, RULE_NONE, N},
	{"memory.kmem.failcnt", NULL, RULE_NONE, N},
	{"memory.pressure_level", "memory.pressure", RULE_READ, A},
	{NULL, "memory.min", RULE_NONE, N},
	{NULL, "memory.oom.group", RULE_NONE, N},
	{NULL, "memory.zswap.max", RULE_NONE, N},
	{NULL, "memory.swap.high", RULE_NONE, N},

	{"blkio.weight", "io.weight", RULE_BLKIO_WEIGHT, A, NULL, weight_note},
	{"blkio.weight_device", "io.weight", RULE_BLKIO_WEIGHT, A, NULL, weight_note},
	{"blkio.bfq.weight", "io.bfq.weight", RULE_BFQ_WEIGHT, E},
	{"blkio.bfq.weight_device", "io.bfq.weight", RULE_BFQ_WEIGHT, A},
	{"blkio.leaf_weight", NULL, RULE_NONE, N},
	{"blkio.leaf_weight_device", NULL, RULE_NONE, N},
	{"blkio.throttle.read_bps_device", "io.max", RULE_THROTTLE, E, "rbps", throttle_note},
	{"blkio.throttle.write_bps_device", "io.max", RULE_THROTTLE, A, "wbps", buffered_note},
	{"blkio.throttle.read_iops_device", "io.max", RULE_THROTTLE, E, "riops", throttle_note},
	{"blkio.throttle.write_iops_device", "io.max", RULE_THROTTLE, A, "wiops", buffered_note},
	{"blkio.throttle.io_service_bytes", "io.stat", RULE_READ, A},
	{"blkio.throttle.io_service_bytes_recursive", "io.stat", RULE_READ, A},
	{"blkio.throttle.io_serviced", "io.stat", RULE_READ, A},
	{"blkio.throttle.io_serviced_recursive", "io.stat", RULE_READ, A},
	{"blkio.io_service_bytes", "io.stat", RULE_READ, A},
	{"blkio.io_serviced", "io.stat", RULE_READ, A},
	{NULL, "io.latency", RULE_NONE, N},
	{NULL, "io.prio.class", RULE_NONE, N},

	{"pids.max", "pids.max", RULE_SAME, E},
	{"pids.current", "pids.current", RULE_READ, E},
	{"pids.events", "pids.events", RULE_READ, E},
	{"rdma.max", "rdma.max", RULE_EVERY_LINE, E},
	{"rdma.current", "rdma.current", RULE_READ, E},
	{"misc.max", "misc.max", RULE_EVERY_LINE, E},
	{"misc.current", "misc.current", RULE_READ, E},
	{"hugetlb.*.limit_in_bytes", "hugetlb.*.max", RULE_LIMIT, E},
	{"hugetlb.*.rsvd.limit_in_bytes", "hugetlb.*.rsvd.max", RULE_LIMIT, E},
	{"hugetlb.*.usage_in_bytes", "hugetlb.*.current", RULE_READ, E},
	{"hugetlb.*.rsvd.usage_in_bytes", "hugetlb.*.rsvd.current", RULE_READ, E},
	{"hugetlb.*.failcnt", "hugetlb.*.events", RULE_READ, E},
	{"hugetlb.*.max_usage_in_bytes", NULL, RULE_NONE, N},

	{"devices.allow", "devices.allow", RULE_EVERY_LINE, E},
	{"devices.deny", "devices.deny", RULE_EVERY_LINE, E},
	{"devices.list", "devices.list", RULE_READ, E},
	{"freezer.state", "cgroup.freeze", RULE_FREEZER, E},
	{"freezer.self_freezing", "cgroup.freeze", RULE_READ, E},
	{"freezer.parent_freezing", NULL, RULE_NONE, N},
	{"net_cls.classid", NULL, RULE_NONE, N, NULL, packet_note},
	{"net_prio.ifpriomap", NULL, RULE_NONE, N, NULL, packet_note},
	{"net_prio.prioidx", NULL, RULE_NONE, N, NULL, packet_note},
	{"cgroup.procs", "cgroup.procs", RULE_SAME, E},
	{"tasks", "cgroup.threads", RULE_SAME, A, NULL, "cgroup.procs moves whole processes"},
	{"notify_on_release", NULL, RULE_NONE, N, NULL, release_note},
	{"release_agent", NULL, RULE_NONE, N, NULL, release_note},
	{"cgroup.event_control", NULL, RULE_NONE, N, NULL, release_note},
	{"cgroup.clone_children", NULL, RULE_DROP, E, NULL, "has no meaning on cgroup v2"},
	{NULL, "cgroup.max.descendants", RULE_NONE, N},
	{NULL, "cgroup.max.depth", RULE_NONE, N},
	{NULL, "cgroup.kill", RULE_NONE, N},
	{NULL, "cgroup.pressure", RULE_NONE, N},
	{NULL, "cgroup.type", RULE_NONE, N},
	{NULL, "cgroup.subtree_control", RULE_NONE, N},
};

const size_t cgroup_row_count = ARRAY_LENGTH(cgroup_rows);

#undef E
#undef A
#undef N

/* Bytes of key that the pattern's `*` stands for: one component; 0 when the pattern has none. */
static size_t star_length(const char *pattern, const char *key, const char **ret_star)
{
	const char *star = strchr(pattern, '*');

	if (!star)
		return 0;
	*ret_star = key + (star - pattern);
	return strcspn(*ret_star, ".");
}

static bool pattern_matches(const char *pattern, const char *key)
{
	const char *star = strchr(pattern, '*');
	const char *component;
	size_t len;

	if (!star)
		return strcmp(pattern, key) == 0;
	if (strncmp(pattern, key, (size_t)(star - pattern)) != 0)
		return false;
	len = star_length(pattern, key, &component);
	return len > 0 && strcmp(star + 1, component + len) == 0;
}

const struct cgroup_row *cgroup_row_find_v1(const char *key)
{
	for (size_t i = 0; i < cgroup_row_count; i++) {
		if (cgroup_rows[i].v1 && pattern_matches(cgroup_rows[i].v1, key))
			return &cgroup_rows[i];
	}
	return NULL;
}

const struct cgroup_row *cgroup_row_find_v2(const char *key)
{
	for (size_t i = 0; i < cgroup_row_count; i++) {
		if (cgroup_rows[i].v2 && pattern_matches(cgroup_rows[i].v2, key))
			return &cgroup_rows[i];
	}
	return NULL;
}

const char *cgroup_row_name(const char *pattern, const char *key_pattern, const char *key,
			    struct arena *arena)
{
	const char *star = strchr(pattern, '*');
	const char *component = NULL;
	size_t len;

	if (!star)
		return pattern;
	len = star_length(key_pattern, key, &component);
	return arena_printf(arena, "%.*s%.*s%s", (int)(star - pattern), pattern, (int)len,
			    component, star + 1);
}

const char *cgroup_v2_name(const char *v1_key)
{
	const struct cgroup_row *row = cgroup_row_find_v1(v1_key);

	return row ? row->v2 : NULL;
}
