/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: a directory of our own in some of the host's hierarchies, removed at the end.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/run_fixture.h"
#include "sys/cgroup.h"

static char base[64]; /* our directory in each hierarchy */
static const char *mounts[3];
static unsigned mount_count;

static inline void cgroups_add(const char *mount)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", mount, base);
	if (geteuid() == 0 && access(mount, W_OK) == 0 && mkdir(path, 0755) == 0)
		mounts[mount_count++] = mount;
}

/* Two of version 1, and version 2, where they are and can be written. */
static inline void cgroups_prepare(const char *word)
{
	snprintf(base, sizeof(base), "tare-%s-test-%d", word, (int)getpid());
	cgroups_add("/sys/fs/cgroup/freezer");
	cgroups_add("/sys/fs/cgroup/devices");
	cgroups_add(access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup"
								     : "/sys/fs/cgroup/unified");
}

static inline int cgroups_clean_up(void **state)
{
	for (unsigned i = 0; i < mount_count; i++) {
		int fd = cgroup_open(mounts[i], "", "");

		/* A test that failed may have left us inside. */
		if (fd < 0 || cgroup_move(fd, 0) < 0 || cgroup_remove(fd, base, 0, true) < 0)
			return -1;
		close(fd);
	}
	return 0;
}

static inline unsigned cgroups_version(unsigned i)
{
	return strstr(mounts[i], "freezer") || strstr(mounts[i], "devices") ? 1 : 2;
}

/* Into the plan; `controllers` are those of the first. */
static inline void cgroups_add_hierarchies(struct fixture *f, const char *controllers)
{
	for (unsigned i = 0; i < mount_count; i++) {
		struct plan_hierarchy *row = vec_push(&f->b.hierarchies);

		if (!row)
			abort();
		memset(row, 0, sizeof(*row));
		row->mount = fixture_text(f, mounts[i]);
		row->base = fixture_text(f, base);
		row->controllers = fixture_text(f, i == 0 ? controllers : "");
		row->version = (uint8_t)cgroups_version(i);
	}
}
