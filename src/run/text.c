/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small copier. Registers are read from the record, which HOST has written before INIT gets
 * there.
 */

#include "run/text.h"

#include <errno.h>
#include <string.h>

struct output {
	char *at;
	size_t used, room;
};

static void put(struct output *o, char c)
{
	if (o->used < o->room)
		o->at[o->used] = c;
	o->used++;
}

static void put_text(struct output *o, const char *text, size_t max)
{
	for (size_t i = 0; i < max && text[i]; i++)
		put(o, text[i]);
}

static void put_number(struct output *o, uint64_t n)
{
	char digits[20];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (count > 0)
		put(o, digits[--count]);
}

static int put_register(struct output *o, const struct plan *plan,
			const struct record_header *record, unsigned n)
{
	const struct record_register *r = record_registers((struct record_header *)record) + n;

	if (n >= plan->registers.count || n >= PLAN_REGISTERS_MAX)
		return -EINVAL;
	if (atomic_load(&r->state) != VALUE_SET)
		return -ENODATA;
	switch (plan_registers(plan)[n].kind) {
	case REGISTER_NAME:
		put_text(o, r->name, sizeof(r->name));
		return 0;
	case REGISTER_NUMBER:
		put_number(o, r->number);
		return 0;
	case REGISTER_FD:
		if (r->fd < 0)
			return -ENODATA;
		put_text(o, "/proc/", 6);
		put_number(o, (uint64_t)record->supervisor_pid);
		put_text(o, "/fd/", 4);
		put_number(o, (uint64_t)r->fd);
		return 0;
	default:
		return -EINVAL;
	}
}

static int put_reference(struct output *o, const struct plan *plan,
			 const struct record_header *record, unsigned number)
{
	if (number != PLAN_LITERAL)
		return put_register(o, plan, record, number);
	put(o, PLAN_REFERENCE);
	return 0;
}

int text_has_references(const char *text)
{
	for (; *text; text++) {
		if (*text == PLAN_REFERENCE)
			return 1;
	}
	return 0;
}

ssize_t text_expand(const struct plan *plan, const struct record_header *record, const char *text,
		    char *ret, size_t room)
{
	struct output o = {.at = ret, .room = room};

	while (*text) {
		const unsigned char *in = (const unsigned char *)text;
		int r;

		if (*text != PLAN_REFERENCE) {
			put(&o, *text++);
			continue;
		}
		if (in[1] == 0 || in[2] == 0)
			return -EINVAL;
		r = put_reference(&o, plan, record, (in[1] - 1U) * 128 + (in[2] - 1U));
		if (r < 0)
			return r;
		text += 3;
	}
	if (o.used >= o.room)
		return -ENAMETOOLONG;
	ret[o.used] = '\0';
	return (ssize_t)o.used;
}
