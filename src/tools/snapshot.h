/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How lxc-snapshot prints a list.
 */

#include <lxc/lxccontainer.h>

#include <stdbool.h>
#include <stddef.h>

struct str;

/* "snap0 (/var/lib/lxc/b1/snaps) 2026:11:22 02:58:49", a comment below its line when asked for; or
 * "No snapshots". */
void snapshot_print_lines(const struct lxc_snapshot *snapshots, size_t count, bool comments,
			  struct str *out);

/* An array of objects: name, lxcpath, time (ISO 8601, UTC; null when unknown) and comment. */
void snapshot_print_json(const struct lxc_snapshot *snapshots, size_t count, struct str *out);
