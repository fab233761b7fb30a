/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The commands of lxc.init.cmd and lxc.execute.cmd: words between blanks; single or double quotes
 * group, there are no escapes (spec/config.md §5.1). A quote that nothing closes reaches to the
 * end.
 */

#include "base/arena.h"

/* The words, ending in NULL; NULL when memory is out. */
const char *const *command_split(const char *text, struct arena *arena);
