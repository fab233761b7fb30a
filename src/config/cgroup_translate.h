/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Keys of cgroup v1 in terms of v2, and back: what a container configured for one is to get on a
 * host that has the other. Pure functions over lists of key and value; which hierarchy a host has,
 * which key wins when a configuration has both, and writing are the callers' matter.
 *
 * Facts: the kernel's cgroup-v2.rst and cgroup-v1/; the table is in cgroup_translate_rows.c.
 */

#include <stddef.h>

#include "base/arena.h"
#include "base/vec.h"

/* A line of the configuration, without `lxc.cgroup.` or `lxc.cgroup2.` before the key. */
struct cgroup_setting {
	const char *key;
	const char *value;
};

enum cgroup_exactness {
	CGROUP_EXACT,
	CGROUP_APPROXIMATE, /* say so once */
	CGROUP_NONE,        /* no counterpart: warn and go on */
	CGROUP_DROPPED,     /* nothing is lost: the other version does so anyway */
	CGROUP_INVALID, /* the value would be refused where it was meant for: an error there too */
};

/* One write to one file, or the reason why there is none. */
struct cgroup_translation {
	const size_t *sources;    /* indexes of the settings that went into it, ascending */
	size_t source_count;      /* at least 1 */
	size_t setting;           /* the source whose value is translated, or is invalid */
	const char *key;          /* NULL when there is nothing to write */
	const char *value;        /* NULL together with key */
	const char *fallback_key; /* to be written when the file `key` is not there; or NULL */
	const char *fallback_value;
	const char *note; /* one clause for people, or NULL */
	enum cgroup_exactness exactness;
};

struct cgroup_translation_list {
	VEC_OF(struct cgroup_translation)
};

/*
 * Translate all v1 settings of a container to v2. Every setting is a source of at least one entry.
 * Of repeated keys the last counts (devices.* and lines for different devices: all of them, in
 * order). What v2 has in one file is one entry: cpu.max, cpuset.cpus.partition, io.max per device.
 * memory.swap.max needs memory.limit_in_bytes among the settings. devices.* keep their names: they
 * become a device program.
 *
 * Entries come in the order of their first source. All memory is the arena's; the settings' texts
 * must live as long as the list. 0, or -ENOMEM.
 */
int cgroup_translate(const struct cgroup_setting *v1, size_t count, struct arena *arena,
		     struct cgroup_translation_list *ret);

/*
 * The same from v2 to v1. One setting may become several entries (cpu.max: period, then quota).
 * memory.memsw.limit_in_bytes comes behind everything else, since it may not be below
 * memory.limit_in_bytes at any time.
 */
int cgroup_translate_back(const struct cgroup_setting *v2, size_t count, struct arena *arena,
			  struct cgroup_translation_list *ret);

/*
 * The v2 file that takes a v1 file's place, also of files that can only be read, or NULL. A page
 * size in a hugetlb name is `*` in the answer.
 */
const char *cgroup_v2_name(const char *v1_key);
