/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From v2 to v1, for hosts whose controllers sit on v1 hierarchies: one short function per rule of
 * the table. A function pushes its entries itself, because one v2 file may be several v1 files.
 * Values that v2 itself would refuse are invalid where they have to be taken apart.
 */

#include "config/cgroup_translate.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "config/cgroup_translate_job.h"
#include "config/cgroup_weight.h"

enum {
	BLKIO_WEIGHT_MIN = 10,
	BLKIO_WEIGHT_MAX = 1000,
	IO_WEIGHT_MAX = 10000,
	BFQ_WEIGHT_MAX = 1000,
	THROTTLE_PARTS = 4,
	WORD_MAX = 48, /* bytes of a field that is taken apart, with its terminator */
};

/* The row of the entry's settings, the key and the last value. */
struct step {
	struct cgroup_job *job;
	const struct cgroup_row *row;
	const char *key;
	const char *value;
};

typedef int (*back_fn)(const struct step *step, struct cgroup_translation *entry);

static int push_skip(const struct step *step, struct cgroup_translation *entry,
		     enum cgroup_exactness exactness, const char *note)
{
	cgroup_entry_skip(entry, exactness, note);
	return cgroup_job_push(step->job, entry);
}

static int push_invalid(const struct step *step, struct cgroup_translation *entry, const char *note)
{
	return push_skip(step, entry, CGROUP_INVALID, note);
}

/* Push a write to a v1 file; `value` NULL = memory is out. */
static int push_write(const struct step *step, struct cgroup_translation *entry, const char *key,
		      const char *value)
{
	int r = cgroup_entry_write(entry, step->row, key, value);

	return r < 0 ? r : cgroup_job_push(step->job, entry);
}

static int push_value(const struct step *step, struct cgroup_translation *entry, const char *value)
{
	return push_write(
		step, entry,
		cgroup_row_name(step->row->v1, step->row->v2, step->key, step->job->arena), value);
}

/* Cut the next blank-separated word off; false at the end, and for one that is too long. */
static bool word_take(const char **text, char ret[WORD_MAX])
{
	size_t len;

	*text += strspn(*text, " \t");
	len = strcspn(*text, " \t");
	if (len == 0 || len >= WORD_MAX)
		return false;
	memcpy(ret, *text, len);
	ret[len] = '\0';
	*text += len;
	return true;
}

static int back_none(const struct step *step, struct cgroup_translation *entry)
{
	return push_skip(step, entry, CGROUP_NONE, NULL);
}

static int back_read(const struct step *step, struct cgroup_translation *entry)
{
	return push_skip(step, entry, CGROUP_NONE, "the file can't be set");
}

/* An empty cpuset means the parent's in v2; v1 has copied the parent's and refuses empty ones. */
static int back_same(const struct step *step, struct cgroup_translation *entry)
{
	if (!*step->value)
		return push_skip(step, entry, CGROUP_DROPPED, "the parent's value holds");
	return push_value(step, entry, step->value);
}

static int back_limit(const struct step *step, struct cgroup_translation *entry)
{
	return push_value(step, entry, strcmp(step->value, "max") == 0 ? "-1" : step->value);
}

static int back_cpu_shares(const struct step *step, struct cgroup_translation *entry)
{
	uint64_t weight;

	if (num_parse_u64(step->value, 10, &weight) < 0 || weight < CPU_WEIGHT_MIN ||
	    weight > CPU_WEIGHT_MAX)
		return push_invalid(step, entry, "the weight is not within 1 and 10000");
	return push_value(step, entry,
			  arena_printf(step->job->arena, "%" PRIu32, cpu_shares_of_weight(weight)));
}

/* `QUOTA|max [PERIOD]`: a line without a period leaves it as the lines before have set it. */
static int back_cpu_max(const struct step *step, struct cgroup_translation *entry)
{
	struct cgroup_job *job = step->job;
	char quota[WORD_MAX] = "";
	char period[WORD_MAX] = "";
	uint64_t number;
	int r = 0;

	for (size_t i = 0; i < entry->source_count; i++) {
		const char *text = job->settings[entry->sources[i]].value;

		if (!word_take(&text, quota) ||
		    (strcmp(quota, "max") != 0 && num_parse_u64(quota, 10, &number) < 0))
			return push_invalid(step, entry, "the quota is neither a number nor max");
		if (*text &&
		    (!word_take(&text, period) || *text || num_parse_u64(period, 10, &number) < 0))
			return push_invalid(step, entry, "the period is no number");
	}
	if (*period)
		r = push_write(step, entry, "cpu.cfs_period_us", arena_strdup(job->arena, period));
	if (r < 0)
		return r;
	return push_write(step, entry, "cpu.cfs_quota_us",
			  strcmp(quota, "max") == 0 ? "-1" : arena_strdup(job->arena, quota));
}

