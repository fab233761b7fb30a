/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Id maps: one line of lxc.idmap (`u 0 100000 65536`), the checks over all lines together, and the
 * way from an id of the container to the host's and back. user_namespaces(7) is the reference.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"

/* Lines that the kernel takes per map since 4.15 (user_namespaces(7)). */
enum { IDMAP_LINES_MAX = 340 };

struct idmap_entry {
	char kind; /* 'u' or 'g' */
	struct container_id inside;
	struct host_id host;
	uint32_t count;
};

/*
 * Read `u|g <first id inside> <first id on the host> <count>`: exactly four fields between blanks
 * (space, tab), numbers as strtoul(3) with base 0 reads them. 0, or -EINVAL or -ERANGE with LXC's
 * own message.
 */
int idmap_entry_parse(const char *text, struct idmap_entry *ret, struct err *e);

/* Append "u 0 100000 65536". */
void idmap_entry_print(const struct idmap_entry *entry, struct str *out);

enum idmap_problem {
	IDMAP_ZERO_COUNT,     /* an entry maps nothing: the kernel refuses the map */
	IDMAP_BEYOND_END,     /* an entry reaches 2^32-1 or beyond: (uid_t)-1 can't be mapped */
	IDMAP_OVERLAP_INSIDE, /* two entries of a kind share ids of the container */
	IDMAP_OVERLAP_HOST,   /* two entries of a kind share ids of the host */
	IDMAP_WITHOUT_GROUPS, /* 'u' entries only */
	IDMAP_WITHOUT_USERS,  /* 'g' entries only */
	IDMAP_TOO_MANY, /* more entries of a kind than IDMAP_LINES_MAX; no overlaps searched */
};

/* One finding: `first` and `second` are indexes of entries, equal when one entry is concerned. */
struct idmap_finding {
	enum idmap_problem problem;
	size_t first;
	size_t second;
};

typedef void (*idmap_report_fn)(void *data, const struct idmap_finding *finding);

/*
 * Look at all entries of a container together and report every problem through `report` (which may
 * be NULL); an entry that overlaps with several is told with the first of them. No entries at all
 * are no problem. 0 = none found, 1 = some.
 */
int idmap_check(const struct idmap_entry *entries, size_t count, idmap_report_fn report,
		void *data);

/* Append a sentence for a finding; it quotes the entries, indexes count from 1. */
void idmap_finding_print(const struct idmap_finding *finding, const struct idmap_entry *entries,
			 struct str *out);

/* The host's id of an id inside (`kind` 'u' or 'g'), and the way back; false: it is not in this
 * entry.
 */
bool idmap_entry_host_id(const struct idmap_entry *entry, char kind, struct container_id inside,
			 struct host_id *ret);
bool idmap_entry_container_id(const struct idmap_entry *entry, char kind, struct host_id host,
			      struct container_id *ret);
