/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An option's argument → the member of the values that its row names.
 */

#include "cli/option.h"

/*
 * Store `argument` (NULL: the option has none, or it was left out) where the row says. What has to
 * be allocated comes from the arena. Returns 0, or a negative number with e set: ERR_USAGE
 * "invalid timeout 'abc'", or ERR_NO_MEMORY.
 */
int cli_value_store(const struct cli_option *o, const char *argument, void *values,
		    struct arena *arena, struct err *e);
