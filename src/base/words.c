/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking words up. The tables have some dozens of entries and are asked a few times in a
 * program's life: a linear search is right, and keeps the tables in the order of their values.
 */

#include "base/words.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

static bool is_same(const char *word, const char *text, bool any_case)
{
	return any_case ? text_equals_any_case(word, text) : strcmp(word, text) == 0;
}

int words_find(const char *const *words, size_t count, const char *text, bool any_case)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i] && is_same(words[i], text, any_case))
			return (int)i;
	}
	return -EINVAL;
}

int words_parse_number(const char *text)
{
	uint64_t number;

	if (num_take_u64(&text, &number) < 0 || *text != '\0' || number > INT_MAX)
		return -EINVAL;
	return (int)number;
}
