/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One line of `lxc.mount.entry`, or of the file that `lxc.mount.fstab` names: fstab(5) as
 * getmntent(3) reads it.
 *
 * Fields are separated by blanks (space, tab); \040 \011 \012 \134 and \\ stand for space, tab,
 * line feed and backslash, any other backslash for itself. Where the target ends up inside the
 * container and whether anything exists is not looked at here.
 */

#include <stddef.h>

#include "base/vec.h"
#include "config/mount_options.h"

/* Strings live in the arena of the parser; none is NULL but `excess`. */
struct mount_entry {
	const char *source;
	const char *target; /* "" when the line has only one field */
	const char *fstype; /* "none" when the line has no third field */
	struct mount_options options;
	int dump, pass;     /* read for completeness; nothing uses them */
	const char *excess; /* what stands behind the fields or in place of the numbers; or NULL */
	unsigned line;      /* number of the line in its file, from 1; 0 = not from a file */
};

struct mount_entry_list {
	VEC_OF(struct mount_entry)
};

enum { MOUNT_ENTRY_NONE = 1 };

/*
 * Read one entry. LXC keeps any text when the key is set and reads it when the container starts:
 * fields may be missing at the end and only what cannot be understood at all fails here.
 *
 * Returns 0; MOUNT_ENTRY_NONE for a blank line or a comment (*ret untouched); -EINVAL for an option
 * that mount_options_parse() refuses or a line break; -ENOMEM. The caller adds the origin.
 */
int mount_entry_parse(const char *line, struct arena *arena, struct mount_entry *ret,
		      struct err *e);

/*
 * Read a whole fstab file. `file` is its name for messages ("FILE:LINE" is the origin). Lines end
 * in LF or CR LF; a CR elsewhere is data, as for getmntent(3). Returns 0; the error of the first
 * bad line; -EINVAL for a NUL byte; -ENOMEM. Array and strings live in the arena.
 */
int fstab_parse(const char *file, const char *text, size_t len, struct arena *arena,
		struct mount_entry_list *ret, struct err *e);

enum mount_entry_problem {
	MOUNT_ENTRY_DOUBTFUL = 1, /* mounts, but hardly what was meant, or depends on the start */
	MOUNT_ENTRY_BROKEN = 2,   /* cannot mount */
};

/*
 * Find the next problem of an entry. *next is 0 at first and is moved on:
 *
 *	unsigned next = 0;
 *
 *	while ((problem = mount_entry_check(entry, &next, &e)) > 0)
 *		report(problem, &e);
 *
 * Returns an enum mount_entry_problem with the problem told in `e`, or 0: no (more) problems. The
 * caller adds the origin.
 */
int mount_entry_check(const struct mount_entry *entry, unsigned *next, struct err *e);

/*
 * Add the entry as one line without a line end, in canonical form: all six fields, blanks escaped.
 * Parsing this line gives the same entry again. (An entry without target is printed as its source
 * alone. fstab(5) cannot carry a source that begins with `#` or is empty; no parsed entry has one.)
 */
void mount_entry_print(const struct mount_entry *entry, struct str *out);
