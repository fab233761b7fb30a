/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * lxc.conf for everybody: each thread reads the file once and keeps it until it ends, because
 * callers of the library may keep the texts that they were given that long.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The value of an item as it is for the calling user; valid as long as the thread lives. With
 * `defaults`, a file that can't be read counts as an empty one. Returns 0, 1 (no value), 2 (no such
 * item), or a negative number with e set.
 */
int system_item(const char *key, bool defaults, const char **ret, struct err *e);

/* Name and summary of the item at a place of the list; false behind its end. */
bool system_item_at(size_t at, const char **ret_name, const char **ret_summary);
