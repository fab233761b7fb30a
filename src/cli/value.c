/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One function per kind of value, chosen by cli_value_store(). A wrong value is told in one line
 * that quotes it; LXC says "could not parse command line" and keeps the reason to itself.
 */

#include "cli/value.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/num.h"
#include "cli/path.h"

static int out_of_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "cannot read the command line");
}

static int invalid(const struct cli_option *o, const char *argument, size_t length, struct err *e)
{
	const char *noun = o->noun ? o->noun : o->name;

	return err_set(e, ERR_USAGE, 0, "invalid %s '%.*s'", noun ? noun : "value", (int)length,
		       argument);
}

/* The row's word of this spelling, or NULL. */
static const struct cli_word *find_word(const struct cli_option *o, const char *text, size_t length)
{
	for (const struct cli_word *w = o->words; w && w->name; w++) {
		if (strlen(w->name) != length)
			continue;
		if (o->flags & CLI_ANY_CASE ? strncasecmp(w->name, text, length) == 0
					    : strncmp(w->name, text, length) == 0)
			return w;
	}
	return NULL;
}

static int store_choice(const struct cli_option *o, const char *argument, int *member,
			struct err *e)
{
	const struct cli_word *word;

	if (!argument) {
		*member = o->constant;
		return 0;
	}
	word = find_word(o, argument, strlen(argument));
	if (!word)
		return invalid(o, argument, strlen(argument), e);
	*member = word->value;
	return 0;
}

static int store_choices(const struct cli_option *o, const char *argument, unsigned *member,
			 struct err *e)
{
	unsigned chosen = 0;

	if (!argument) {
		*member = (unsigned)o->constant;
		return 0;
	}
	for (const char *at = argument;; at++) {
		size_t length = strcspn(at, "|");
		const struct cli_word *word = find_word(o, at, length);

		if (!word)
			return invalid(o, at, length, e);
		chosen |= (unsigned)word->value;
		at += length;
		if (!*at)
			break;
	}
	*member = chosen;
	return 0;
}

static int store_number(const struct cli_option *o, const char *argument, void *member,
			struct err *e)
{
	uint32_t number;
	int r;

	if (o->kind == CLI_INT) {
		if (!argument) {
			*(int32_t *)member = o->constant;
			return 0;
		}
		r = num_parse_i32(argument, 10, member);
	} else {
		if (!argument) {
			*(uint32_t *)member = (uint32_t)o->constant;
			return 0;
		}
		r = num_parse_u32(argument, 10, &number);
		if (r == 0 && o->flags & CLI_IS_ID && number == ID_INVALID)
			r = -ERANGE;
		if (r == 0)
			*(uint32_t *)member = number;
	}
	return r ? invalid(o, argument, strlen(argument), e) : 0;
}

static int store_path(const struct cli_option *o, const char *argument, const char **member,
		      struct arena *arena, struct err *e)
{
	int r = cli_path_make_absolute(argument, arena, member);

	if (r == -EINVAL)
		return invalid(o, argument, strlen(argument), e);
	if (r == -ENOMEM)
		return out_of_memory(e);
	if (r)
		return err_set(e, ERR_SYSTEM, -r, "cannot make '%s' an absolute path", argument);
	return 0;
}

static int store_in_list(const struct cli_option *o, const char *argument,
			 struct cli_strings *member, struct arena *arena, struct err *e)
{
	const char *text = argument;
	const char **item;

	if (o->kind == CLI_PATH_LIST) {
		int r = store_path(o, argument, &text, arena, e);

		if (r)
			return r;
	}
	item = vec_push_in(member, arena);
	if (!item)
		return out_of_memory(e);
	*item = text;
	return 0;
}

int cli_value_store(const struct cli_option *o, const char *argument, void *values,
		    struct arena *arena, struct err *e)
{
	void *member = (char *)values + o->offset;

	assert(argument ||
	       (o->kind != CLI_PATH && o->kind != CLI_PATH_LIST && o->kind != CLI_STRING_LIST));
	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)member = true;
		return 0;
	case CLI_CONSTANT:
		*(int *)member = o->constant;
		return 0;
	case CLI_STRING:
		*(const char **)member = argument;
		return 0;
	case CLI_STRING_LIST:
	case CLI_PATH_LIST:
		return store_in_list(o, argument, member, arena, e);
	case CLI_PATH:
		return store_path(o, argument, member, arena, e);
	case CLI_INT:
	case CLI_UNSIGNED:
		return store_number(o, argument, member, e);
	case CLI_CHOICE:
		return store_choice(o, argument, member, e);
	case CLI_CHOICES:
		return store_choices(o, argument, member, e);
	case CLI_CALL:
		return o->take(member, argument, arena, e);
	case CLI_END:
	case CLI_HELP:
	case CLI_USAGE:
	case CLI_VERSION:
		break;
	}
	return 0;
}
