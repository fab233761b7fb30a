/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Run records from outside: making one for a start, reading one, and undoing those whose supervisor
 * died (run/record.h has the rules).
 */

#include "base/err.h"
#include "container/container.h"
#include "run/record.h"

/* Directory of the records of an lxcpath: heap. */
int runs_directory(const char *lxcpath, char **ret, struct err *e);

/* A record, mapped read-only. */
struct run_view {
	const struct record_header *record;
	size_t size;
	bool is_alive; /* its lock is held */
	bool plan_is_checked;
	const struct plan *plan; /* see runs_view_plan() */
	uint64_t pid_namespace;  /* the caller's own; 0 = it is looked up when it is asked for */
};
/* 0; 1 = there is none, or none that lives. A dead and unfinished one is undone first, unless
 * somebody else does that already. */
int runs_view(const char *lxcpath, const char *name, struct run_view *ret, struct err *e);
/* The same for those who look at many: where they look from, and the directory of an lxcpath's
 * records (-ENOENT: there are none), to be closed by the caller. */
struct runs_place {
	int dirfd;
	char boot_id[BOOT_ID_MAX]; /* "" = not read yet */
	uint64_t pid_namespace;
};
int runs_open(const char *lxcpath, struct runs_place *ret, struct err *e);
int runs_view_at(struct runs_place *place, const char *name, struct run_view *ret, struct err *e);
/*
 * Its state. A run that has ended gives its name up before it says STOPPED: one that says so under
 * its name has not begun yet, or begins again (a reboot). That is STARTING. STATE_COUNT: no state.
 */
enum container_state runs_view_state(const struct run_view *view);
/* Whether its numbers of processes are those of the caller's PID namespace. */
bool runs_view_has_our_pids(const struct run_view *view);
/* Whether its control socket is in the caller's network namespace. */
bool runs_view_has_our_network(const struct run_view *view);
/* What listing shows of it (look.c). */
void look_at_view(const struct run_view *view, struct container_run *ret);
/* The plan in force, good until the view is closed; NULL when there is none at the moment, or a
 * damaged one. Checked on the first call: most readers want what is published alone, and the check
 * reads the whole plan. */
const struct plan *runs_view_plan(struct run_view *view);
void runs_view_close(struct run_view *view);

/*
 * Make the record of a new run from `bytes` (its complete contents; sizes as in record.h), locked.
 * Returns its descriptor. A dead record of that name is undone first. -EBUSY: a living one is
 * there.
 */
int runs_create(const char *lxcpath, const char *name, const void *bytes, size_t size,
		struct err *e);

/* Undo every dead run of a name (NULL: of all names), also those that have given their address
 * back; what others are undoing is waited for. Returns how many were undone, or negative. */
int runs_repair(const char *lxcpath, const char *name, struct err *e);
/* The same before something new happens under the name. Runs without an address that can't be
 * undone are in nobody's way: they are set aside for good, because what has the names of their
 * cgroups may be the new run's soon. */
int runs_make_way(const char *lxcpath, const char *name, struct err *e);
/* As runs_repair(), before the container itself goes: what only somebody in another network
 * namespace could undo, which may be gone, is set aside. */
int runs_repair_last(const char *lxcpath, const char *name, struct err *e);
/* The same by the way, for a name or (NULL) for all runs without an address, which listing by name
 * doesn't see: what others are undoing is theirs, and problems are only logged. */
void runs_tidy(const char *lxcpath, const char *name);
