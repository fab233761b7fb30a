/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bookkeeping of a translation. Which settings belong together is decided by their rows' rules; how
 * values change is not decided here.
 */

#include "config/cgroup_translate_job.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

/* A setting on its way into the group of those that one entry is made of. */
struct member {
	const struct cgroup_setting *setting;
	size_t index;
	enum cgroup_rule rule; /* RULE_COUNT: the key is unknown */
};

size_t cgroup_value_device(const char *value)
{
	size_t len = strcspn(value, " \t");

	return memchr(value, ':', len) ? len : 0;
}

const char *cgroup_value_number(const char *value)
{
	size_t len = cgroup_value_device(value);

	if (len == 0 && strncmp(value, "default", strlen("default")) == 0)
		len = strlen("default");
	value += len;
	return value + strspn(value, " \t");
}

/* By device: values that are about none are all equal. */
static int compare_devices(const char *a, const char *b)
{
	size_t a_len = cgroup_value_device(a);
	size_t b_len = cgroup_value_device(b);

	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a, b, a_len);
}

/* Zero for two settings that go into one entry; a total order otherwise. */
static int compare_members(const struct member *a, const struct member *b)
{
	int r;

	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	switch (a->rule) {
	case RULE_EVERY_LINE:
	case RULE_COUNT:
		return a->index < b->index ? -1 : a->index > b->index;
	case RULE_CPU_MAX:
	case RULE_PARTITION:
	case RULE_SOFT_LIMIT:
		return 0;
	case RULE_THROTTLE:
		return compare_devices(a->setting->value, b->setting->value);
	case RULE_BLKIO_WEIGHT:
	case RULE_BFQ_WEIGHT:
		r = strcmp(a->setting->key, b->setting->key);
		return r ? r : compare_devices(a->setting->value, b->setting->value);
	case RULE_NONE:
	case RULE_READ:
	case RULE_DROP:
	case RULE_ALWAYS:
	case RULE_SAME:
	case RULE_LIMIT:
	case RULE_CPU_SHARES:
	case RULE_SWAP:
	case RULE_RECLAIM:
	case RULE_FREEZER:
		break;
	}
	return strcmp(a->setting->key, b->setting->key);
}

/* For qsort(3): within an entry in the order of the settings. */
static int compare_in_order(const void *a, const void *b)
{
	const struct member *left = a;
	const struct member *right = b;
	int r = compare_members(left, right);

	if (r != 0)
		return r;
	return left->index < right->index ? -1 : left->index > right->index;
}

/* The key whose last value setting i is computed with, or NULL. */
static const char *needed_key(const struct cgroup_job *job, size_t i)
{
	if (!job->places[i].row)
		return NULL;
	if (job->places[i].row->rule == RULE_SWAP)
		return job->back ? "memory.max" : "memory.limit_in_bytes";
	if (job->places[i].row->rule == RULE_SOFT_LIMIT && !job->back)
		return "memory.limit_in_bytes";
	return NULL;
}

/* Sorting makes each group a slice: no setting has to be compared with all others. */
static void find_groups(struct cgroup_job *job, struct member *members, size_t *sources)
{
	struct cgroup_place *first = NULL;

	qsort(members, job->count, sizeof(*members), compare_in_order);
	for (size_t i = 0; i < job->count; i++) {
		sources[i] = members[i].index;
		if (i == 0 || compare_members(&members[i - 1], &members[i]) != 0) {
			first = &job->places[members[i].index];
			first->sources = &sources[i];
		}
		first->source_count++;
	}
}

int cgroup_job_init(struct cgroup_job *job, const struct cgroup_setting *settings, size_t count,
		    bool back, struct arena *arena)
{
	struct member *members;
	size_t *sources;
	size_t bytes;

	static_assert(sizeof(*members) >= sizeof(*job->places), "the largest size is checked");
	*job = (struct cgroup_job){
		.settings = settings, .count = count, .back = back, .arena = arena};
	if (__builtin_mul_overflow(count, sizeof(*members), &bytes))
		return -ENOMEM;
	members = arena_alloc(arena, bytes);
	job->places = arena_alloc(arena, count * sizeof(*job->places));
	sources = arena_alloc(arena, count * sizeof(*sources));
	if (!members || !job->places || !sources)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct cgroup_row *row = back ? cgroup_row_find_v2(settings[i].key)
						    : cgroup_row_find_v1(settings[i].key);

		job->places[i].row = row;
		members[i] = (struct member){&settings[i], i, row ? row->rule : RULE_COUNT};
	}
	find_groups(job, members, sources);
	return 0;
}

