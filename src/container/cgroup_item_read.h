/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What files that only show something would show under the names of the other version: statistics.
 * How limits are converted is config/cgroup_translate.h's business.
 */

#include <stdint.h>

#include "container/cgroup_item.h"

/* 0; 1: it is not such a file; -errno. */
int cgroup_statistic_on_v2(const struct cgroup_files *files, const char *v1_file, struct str *out);
int cgroup_statistic_on_v1(const struct cgroup_files *files, const char *v2_file, struct str *out);

/* Replace the `*` of a pattern by the second component of a name ("hugetlb.2MB.max"). Heap; NULL
 * when memory is out. */
char *cgroup_item_name(const char *pattern, const char *name);
