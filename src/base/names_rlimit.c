/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of resource limits, as getrlimit(2) has them. "nofile" is RLIMIT_NOFILE everywhere; the
 * numbers of some limits differ between architectures.
 */

#include "base/names.h"

#include <sys/resource.h>

#include "base/macros.h"
#include "base/words.h"

static const char *const names[] = {
	[RLIMIT_AS] = "as",
	[RLIMIT_CORE] = "core",
	[RLIMIT_CPU] = "cpu",
	[RLIMIT_DATA] = "data",
	[RLIMIT_FSIZE] = "fsize",
	[RLIMIT_LOCKS] = "locks",
	[RLIMIT_MEMLOCK] = "memlock",
	[RLIMIT_MSGQUEUE] = "msgqueue",
	[RLIMIT_NICE] = "nice",
	[RLIMIT_NOFILE] = "nofile",
	[RLIMIT_NPROC] = "nproc",
	[RLIMIT_RSS] = "rss",
	[RLIMIT_RTPRIO] = "rtprio",
	[RLIMIT_RTTIME] = "rttime",
	[RLIMIT_SIGPENDING] = "sigpending",
	[RLIMIT_STACK] = "stack",
};

int rlimit_parse(const char *name)
{
	int resource = words_find(names, ARRAY_LENGTH(names), name, false);

	return resource >= 0 ? resource : words_parse_number(name);
}

const char *rlimit_name(int resource)
{
	return resource >= 0 && (size_t)resource < ARRAY_LENGTH(names) ? names[resource] : NULL;
}

const char *const *rlimit_words(size_t *count)
{
	*count = ARRAY_LENGTH(names);
	return names;
}
