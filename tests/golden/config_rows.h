/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The mutation of the golden tests: one row of the key tables vanishes. The linker puts this in
 * front of config_key_find() and config_net_key_find(), the only ways to a row (--wrap of ld(1)).
 */

#include <stddef.h>

#include "base/str.h"
#include "config/keys.h"

size_t config_row_count(void);

/* Row i of both tables, and its name as people write it: lxc.tty.max, lxc.net.N.mtu. */
const struct config_key *config_row(size_t i);
void config_row_print(const struct config_key *row, struct str *out);

/* The row with this name as printed, or NULL. */
const struct config_key *config_row_find(const char *name);

/* From now on nobody finds this row; NULL = all are found. */
void config_row_hide(const struct config_key *row);
