/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Lists of words: the index of one in a table. What the words mean is the business of the tables.
 */

#include <stdbool.h>
#include <stddef.h>

/* The index of the first word that equals `text`, or -EINVAL. Entries may be NULL: never found. */
int words_find(const char *const *words, size_t count, const char *text, bool any_case);

/*
 * A decimal number of digits only, 0 … INT_MAX, as several tables allow in place of a word. The
 * number or -EINVAL.
 */
int words_parse_number(const char *text);
