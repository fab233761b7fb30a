/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an ephemeral copy has besides a copy (spec/storage.md §10.3): it destroys itself when it
 * stops, has mounts of its own, and may keep what is written in memory.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "container/container.h"

struct ephemeral_mount {
	bool is_overlay;    /* what is written goes into the copy's directory */
	const char *source; /* absolute, on the host */
	const char *target; /* inside; NULL = the same */
	bool is_read_only;
};

struct ephemeral {
	bool keeps_data; /* it does not destroy itself */
	bool on_tmpfs;   /* the upper layer of its overlay is in memory */
	bool keeps_name;
	const struct ephemeral_mount *mounts;
	size_t mount_count;
};

/* For struct clone_options, with a const struct ephemeral. 0 or negative. */
int ephemeral_prepare(void *ephemeral, struct container *copy, struct err *e);

/* "NAME_" and six letters or digits: a name that no container below lxcpath has. Heap. 0 or
 * negative. */
int ephemeral_choose_name(const char *name, const char *lxcpath, char **ret, struct err *e);
