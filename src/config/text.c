/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The text of a configuration: what the API changes and what saving writes. A line that was set is
 * appended, also when the key stands there already (the last one wins), as LXC does; clearing takes
 * out every line of the key, under whatever name it was written.
 */

#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/macros.h"
#include "config/access.h"
#include "sys/file.h"

enum { CONFIG_FILE_MODE = 0660 };

void config_text(const struct config *c, struct str *out)
{
	for (size_t i = 0; i < c->lines.count; i++)
		str_addf(out, "%s\n", c->lines.items[i].text);
}

int config_save(const struct config *c, const char *path, struct err *e)
{
	autostr text = {};
	int r;

	config_text(c, &text);
	if (str_failed(&text))
		return value_no_memory(e);
	r = file_replace(AT_FDCWD, path, str_text(&text), text.len, CONFIG_FILE_MODE);
	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "Failed to save config file \"%s\"", path);
	return 0;
}

static int append_line(struct config *c, const char *key, const char *value, struct err *e)
{
	char *text = arena_printf(&c->arena, "%s =%s%s", key, value[0] ? " " : "", value);
	char *key_copy = arena_strdup(&c->arena, key);
	struct config_line *line = text && key_copy ? vec_push_in(&c->lines, &c->arena) : NULL;

	if (!line)
		return value_no_memory(e);
	line->text = text;
	line->key = key_copy;
	return 0;
}

static bool is_of_net(const struct key_ref *line)
{
	return line->form == KEY_FORM_NET || line->form == KEY_FORM_NET_MEMBER;
}

/* Whether clearing `ref` takes a line with it: one of the same key, or of a part of it. */
static bool clearing_covers(const struct key_ref *ref, const struct key_ref *line)
{
	switch (ref->form) {
	case KEY_FORM_NETS:
		return line->form == KEY_FORM_NETS || is_of_net(line);
	case KEY_FORM_NET:
		return is_of_net(line) && line->net_index == ref->net_index;
	case KEY_FORM_NET_MEMBER:
		/* A type takes along what only made sense for it. */
		return line->form == KEY_FORM_NET_MEMBER && line->net_index == ref->net_index &&
		       (line->key == ref->key ||
			(ref->key->type == VALUE_NET_TYPE && line->key->net_types));
	case KEY_FORM_FAMILY:
		return line->key == ref->key;
	case KEY_FORM_MEMBER:
		return line->form == KEY_FORM_MEMBER && line->key == ref->key &&
		       strcmp(line->member, ref->member) == 0;
	case KEY_FORM_PLAIN:
		break;
	}
	if (line->form != KEY_FORM_PLAIN)
		return false;
	/* lxc.hook covers all hooks; either list of capabilities clears both. */
	if (ref->key->type == VALUE_GROUP_OF_KEYS)
		return line->key == ref->key || (line->key->type == VALUE_LINES &&
						 text_starts(line->key->name, "lxc.hook."));
	if (ref->key->type == VALUE_CAPABILITIES)
		return line->key->type == VALUE_CAPABILITIES;
	return line->key == ref->key;
}

static void remove_lines(struct config *c, const char *key)
{
	struct key_ref ref;
	size_t kept = 0;

	if (config_key_resolve(key, &ref, NULL) < 0)
		return;
	for (size_t i = 0; i < c->lines.count; i++) {
		const struct config_line *line = &c->lines.items[i];
		struct key_ref line_ref;

		if (!line->key || config_key_resolve(line->key, &line_ref, NULL) < 0 ||
		    !clearing_covers(&ref, &line_ref))
			c->lines.items[kept++] = *line;
	}
	c->lines.count = kept;
}

static bool is_included(const struct config *c, struct origin origin)
{
	return origin.source > 0 && c->sources.items[origin.source - 1].is_included;
}

/* Whether a change by an included file is one of what clearing `ref` clears. */
static bool is_included_change(const struct config *c, const struct config_change *change,
			       const struct key_ref *ref)
{
	struct key_ref other;

	if (!is_included(c, change->origin) || config_key_resolve(change->key, &other, NULL) < 0)
		return false;
	return clearing_covers(ref, &other) &&
	       (change->value[0] || (other.key && other.key->emptied));
}

