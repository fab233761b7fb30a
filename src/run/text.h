/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * References to registers in a plan's texts (PLAN_REFERENCE), replaced by what the registers hold.
 * INIT lane rules hold: no memory, no formatting, no calls.
 */

#include <stddef.h>
#include <sys/types.h>

#include "run/record.h"

/* Whether a text names a register at all. */
int text_has_references(const char *text);

/*
 * The text with its references replaced, terminated. A name stands as it is, a number in decimal, a
 * descriptor as "/proc/PID/fd/N" of the process that the record names as supervisor. Returns the
 * length without the terminator; -ENODATA: a register is empty; -ENAMETOOLONG: no room; -EINVAL: no
 * such register.
 */
ssize_t text_expand(const struct plan *plan, const struct record_header *record, const char *text,
		    char *ret, size_t room);
