/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Id maps: each line of the input is parsed, printed and parsed again, which must give the same;
 * then all good lines are checked together and ids are sent through them and back. The check's
 * silence is a promise: what it finds no fault with must translate both ways.
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "config/model.h"

enum {
	ENTRIES_MAX = 64, /* checks are quadratic; the kernel's 340 are the unit test's matter */
	LINE_MAX_BYTES = 256,
	FINDINGS_PRINTED = 16, /* overlaps are quadratic, and one is printed as the other */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void entry_round_trip(const struct idmap_entry *entry)
{
	struct idmap_entry again;
	autostr printed = {0};
	autostr twice = {0};

	idmap_entry_print(entry, &printed);
	assert(idmap_entry_parse(str_text(&printed), &again, NULL) == 0);
	idmap_entry_print(&again, &twice);
	assert(strcmp(str_text(&printed), str_text(&twice)) == 0);
	assert(again.kind == entry->kind && again.count == entry->count);
	assert(again.inside.value == entry->inside.value && again.host.value == entry->host.value);
}

struct findings {
	const struct idmap_entry *entries;
	size_t count;
};

static void finding_print(void *data, const struct idmap_finding *finding)
{
	struct findings *findings = data;
	autostr text = {0};

	if (findings->count++ >= FINDINGS_PRINTED)
		return;
	idmap_finding_print(finding, findings->entries, &text);
	assert(text.len > 0 && !str_failed(&text));
}

/* The ends of each range, there and back. */
static void ids_round_trip(const struct idmap_entry *entries, size_t count, bool flawless)
{
	static struct config_idmap items[ENTRIES_MAX];
	const struct config_idmaps maps = {.items = items, .count = count};

	for (size_t i = 0; i < count; i++)
		items[i].entry = entries[i];
	for (size_t i = 0; i < count; i++) {
		struct container_id ends[] = {entries[i].inside,
					      {entries[i].inside.value + entries[i].count - 1}};

		for (size_t end = 0; end < ARRAY_LENGTH(ends); end++) {
			struct host_id host;
			struct container_id back;
			char kind = entries[i].kind;

			if (config_host_id(&maps, kind, ends[end], &host) < 0) {
				assert(!flawless);
				continue;
			}
			assert(config_container_id(&maps, kind, host, &back) == 0);
			assert(!flawless || back.value == ends[end].value);
		}
	}
}

/* Parse one line; returns whether it was good. */
static bool line_parse(const uint8_t *line, size_t len, struct idmap_entry *ret)
{
	char text[LINE_MAX_BYTES];
	struct err e = {0};
	int r;

	if (len >= sizeof(text))
		return false;
	memcpy(text, line, len);
	text[len] = '\0';
	r = idmap_entry_parse(text, ret, &e);
	assert(r <= 0 && err_is_set(&e) == (r < 0) && err_is_valid(&e));
	return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct idmap_entry entries[ENTRIES_MAX] = {0};
	struct findings findings = {.entries = entries};
	size_t count = 0;
	bool flawless;

	while (size > 0 && count < ENTRIES_MAX) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len = end ? (size_t)(end - data) : size;

		if (line_parse(data, len, &entries[count]))
			entry_round_trip(&entries[count++]);
		len += end ? 1 : 0;
		data += len;
		size -= len;
	}
	flawless = idmap_check(entries, count, finding_print, &findings) == 0;
	assert(flawless == (findings.count == 0));
	ids_round_trip(entries, count, flawless);
	return 0;
}