/*
 * Whether an included file has a part in what a key says, so that it would be there again when the
 * text is read. What the model says now does not tell: lines of the text that hide the include's
 * value go with the key, one that cleared it among them.
 */
static bool is_set_by_include(const struct config *c, const char *key)
{
	autostr canonical = {};
	struct key_ref ref;
	bool any = false;

	for (size_t i = 0; i < c->sources.count; i++)
		any = any || c->sources.items[i].is_included;
	if (!any || config_resolve_question(c, key, &canonical, &ref) != 0)
		return false;
	for (size_t i = 0; i < c->changes.count; i++)
		if (is_included_change(c, &c->changes.items[i], &ref))
			return true;
	return false;
}

/*
 * Undo in the text what an included file says: `KEY =`, or the default where an empty value means
 * something else. Two keys have no line that clears them; they stay as the include has them.
 */
static int append_clearing_line(struct config *c, const char *key, bool to_default, struct err *e)
{
	const struct config_key *row = config_key_find(key, strlen(key));
	autostr value = {};

	if (row && row->flags & (KEY_EMPTY_REFUSED | KEY_EMPTY_FAILS))
		return 0;
	if (row && row->emptied && to_default && config_get(c, key, &value) < 0)
		return value_no_memory(e);
	return append_line(c, key, str_text(&value), e);
}

int config_check_writable(const char *key, const char *value, struct err *e)
{
	int r;

	if (!text_starts(key, "lxc.") || strpbrk(key, "= \t\r\n"))
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0, "Unsupported config key \"%s\"",
			       key);
	if (!strpbrk(value, "\r\n"))
		return 0;
	r = err_set(e, ERR_CONFIG_VALUE_UNWRITABLE, 0,
		    "The value for %s has a line break, which the file format can't hold", key);
	err_hint(e, "set the key once for each line");
	return r;
}

/* The text that a reader of the line must see: a generated hardware address is there to stay. */
static const char *lasting_value(const struct config *c, const char *key, const char *value)
{
	struct key_ref ref;

	if (config_key_resolve(key, &ref, NULL) == 0 && ref.form == KEY_FORM_NET_MEMBER &&
	    ref.key->type == VALUE_HWADDR)
		return config_find_net(c, ref.net_index)->hwaddr;
	return value;
}

/* lxc.mount.fstab is cleared although LXC calls the empty value an error. */
static bool is_cleared_by_failing(const char *key)
{
	const struct config_key *row = config_key_find(key, strlen(key));

	return row && row->flags & KEY_EMPTY_FAILS;
}

static int change(struct config *c, const char *key, const char *value, const char *source,
		  struct err *e)
{
	struct origin origin = {.source = (uint16_t)config_add_source(c, source)};
	autostr canonical = {};
	bool by_include = value[0] == '\0' && is_set_by_include(c, key);
	int r;

	if (origin.source == 0)
		return value_no_memory(e);
	r = config_check_writable(key, value, e);
	if (r == 0)
		r = config_apply(c, key, value, origin, &canonical, e);
	if (value[0] == '\0' && canonical.len > 0 &&
	    (r == 0 || is_cleared_by_failing(str_text(&canonical))))
		remove_lines(c, str_text(&canonical));
	if (r == 0 && by_include)
		return append_clearing_line(c, str_text(&canonical), false, e);
	if (r < 0 || value[0] == '\0' || canonical.len == 0)
		return r;
	return append_line(c, str_text(&canonical), lasting_value(c, str_text(&canonical), value),
			   e);
}

int config_set(struct config *c, const char *key, const char *value, const char *source,
	       struct err *e)
{
	return change(c, key, value ? value : "", source, e);
}

int config_clear(struct config *c, const char *key, struct err *e)
{
	autostr canonical = {};
	bool by_include = is_set_by_include(c, key);
	int r = config_check_writable(key, "", e);

	if (r == 0)
		r = config_apply_clear(c, key, &canonical, e);
	if (r < 0 || canonical.len == 0)
		return r;
	remove_lines(c, str_text(&canonical));
	return by_include ? append_clearing_line(c, str_text(&canonical), true, e) : 0;
}
