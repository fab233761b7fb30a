/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: what the files about cgroups share.
 */

#include <sys/types.h>

#include "run/host.h"

/* The base directory of a hierarchy (index in the plan): a descriptor that the run owns, or -errno
 * with a note. It is opened once and stays open until the lane stops or makes a process. */
int host_cgroup_base(struct host *h, uint32_t hierarchy);
void host_cgroup_close_bases(struct host *h);

/* A directory below it. The caller's. */
int host_cgroup_open_below(struct host *h, uint32_t hierarchy, const char *path);

/* Tell a failure with the whole path. Returns r. */
int host_cgroup_failed(struct host *h, uint32_t call, int r, uint32_t hierarchy, const char *path);

/* Move ourselves there; "" is the base. 0 or -errno with a note. */
int host_cgroup_enter_place(struct host *h, uint32_t hierarchy, const char *path);

/* -- host_cgroup.c: directories that are being made, in all hierarchies one after the other */

/* How many directories above the last were made in a hierarchy: a part of the register's number. */
unsigned host_cgroup_made(const struct host *h, uint64_t number, uint32_t hierarchy);

/*
 * The mode that directories are made with before they get their proper one: by it undoing after a
 * crash knows the one that was made last, of which the record cannot say whether it was. Nobody
 * else makes such directories, but for the supervisors whose pids end in the same bits.
 */
mode_t host_cgroup_mark(const struct host *h);

/* Remove the empty ones of the first `count` hierarchies, from the last on. */
void host_cgroup_unmake(struct host *h, struct record_register *reg, uint32_t count);
