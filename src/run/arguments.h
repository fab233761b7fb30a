/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Argument vectors and environments of programs that the HOST lane runs, in memory that is mapped
 * for the purpose and given back at once: the supervisor has no heap.
 *
 * Running out of room is remembered: arguments_vector() is NULL then.
 */

#include <stdbool.h>
#include <stddef.h>

#include "run/record.h"

struct arguments {
	char **vector; /* beginning of the mapping */
	size_t count;
	char *bytes; /* behind the vector's room */
	size_t used;
	bool is_full;
	/* Where references are looked up. */
	const struct plan *plan;
	const struct record_header *record;
};

/* 0 or -errno. */
int arguments_open(struct arguments *a, const struct plan *plan,
		   const struct record_header *record);
void arguments_close(struct arguments *a);

/* Append a text that stays where it is, and is not changed. */
void arguments_add(struct arguments *a, const char *text);

/* Append a copy with its references replaced. -ENODATA, with nothing appended: a register that it
 * names is empty. */
int arguments_add_expanded(struct arguments *a, const char *text);

/* Append a copy as it is. */
void arguments_add_copy(struct arguments *a, const char *text);

/* Append a number in decimal. */
void arguments_add_number(struct arguments *a, long number);

/* Make the last one, which must be a copy, longer: a blank and the text with its references
 * replaced. A reference to an empty register is an empty text. */
void arguments_extend_last(struct arguments *a, const char *text);

/* "NAME=VALUE" takes the place of an earlier one of that name. -ENODATA as above. */
int arguments_set(struct arguments *a, const char *item);

/* All of a vector; a list of environment items of the plan's. */
void arguments_add_vector(struct arguments *a, char *const *vector);
void arguments_set_list(struct arguments *a, uint64_t list);

/* The vector with its NULL, valid until the next change; NULL when room was lacking. */
char **arguments_vector(struct arguments *a);
