/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The marker of an unfinished creation, LXCPATH/NAME/partial (spec/storage.md §13): locked by the
 * creator as long as it lives. Its content is ours: one line "made PATH" for each thing outside of
 * the container's directory that was made for it, so that an abandoned creation can be undone.
 */

#include "base/err.h"
#include "container/container.h"

enum partial_state {
	PARTIAL_NONE,
	PARTIAL_HELD,      /* somebody is creating the container */
	PARTIAL_ABANDONED, /* its creator has died */
};

/* enum partial_state, or negative. */
int partial_look(const struct container *c, struct err *e);

/* Make and lock it; the directory must exist. Returns a descriptor, or negative. */
int partial_create(const struct container *c, struct err *e);

/*
 * Take over an abandoned one: a descriptor that holds its lock, or negative. What it says is obeyed
 * with the caller's rights, at the next listing even: so it must be the caller's own file, without
 * a second name, and the lxcpath nobody else's (ERR_PERMISSION).
 */
int partial_seize(const struct container *c, struct err *e);

/* Note a path. 0 or -errno. */
int partial_note(int fd, const char *path);

/* The content of one that was seized, to be freed; NULL when it can't be read. */
char *partial_read(int fd);

void partial_remove(const struct container *c);

/* "Ongoing container creation detected": negative, ERR_CREATING. */
int partial_refuse(const struct container *c, struct err *e);
