/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The typed dump: what a configuration says, key by key, with the type and the place that set it.
 * Keys that nobody set, or that were emptied again, are left out.
 */

#include "config/config.h"

#include <limits.h>
#include <string.h>

#include "config/access.h"

/* Print one key of a dump when somebody has set it. */
static void dump_slot(const struct value_slot *s, const char *name, struct str *out)
{
	autostr text = {};
	char place[PATH_MAX];
	const char *line;
	const char *at;

	if (s->place->source == 0)
		return;
	/* The key alone doesn't tell its storage type. */
	if (s->key->type == VALUE_ROOTFS)
		value_print_rootfs_type(s, &text);
	if (text.len > 0)
		str_add_char(&text, ':');
	value_print(s, &text);
	if (str_failed(&text))
		out->failed = true; /* a dump with a key left out would look whole */
	if (text.len == 0)
		return;
	config_origin(s->config, *s->place, place, sizeof(place));
	str_addf(out, "%s: %s (%s)\n", name, value_class(s->key->type)->name, place);
	at = str_text(&text);
	while (*at) {
		size_t len = strcspn(at, "\n");

		line = at;
		str_addf(out, "\t%.*s\n", (int)len, line);
		at += len + (at[len] == '\n');
	}
}

static void dump_net(const struct config *c, struct config_net *net, struct str *out)
{
	for (size_t i = 0; i < config_net_key_count; i++) {
		struct value_slot slot = {
			.config = (struct config *)c,
			.key = &config_net_keys[i],
			.field = (char *)net + config_net_keys[i].offset,
			.place = &net->origins[i],
			.net = net,
		};
		autostr name = {};

		str_addf(&name, "lxc.net.%u.%s", (unsigned)net->index, slot.key->name);
		if (str_failed(&name))
			out->failed = true;
		dump_slot(&slot, str_text(&name), out);
	}
}

void config_dump(const struct config *c, struct str *out)
{
	for (size_t i = 0; i < config_key_count; i++) {
		struct value_slot slot;

		config_init_slot(c, &config_keys[i], &slot);
		if (slot.key->type == VALUE_GROUP_OF_KEYS || slot.key->type == VALUE_INCLUDE)
			continue;
		dump_slot(&slot, slot.key->name, out);
	}
	for (size_t i = 0; i < c->values.nets.count; i++)
		dump_net(c, &c->values.nets.items[i], out);
}
