/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From v1 to v2: one short function per rule of the table. Values that the kernel would refuse in
 * the v1 file are invalid where the translation has to compute with them; what is handed on as it
 * is, the kernel checks.
 */

#include "config/cgroup_translate.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "config/cgroup_translate_job.h"
#include "config/cgroup_weight.h"

enum {
	QUOTA_MIN = 1000, /* microseconds, as the kernel's CFS bandwidth control has them */
	PERIOD_MIN = 1000,
	PERIOD_MAX = 1000000,
	BLKIO_WEIGHT_MIN = 10,
	BLKIO_WEIGHT_MAX = 1000,
};

/* An entry on its way: the row and the last value of its settings. */
struct step {
	struct cgroup_job *job;
	const struct cgroup_row *row;
	const char *key;
	const char *value;
};

typedef int (*forward_fn)(const struct step *step, struct cgroup_translation *entry);

static int write_value(const struct step *step, struct cgroup_translation *entry, const char *value)
{
	const char *key =
		cgroup_row_name(step->row->v2, step->row->v1, step->key, step->job->arena);

	return cgroup_entry_write(entry, step->row, key, value);
}

static int invalid(struct cgroup_translation *entry, const char *note)
{
	return cgroup_entry_skip(entry, CGROUP_INVALID, note);
}

/* The same for one part of an entry: the setting to be mended. */
static int invalid_part(const struct step *step, struct cgroup_translation *entry, const char *word,
			const char *note)
{
	(void)cgroup_job_find_part(step->job, entry, word, &entry->setting);
	return invalid(entry, note);
}

static int forward_none(const struct step *step, struct cgroup_translation *entry)
{
	return cgroup_entry_skip(entry, CGROUP_NONE, step->row->note);
}

static int forward_read(const struct step *step, struct cgroup_translation *entry)
{
	(void)step;
	return cgroup_entry_skip(entry, CGROUP_NONE, "the file can't be set");
}

static int forward_drop(const struct step *step, struct cgroup_translation *entry)
{
	return cgroup_entry_skip(entry, CGROUP_DROPPED, step->row->note);
}

static int forward_always(const struct step *step, struct cgroup_translation *entry)
{
	bool same = strcmp(step->value, step->row->word) == 0;

	return cgroup_entry_skip(entry, same ? CGROUP_DROPPED : CGROUP_NONE, step->row->note);
}

static int forward_same(const struct step *step, struct cgroup_translation *entry)
{
	return write_value(step, entry, step->value);
}

static int forward_limit(const struct step *step, struct cgroup_translation *entry)
{
	return write_value(step, entry, strcmp(step->value, "-1") == 0 ? "max" : step->value);
}

static int forward_cpu_shares(const struct step *step, struct cgroup_translation *entry)
{
	uint64_t shares;

	if (num_parse_u64(step->value, 0, &shares) < 0)
		return invalid(entry, "is no number");
	return write_value(step, entry,
			   arena_printf(step->job->arena, "%" PRIu32,
					cpu_weight_of_shares(shares)));
}

static int forward_cpu_max(const struct step *step, struct cgroup_translation *entry)
{
	const char *quota_text = cgroup_job_last_part(step->job, entry, "quota");
	const char *period_text = cgroup_job_last_part(step->job, entry, "period");
	struct arena *arena = step->job->arena;
	uint64_t period = 100000;
	int64_t quota = -1;

	if (quota_text && num_parse_i64(quota_text, 0, &quota) < 0)
		return invalid_part(step, entry, "quota", "is no number");
	if (period_text && num_parse_u64(period_text, 0, &period) < 0)
		return invalid_part(step, entry, "period", "is no number");
	if (quota >= 0 && quota < QUOTA_MIN)
		return invalid_part(step, entry, "quota", "is below 1000 microseconds");
	if (period < PERIOD_MIN || period > PERIOD_MAX)
		return invalid_part(step, entry, "period",
				    "is not within 1000 and 1000000 microseconds");
	if (quota < 0)
		return write_value(step, entry, arena_printf(arena, "max %" PRIu64, period));
	return write_value(step, entry, arena_printf(arena, "%" PRId64 " %" PRIu64, quota, period));
}

