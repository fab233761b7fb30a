/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's cgroup directories, found by the plan's hierarchies and registers.
 */

#include <stdbool.h>
#include <stddef.h>

#include "plan/plan.h"

struct supervisor;

/* Which of the container's directories: limits are set on the outer one, processes live in the
 * inner one. Without lxc.cgroup.dir.container.inner both are the same. */
enum cgroup_place { PLACE_PAYLOAD, PLACE_LIMIT };

/* The name below the bases; "" while there is none. */
const char *cgroup_place_name(const struct supervisor *s, enum cgroup_place place);

/*
 * The hierarchy of a controller: one of version 1 that has it, else the unified one when that has
 * it; devices and freezer are always the unified one's. NULL: there is none.
 */
const struct plan_hierarchy *cgroup_find_controller(const struct supervisor *s, const char *name);

/* The unified hierarchy, or NULL. */
const struct plan_hierarchy *cgroup_find_unified(const struct supervisor *s);

/* "lxc.payload.c1", relative to the hierarchy's mount. 0 or -errno: -ENOENT without cgroups. */
int cgroup_place_path(const struct supervisor *s, const struct plan_hierarchy *h,
		      enum cgroup_place place, char *buf, size_t room);

/* The directory, readable: a new descriptor or -errno. */
int cgroup_open_place(const struct supervisor *s, const struct plan_hierarchy *h,
		      enum cgroup_place place);
