/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Value types that are lists: a line adds an element (or several), the empty value removes them
 * all. Families are lists with names; of some of them a name has one value, of others each
 * repetition counts, because the kernel sees every write.
 */

#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/num.h"

enum { INDEX_FROM = 32 }; /* entries: fewer are found faster without one */

static int add_item(const struct value_slot *s, const char *name, size_t name_len, const char *text,
		    size_t text_len, struct err *e)
{
	struct arena *arena = &s->config->arena;
	struct config_items *items = s->field;
	struct config_item item = {.origin = s->origin};
	struct config_item *added;

	item.name = name ? arena_strndup(arena, name, name_len) : NULL;
	item.text = arena_strndup(arena, text, text_len);
	if ((name && !item.name) || !item.text)
		return value_no_memory(e);
	added = vec_push_in(items, arena);
	if (!added)
		return value_no_memory(e);
	*added = item;
	return 0;
}

/* The slot of a name: the one that holds its first entry, or a free one. */
static size_t find_slot(const struct config_items *items, const char *name)
{
	size_t mask = items->index.room - 1;
	size_t at = (size_t)hash_add(HASH_START, name, strlen(name)) & mask;

	while (items->index.slots[at] &&
	       strcmp(items->items[items->index.slots[at] - 1].name, name) != 0)
		at = (at + 1) & mask;
	return at;
}

/* Slots hold the number of an entry, from 1; 0 = free. */
static void index_entry(struct config_items *items, size_t i)
{
	uint32_t *slot = &items->index.slots[find_slot(items, items->items[i].name)];

	if (*slot == 0)
		*slot = (uint32_t)i + 1;
}

/* Before an entry is added: at least half of the slots are free behind it. */
static int make_index(struct config_items *items, struct arena *arena)
{
	size_t room = items->index.room ? items->index.room : 2 * INDEX_FROM;
	uint32_t *slots = items->index.slots;

	if (items->count < INDEX_FROM || items->count >= UINT32_MAX / 2 ||
	    (items->index.is_current && items->count < room / 2))
		return 0;
	while (room / 2 <= items->count)
		room *= 2;
	if (room > items->index.room)
		slots = arena_alloc(arena, room * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots, 0, room * sizeof(*slots));
	items->index.slots = slots;
	items->index.room = room;
	for (size_t i = 0; i < items->count; i++)
		index_entry(items, i);
	items->index.is_current = true;
	return 0;
}

size_t value_find_member(const struct config_items *items, const char *name)
{
	size_t i = 0;

	if (items->index.is_current) {
		i = items->index.slots[find_slot(items, name)];
		return i > 0 ? i - 1 : items->count;
	}
	while (i < items->count && strcmp(items->items[i].name, name) != 0)
		i++;
	return i;
}

int value_parse_lines(const struct value_slot *s, const char *text, struct err *e)
{
	return add_item(s, NULL, 0, text, strlen(text), e);
}

void value_print_lines(const struct value_slot *s, struct str *out)
{
	const struct config_items *items = s->field;

	for (size_t i = 0; i < items->count; i++)
		str_addf(out, "%s\n", items->items[i].text);
}

int value_parse_words(const struct value_slot *s, const char *text, struct err *e)
{
	const char *word;
	size_t len;

	while ((word = value_next_word(&text, " \t", &len))) {
		int r = add_item(s, NULL, 0, word, len, e);

		if (r < 0)
			return r;
	}
	return 0;
}

void value_print_words(const struct value_slot *s, struct str *out)
{
	value_print_lines(s, out);
}

int value_parse_environment(const struct value_slot *s, const char *text, struct err *e)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	const char *value = equals ? equals + 1 : getenv(text);

	if (len == 0)
		return value_refuse(s, text, 0, e);
	if (!value) {
		int r = err_set(e, ERR_CONFIG_ENVIRONMENT, ENOENT,
				"%s names the variable \"%s\", which is not in the environment",
				s->key->name, text);

		err_hint(e, "set the variable, or write %s = %s=VALUE", s->key->name, text);
		return r;
	}
	return add_item(s, text, len, value, strlen(value), e);
}

void value_print_environment(const struct value_slot *s, struct str *out)
{
	const struct config_items *items = s->field;

	for (size_t i = 0; i < items->count; i++)
		str_addf(out, "%s=%s\n", items->items[i].name, items->items[i].text);
}

/* Families: without a member all entries as lines of a file, with one its values. */
static void print_family(const struct value_slot *s, const char *between, const char *end,
			 struct str *out)
{
	const struct config_items *items = s->field;
	bool is_unique = s->key->type == VALUE_SYSCTL || s->key->type == VALUE_PRLIMIT;
	size_t start = s->member ? value_find_member(items, s->member) : 0;
	bool first = true;

	for (size_t i = start; i < items->count; i++) {
		const struct config_item *item = &items->items[i];

		if (!s->member) {
			str_addf(out, "%s.%s = %s\n", s->key->name, item->name, item->text);
		} else if (strcmp(item->name, s->member) == 0) {
			if (!first)
				str_add(out, between);
			str_addf(out, "%s%s", item->text, end);
			first = false;
			if (is_unique)
				break;
		}
	}
}

