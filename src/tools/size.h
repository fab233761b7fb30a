/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sizes of file systems on the command line: a number with b, k, m, g or t behind it, in either
 * case; m when nothing is.
 */

struct arena;
struct err;

/* For CLI_CALL rows whose member is a uint64_t: bytes. */
int size_take(void *member, const char *argument, struct arena *arena, struct err *e);
