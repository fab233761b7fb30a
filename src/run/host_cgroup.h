/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: what the two files about cgroups share.
 */

#include "run/host.h"

/* The base directory of a hierarchy (index in the plan): descriptor or -errno with a note. */
int host_cgroup_base(struct host *h, uint32_t hierarchy);

/* Tell a failure with the whole path. Returns r. */
int host_cgroup_failed(struct host *h, uint32_t call, int r, uint32_t hierarchy, const char *path);
