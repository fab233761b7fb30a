/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The cgroup mounts of our mount namespace, from /proc/self/mountinfo (proc(5)).
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/vec.h"

struct cgroup_mount {
	const char *root;    /* which directory of the hierarchy is mounted: "/" mostly */
	const char *point;   /* where */
	const char *options; /* v1: options of the file system: "rw,cpu,cpuacct"; v2: NULL */
};

struct cgroup_mounts {
	VEC_OF(struct cgroup_mount)
	bool is_read;
};

/* Read the file, once. Texts live in `arena`. 0 or -errno. */
int cgroup_mounts_read(struct cgroup_mounts *mounts, int dirfd, const char *path,
		       struct arena *arena);

/*
 * The mount of the hierarchy with exactly these controllers, a comma list as in /proc/PID/cgroup,
 * in any order; "" = cgroup2. One of the whole hierarchy goes before others. NULL: there is none.
 */
const struct cgroup_mount *cgroup_mounts_find(const struct cgroup_mounts *mounts,
					      const char *controllers);

/* What is left of a path of the hierarchy (without slashes at its ends) below what the mount shows:
 * a part of `path`; NULL when it is outside. */
const char *cgroup_mount_below(const struct cgroup_mount *mount, const char *path);
