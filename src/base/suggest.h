/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * "Did you mean …?": the known word that is nearest to a mistyped one. Fed word by word, so that
 * any table can be searched:
 *
 *	struct suggestion s;
 *
 *	suggest_init(&s, "lxc.rotfs.path");
 *	for (...)
 *		suggest_offer(&s, table[i].name);
 *	best = suggest_best(&s);
 *
 * Nearness is counted in typing mistakes: a letter too much, too few, wrong, or two swapped; upper
 * and lower case are the same. Up to a third of the word's letters may be wrong, but no more than
 * four. No heap.
 */

#include <stddef.h>

enum {
	SUGGEST_LENGTH_MAX = 63, /* longer words, wanted or offered, get no suggestion */
};

struct suggestion {
	const char *wanted; /* borrowed */
	const char *best;   /* borrowed from the words offered */
	size_t wanted_len;
	unsigned distance; /* of `best`, or the first that is too far */
};

void suggest_init(struct suggestion *s, const char *wanted);

/* `candidate` must live as long as the suggestion. Of equally near ones the first wins. */
void suggest_offer(struct suggestion *s, const char *candidate);

/* The nearest word offered, or NULL when none is near enough. */
const char *suggest_best(const struct suggestion *s);
