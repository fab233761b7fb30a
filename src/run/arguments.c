/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vector and a byte area in one private mapping; only pages that are written exist.
 */

#include "run/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "run/text.h"

enum {
	ITEMS_MAX = 32 * 1024,
	BYTES_MAX = 2 << 20, /* what the kernel takes by default for all together */
	MAPPING = ITEMS_MAX * sizeof(char *) + BYTES_MAX,
};

int arguments_open(struct arguments *a, const struct plan *plan, const struct record_header *record)
{
	void *at = mmap(NULL, MAPPING, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return -errno;
	memset(a, 0, sizeof(*a));
	a->vector = at;
	a->bytes = (char *)at + ITEMS_MAX * sizeof(char *);
	a->plan = plan;
	a->record = record;
	return 0;
}

void arguments_close(struct arguments *a)
{
	if (a->vector)
		munmap(a->vector, MAPPING);
	a->vector = NULL;
}

void arguments_add(struct arguments *a, const char *text)
{
	/* One is left for the NULL. */
	if (a->count + 1 >= ITEMS_MAX)
		a->is_full = true;
	else
		a->vector[a->count++] = (char *)text;
}

/* A copy in the byte area: its length, or negative. */
static ssize_t copy_expanded(struct arguments *a, const char *text)
{
	ssize_t length =
		text_expand(a->plan, a->record, text, a->bytes + a->used, BYTES_MAX - a->used);

	if (length == -ENAMETOOLONG)
		a->is_full = true;
	return length;
}

int arguments_add_expanded(struct arguments *a, const char *text)
{
	char *at = a->bytes + a->used;
	ssize_t length = copy_expanded(a, text);

	if (length < 0)
		return length == -ENAMETOOLONG ? 0 : (int)length;
	a->used += (size_t)length + 1;
	arguments_add(a, at);
	return 0;
}

void arguments_add_copy(struct arguments *a, const char *text)
{
	const size_t size = strlen(text) + 1;

	/* A byte stays behind it: arguments_extend_last() ends it there, come what may. */
	if (size >= BYTES_MAX - a->used) {
		a->is_full = true;
		return;
	}
	arguments_add(a, memcpy(a->bytes + a->used, text, size));
	a->used += size;
}

void arguments_add_number(struct arguments *a, long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", number);
	arguments_add_expanded(a, text);
}

void arguments_extend_last(struct arguments *a, const char *text)
{
	ssize_t length;

	if (a->is_full || a->used == 0)
		return;
	/* The last one ends where the area's used part does. */
	a->bytes[a->used - 1] = ' ';
	length = copy_expanded(a, text);
	if (a->is_full)
		return;
	if (length < 0) {
		a->bytes[a->used] = '\0';
		length = 0;
	}
	a->used += (size_t)length + 1;
	if (a->used >= BYTES_MAX)
		a->is_full = true;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && *a == *b && *a != '=') {
		a++;
		b++;
	}
	return *a == *b && *a == '=';
}

int arguments_set(struct arguments *a, const char *item)
{
	const size_t before = a->count;
	int r = text_has_references(item) ? arguments_add_expanded(a, item) : 0;

	if (r < 0)
		return r;
	if (!text_has_references(item))
		arguments_add(a, item);
	if (a->count == before)
		return 0;
	for (size_t i = 0; i < before; i++) {
		if (!same_name(a->vector[i], a->vector[before]))
			continue;
		a->vector[i] = a->vector[before];
		a->count = before;
		break;
	}
	return 0;
}

void arguments_add_vector(struct arguments *a, char *const *vector)
{
	for (; vector && *vector; vector++)
		arguments_add(a, *vector);
}

void arguments_set_list(struct arguments *a, uint64_t list)
{
	const char *text = plan_list_first(a->plan, list);

	for (uint32_t n = plan_list_count(a->plan, list); n > 0; n--) {
		/* What is not known (any more) is left out. */
		arguments_set(a, text);
		text += strlen(text) + 1;
	}
}

char **arguments_vector(struct arguments *a)
{
	if (a->is_full)
		return NULL;
	a->vector[a->count] = NULL;
	return a->vector;
}
