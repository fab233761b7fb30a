/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside lxc-checkconfig: a kernel's configuration, what is to be looked for, and what was found.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"

/* checkconfig_file.c: the configuration */

struct kernel_config {
	struct str text;     /* begins with a newline: every line does */
	struct str path;     /* where it is from */
	struct str searched; /* what to tell about the search, line by line */
	char release[65];    /* of the running kernel, uname(2) */
	bool has_version;
	unsigned version[2]; /* of the configuration's head: 6, 18 */
};

/*
 * Find and read it: `wanted` (the variable CONFIG; NULL: /proc/config.gz), or what the running
 * kernel was installed with. Compressed files are unpacked by the program for it. 0, or negative
 * with e set; ret->searched is filled in either case. To be finished in both.
 */
int kernel_config_read(const char *wanted, struct kernel_config *ret, struct err *e);
void kernel_config_finish(struct kernel_config *k);

/* The value of CONFIG_NAME: 'y', 'm', or 0. */
char kernel_config_option(const struct kernel_config *k, const char *name);

/* Whether the configuration's kernel is older; one that does not tell its version is the latest. */
bool kernel_config_is_before(const struct kernel_config *k, unsigned major, unsigned minor);

/* checkconfig_rows.c: what there is to tell */

enum check_state { CHECK_ENABLED, CHECK_MISSING, CHECK_REQUIRED };

enum check_kind {
	CHECK_SECTION,  /* name */
	CHECK_OPTION,   /* name, state; module */
	CHECK_WARNING,  /* name: the sentence */
	CHECK_HEADING,  /* name: what is listed behind it */
	CHECK_LIMIT,    /* name, value */
	CHECK_MOUNT_V1, /* name: the mount point */
	CHECK_MOUNT_V2,
};

enum module_state { MODULE_NONE, MODULE_LOADED, MODULE_NOT_LOADED };

struct check_entry {
	enum check_kind kind;
	char *name;          /* heap */
	const char *section; /* the one it stands in */
	enum check_state state;
	enum module_state module;
	uint64_t value;
};

struct check_list {
	VEC_OF(struct check_entry)
	const char *section;
	bool failed; /* memory was out */
};

/* Everything, in the order in which it is printed. */
void check_all(const struct kernel_config *k, struct check_list *ret);
void check_list_finish(struct check_list *list);
