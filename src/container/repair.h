/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Looking for everything that killed commands and crashed hosts have left below an lxcpath, and
 * finishing or undoing it. Commands do this for the container that they deal with.
 */

#include "base/err.h"
#include "container/container.h"

struct repair_event {
	const char *lxcpath, *name; /* of the container; name NULL: of all */
	const char *what;           /* was done: a stable word */
	const char *text;           /* the same for people */
	unsigned count;             /* how many of these */
	const struct err *problem;  /* or could not be done; NULL = it was */
};

typedef void (*repair_fn)(void *context, const struct repair_event *event);

/*
 * Repair one container (name NULL: all) below `lxcpath`, with its snapshots: dead runs; unfinished
 * creations, copies, renamings, restorations, destructions; stale lines of dependency files;
 * temporary files; stopped ephemeral containers that have run. What somebody is at work with is
 * left alone. Each thing is told, and what can't be repaired, too, which keeps the others from
 * nothing. How many things were done, or negative with e set: the first problem.
 */
int container_repair(const char *lxcpath, const char *name, repair_fn tell, void *context,
		     struct err *e);
