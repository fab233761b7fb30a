/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The floor of a start: what its two halves share. The host's half (floor_start.c) makes the
 * cgroups and the process, the child's half (floor_root.c) everything inside.
 *
 *	floor-start [OPTION…] PROGRAM [ARGUMENT…]
 *
 *	-r DIR  root file system; -m DIR  where to attach it
 *	-n NAME  of the container; -c DIR  mount point of a cgroup hierarchy, once for each
 *	-k WORDS  for the subtree_control of the unified hierarchy's root: "+memory +pids"
 *	-o  the supervisor itself stays where it is in the unified hierarchy
 *	-t COUNT  console, devpts and so many terminals
 *	-b DIR  read-only bind of the host's directory, below the same name; once for each
 *	-u ID  user namespace, ids from ID on
 *	-x  proc and sys read-only where "mixed" has them so, capabilities dropped
 *	-s  tmpfs on dev/shm, mqueue on dev/mqueue; -g  cgroup2 on sys/fs/cgroup
 *	-i  an init of our own as PID 1
 */

#include <stdbool.h>

#include "floor.h"

enum {
	FLOOR_BINDS = 8,
	FLOOR_TERMINALS = 16,
	FLOOR_IDS = 65536, /* length of the id map */
};

struct floor_start {
	struct floor_cgroups cgroups;
	const char *root; /* the root file system */
	const char *at;   /* where to attach it */
	const char *binds[FLOOR_BINDS];
	unsigned bind_count;
	unsigned terminals;      /* tty1 …; 0 = none, and no devpts and console either */
	const char *controllers; /* for the unified root's subtree_control; NULL = none */
	unsigned first_id;       /* of the host, of the user namespace; 0 = none */
	bool is_mixed;           /* proc/sys and sys read-only, capabilities dropped */
	bool has_shm;            /* tmpfs on dev/shm, mqueue on dev/mqueue */
	bool has_cgroup;         /* cgroup2 on sys/fs/cgroup */
	bool stays_outside;      /* of the monitor's cgroup in the unified hierarchy */
	bool is_application;     /* PIDs 1 and 2: lxc-execute */
	char *const *argv;       /* what to run; the first is a path inside */
};

/*
 * The child: into its cgroups, mounts, devices, terminals, pivot, exec; does not return.
 *
 * gate     socket to the host's half; one byte is read when there is an id map, once it is
 *          written, and the terminals' masters and devpts are sent to it
 */
_Noreturn void floor_run_child(const struct floor_start *o, int gate);
