/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files of a container's cgroup by the names of either version, whatever the host has: scripts
 * written for cgroup v1 read memory.limit_in_bytes on v2, and the other way round.
 *
 * A file that exists under its own name is used as it is. devices.* are not files on v2 and no
 * business of this (control_cgroup.c).
 */

#include "base/err.h"
#include "base/str.h"
#include "container/control.h"

/*
 * Where the files are: of the hierarchy of that version which has the file's controller. Return 0
 * or -errno; -ENOENT: no such hierarchy, or no such file in it.
 */
struct cgroup_files {
	int (*read)(void *context, enum limit_version version, const char *file, struct str *out);
	int (*write)(void *context, enum limit_version version, const char *file,
		     const char *value);
	/*
	 * Translations that round would not give back what was set: the value that was set by a v1
	 * name is noted, and asked for: what was noted (at 0), what the configuration says (at 1);
	 * -ENOENT for neither. NULL: nothing is.
	 */
	void (*note)(void *context, const char *file, const char *value);
	int (*noted)(void *context, unsigned at, const char *file, struct str *out);
	void *context;
};

/* Append the value, with its newline. 0, or negative with e set; -ENOENT: no counterpart. */
int cgroup_item_get(const struct cgroup_files *files, const char *file, struct str *out,
		    struct err *e);

/* The same for writing; one value may become several writes. */
int cgroup_item_set(const struct cgroup_files *files, const char *file, const char *value,
		    struct err *e);
