/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The marker of an unfinished creation, LXCPATH/NAME/partial (spec/storage.md §13): locked by the
 * creator and by what it runs, as long as they live. Its content is the creation's journal
 * (container/creation.h). It appears locked and complete, and who finds it unlocked finds that its
 * creator has died.
 */

#include <stddef.h>

#include "base/err.h"
#include "container/container.h"

enum partial_state {
	PARTIAL_NONE,
	PARTIAL_HELD,      /* somebody is creating the container, or undoing it */
	PARTIAL_ABANDONED, /* its creator has died */
};

/* enum partial_state, or negative. */
int partial_look(const struct container *c, struct err *e);

/* Make it; the directory must exist. Returns a descriptor that holds its lock, or negative. */
int partial_create(const struct container *c, const char *text, size_t len, struct err *e);

/*
 * Take over an abandoned one: a descriptor that holds its lock, -ENOENT (e is not set) when it has
 * gone meanwhile, or another negative number. What it says is obeyed with the caller's rights, at
 * the next listing even: so it must be the caller's own file, without a second name, and the
 * lxcpath nobody else's (ERR_PERMISSION).
 */
int partial_seize(const struct container *c, struct err *e);

/* Append to it. 0 or -errno. */
int partial_note(int fd, const char *text, size_t len);

/* Its content, to be freed. 0 or -errno. */
int partial_read(int fd, char **ret, size_t *ret_len);

/* What its holder has made is complete: remove it. Negative when it is not there any more, or not
 * the one of `fd`: then nothing is known to be complete. */
int partial_commit(const struct container *c, int fd, struct err *e);

void partial_remove(const struct container *c);

/* "Ongoing container creation detected": negative, ERR_CREATING. */
int partial_refuse(const struct container *c, struct err *e);
