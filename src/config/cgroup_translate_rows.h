/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The table behind cgroup_translate.h: which v1 file corresponds to which v2 file, and by which
 * rule. Private to the cgroup_translate_*.c files.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/cgroup_translate.h"

/* How a value changes. The functions are in cgroup_translate.c and cgroup_translate_back.c. */
enum cgroup_rule {
	RULE_NONE,   /* no counterpart */
	RULE_READ,   /* can only be read, or reset */
	RULE_DROP,   /* no meaning in v2 */
	RULE_ALWAYS, /* v2 always does what the value `word` means; others have no counterpart */
	RULE_SAME,   /* unchanged */
	RULE_EVERY_LINE,   /* unchanged, and all repetitions count */
	RULE_LIMIT,        /* -1 ↔ max */
	RULE_CPU_SHARES,   /* cgroup_weight.h */
	RULE_CPU_MAX,      /* merged; `word` = the part */
	RULE_PARTITION,    /* merged; `word` = what cpuset.cpus.partition becomes */
	RULE_SWAP,         /* v1 limits the sum of memory and swap */
	RULE_SOFT_LIMIT,   /* memory.low */
	RULE_RECLAIM,      /* memory.force_empty */
	RULE_BLKIO_WEIGHT, /* 10 … 1000, 500 ↔ 1 … 10000, 100 */
	RULE_BFQ_WEIGHT,   /* the number is the same */
	RULE_THROTTLE,     /* merged per device; `word` = the part of io.max */
	RULE_FREEZER,      /* FROZEN, THAWED ↔ 1, 0 */
	RULE_COUNT,
};

struct cgroup_row {
	const char *v1; /* `*` stands for one component; NULL = v2 only */
	const char *v2; /* NULL = v1 only */
	enum cgroup_rule rule;
	enum cgroup_exactness exactness;
	const char *word;
	const char *note;
};

extern const struct cgroup_row cgroup_rows[];
extern const size_t cgroup_row_count;

/* The first row of a key, or NULL. */
const struct cgroup_row *cgroup_row_find_v1(const char *key);
const struct cgroup_row *cgroup_row_find_v2(const char *key);

/*
 * The name that `pattern` has for `key`, of which `key_pattern` is the other side: the `*` is
 * replaced by what stands for it in key. A constant or in the arena; NULL when memory is out.
 */
const char *cgroup_row_name(const char *pattern, const char *key_pattern, const char *key,
			    struct arena *arena);