static int back_partition(const struct step *step, struct cgroup_translation *entry)
{
	if (strcmp(step->value, "root") == 0)
		return push_write(step, entry, "cpuset.cpu_exclusive", "1");
	if (strcmp(step->value, "isolated") == 0)
		return push_write(step, entry, "cpuset.sched_load_balance", "0");
	if (strcmp(step->value, "member") == 0)
		return push_skip(step, entry, CGROUP_DROPPED, "is the default");
	return push_invalid(step, entry, "is none of member, root, isolated");
}

static int back_swap(const struct step *step, struct cgroup_translation *entry)
{
	const char *limit_text = cgroup_job_last(step->job, "memory.max");
	uint64_t limit;
	uint64_t swap;
	uint64_t sum;

	if (!cgroup_bytes_parse(step->value, &swap))
		return push_invalid(step, entry, "is no number of bytes");
	if (swap == CGROUP_UNLIMITED)
		return push_value(step, entry, "-1");
	if (!limit_text)
		return push_skip(step, entry, CGROUP_NONE,
				 "needs memory.max: cgroup v1 limits memory and swap together");
	if (!cgroup_bytes_parse(limit_text, &limit))
		return push_invalid(step, entry, "memory.max is no number of bytes");
	if (limit == CGROUP_UNLIMITED)
		return push_skip(step, entry, CGROUP_NONE,
				 "memory.max is unlimited: cgroup v1 can't limit swap alone");
	if (__builtin_add_overflow(limit, swap, &sum))
		return push_value(step, entry, "-1");
	return push_value(step, entry, arena_printf(step->job->arena, "%" PRIu64, sum));
}

/*
 * memory.low and memory.high both become the soft limit: low comes first, it is the closer one. But
 * low = 0 is the default, no protection; a soft limit of 0 would single the container out.
 */
static int back_soft_limit(const struct step *step, struct cgroup_translation *entry)
{
	const char *value = cgroup_job_last(step->job, "memory.low");
	uint64_t soft = 0;

	if (value && !cgroup_bytes_parse(value, &soft))
		return push_invalid(step, entry, "is no number of bytes");
	if (soft == 0) {
		value = cgroup_job_last(step->job, "memory.high");
		if (!value)
			return push_skip(step, entry, CGROUP_DROPPED, "is the default");
		if (!cgroup_bytes_parse(value, &soft))
			return push_invalid(step, entry, "is no number of bytes");
	}
	return push_value(step, entry, soft == CGROUP_UNLIMITED ? "-1" : value);
}

static int back_reclaim(const struct step *step, struct cgroup_translation *entry)
{
	return push_write(step, entry, "memory.force_empty", "0");
}

static uint64_t clamp(uint64_t number, uint64_t low, uint64_t high)
{
	if (number < low)
		return low;
	return number < high ? number : high;
}

/* "WEIGHT" or "M:m WEIGHT" with the device of the value. */
static const char *weight_line(const struct step *step, uint64_t weight)
{
	size_t device = cgroup_value_device(step->value);

	return arena_printf(step->job->arena, "%.*s%s%" PRIu64, (int)device, step->value,
			    device > 0 ? " " : "", weight);
}

/* The weight behind the device; "default" there takes a device's own weight away, 0 in v1. */
static bool weight_parse(const struct step *step, uint64_t max, uint64_t *ret)
{
	const char *number = cgroup_value_number(step->value);

	if (cgroup_value_device(step->value) > 0 && strcmp(number, "default") == 0) {
		*ret = 0;
		return true;
	}
	return num_parse_u64(number, 10, ret) == 0 && *ret >= 1 && *ret <= max;
}

/* blkio.bfq.weight is what kernels since 5.0 have, blkio.weight went with CFQ. */
static int back_blkio_weight(const struct step *step, struct cgroup_translation *entry)
{
	bool device = cgroup_value_device(step->value) > 0;
	uint64_t weight;
	uint64_t cfq;

	if (!weight_parse(step, IO_WEIGHT_MAX, &weight))
		return push_invalid(step, entry, "the weight is not within 1 and 10000");
	cfq = weight ? clamp(weight * 500 / 100, BLKIO_WEIGHT_MIN, BLKIO_WEIGHT_MAX) : 0;
	entry->fallback_value = weight_line(step, cfq);
	entry->fallback_key = device ? "blkio.weight_device" : "blkio.weight";
	if (!entry->fallback_value)
		return -ENOMEM;
	return push_write(step, entry, device ? "blkio.bfq.weight_device" : "blkio.bfq.weight",
			  weight_line(step, clamp(weight, 0, BFQ_WEIGHT_MAX)));
}

static int back_bfq_weight(const struct step *step, struct cgroup_translation *entry)
{
	bool device = cgroup_value_device(step->value) > 0;
	uint64_t weight;

	if (!weight_parse(step, BFQ_WEIGHT_MAX, &weight))
		return push_invalid(step, entry, "the weight is not within 1 and 1000");
	return push_write(step, entry, device ? "blkio.bfq.weight_device" : "blkio.bfq.weight",
			  weight_line(step, weight));
}