/* cpu_exclusive 1 = root; sched_load_balance 0 = isolated, which is more. */
static int forward_partition(const struct step *step, struct cgroup_translation *entry)
{
	const char *exclusive_text = cgroup_job_last_part(step->job, entry, "root");
	const char *balance_text = cgroup_job_last_part(step->job, entry, "isolated");
	uint64_t exclusive = 0;
	uint64_t balance = 1;

	if ((exclusive_text && num_parse_u64(exclusive_text, 0, &exclusive) < 0) ||
	    (balance_text && num_parse_u64(balance_text, 0, &balance) < 0))
		return invalid(entry, "is neither 0 nor 1");
	if (balance == 0)
		return write_value(step, entry, "isolated");
	if (exclusive != 0)
		return write_value(step, entry, "root");
	return cgroup_entry_skip(entry, CGROUP_DROPPED, "is the default");
}

static int forward_swap(const struct step *step, struct cgroup_translation *entry)
{
	const char *limit_text = cgroup_job_last(step->job, "memory.limit_in_bytes");
	uint64_t limit;
	uint64_t sum;

	if (!cgroup_bytes_parse(step->value, &sum))
		return invalid(entry, "is no number of bytes");
	if (sum == CGROUP_UNLIMITED)
		return write_value(step, entry, "max");
	if (!limit_text)
		return cgroup_entry_skip(
			entry, CGROUP_NONE,
			"needs memory.limit_in_bytes: cgroup v2 limits swap alone");
	if (!cgroup_bytes_parse(limit_text, &limit))
		return invalid(entry, "memory.limit_in_bytes is no number of bytes");
	if (sum < limit)
		return invalid(entry, "is below memory.limit_in_bytes");
	return write_value(step, entry, arena_printf(step->job->arena, "%" PRIu64, sum - limit));
}

static int forward_soft_limit(const struct step *step, struct cgroup_translation *entry)
{
	const char *limit_text = cgroup_job_last(step->job, "memory.limit_in_bytes");
	uint64_t limit;
	uint64_t soft;

	if (!cgroup_bytes_parse(step->value, &soft))
		return invalid(entry, "is no number of bytes");
	if (soft == CGROUP_UNLIMITED)
		return cgroup_entry_skip(entry, CGROUP_DROPPED, "is the default");
	if (limit_text && cgroup_bytes_parse(limit_text, &limit) && soft >= limit)
		return cgroup_entry_skip(entry, CGROUP_DROPPED,
					 "is not below memory.limit_in_bytes: it has no effect");
	return write_value(step, entry, step->value);
}

/* What is written to force_empty has no meaning; memory.reclaim wants a number of bytes. */
static int forward_reclaim(const struct step *step, struct cgroup_translation *entry)
{
	uint64_t bytes;

	if (!cgroup_bytes_parse(step->value, &bytes) || bytes == 0 || bytes == CGROUP_UNLIMITED)
		return cgroup_entry_skip(entry, CGROUP_DROPPED, step->row->note);
	return write_value(step, entry, step->value);
}

/* Both schedulers' weights have the default 100; BFQ's goes first, as systemd and runc have it. */
static int forward_blkio_weight(const struct step *step, struct cgroup_translation *entry)
{
	size_t device = cgroup_value_device(step->value);
	struct arena *arena = step->job->arena;
	const char *value;
	uint64_t weight;
	int r;

	if (num_parse_u64(cgroup_value_number(step->value), 0, &weight) < 0)
		return invalid(entry, "is no weight");
	if (device > 0 && weight == 0)
		value = arena_printf(arena, "%.*s default", (int)device, step->value);
	else if (weight < BLKIO_WEIGHT_MIN || weight > BLKIO_WEIGHT_MAX)
		return invalid(entry, "the weight is not within 10 and 1000");
	else
		value = arena_printf(arena, "%.*s%s%" PRIu64, (int)device, step->value,
				     device > 0 ? " " : "", weight * 100 / 500);

	r = cgroup_entry_write(entry, step->row, "io.bfq.weight", value);
	entry->fallback_key = step->row->v2;
	entry->fallback_value = value;
	return r;
}

