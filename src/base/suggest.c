/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The restricted Damerau-Levenshtein distance (optimal string alignment: no piece is edited twice)
 * over three rows on the stack. It compares bytes; a letter outside ASCII counts as two or three.
 */

#include "base/suggest.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

enum {
	MISTAKES_MAX = 4,
	ROW = SUGGEST_LENGTH_MAX + 1,
};

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool is_swap(const char *a, size_t i, const char *b, size_t j)
{
	return i > 1 && j > 1 && text_lower(a[i - 1]) == text_lower(b[j - 2]) &&
	       text_lower(a[i - 2]) == text_lower(b[j - 1]);
}

static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][ROW];
	unsigned *above = rows[0];
	unsigned *row = rows[1];
	unsigned *spare = rows[2]; /* holds the row two above while a new one is made */

	for (size_t j = 0; j <= b_len; j++) {
		row[j] = (unsigned)j;
		above[j] = 0;
	}

	for (size_t i = 1; i <= a_len; i++) {
		unsigned *two_above = above;

		above = row;
		row = spare;
		spare = two_above;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned wrong = text_lower(a[i - 1]) != text_lower(b[j - 1]);
			unsigned best = above[j - 1] + wrong;

			best = smaller(best, above[j] + 1);
			best = smaller(best, row[j - 1] + 1);
			if (is_swap(a, i, b, j))
				best = smaller(best, two_above[j - 2] + 1);
			row[j] = best;
		}
	}
	return row[b_len];
}

void suggest_init(struct suggestion *s, const char *wanted)
{
	size_t len = strlen(wanted);

	*s = (struct suggestion){.wanted = wanted, .wanted_len = len};
	s->distance = smaller((unsigned)(len < ROW ? len : 0) / 3, MISTAKES_MAX) + 1;
}

void suggest_offer(struct suggestion *s, const char *candidate)
{
	size_t len = strnlen(candidate, ROW);
	size_t apart = len > s->wanted_len ? len - s->wanted_len : s->wanted_len - len;
	unsigned found;

	if (len >= ROW || s->wanted_len >= ROW || apart >= s->distance)
		return;
	found = distance(s->wanted, s->wanted_len, candidate, len);
	if (found < s->distance) {
		s->distance = found;
		s->best = candidate;
	}
}

const char *suggest_best(const struct suggestion *s)
{
	return s->best;
}