/* One of the four parts of io.max and what the lines say of it. */
struct throttle_part {
	const struct cgroup_row *row; /* NULL = not mentioned */
	uint64_t number;              /* 0 = unlimited, as v1 has it */
};

/* Read `word=number` or `word=max` into its part; false when it is none. */
static bool throttle_part_parse(const char *word, struct throttle_part parts[THROTTLE_PARTS])
{
	size_t part = 0;

	for (size_t i = 0; i < cgroup_row_count && part < THROTTLE_PARTS; i++) {
		const struct cgroup_row *row = &cgroup_rows[i];
		const char *rest;

		if (row->rule != RULE_THROTTLE)
			continue;
		rest = text_after(word, row->word);
		if (rest && *rest == '=') {
			parts[part].row = row;
			parts[part].number = 0;
			return strcmp(rest, "=max") == 0 ||
			       num_parse_u64(rest + 1, 10, &parts[part].number) == 0;
		}
		part++;
	}
	return false;
}

/* What follows the device in one line. */
static bool throttle_line_parse(const char *text, struct throttle_part parts[THROTTLE_PARTS])
{
	char word[WORD_MAX];
	bool any = false;

	while (word_take(&text, word)) {
		if (!throttle_part_parse(word, parts))
			return false;
		any = true;
	}
	return any && *text == '\0';
}

/* The lines of one device; the last one for a part counts. */
static int back_throttle(const struct step *step, struct cgroup_translation *entry)
{
	struct throttle_part parts[THROTTLE_PARTS] = {0};
	struct cgroup_job *job = step->job;
	size_t device = cgroup_value_device(step->value);

	if (device == 0)
		return push_invalid(step, entry, "does not begin with MAJOR:MINOR");
	for (size_t i = 0; i < entry->source_count; i++) {
		if (!throttle_line_parse(job->settings[entry->sources[i]].value + device, parts))
			return push_invalid(step, entry,
					    "is not made of rbps=, wbps=, riops=, wiops=");
	}
	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
		struct step part = *step;
		int r;

		if (!parts[i].row)
			continue;
		part.row = parts[i].row;
		r = push_value(&part, entry,
			       arena_printf(job->arena, "%.*s %" PRIu64, (int)device, step->value,
					    parts[i].number));
		if (r < 0)
			return r;
	}
	return 0;
}

static int back_freezer(const struct step *step, struct cgroup_translation *entry)
{
	if (strcmp(step->value, "1") == 0)
		return push_value(step, entry, "FROZEN");
	if (strcmp(step->value, "0") == 0)
		return push_value(step, entry, "THAWED");
	return push_invalid(step, entry, "is neither 0 nor 1");
}

/* RULE_DROP and RULE_ALWAYS have no v2 name, so no v2 key leads to them. */
static const back_fn rules[RULE_COUNT] = {
	[RULE_NONE] = back_none,
	[RULE_READ] = back_read,
	[RULE_DROP] = back_none,
	[RULE_ALWAYS] = back_none,
	[RULE_SAME] = back_same,
	[RULE_EVERY_LINE] = back_same,
	[RULE_LIMIT] = back_limit,
	[RULE_CPU_SHARES] = back_cpu_shares,
	[RULE_CPU_MAX] = back_cpu_max,
	[RULE_PARTITION] = back_partition,
	[RULE_SWAP] = back_swap,
	[RULE_SOFT_LIMIT] = back_soft_limit,
	[RULE_RECLAIM] = back_reclaim,
	[RULE_BLKIO_WEIGHT] = back_blkio_weight,
	[RULE_BFQ_WEIGHT] = back_bfq_weight,
	[RULE_THROTTLE] = back_throttle,
	[RULE_FREEZER] = back_freezer,
};

/* Translate the settings that are (or are not) memory.swap.max: see the header for the order. */
static int translate_some(struct cgroup_job *job, bool swap)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct cgroup_row *row = job->places[i].row;
		struct cgroup_translation entry;
		struct step step;
		int r;

		if (job->places[i].source_count == 0 || (row && row->rule == RULE_SWAP) != swap)
			continue;
		r = cgroup_job_collect(job, i, &entry);
		if (r < 0)
			return r;
		step = (struct step){job, row, job->settings[i].key,
				     cgroup_job_last_like(job, &entry, i)};
		r = row ? rules[row->rule](&step, &entry) : back_none(&step, &entry);
		if (r < 0)
			return r;
	}
	return 0;
}

int cgroup_translate_back(const struct cgroup_setting *v2, size_t count, struct arena *arena,
			  struct cgroup_translation_list *ret)
{
	struct cgroup_job job;
	int r;

	r = cgroup_job_init(&job, v2, count, true, arena);
	if (r == 0)
		r = translate_some(&job, false);
	if (r == 0)
		r = translate_some(&job, true);
	if (r == 0)
		*ret = job.list;
	return r;
}
