/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parts of copying and renaming a container: which storage the copy gets (clone_storage.c), its
 * configuration and files (clone_config.c), what is changed in its root file system (clone_root.c).
 * The order of things is clone.c's and rename.c's.
 */

#include <stdbool.h>

#include "base/err.h"
#include "config/rewrite.h"
#include "container/container.h"
#include "storage/storage.h"

struct cloning {
	struct container *source;
	struct container *target; /* its configuration is the copy's, in memory */
	const struct clone_options *options;
	struct storage_volume from, to; /* ROOTFS_DETECT: there is no root file system */
	bool is_snapshot;
	bool is_elsewhere; /* in another lxcpath */
	bool source_runs;
	int source_fd; /* holds the address of one that is stopped */
	int marker_fd;
	char mark[STORAGE_MARK_SIZE];
	struct config_file_copies files; /* in the target's configuration */
};

/* Decide about `from`, `to` and `is_snapshot`. Changes nothing. */
int clone_choose_storage(struct cloning *c, struct err *e);

/* Make it, noted in the journal, with all that is in it. */
int clone_make_storage(struct cloning *c, struct err *e);

/* What of it is needed as long as the copy lives: dependency files. */
int clone_note_dependencies(const struct cloning *c, struct err *e);

/* The wish for a volume of this container, as lxc.conf has it; `directory` is borrowed. */
void clone_make_wish(const struct container *c, const char *directory, enum rootfs_type type,
		     struct storage_wish *ret);

/* The target's configuration: the source's text for another name and place. `to` is known. */
int clone_make_config(struct cloning *c, struct err *e);

/* The files of hooks, the fstab and includes in the source's directory. */
int clone_copy_files(const struct cloning *c, struct err *e);

/* A root file system whose container has got another name. */
struct clone_root {
	const struct container *container; /* with the configuration and the name of then */
	const struct storage_volume *volume;
	const char *place;       /* an empty directory that it may be mounted on */
	const char *config_file; /* what hooks find there */
	const char *source_name;
	char *const *arguments; /* of hooks, or NULL */
	bool runs_hooks;
	bool sets_hostname;
	int lock_fd; /* of the journal: kept as long as a hook runs */
};

/* Run the clone hooks with the root file system mounted for them alone, and write /etc/hostname
 * when there is one. */
int clone_adapt_root(const struct clone_root *root, struct err *e);

/* Before a snapshot of a device whose file system is in use: what was written is to be in it. */
int clone_flush_source(const struct cloning *c, struct err *e);

/* Copy the whole content of `from` into `to`. */
int clone_copy_root(const struct cloning *c, struct err *e);
