/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A configuration as bytes. Frozen are the changes that made the model, not the model: each is put
 * through the same door again when it is thawed, so that no second description of the model exists
 * that could disagree. The text of the configuration does not come along; who thaws never saves.
 *
 *	struct frozen_header, then sources (a byte: is it included; the name with its NUL), then
 *	changes (line: 4 bytes, source: 2 bytes, flags: 1 byte; key and value with their NULs)
 */

#include "config/freeze.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/names.h"
#include "config/access.h"

#define FROZEN_MAGIC "TARECONF"

struct frozen_header {
	char magic[8];
	uint32_t format;
	uint32_t size; /* bytes of all */
	uint32_t source_count;
	uint32_t change_count;
	uint32_t first_file; /* number of the source, from 1; 0 = none */
	uint32_t unused;
};

enum {
	FROZEN_FORMAT = 1,
	FROZEN_CLEARS = 1 << 0,
	FROZEN_FAILED = 1 << 1,
};

static uint32_t first_file_number(const struct config *c)
{
	for (size_t i = 0; c->first_file && i < c->sources.count; i++)
		if (strcmp(c->sources.items[i].name, c->first_file) == 0)
			return (uint32_t)i + 1;
	return 0;
}

int config_freeze(const struct config *c, struct str *out)
{
	size_t start = out->len;
	struct frozen_header header = {
		.format = FROZEN_FORMAT,
		.source_count = (uint32_t)c->sources.count,
		.change_count = (uint32_t)c->changes.count,
		.first_file = first_file_number(c),
	};

	memcpy(header.magic, FROZEN_MAGIC, sizeof(header.magic));
	str_add_bytes(out, &header, sizeof(header));
	for (size_t i = 0; i < c->sources.count; i++) {
		const struct config_source *source = &c->sources.items[i];

		str_add_char(out, (char)source->is_included);
		str_add_bytes(out, source->name, strlen(source->name) + 1);
	}
	for (size_t i = 0; i < c->changes.count; i++) {
		const struct config_change *change = &c->changes.items[i];
		uint8_t flags = (uint8_t)((change->clears ? FROZEN_CLEARS : 0) |
					  (change->failed ? FROZEN_FAILED : 0));

		str_add_bytes(out, &change->origin.line, sizeof(change->origin.line));
		str_add_bytes(out, &change->origin.source, sizeof(change->origin.source));
		str_add_bytes(out, &flags, sizeof(flags));
		str_add_bytes(out, change->key, strlen(change->key) + 1);
		str_add_bytes(out, change->value, strlen(change->value) + 1);
	}
	if (str_failed(out))
		return -ENOMEM;
	header.size = (uint32_t)(out->len - start);
	memcpy(out->data + start, &header, sizeof(header));
	return 0;
}

/* What has not been read yet. */
struct thaw {
	const char *at, *end;
};

static bool take_bytes(struct thaw *t, void *ret, size_t size)
{
	if ((size_t)(t->end - t->at) < size)
		return false;
	memcpy(ret, t->at, size);
	t->at += size;
	return true;
}

/* NULL when no NUL is left. */
static const char *take_text(struct thaw *t)
{
	const char *text = t->at;
	const char *nul = memchr(t->at, '\0', (size_t)(t->end - t->at));

	if (!nul)
		return NULL;
	t->at = nul + 1;
	return text;
}

static int refuse(struct err *e)
{
	return err_set(e, ERR_RECORD, 0, "these bytes are no frozen configuration");
}

static int thaw_source(struct config *c, struct thaw *t, unsigned number, struct err *e)
{
	uint8_t is_included;
	const char *name = take_bytes(t, &is_included, 1) ? take_text(t) : NULL;
	unsigned added;

	if (!name || is_included > 1)
		return refuse(e);
	added = config_add_source(c, name);
	if (added == 0)
		return value_no_memory(e);
	/* A name that stands there twice would shift the numbers of those behind it. */
	if (added != number)
		return refuse(e);
	c->sources.items[added - 1].is_included = is_included;
	return 0;
}

static int thaw_change(struct config *c, struct thaw *t, struct err *e)
{
	autostr canonical = {};
	struct config_change change = {};
	struct err local = {};
	uint8_t flags;
	int r;

	if (!take_bytes(t, &change.origin.line, sizeof(change.origin.line)) ||
	    !take_bytes(t, &change.origin.source, sizeof(change.origin.source)) ||
	    !take_bytes(t, &flags, sizeof(flags)) || flags > (FROZEN_CLEARS | FROZEN_FAILED))
		return refuse(e);
	change.key = take_text(t);
	change.value = change.key ? take_text(t) : NULL;
	if (!change.value || change.origin.source > c->sources.count ||
	    strcmp(change.key, "lxc.include") == 0)
		return refuse(e);
	r = flags & FROZEN_CLEARS
		    ? config_apply_clear(c, change.key, &canonical, &local)
		    : config_apply(c, change.key, change.value, change.origin, &canonical, &local);
	if (r == 0 || (flags & FROZEN_FAILED && r != -ENOMEM))
		return 0;
	if (e)
		*e = local;
	return err_wrap(e, r, "cannot apply \"%s\" of a frozen configuration", change.key);
}

