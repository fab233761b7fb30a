/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target of plans from other processes: plan_check() survives any bytes, and what it lets pass
 * can be printed in every way. The first byte of the input chooses what the rest is:
 *
 *	0 (mod 3)    the plan
 *	1            the same, with a good magic, format and size put in
 *	2            changes to a good plan: offset (2 bytes, little-endian) and new byte, repeated
 *
 * Bytes stand in memory of exactly their size, so that the sanitizers see what reads beyond.
 */

#include "plan/plan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "plan/plan_fixture.h"
#include "plan/print.h"

enum { ALIGNMENT = 8, SENTENCE_MAX = 64, CHANGE = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct plan *p)
{
	autostr text = {}, document = {};
	char sentence[SENTENCE_MAX];
	struct json j;

	plan_print_text(p, &text);
	json_init(&j, &document, 0);
	plan_print_json(p, &j);
	json_finish(&j);
	for (unsigned section = 0; section < SECTION_COUNT; section++)
		for (uint32_t i = 0; i < p->sections[section].count; i++) {
			const struct plan_step *step =
				&plan_steps(p, (enum plan_section)section)[i];

			plan_print_sentence(p, step, sentence, sizeof(sentence));
			plan_hint_for(step, (int)i);
		}
}

static void *copy_exactly(const void *bytes, size_t size)
{
	void *copy = calloc(1, size ? size : 1); /* aligned for everything */

	if (!copy)
		abort();
	return memcpy(copy, bytes, size);
}

static void try(const void *bytes, size_t size)
{
	void *copy = copy_exactly(bytes, size);

	if (!plan_check(copy, size))
		use(copy);
	free(copy);
}

static void try_with_head(const uint8_t *data, size_t size)
{
	autostr bytes = {};
	struct plan *p;

	str_add_bytes(&bytes, data, size);
	while (bytes.len < sizeof(*p) + ALIGNMENT || bytes.len % ALIGNMENT != 0)
		str_add_char(&bytes, '\0');
	p = (struct plan *)bytes.data;
	memcpy(p->magic, PLAN_MAGIC, sizeof(p->magic));
	p->format = PLAN_FORMAT;
	p->size = (uint32_t)bytes.len;
	try(bytes.data, bytes.len);
}

static void try_changes(const uint8_t *data, size_t size)
{
	autostr bytes = {};

	fixture_plan(&bytes);
	for (; size >= CHANGE; size -= CHANGE, data += CHANGE) {
		size_t at = data[0] | (size_t)data[1] << 8;

		if (at < bytes.len)
			bytes.data[at] = (char)data[2];
	}
	try(bytes.data, bytes.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 3 == 0)
		try(data + 1, size - 1);
	else if (data[0] % 3 == 1)
		try_with_head(data + 1, size - 1);
	else
		try_changes(data + 1, size - 1);
	return 0;
}
