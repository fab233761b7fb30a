/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Finding an option by what was typed. The messages for what is not found are those of glibc's
 * getopt_long(3), which people know and scripts match; the nearest known name comes as a hint.
 */

#include <stddef.h>

#include "cli/option.h"

/* The option with this letter. 0, or -EINVAL with e set. */
int cli_find_letter(const struct cli_tool *tool, char letter, struct cli_option *ret,
		    struct err *e);

/*
 * The option with this long name, or the one that it is an unambiguous beginning of. `typed` is
 * what stood behind the two dashes, `length` the part of it before a '='. 0, or -EINVAL with e set.
 */
int cli_find_name(const struct cli_tool *tool, const char *typed, size_t length,
		  struct cli_option *ret, struct err *e);