int config_thaw(struct config *c, const void *bytes, size_t size, struct err *e)
{
	struct thaw t = {.at = bytes, .end = (const char *)bytes + size};
	struct frozen_header header;
	int r = 0;

	if (!take_bytes(&t, &header, sizeof(header)) ||
	    memcmp(header.magic, FROZEN_MAGIC, sizeof(header.magic)) != 0 ||
	    header.format != FROZEN_FORMAT || header.size != size || c->sources.count > 0)
		return refuse(e);
	for (uint32_t i = 0; r == 0 && i < header.source_count; i++)
		r = thaw_source(c, &t, i + 1, e);
	for (uint32_t i = 0; r == 0 && i < header.change_count; i++)
		r = thaw_change(c, &t, e);
	if (r < 0)
		return r;
	if (t.at != t.end || header.first_file > c->sources.count)
		return refuse(e);
	if (header.first_file > 0)
		c->first_file = c->sources.items[header.first_file - 1].name;
	return 0;
}

/* Items as they are collected: offsets of key and value in `text`. */
struct item {
	size_t key, value;
};
struct items {
	VEC_OF(struct item)
	struct str text;
	bool failed;
};

/* A slot's value, if it has one, under the name in `key`. */
static void add_slot(struct items *items, const struct value_slot *slot, const char *key)
{
	size_t start = items->text.len;
	struct item *item;
	size_t value;

	str_add_bytes(&items->text, key, strlen(key) + 1);
	value = items->text.len;
	value_print(slot, &items->text);
	if (!str_failed(&items->text) && items->text.len == value) {
		str_truncate(&items->text, start);
		return;
	}
	str_add_char(&items->text, '\0');
	item = vec_push(items);
	if (item)
		*item = (struct item){.key = start, .value = value};
	else
		items->failed = true;
}

/* One member of a family: "lxc.sysctl" and "net.ipv4.ip_forward". */
static void add_member(struct items *items, struct value_slot *slot, const char *member)
{
	const char *family = slot->key->name;
	autostr name = {};

	str_addf(&name, "%s%s%s", family, text_ends(family, ".") ? "" : ".", member);
	items->failed = items->failed || str_failed(&name);
	slot->member = member;
	add_slot(items, slot, str_text(&name));
	slot->member = NULL;
}

static void add_members(struct items *items, struct value_slot *slot)
{
	const struct config_items *list = slot->field;

	if (slot->key->type == VALUE_SHARED_NAMESPACE) {
		for (int kind = 0; kind < NAMESPACE_COUNT; kind++)
			add_member(items, slot, namespace_name((enum namespace_kind)kind));
		return;
	}
	if (slot->key->type == VALUE_GROUP_OF_KEYS)
		return;
	for (size_t i = 0; i < list->count; i++)
		if (value_find_member(list, list->items[i].name) == i)
			add_member(items, slot, list->items[i].name);
}

static void add_net(struct items *items, const struct config *c, struct config_net *net)
{
	for (size_t i = 0; i < config_net_key_count; i++) {
		const struct config_key *key = &config_net_keys[i];
		struct value_slot slot = {
			.config = (struct config *)c,
			.key = key,
			.field = (char *)net + key->offset,
			.place = &net->origins[i],
			.net = net,
		};
		autostr name = {};

		if (key->net_types && !(key->net_types & (1U << net->type)))
			continue;
		str_addf(&name, "lxc.net.%u.%s", (unsigned)net->index, key->name);
		items->failed = items->failed || str_failed(&name);
		add_slot(items, &slot, str_text(&name));
	}
}

static void add_nets(struct items *items, const struct config *c)
{
	size_t start = items->text.len;
	struct item *item;

	if (c->values.nets.count == 0)
		return;
	str_add_bytes(&items->text, "lxc.net", sizeof("lxc.net"));
	item = vec_push(items);
	if (item)
		*item = (struct item){.key = start, .value = items->text.len};
	else
		items->failed = true;
	if (config_get(c, "lxc.net", &items->text) < 0)
		items->failed = true;
	str_add_char(&items->text, '\0');
	for (size_t i = 0; i < c->values.nets.count; i++)
		add_net(items, c, &c->values.nets.items[i]);
}

static int by_key(const void *a, const void *b, void *text)
{
	return strcmp((const char *)text + ((const struct item *)a)->key,
		      (const char *)text + ((const struct item *)b)->key);
}

int config_each_item(const struct config *c,
		     int (*take)(void *context, const char *key, const char *value), void *context)
{
	struct items items = {};
	int r = 0;

	for (size_t i = 0; i < config_key_count; i++) {
		struct value_slot slot;

		config_init_slot(c, &config_keys[i], &slot);
		if (slot.key->type == VALUE_GROUP_OF_KEYS || slot.key->type == VALUE_ROOTFS_TYPE ||
		    slot.key->type == VALUE_INCLUDE)
			continue;
		add_slot(&items, &slot, slot.key->name);
		if (slot.key->flags & KEY_FAMILY)
			add_members(&items, &slot);
	}
	add_nets(&items, c);
	if (items.failed || str_failed(&items.text))
		r = -ENOMEM;
	else if (items.count > 0)
		qsort_r(items.items, items.count, sizeof(*items.items), by_key, items.text.data);
	for (size_t i = 0; r == 0 && i < items.count; i++)
		r = take(context, items.text.data + items.items[i].key,
			 items.text.data + items.items[i].value);
	vec_finish(&items);
	str_finish(&items.text);
	return r;
}
