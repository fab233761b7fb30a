/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What Tare's own commands need beside the public interface: answers with the whole error chain,
 * and tables for people. Not installed, and no promise to anybody.
 */

#include <stdbool.h>
#include <stddef.h>

struct err;
struct str;

/* An item of lxc.conf. */
struct tare_system_item {
	const char *name;
	const char *summary; /* one line, no full stop */
};

/* The item at a place of the list that lxc-config prints, or false behind its end. */
bool tare_system_item_at(size_t at, struct tare_system_item *ret);

enum tare_system_value {
	TARE_SYSTEM_VALUE_SET,
	TARE_SYSTEM_VALUE_UNSET,   /* known, but has no value */
	TARE_SYSTEM_VALUE_UNKNOWN, /* no such item */
};

/*
 * As lxc_get_global_config_item(), but tells when lxc.conf exists and can't be read. Returns an
 * enum tare_system_value (with *ret for SET, valid as long as the thread lives), or a negative
 * number with e set.
 */
int tare_system_value(const char *name, const char **ret, struct err *e);

enum tare_severity { TARE_NOTE, TARE_WARNING, TARE_ERROR };

/* A problem: one chain, whose innermost frame says what and where ("FILE:LINE"). */
typedef void (*tare_report_fn)(void *context, enum tare_severity severity,
			       const struct err *problem);

/*
 * Read a configuration file as a start would, but go on behind errors and open no log; then look
 * for what keys say together and in the files they name. Every problem is reported. Returns the
 * number of errors, or a negative number with e set: the file can't be read.
 */
int tare_config_check(const char *path, tare_report_fn report, void *context, struct err *e);

struct tare_config_update {
	unsigned renamed;    /* lines whose key got its present name */
	unsigned translated; /* cgroup v1 lines that got a v2 counterpart */
	unsigned commented;  /* lines that became comments without one */
	bool changed;        /* the new text differs from the old one */
};

/*
 * Bring the text of a configuration file up to date (lxc-update-config). `path` "-" is the standard
 * input. The new text is appended to `text`, the differences, as a list of "-" and "+" lines, to
 * `differences` (may be NULL). Returns 0, or a negative number with e set.
 */
int tare_config_update(const char *path, tare_report_fn report, void *context, struct str *text,
		       struct str *differences, struct tare_config_update *ret, struct err *e);

/*
 * Replace a configuration file by its updated text. The old content stays under the name that
 * ret_backup gets (heap): PATH.backup, or PATH.backup.N when there are older ones. Returns 0, or a
 * negative number with e set, in which case the file is as it was.
 */
int tare_config_replace(const char *path, const struct str *text, char **ret_backup, struct err *e);

/*
 * The configuration files of the containers below a directory, sorted by name, one a call of
 * `take`; stops when it returns other than 0. Returns what it returned, 0, or a negative number
 * with e set.
 */
int tare_config_each(const char *lxcpath, int (*take)(void *context, const char *path),
		     void *context, struct err *e);