/* All parts for one device: `M:m rbps=… wiops=…`; as exact as the worst of them. */
static int forward_throttle(const struct step *step, struct cgroup_translation *entry)
{
	static const char *const words[] = {"rbps", "wbps", "riops", "wiops"};
	struct arena *arena = step->job->arena;
	size_t device = cgroup_value_device(step->value);
	const char *line = arena_strndup(arena, step->value, device);
	int r;

	if (device == 0)
		return invalid(entry, "does not begin with MAJOR:MINOR");
	for (size_t i = 0; i < ARRAY_LENGTH(words) && line; i++) {
		const char *part = cgroup_job_last_part(step->job, entry, words[i]);
		uint64_t number;

		if (!part)
			continue;
		if (num_parse_u64(cgroup_value_number(part), 10, &number) < 0)
			return invalid(entry, "no number follows the device");
		if (number == 0)
			line = arena_printf(arena, "%s %s=max", line, words[i]);
		else
			line = arena_printf(arena, "%s %s=%" PRIu64, line, words[i], number);
	}
	r = write_value(step, entry, line);
	for (size_t i = 0; i < entry->source_count; i++) {
		const struct cgroup_row *row = step->job->places[entry->sources[i]].row;

		if (row->exactness == CGROUP_APPROXIMATE) {
			entry->exactness = row->exactness;
			entry->note = row->note;
		}
	}
	return r;
}

static int forward_freezer(const struct step *step, struct cgroup_translation *entry)
{
	if (strcmp(step->value, "FROZEN") == 0)
		return write_value(step, entry, "1");
	if (strcmp(step->value, "THAWED") == 0)
		return write_value(step, entry, "0");
	return invalid(entry, "is neither FROZEN nor THAWED");
}

static const forward_fn rules[RULE_COUNT] = {
	[RULE_NONE] = forward_none,       [RULE_READ] = forward_read,
	[RULE_DROP] = forward_drop,       [RULE_ALWAYS] = forward_always,
	[RULE_SAME] = forward_same,       [RULE_EVERY_LINE] = forward_same,
	[RULE_LIMIT] = forward_limit,     [RULE_CPU_SHARES] = forward_cpu_shares,
	[RULE_CPU_MAX] = forward_cpu_max, [RULE_PARTITION] = forward_partition,
	[RULE_SWAP] = forward_swap,       [RULE_SOFT_LIMIT] = forward_soft_limit,
	[RULE_RECLAIM] = forward_reclaim, [RULE_BLKIO_WEIGHT] = forward_blkio_weight,
	[RULE_BFQ_WEIGHT] = forward_same, [RULE_THROTTLE] = forward_throttle,
	[RULE_FREEZER] = forward_freezer,
};

/* LXC 5 on a hybrid host took lxc.cgroup.hugetlb.2MB.max for the unified file: so v2 names pass. */
static int forward_unknown(const struct cgroup_setting *setting, struct cgroup_translation *entry)
{
	const struct cgroup_row *row = cgroup_row_find_v2(setting->key);

	if (!row || row->rule == RULE_READ)
		return cgroup_entry_skip(entry, CGROUP_NONE, NULL);
	entry->key = setting->key;
	entry->value = setting->value;
	entry->exactness = CGROUP_EXACT;
	entry->note = "is a file of cgroup v2 already: lxc.cgroup2 is its place";
	return 0;
}

int cgroup_translate(const struct cgroup_setting *v1, size_t count, struct arena *arena,
		     struct cgroup_translation_list *ret)
{
	struct cgroup_job job;
	int r;

	r = cgroup_job_init(&job, v1, count, false, arena);
	for (size_t i = 0; i < count && r == 0; i++) {
		struct cgroup_translation entry;

		if (job.places[i].source_count == 0)
			continue;
		r = cgroup_job_collect(&job, i, &entry);
		if (r < 0)
			break;
		if (job.places[i].row) {
			struct step step = {&job, job.places[i].row, v1[i].key,
					    cgroup_job_last_like(&job, &entry, i)};

			r = rules[step.row->rule](&step, &entry);
		} else {
			r = forward_unknown(&v1[i], &entry);
		}
		if (r == 0)
			r = cgroup_job_push(&job, &entry);
	}
	if (r == 0)
		*ret = job.list;
	return r;
}
