/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The storage of a container that is created (spec/storage.md §3): which kind, made under the
 * creation's journal, and open for the template.
 */

#include <stdbool.h>

#include "base/err.h"
#include "container/container.h"
#include "storage/storage.h"

struct create_storage {
	struct storage_volume volume;
	char *rootfs; /* heap: the directory that the template fills */
	int root_fd;  /* what is mounted there for it; -EBADF = nothing */
	bool is_made; /* by this creation */
	char mark[STORAGE_MARK_SIZE];
};

void create_storage_finish(struct create_storage *storage);

/* Whether each word of the comma list is a kind of storage that can be made, by this user. */
int create_storage_check(const struct create_options *options, struct err *e);

/* Make it: the first kind of the list that works. lxc.rootfs.path is set. `ret` is to be finished
 * in any case. */
int create_storage_make(struct container *c, const struct create_options *options, int marker_fd,
			struct create_storage *ret, struct err *e);

/* The one that the configuration names: it must be there, and is nobody's to remove. */
int create_storage_use(struct container *c, int marker_fd, struct create_storage *ret,
		       struct err *e);

/* Whether nothing is in it but lost+found. `path` is what is configured in the end: when that is a
 * directory, it is looked at. */
bool create_storage_is_empty(const struct create_storage *storage, const char *path);
