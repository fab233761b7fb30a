/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What both directions of cgroup_translate.h share: finding the rows, collecting the settings that
 * end up in one file, and filling in an entry. Private to the cgroup_translate*.c files.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/cgroup_translate_rows.h"

/* What is known of a setting. */
struct cgroup_place {
	const struct cgroup_row *row; /* NULL = unknown key */
	const size_t *sources;        /* of the first of a group: its settings, ascending */
	size_t source_count;          /* 0: the entry is made for an earlier setting */
};

struct cgroup_job {
	const struct cgroup_setting *settings;
	struct cgroup_place *places; /* by setting */
	size_t count;
	bool back; /* from v2 to v1 */
	struct arena *arena;
	struct cgroup_translation_list list;
};

/* Finds rows, and the groups of settings that are written together. 0, or -ENOMEM. */
int cgroup_job_init(struct cgroup_job *job, const struct cgroup_setting *settings, size_t count,
		    bool back, struct arena *arena);

/*
 * Begin an entry for setting i, the first of its group: its sources are the group and the settings
 * that it can't be computed without. 0, or -ENOMEM.
 */
int cgroup_job_collect(struct cgroup_job *job, size_t i, struct cgroup_translation *ret);

/* Add a finished entry: 0, or -ENOMEM. */
int cgroup_job_push(struct cgroup_job *job, const struct cgroup_translation *entry);

/* The value of the last setting with this key, or NULL. */
const char *cgroup_job_last(const struct cgroup_job *job, const char *key);

/* The value of the entry's last source that has the key of setting i. */
const char *cgroup_job_last_like(const struct cgroup_job *job,
				 const struct cgroup_translation *entry, size_t i);

/* The entry's last source whose row has this word; false when there is none. */
bool cgroup_job_find_part(const struct cgroup_job *job, const struct cgroup_translation *entry,
			  const char *word, size_t *ret);

/* That source's value, or NULL. */
const char *cgroup_job_last_part(const struct cgroup_job *job,
				 const struct cgroup_translation *entry, const char *word);

/* What the entry writes. `value` may be NULL: memory is out. 0, or -ENOMEM. */
int cgroup_entry_write(struct cgroup_translation *entry, const struct cgroup_row *row,
		       const char *key, const char *value);

/* Nothing is written, and why. Always 0. */
int cgroup_entry_skip(struct cgroup_translation *entry, enum cgroup_exactness exactness,
		      const char *note);

/* Bytes of "MAJOR:MINOR" at the beginning of a value that is about one device, else 0. */
size_t cgroup_value_device(const char *value);

/* What follows the device, or the word "default": the number. */
const char *cgroup_value_number(const char *value);

#define CGROUP_UNLIMITED UINT64_MAX

/* Bytes as memory files take them: K M G T P E, -1 or max = CGROUP_UNLIMITED. */
bool cgroup_bytes_parse(const char *text, uint64_t *ret);
