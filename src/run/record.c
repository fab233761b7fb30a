/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking at a run record that another process has written, before it is believed. What changes
 * while a run is going on (state, registers, addresses) is not looked at: readers bound it when
 * they read it. Making records is the starter's business.
 */

#include "run/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "run/run.h"

static bool has_text(const struct record_header *r, size_t size, uint32_t offset)
{
	if (offset == 0)
		return true;
	return offset >= RECORD_PARTS_AT && offset < size &&
	       memchr((const char *)r + offset, '\0', size - offset);
}

/* A list as in plans: a count, then so many texts. */
static bool has_list(const struct record_header *r, size_t size, uint32_t offset)
{
	const char *at = (const char *)r + offset, *end = (const char *)r + size;
	uint32_t count;

	if (offset == 0)
		return true;
	if (offset < RECORD_PARTS_AT || offset % sizeof(count) || offset > size - sizeof(count))
		return false;
	memcpy(&count, at, sizeof(count));
	at += sizeof(count);
	for (; count > 0; count--) {
		at = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
		if (!at)
			return false;
		at++;
	}
	return true;
}

static bool has_part(size_t size, const struct record_part *part, unsigned alignment)
{
	if (part->size == 0)
		return true;
	return part->offset >= RECORD_PARTS_AT && part->offset % alignment == 0 &&
	       part->offset <= size && part->size <= size - part->offset;
}

static bool has_items(const struct record_header *r)
{
	const struct record_items *items = (const void *)((const char *)r + r->items.offset);
	const uint32_t size = r->items.size;

	if (size == 0)
		return true;
	/* One terminator at the end serves all texts. */
	if (size < sizeof(*items) ||
	    items->count > (size - sizeof(*items)) / sizeof(items->rows[0]))
		return false;
	if (items->count > 0 && ((const char *)items)[size - 1] != '\0')
		return false;
	for (uint32_t i = 0; i < items->count; i++) {
		if (items->rows[i].key >= size || items->rows[i].value >= size)
			return false;
	}
	return true;
}

static const char *check_texts(const struct record_header *r, size_t size)
{
	const uint32_t texts[] = {r->name,     r->lxcpath,     r->run_path, r->comm,  r->log_prefix,
				  r->log_word, r->config_file, r->pid_file, r->helper};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		if (!has_text(r, size, texts[i]))
			return "a text of the run record lies outside of it";
	}
	return has_list(r, size, r->argv) ? NULL
					  : "the command line lies outside of the run record";
}

static const char *check_parts(const struct record_header *r, size_t size)
{
	if (!has_part(size, &r->items, _Alignof(struct record_items)) ||
	    !has_part(size, &r->applied, 1) || !has_part(size, &r->prelude, 8) ||
	    !has_part(size, &r->plan, 8) || !has_part(size, &r->trace, 8))
		return "a part of the run record lies outside of it";
	if (!has_items(r))
		return "the configuration items of the run record are damaged";
	return NULL;
}

const char *record_check_frame(const struct record_header *r, size_t size)
{
	const char *problem;

	if (size < RECORD_PARTS_AT || size > RECORD_SIZE_MAX)
		return "the run record has a wrong size";
	if (memcmp(r->magic, RECORD_MAGIC, sizeof(r->magic)) != 0)
		return "this is no run record";
	if (r->format != RECORD_FORMAT || r->program != SUPERVISOR_NUMBER)
		return "the run record is of another version";
	problem = check_texts(r, size);
	return problem ? problem : check_parts(r, size);
}

const char *record_check(const struct record_header *r, size_t size)
{
	const char *problem = record_check_frame(r, size);

	if (!problem && r->prelude.size)
		problem = plan_check((const char *)r + r->prelude.offset, r->prelude.size);
	if (!problem && r->plan.size)
		problem = plan_check((const char *)r + r->plan.offset, r->plan.size);
	return problem;
}

bool record_is_of_other_boot(const struct record_header *r, const char *boot_id)
{
	return r->boot_id[0] && boot_id[0] && strncmp(r->boot_id, boot_id, sizeof(r->boot_id)) != 0;
}

void record_publish_plan(struct record_header *r, uint32_t offset, uint32_t size)
{
	__atomic_store_n(&r->plan.size, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&r->plan.offset, offset, __ATOMIC_SEQ_CST);
	__atomic_store_n(&r->plan.size, size, __ATOMIC_SEQ_CST);
}

int record_ended_path(const struct record_header *r, char *ret, size_t size)
{
	static const char format[] = "%.*s/" RECORD_ENDED "/%s.%d";
	const char *path = record_text(r, r->run_path);
	const char *name = strrchr(path, '/');
	int directory, length;

	if (!name)
		return -EINVAL;
	directory = (int)(name - path);
	length = snprintf(NULL, 0, format, directory, path, name + 1, (int)r->supervisor_pid);
	if (length < 0 || (size_t)length >= size)
		return -ENAMETOOLONG;
	snprintf(ret, size, format, directory, path, name + 1, (int)r->supervisor_pid);
	return 0;
}

const struct plan *record_look_at_plan(const struct record_header *r, size_t size)
{
	struct record_part part;

	do {
		part.size = __atomic_load_n(&r->plan.size, __ATOMIC_SEQ_CST);
		part.offset = __atomic_load_n(&r->plan.offset, __ATOMIC_SEQ_CST);
	} while (part.size != __atomic_load_n(&r->plan.size, __ATOMIC_SEQ_CST));
	if (part.size == 0 || !has_part(size, &part, 8) ||
	    plan_check((const char *)r + part.offset, part.size))
		return NULL;
	return (const struct plan *)((const char *)r + part.offset);
}

const char *record_find_item(const struct record_header *r, const char *key)
{
	const struct record_items *items = (const void *)((const char *)r + r->items.offset);
	uint32_t low = 0, high = r->items.size ? items->count : 0;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const int order = strcmp((const char *)items + items->rows[middle].key, key);

		if (order == 0)
			return (const char *)items + items->rows[middle].value;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* NULL: the register has no value now. */
static const char *register_text(const struct record_header *r, const struct plan *p,
				 uint16_t number, char room[RECORD_NUMBER_MAX])
{
	const struct record_register *value = record_registers((struct record_header *)r) + number;

	if (atomic_load(&value->state) != VALUE_SET)
		return NULL;
	if (plan_registers(p)[number].kind == REGISTER_NAME)
		return memchr(value->name, '\0', sizeof(value->name)) ? value->name : NULL;
	snprintf(room, RECORD_NUMBER_MAX, "%llu", (unsigned long long)value->number);
	return room;
}

const char *record_find_running_item(const struct record_header *r, const struct plan *p,
				     const char *key, char room[RECORD_NUMBER_MAX])
{
	for (uint32_t i = 0; p && i < p->overlays.count; i++) {
		const struct plan_overlay *o = &plan_overlays(p)[i];
		const char *text;

		if (strcmp(plan_text(p, o->key), key) != 0)
			continue;
		if (o->register_number == PLAN_NO_REGISTER)
			return plan_text(p, o->value);
		text = register_text(r, p, o->register_number, room);
		if (text)
			return text;
	}
	return record_find_item(r, key);
}
