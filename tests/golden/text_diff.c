/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A line difference by the longest common subsequence: a table of lengths, then a walk through it.
 * Memory grows with the product of the line counts, which is fine for golden files.
 */

#include "text_diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/vec.h"

struct line {
	const char *text;
	size_t len;
};
struct lines {
	VEC_OF(struct line)
};

static void split(const char *text, struct lines *lines)
{
	while (*text) {
		struct line *line = vec_push(lines);

		if (!line)
			abort();
		*line = (struct line){text, strcspn(text, "\n")};
		text += line->len + (text[line->len] == '\n');
	}
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* table[i * width + j]: how many lines the rests behind line i and line j have in common. */
static uint32_t *count_common(const struct lines *a, const struct lines *b)
{
	size_t width = b->count + 1;
	uint32_t *table = calloc((a->count + 1) * width, sizeof(*table));

	if (!table)
		abort();
	for (size_t i = a->count; i-- > 0;) {
		for (size_t j = b->count; j-- > 0;) {
			uint32_t down = table[(i + 1) * width + j];
			uint32_t right = table[i * width + j + 1];

			if (same(&a->items[i], &b->items[j]))
				table[i * width + j] = table[(i + 1) * width + j + 1] + 1;
			else
				table[i * width + j] = down > right ? down : right;
		}
	}
	return table;
}

static void print_line(char mark, const struct line *line)
{
	printf("# %c %.*s\n", mark, (int)line->len, line->text);
}

void text_diff_print(const char *expected, const char *got)
{
	struct lines a = {}, b = {};
	const struct line *before = NULL; /* the last common line, until it is printed */
	autofree uint32_t *common = NULL;
	size_t i = 0, j = 0;

	split(expected, &a);
	split(got, &b);
	common = count_common(&a, &b);
	while (i < a.count || j < b.count) {
		if (i < a.count && j < b.count && same(&a.items[i], &b.items[j])) {
			before = &a.items[i++];
			j++;
			continue;
		}
		if (before)
			print_line(' ', before);
		before = NULL;
		if (j == b.count || (i < a.count && common[(i + 1) * (b.count + 1) + j] >=
							    common[i * (b.count + 1) + j + 1]))
			print_line('-', &a.items[i++]);
		else
			print_line('+', &b.items[j++]);
	}
	vec_finish(&a);
	vec_finish(&b);
}
