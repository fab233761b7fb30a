/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts that the compiler makes on its way: in its arena, with running out of memory remembered by
 * the builder, so that the concerns need not ask after each one.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static void note_no_memory(struct compiler *c)
{
	if (c->b.problem == 0)
		c->b.problem = -ENOMEM;
}

const char *compile_textf(struct compiler *c, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(&c->arena, fmt, ap);
	va_end(ap);
	if (!text) {
		note_no_memory(c);
		return "";
	}
	return text;
}

const char *compile_reference(struct compiler *c, uint16_t register_number)
{
	autostr text = {};
	char *copy;

	if (register_number >= PLAN_REGISTERS_MAX)
		return "";
	plan_add_reference(&text, register_number);
	copy = str_failed(&text) ? NULL : arena_strndup(&c->arena, str_text(&text), text.len);
	if (!copy) {
		note_no_memory(c);
		return "";
	}
	return copy;
}

const char *compile_literal(struct compiler *c, const char *literal)
{
	autostr text = {};
	char *copy;

	if (!literal || !strchr(literal, PLAN_REFERENCE))
		return literal;
	plan_add_literal(&text, literal);
	copy = str_failed(&text) ? NULL : arena_strndup(&c->arena, str_text(&text), text.len);
	if (!copy) {
		note_no_memory(c);
		return "";
	}
	return copy;
}

const char *const *compile_words(struct compiler *c, const char *list)
{
	size_t count = 0;
	const char **words;

	for (const char *at = list; *at; at++)
		count += *at == ',' || *at == ' ';
	words = arena_alloc(&c->arena, (count + 2) * sizeof(*words));
	if (!words) {
		static const char *const none[] = {NULL};

		note_no_memory(c);
		return none;
	}
	count = 0;
	while (*list) {
		size_t n = strcspn(list, ", ");

		if (n > 0) {
			words[count++] = compile_textf(c, "%.*s", (int)n, list);
			list += n;
		}
		list += strspn(list, ", ");
	}
	return words;
}
