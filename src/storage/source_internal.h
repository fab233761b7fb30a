/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What source.c and source_overlay.c share.
 */

#include "base/vec.h"
#include "storage/source.h"

struct source_words {
	VEC_OF(const char *)
};

struct source_look {
	const char *path;
	const struct mount_options *options; /* or NULL */
	bool read_only;
	struct arena *arena;
	struct storage_source *ret;
};

/* -ENOMEM with e set. */
int source_no_memory(struct err *e);
/* The words, ending in NULL; or NULL: out of memory. */
const char *const *source_end_words(struct source_words *words, struct arena *arena);
/* The options of lxc.rootfs.options that are for the file system, behind those that are there; and
 * all of them become the source's. */
int source_finish_words(struct source_look *look, struct source_words *words, struct err *e);

int source_of_overlay(struct source_look *look, struct err *e);
