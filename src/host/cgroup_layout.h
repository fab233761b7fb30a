/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which cgroup hierarchies a starter can use, and where its containers' directories begin
 * (spec/cgroup1.md §1): /proc/1/cgroup or /proc/self/cgroup says which hierarchies there are and
 * where the process is in each; a hierarchy counts when it is mounted and delegated.
 *
 * Mounts are looked for where LXC expects them, which costs one statfs(2) each. Only when one isn't
 * there is /proc/self/mountinfo read, and the mount found by its controllers, in any order, under
 * any name.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/vec.h"

/* As the control socket numbers them (spec/wire.md). */
enum host_cgroup_layout {
	HOST_CGROUP_NONE = -1,
	HOST_CGROUP_LEGACY,
	HOST_CGROUP_HYBRID,
	HOST_CGROUP_UNIFIED,
};

struct cgroup_hierarchy {
	const char *mount;       /* mount point */
	const char *base;        /* below it, without slashes at its ends; "" = the mount itself */
	const char *controllers; /* comma list; "" = none */
	const char *name;        /* last component of the mount point; "unified" for version 2 */
	const char *mount_options; /* v1: of a fresh mount: "cpu,cpuacct", "none,name=systemd" */
	const char *delegate;      /* v2: files of a delegated directory, blank-separated */
	uint64_t identity;         /* v2, for ordinary users: the base's inode; else 0 */
	uint8_t version;
	bool is_cpuset;
	bool is_root;   /* v2: the base is the root of the whole hierarchy, outside of namespaces */
	bool is_inside; /* v2, of the root only: the process that looks is in the base itself */
};

struct cgroup_hosting {
	struct {
		VEC_OF(struct cgroup_hierarchy)
	} hierarchies; /* usable ones, in the order in which LXC uses them; arena */
	enum host_cgroup_layout layout; /* guessed from what the kernel lists if none is usable */
	bool has_cgroup2;               /* some cgroup2 is mounted, usable or not */
	const char *missing;            /* the first controller of `use` that is nowhere, or NULL */
};

struct cgroup_query {
	int root_fd;         /* tests: a directory that stands for "/"; -1 = the real root */
	bool is_relative;    /* begin where we are, not where PID 1 is */
	bool is_root;        /* euid 0: PID 1's place is ours to use */
	bool may_write_all;  /* root of the initial user namespace: needs no delegation */
	bool wants_delegate; /* fill cgroup_hierarchy.delegate */
	const char *use;     /* comma list: only v1 hierarchies all of whose controllers are named;
			      * NULL or "" = all */
};

/*
 * Texts live in `arena`. 0, or -errno of reading /proc (-ENOENT: a kernel without cgroups, ret is
 * filled with HOST_CGROUP_NONE then and 0 returned), -ENOMEM.
 */
int cgroup_layout_detect(const struct cgroup_query *query, struct arena *arena,
			 struct cgroup_hosting *ret);
