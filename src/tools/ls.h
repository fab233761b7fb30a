/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside lxc-ls: one row per container, made of the columns that were asked for and nothing else,
 * because each costs something; and the forms they are printed in (spec/cli.md §3.15).
 */

#include <lxc/lxccontainer.h>

#include <regex.h>
#include <stdbool.h>

#include "cli/cli.h"

enum ls_column {
	LS_NAME,
	LS_STATE,
	LS_PID,
	LS_RAM,
	LS_SWAP,
	LS_AUTOSTART,
	LS_GROUPS,
	LS_INTERFACE,
	LS_IPV4,
	LS_IPV6,
	LS_UNPRIVILEGED,
	LS_COLUMN_COUNT,
};

/* "NAME", "STATE" …; in the order of the enum. */
extern const char *const ls_column_names[LS_COLUMN_COUNT];

struct ls_columns {
	enum ls_column list[2 * LS_COLUMN_COUNT]; /* in the order of printing */
	size_t count;
};

/* Cells are texts as the table shows them, but for sizes, which are bytes; lists are joined by ",
 * "; NULL: nothing. */
struct ls_row {
	char *cells[LS_COLUMN_COUNT]; /* heap */
	unsigned depth;               /* of nesting: 0 outside */
};
struct ls_rows {
	VEC_OF(struct ls_row)
};
void ls_rows_finish(struct ls_rows *rows);

struct ls_query {
	const char *lxcpath; /* NULL: the default */
	bool active, running, frozen, stopped, defined;
	const regex_t *pattern; /* NULL: all names */
	const char *groups;     /* comma list that a container must be in, or NULL */
	unsigned nesting;       /* levels inside running containers */
	struct ls_columns columns;
};

/* Append the containers that are wanted, nested ones behind theirs. 0, or negative with e set. */
int ls_gather(const struct ls_query *query, unsigned depth, struct ls_rows *rows, struct err *e);

/* Append the containers inside a running one; those that can't be entered, and what is not told in
 * time, are passed over. 0 or -ENOMEM. */
int ls_add_nested(const struct ls_query *query, struct lxc_container *c, unsigned depth,
		  struct ls_rows *rows);

/*
 * The forms. Names and interfaces are what containers and others make them: texts are printed as
 * cli_visible() has them.
 *
 * The plain list: one name per line, or as many as fit into `width` columns (0: one per line).
 */
void ls_print_names(const struct ls_rows *rows, size_t width, struct str *out);
void ls_print_table(const struct ls_rows *rows, const struct ls_columns *columns, struct str *out);
void ls_print_json(const struct ls_rows *rows, const struct ls_columns *columns, struct str *out);