static int add_member(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_items *items = s->field;
	int r;

	if (!s->member)
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0,
			       "%s needs a name behind it to take a value: %s.NAME = %s",
			       s->key->name, s->key->name, text);
	if (make_index(items, &s->config->arena) < 0)
		return value_no_memory(e);
	r = add_item(s, s->member, strlen(s->member), text, strlen(text), e);
	if (r == 0 && items->index.is_current)
		index_entry(items, items->count - 1);
	return r;
}

void value_clear_items(const struct value_slot *s)
{
	struct config_items *items = s->field;
	size_t kept = 0;

	for (size_t i = 0; s->member && i < items->count; i++)
		if (strcmp(items->items[i].name, s->member) != 0)
			items->items[kept++] = items->items[i];
	items->count = kept;
	items->index.is_current = false;
}

int value_parse_cgroup_file(const struct value_slot *s, const char *text, struct err *e)
{
	return add_member(s, text, e);
}

void value_print_cgroup_file(const struct value_slot *s, struct str *out)
{
	print_family(s, "", "\n", out);
}

int value_parse_proc_file(const struct value_slot *s, const char *text, struct err *e)
{
	return add_member(s, text, e);
}

void value_print_proc_file(const struct value_slot *s, struct str *out)
{
	print_family(s, "\n", "", out);
}

/* A name that is there already keeps its place and gets the new value. */
static int replace_member(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_items *items = s->field;
	size_t i = s->member ? value_find_member(items, s->member) : items->count;
	char *copy;

	if (i == items->count)
		return add_member(s, text, e);
	copy = arena_strdup(&s->config->arena, text);
	if (!copy)
		return value_no_memory(e);
	items->items[i].text = copy;
	items->items[i].origin = s->origin;
	return 0;
}

int value_parse_sysctl(const struct value_slot *s, const char *text, struct err *e)
{
	return replace_member(s, text, e);
}

void value_print_sysctl(const struct value_slot *s, struct str *out)
{
	print_family(s, "\n", "", out);
}

static int take_limit(const char **at, struct str *out)
{
	static const char unlimited[] = "unlimited";
	const char *text = *at + strspn(*at, " \t");
	uint64_t n;
	int r;

	if (text_starts(text, unlimited)) {
		*at = text + sizeof(unlimited) - 1;
		str_add(out, unlimited);
		return 0;
	}
	r = num_take_u64(&text, &n);
	if (r < 0)
		return r;
	*at = text;
	str_addf(out, "%" PRIu64, n);
	return 0;
}

int value_parse_prlimit(const struct value_slot *s, const char *text, struct err *e)
{
	const char *at = text;
	autostr limit = {};
	int r = take_limit(&at, &limit);

	at += strspn(at, " \t");
	if (r == 0 && *at == ':') {
		at++;
		str_add_char(&limit, ':');
		r = take_limit(&at, &limit);
		at += strspn(at, " \t");
	}
	if (r < 0 || *at)
		return value_refuse(s, text, r == -ERANGE ? ERANGE : 0, e);
	if (str_failed(&limit))
		return value_no_memory(e);
	return replace_member(s, str_text(&limit), e);
}

void value_print_prlimit(const struct value_slot *s, struct str *out)
{
	print_family(s, "\n", "", out);
}

int value_parse_id_map(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_idmaps *maps = s->field;
	struct config_idmap map = {.origin = s->origin};
	struct config_idmap *added;
	int r = idmap_entry_parse(text, &map.entry, e);

	if (r < 0) {
		err_hint(e, "an id map has exactly four fields: u|g INSIDE HOST COUNT, as in "
			    "u 0 100000 65536");
		return err_wrap(e, r, "Failed to parse id mappings");
	}
	added = vec_push_in(maps, &s->config->arena);
	if (!added)
		return value_no_memory(e);
	*added = map;
	return 0;
}

void value_print_id_map(const struct value_slot *s, struct str *out)
{
	const struct config_idmaps *maps = s->field;

	for (size_t i = 0; i < maps->count; i++) {
		if (i > 0)
			str_add_char(out, '\n');
		idmap_entry_print(&maps->items[i].entry, out);
	}
}

int value_parse_gid_list(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_gids *gids = s->field;
	const char *at = text;
	const char *word;
	size_t len;
	bool any = false;

	while ((word = value_next_word(&at, ",", &len))) {
		struct config_gid *added;
		char number[16] = "";
		uint32_t gid;

		if (len < sizeof(number))
			memcpy(number, word, len);
		if (num_parse_u32(number, 0, &gid) < 0)
			return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "Failed to parse group %.*s",
				       (int)len, word);
		added = vec_push_in(gids, &s->config->arena);
		if (!added)
			return value_no_memory(e);
		*added = (struct config_gid){gid, s->origin};
		any = true;
	}
	if (!any)
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "No valid groups specified %s",
			       text);
	return 0;
}

void value_print_gid_list(const struct value_slot *s, struct str *out)
{
	const struct config_gids *gids = s->field;

	for (size_t i = 0; i < gids->count; i++)
		str_addf(out, "%s%" PRIu32, i > 0 ? "," : "", gids->items[i].gid);
}
