/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A growable byte string on the heap, always NUL-terminated. All zero is the empty string.
 *
 * Running out of memory is remembered: a failed string ignores further additions and keeps what it
 * had, so that code that prints asks str_failed() once at its end instead of after every piece.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
	char *data; /* owned; NULL while nothing was added */
	size_t len; /* bytes without the terminator */
	size_t room;
	bool failed;
};

/* The text, never NULL. Valid until the next addition. */
static inline const char *str_text(const struct str *s)
{
	return s->data ? s->data : "";
}

static inline bool str_failed(const struct str *s)
{
	return s->failed;
}

/* An empty string becomes `len` bytes of zero, with memory for `room` bytes (more than len). Pages
 * of it that nobody writes to are not there yet when the memory is the system's. */
void str_begin_zeroed(struct str *s, size_t len, size_t room);

void str_finish(struct str *s);

/* Forget the content and a failure, keep the memory. */
void str_reset(struct str *s);

/* Hand the heap text over to the caller (never NULL unless the string failed); s is empty then. */
char *str_take(struct str *s);

void str_add_bytes(struct str *s, const void *bytes, size_t len);
void str_add(struct str *s, const char *text);
void str_add_char(struct str *s, char c);
/* In single quotes, as one word for a shell ('\'' works in all of them). */
void str_add_quoted(struct str *s, const char *text);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vaddf(struct str *s, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Shorten to `len` bytes; no effect when it is not longer. */
void str_truncate(struct str *s, size_t len);

/* Put bytes in at `at` (0 … len). */
void str_insert(struct str *s, size_t at, const void *bytes, size_t len);

/* Questions about plain C strings. */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* The part of text behind prefix, or NULL when it does not start with it. */
const char *text_after(const char *text, const char *prefix);

/* Whether a list of words between commas or blanks has this one (`length` bytes of it); a list NULL
 * is empty. */
bool text_list_has(const char *list, const char *word, size_t length);

/* Put back what lists of mounts write as \ and three octal digits: blanks, tabs, line ends, \ and
 * more (proc(5)). In place. */
void text_unescape(char *text);

/* Of a path without slashes at its end ("/" keeps its one): lxcpaths are compared and named so. */
size_t path_length(const char *path);

/* Upper and lower case of ASCII are the same, whatever the locale says. */
bool text_equals_any_case(const char *a, const char *b);

static inline char text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline void str_cleanup(struct str *s)
{
	str_finish(s);
}
#define autostr __attribute__((cleanup(str_cleanup))) struct str