/* The place of the first setting with this key, or NULL. */
static const struct cgroup_place *find_key(const struct cgroup_job *job, const char *key)
{
	for (size_t i = 0; key && i < job->count; i++) {
		if (strcmp(job->settings[i].key, key) == 0)
			return &job->places[i];
	}
	return NULL;
}

int cgroup_job_collect(struct cgroup_job *job, size_t i, struct cgroup_translation *ret)
{
	const struct cgroup_place *own = &job->places[i];
	const struct cgroup_place *needed = find_key(job, needed_key(job, i));
	size_t *merged;
	size_t a = 0;
	size_t b = 0;

	*ret = (struct cgroup_translation){
		.sources = own->sources,
		.source_count = own->source_count,
		.setting = own->sources[own->source_count - 1],
	};
	if (!needed)
		return 0;
	ret->source_count += needed->source_count;
	merged = arena_alloc(job->arena, ret->source_count * sizeof(*merged));
	if (!merged)
		return -ENOMEM;
	while (a + b < ret->source_count) {
		bool is_own = b == needed->source_count ||
			      (a < own->source_count && own->sources[a] < needed->sources[b]);

		merged[a + b] = is_own ? own->sources[a] : needed->sources[b];
		a += is_own;
		b += !is_own;
	}
	ret->sources = merged;
	return 0;
}

int cgroup_job_push(struct cgroup_job *job, const struct cgroup_translation *entry)
{
	struct cgroup_translation *added = vec_push_in(&job->list, job->arena);

	if (!added)
		return -ENOMEM;
	*added = *entry;
	return 0;
}

const char *cgroup_job_last(const struct cgroup_job *job, const char *key)
{
	for (size_t i = job->count; i > 0; i--) {
		if (strcmp(job->settings[i - 1].key, key) == 0)
			return job->settings[i - 1].value;
	}
	return NULL;
}

const char *cgroup_job_last_like(const struct cgroup_job *job,
				 const struct cgroup_translation *entry, size_t i)
{
	const char *value = job->settings[i].value;

	for (size_t j = 0; j < entry->source_count; j++) {
		const struct cgroup_setting *source = &job->settings[entry->sources[j]];

		if (strcmp(source->key, job->settings[i].key) == 0)
			value = source->value;
	}
	return value;
}

bool cgroup_job_find_part(const struct cgroup_job *job, const struct cgroup_translation *entry,
			  const char *word, size_t *ret)
{
	for (size_t i = entry->source_count; i > 0; i--) {
		size_t source = entry->sources[i - 1];

		if (strcmp(job->places[source].row->word, word) == 0) {
			*ret = source;
			return true;
		}
	}
	return false;
}

const char *cgroup_job_last_part(const struct cgroup_job *job,
				 const struct cgroup_translation *entry, const char *word)
{
	size_t source;

	return cgroup_job_find_part(job, entry, word, &source) ? job->settings[source].value : NULL;
}

int cgroup_entry_write(struct cgroup_translation *entry, const struct cgroup_row *row,
		       const char *key, const char *value)
{
	if (!key || !value)
		return -ENOMEM;
	entry->key = key;
	entry->value = value;
	entry->exactness = row->exactness;
	entry->note = row->note;
	return 0;
}

int cgroup_entry_skip(struct cgroup_translation *entry, enum cgroup_exactness exactness,
		      const char *note)
{
	entry->key = NULL;
	entry->value = NULL;
	entry->exactness = exactness;
	entry->note = note;
	return 0;
}

bool cgroup_bytes_parse(const char *text, uint64_t *ret)
{
	static const char suffixes[] = "kmgtpe";
	const char *suffix;
	char digits[32];
	size_t len = strlen(text);
	unsigned shift = 0;
	bool hexadecimal;
	uint64_t number;

	if (strcmp(text, "-1") == 0 || strcmp(text, "max") == 0) {
		*ret = CGROUP_UNLIMITED;
		return true;
	}
	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len + 1);

	/* an 'e' at the end of a hexadecimal number is a digit, for the kernel too */
	suffix = strchr(suffixes, digits[len - 1] | ('a' - 'A'));
	hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	if (suffix && !(hexadecimal && *suffix == 'e')) {
		shift = 10 * (unsigned)(suffix - suffixes + 1);
		digits[len - 1] = '\0';
	}
	if (num_parse_u64(digits, 0, &number) < 0 || number > UINT64_MAX >> shift)
		return false;
	*ret = number << shift;
	return true;
}
