/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The growable byte string. Knows bytes only: no locale, no UTF-8. Memory doubles, so that adding
 * is cheap on average; it is never given back before str_finish() or str_take().
 */

#include "base/str.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_ROOM = 64,
};

/* Make room for `more` bytes and the terminator; false when the string has failed. */
static bool str_reserve(struct str *s, size_t more)
{
	size_t room = s->room ? s->room : FIRST_ROOM;
	size_t need;
	char *data;

	if (s->failed)
		return false;
	if (__builtin_add_overflow(s->len, more, &need) || need >= SIZE_MAX / 2) {
		s->failed = true;
		return false;
	}
	if (need < s->room)
		return true;

	while (room <= need)
		room *= 2;
	data = realloc(s->data, room);
	if (!data) {
		s->failed = true;
		return false;
	}
	s->data = data;
	s->room = room;
	s->data[s->len] = '\0';
	return true;
}

void str_begin_zeroed(struct str *s, size_t len, size_t room)
{
	*s = (struct str){.data = calloc(1, room)};
	if (!s->data) {
		s->failed = true;
		return;
	}
	s->len = len;
	s->room = room;
}

void str_finish(struct str *s)
{
	free(s->data);
	*s = (struct str){0};
}

void str_reset(struct str *s)
{
	s->failed = false;
	str_truncate(s, 0);
}

char *str_take(struct str *s)
{
	char *data = NULL;

	if (str_reserve(s, 0)) {
		data = s->data;
		s->data = NULL;
	}
	str_finish(s);
	return data;
}

void str_add_bytes(struct str *s, const void *bytes, size_t len)
{
	if (len == 0 || !str_reserve(s, len))
		return;
	memcpy(s->data + s->len, bytes, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_add_bytes(s, text, strlen(text));
}

void str_add_char(struct str *s, char c)
{
	str_add_bytes(s, &c, 1);
}

void str_add_quoted(struct str *s, const char *text)
{
	str_add_char(s, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			str_add(s, "'\\''");
		else
			str_add_char(s, *text);
	}
	str_add_char(s, '\'');
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

void str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	if (!str_reserve(s, FIRST_ROOM))
		return;

	va_copy(again, ap);
	len = vsnprintf(s->data + s->len, s->room - s->len, fmt, ap);
	if (len >= 0 && (size_t)len >= s->room - s->len && str_reserve(s, (size_t)len))
		len = vsnprintf(s->data + s->len, s->room - s->len, fmt, again);
	va_end(again);

	if (len < 0)
		s->failed = true;
	if (!s->failed)
		s->len += (size_t)len;
	s->data[s->len] = '\0';
}

void str_truncate(struct str *s, size_t len)
{
	if (len >= s->len)
		return;
	s->len = len;
	s->data[len] = '\0';
}

void str_insert(struct str *s, size_t at, const void *bytes, size_t len)
{
	assert(at <= s->len);
	if (len == 0 || !str_reserve(s, len))
		return;
	memmove(s->data + at + len, s->data + at, s->len - at + 1);
	memcpy(s->data + at, bytes, len);
	s->len += len;
}

bool text_starts(const char *text, const char *prefix)
{
	return text_after(text, prefix) != NULL;
}

bool text_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text);
	size_t suffix_len = strlen(suffix);

	return suffix_len <= len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

const char *text_after(const char *text, const char *prefix)
{
	while (*prefix && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix ? NULL : text;
}

bool text_list_has(const char *list, const char *word, size_t length)
{
	while (list && *list) {
		size_t n = strcspn(list, ", ");

		if (n == length && memcmp(list, word, n) == 0)
			return true;
		list += n;
		list += strspn(list, ", ");
	}
	return false;
}

static bool is_octal(const char *digits)
{
	return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' &&
	       digits[2] >= '0' && digits[2] <= '7';
}

void text_unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		if (at[0] == '\\' && is_octal(at + 1)) {
			*to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

size_t path_length(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

bool text_equals_any_case(const char *a, const char *b)
{
	while (*a && text_lower(*a) == text_lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}
