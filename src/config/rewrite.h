/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a copy or a rename changes in a container's configuration: names and addresses that must not
 * exist twice, and paths below the container's directory. Text and model change together; lines
 * that need no change stay byte for byte.
 */

#include "config/config.h"

struct config_rewrite {
	const char *old_directory; /* LXCPATH/NAME of the source, without a slash at the end */
	const char *new_directory;
	const char *uts_name; /* new lxc.uts.name; NULL keeps the old one */
	const char *rootfs;   /* new lxc.rootfs.path with its type; NULL keeps the old one */
	bool new_hwaddrs;     /* interfaces with a hwaddr get another one */
	/* Whose text this was: addresses that were written there with x in them get other digits
	 * in their place. NULL = nobody's. */
	const struct config *original;
};

/* A file (or, of an include, directory) that a rewritten value names below the new directory. */
struct config_file_copy {
	const char *from;
	const char *to;
};
struct config_file_copies {
	VEC_OF(struct config_file_copy) /* in the configuration's arena */
};

/*
 * Rewrite; `ret` gets the files of hooks and the fstab that the caller has to copy. On failure
 * (-ENOMEM, an errno of the random source) the configuration may be half rewritten: work on the new
 * container's own object.
 */
int config_rewrite(struct config *c, const struct config_rewrite *how,
		   struct config_file_copies *ret, struct err *e);

/*
 * For a container whose directory has got another name: the text of its configuration with every
 * path in a value that lies in the old directory leading into the new one. Comments, and all other
 * bytes, stay. Doing it twice is fine.
 */
void config_move_paths(const char *text, const char *old_directory, const char *new_directory,
		       struct str *out);
