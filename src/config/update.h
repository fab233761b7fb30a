/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Bringing the text of a configuration up to date, for lxc-update-config: old names become present
 * ones in place, cgroup v1 settings get their v2 counterparts. Nothing is lost: what has no
 * counterpart or no effect any more stays as a comment, and all other bytes stay as they are.
 * Updating an updated text changes nothing.
 */

#include "config/check.h"

struct config_update {
	unsigned renamed;    /* lines whose key got its present name */
	unsigned translated; /* cgroup v1 lines that got a v2 counterpart */
	unsigned commented;  /* lines that became comments without one */
	bool changed;        /* the new text differs from the old one */
};

/*
 * `name` is the file's for messages; text[len] is a NUL. Notes about lines that lose their effect
 * go to report (may be NULL). The new text is appended to `out`; `differences` (may be NULL) gets
 * the lines that differ, old ones behind "-", new ones behind "+", each change under "@@ line N
 * @@". 0 or -ENOMEM.
 */
int config_update_text(const char *name, const char *text, size_t len, config_report_fn report,
		       void *context, struct str *out, struct str *differences,
		       struct config_update *ret, struct err *e);

/* The same for a file; "-" is the standard input. The file itself stays as it is. */
int config_update_file(const char *path, config_report_fn report, void *context, struct str *out,
		       struct str *differences, struct config_update *ret, struct err *e);

/*
 * Replace a file by its updated text. The old content stays under the name that ret_backup gets
 * (heap): PATH.backup, or PATH.backup.N when there are older ones. On failure the file is as it
 * was and there is no backup; only when it was replaced and the directory could not be flushed, so
 * that a crash may undo it, are both there.
 */
int config_replace_file(const char *path, const struct str *text, char **ret_backup, struct err *e);

/*
 * The configuration files of the containers below a directory, sorted by name, one a call of
 * `take`; stops when it returns other than 0. Returns what it returned, 0, or a negative errno with
 * e set.
 */
int config_each_file(const char *lxcpath, int (*take)(void *context, const char *path),
		     void *context, struct err *e);
