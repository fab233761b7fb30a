/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * UTF-8 as far as showing foreign text needs it: where a well-formed sequence ends, and how a
 * character looks in a line that nobody can break, forge or use to drive a terminal.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
	UTF8_VISIBLE_MAX = 4, /* bytes that utf8_take_visible() writes at most */
};

/*
 * Bytes (1 … 4) of the well-formed sequence (RFC 3629: no surrogates, no overlong forms) that
 * begins at `text` of `len` bytes; 0 when there is none. A NUL byte is a sequence of one.
 */
size_t utf8_sequence_length(const char *text, size_t len);

/*
 * Take the character at *text, which ends at `end`, and write how it looks in a single line into
 * `out` (not terminated): itself; or an escape (\n, \r, \x1b) for control characters but the tab,
 * for line ends and bidirectional controls of Unicode, and for bytes that are not UTF-8. The
 * backslash stands for itself. Of a sequence that is escaped this is one byte; its others come with
 * the next calls. Moves *text behind it and returns the bytes written; *text must be before `end`.
 */
size_t utf8_take_visible(const char **text, const char *end, char out[UTF8_VISIBLE_MAX]);

/*
 * Copy the visible form of a text to `out` of `room` bytes (at least 4), terminated. What is too
 * long ends in "…". Returns the bytes written without the terminator.
 */
size_t utf8_copy_visible(char *out, size_t room, const char *text);

/* True when utf8_take_visible() would leave every character of the text as it is. */
bool utf8_is_visible(const char *text, size_t len);
