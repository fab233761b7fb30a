/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Rewriting a configuration for a copy. One function maps a value to its new text; it is applied to
 * the lines of the text and to the values of the model alike, so that they can't drift apart.
 */

#include "config/rewrite.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "config/access.h"
#include "config/hwaddr.h"
#include "config/mount_entry.h"
#include "config/reader.h"

static const char source_name[] = "(copy)";

/* Length of the directory when text begins with a path in it, else 0. */
static size_t path_prefix(const char *text, const char *directory)
{
	const char *rest = text_after(text, directory);

	return rest && (*rest == '/' || *rest == '\0') ? strlen(directory) : 0;
}

/*
 * The upper and work directories of an overlay. The lower one is what the copy is based on: it is
 * not copied, whoever it belongs to.
 */
static bool map_overlay(const char *text, const struct config_rewrite *how, struct str *out)
{
	bool changed = false;

	while (*text) {
		const char *path = text_after(text, "upperdir=");
		size_t len;

		if (!path)
			path = text_after(text, "workdir=");
		len = path ? path_prefix(path, how->old_directory) : 0;
		if (len > 0) {
			str_addf(out, "%.*s%s", (int)(path - text), text, how->new_directory);
			text = path + len;
			changed = true;
		} else {
			str_add_char(out, *text++);
		}
	}
	return changed;
}

static bool map_mount_entry(const char *text, const struct config_rewrite *how, struct str *out)
{
	struct arena arena = {};
	struct mount_entry entry;
	int r = mount_entry_parse(text, &arena, &entry, NULL);
	bool is_overlay = r == 0 && text_starts(entry.fstype, "overlay");

	arena_finish(&arena);
	if (r == -ENOMEM)
		out->failed = true;
	return r == -ENOMEM || (is_overlay && map_overlay(text, how, out));
}

/* A hook is a command: its first word is the file. */
static bool map_hook(const char *text, const struct config_rewrite *how, struct str *out)
{
	size_t len = path_prefix(text, how->old_directory);

	if (len == 0)
		return false;
	str_addf(out, "%s%s", how->new_directory, text + len);
	return true;
}

/* The new text of a key's value in `out`; false: it stays. */
static bool map_value(const struct config_key *key, const char *text,
		      const struct config_rewrite *how, struct str *out)
{
	if (text_starts(key->name, "lxc.hook.") || key->type == VALUE_INCLUDE)
		return map_hook(text, how, out);
	if (key->offset == offsetof(struct config_values, mount.entries))
		return map_mount_entry(text, how, out);
	return false;
}

/* Put a new value into a line; its key, blanks and quotes stay. */
static int replace_value(struct config *c, struct config_line *line, const char *value,
			 struct err *e)
{
	autofree char *copy = strdup(line->text);
	struct config_assignment old;
	size_t start, end;
	const char *text;
	int r = config_check_writable(line->key, value, e);

	if (r < 0)
		return r;
	if (!copy || config_line_split(copy, &old) != LINE_ASSIGNMENT)
		return value_no_memory(e);
	start = (size_t)(old.value - copy);
	end = start + strlen(old.value);
	text = arena_printf(&c->arena, "%.*s%s%s%s", (int)start, line->text,
			    line->text[start - 1] == '=' && end == start ? " " : "", value,
			    line->text + end);
	if (!text)
		return value_no_memory(e);
	line->text = text;
	return 0;
}

/* A path ends at one of `ends`: behind it a hook has arguments. */
static int note_copy(struct config *c, const char *from, const char *to, const char *ends,
		     struct config_file_copies *ret, struct err *e)
{
	struct config_file_copy *copy;
	struct config_file_copy files = {
		.from = arena_strndup(&c->arena, from, strcspn(from, ends)),
		.to = arena_strndup(&c->arena, to, strcspn(to, ends)),
	};

	if (!files.from || !files.to)
		return value_no_memory(e);
	for (size_t i = 0; i < ret->count; i++)
		if (strcmp(ret->items[i].from, files.from) == 0)
			return 0;
	copy = vec_push_in(ret, &c->arena);
	if (!copy)
		return value_no_memory(e);
	*copy = files;
	return 0;
}

static int rewrite_lines(struct config *c, const struct config_rewrite *how,
			 struct config_file_copies *ret, struct err *e)
{
	for (size_t i = 0; i < c->lines.count; i++) {
		struct config_line *line = &c->lines.items[i];
		autofree char *copy = line->key ? strdup(line->text) : NULL;
		struct config_assignment assignment;
		autostr value = {};
		struct key_ref ref;
		int r;

		if (!line->key || config_key_resolve(line->key, &ref, NULL) < 0 ||
		    ref.form != KEY_FORM_PLAIN)
			continue;
		if (!copy)
			return value_no_memory(e);
		if (config_line_split(copy, &assignment) != LINE_ASSIGNMENT ||
		    !map_value(ref.key, assignment.value, how, &value))
			continue;
		r = str_failed(&value) ? value_no_memory(e)
				       : replace_value(c, line, str_text(&value), e);
		/* The model has nothing of an include: its file is noted here. */
		if (r == 0 && ref.key->type == VALUE_INCLUDE)
			r = note_copy(c, assignment.value, str_text(&value), "", ret, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A text of the model, which may also come from an included file. */
static int rewrite_text(struct config *c, const struct config_key *key, const char **text,
			const struct config_rewrite *how, struct config_file_copies *ret,
			struct err *e)
{
	autostr value = {};
	char *copy;

	if (!map_value(key, *text, how, &value))
		return 0;
	copy = str_failed(&value) ? NULL : arena_strdup(&c->arena, str_text(&value));
	if (!copy)
		return value_no_memory(e);
	if (key->offset != offsetof(struct config_values, mount.entries)) {
		int r = note_copy(c, *text, copy, " \t", ret, e);

		if (r < 0)
			return r;
	}
	*text = copy;
	return 0;
}

static int rewrite_model(struct config *c, const struct config_rewrite *how,
			 struct config_file_copies *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		struct value_slot slot;

		config_init_slot(c, key, &slot);
		if (key->type != VALUE_LINES)
			continue;
		for (size_t k = 0; r == 0 && k < ((struct config_items *)slot.field)->count; k++)
			r = rewrite_text(c, key,
					 &((struct config_items *)slot.field)->items[k].text, how,
					 ret, e);
	}
	return r;
}

static bool is_line_of(const struct config_line *line, const struct key_ref *ref)
{
	struct key_ref other = {};

	return line->key && config_key_resolve(line->key, &other, NULL) == 0 &&
	       other.form == ref->form && other.key == ref->key &&
	       other.net_index == ref->net_index;
}

/*
 * The last line of a key when nothing behind it can override it: an include may. Its number, or the
 * count of lines.
 */
static size_t find_deciding_line(const struct config *c, const struct key_ref *ref)
{
	for (size_t i = c->lines.count; i-- > 0;) {
		if (is_line_of(&c->lines.items[i], ref))
			return i;
		if (c->lines.items[i].key && strcmp(c->lines.items[i].key, "lxc.include") == 0)
			break;
	}
	return c->lines.count;
}

/* Change the deciding line of a key in place and drop the others; without one, append a line. */
static int put(struct config *c, const char *key, const char *value, struct err *e)
{
	struct origin origin = {.source = (uint16_t)config_add_source(c, source_name)};
	autostr name = {};
	struct key_ref ref = {};
	size_t deciding;
	size_t kept = 0;
	int r = config_check_writable(key, value, e);

	if (r == 0)
		r = config_apply(c, key, value, origin, &name, e);
	if (r == 0)
		r = config_key_resolve(key, &ref, e);
	if (r < 0)
		return r;
	deciding = find_deciding_line(c, &ref);
	if (deciding < c->lines.count)
		r = replace_value(c, &c->lines.items[deciding], value, e);
	else
		r = config_set(c, key, value, source_name, e);
	if (r < 0)
		return r;
	/* The line that was appended is the deciding one, too. */
	for (size_t i = 0; i < c->lines.count; i++)
		if (i == deciding || !is_line_of(&c->lines.items[i], &ref))
			c->lines.items[kept++] = c->lines.items[i];
	c->lines.count = kept;
	return 0;
}

/* A path of the model, however the text wrote it. */
static int rewrite_fstab(struct config *c, const struct config_rewrite *how,
			 struct config_file_copies *ret, struct err *e)
{
	const char *path = c->values.mount.fstab;
	size_t len = path ? path_prefix(path, how->old_directory) : 0;
	autostr mapped = {};
	int r;

	if (len == 0)
		return 0;
	str_addf(&mapped, "%s%s", how->new_directory, path + len);
	if (str_failed(&mapped))
		return value_no_memory(e);
	r = note_copy(c, path, str_text(&mapped), "", ret, e);
	return r < 0 ? r : put(c, "lxc.mount.fstab", str_text(&mapped), e);
}

/* Heap. 0, -ENOMEM, or an errno of the random source. */
static int make_hwaddr(const struct config *c, const char *template, char **ret)
{
	char generated[HWADDR_TEXT];
	autofree char *address = NULL;
	int r = template ? 0 : hwaddr_generate(generated, c->effects.random);

	if (r < 0)
		return r;
	address = strdup(template ? template : generated);
	if (!address)
		return -ENOMEM;
	r = template ? hwaddr_expand(address, c->effects.random) : 0;
	if (r == 0)
		*ret = take_ptr(address);
	return r;
}

static const char *find_template(const struct config_rewrite *how, uint32_t index)
{
	const struct config_net *net = how->original ? config_find_net(how->original, index) : NULL;

	return net ? net->hwaddr_template : NULL;
}

static int renew_hwaddrs(struct config *c, const struct config_rewrite *how, struct err *e)
{
	for (size_t i = 0; i < c->values.nets.count; i++) {
		const struct config_net *net = &c->values.nets.items[i];
		autofree char *address = NULL;
		autostr key = {};
		int r;

		if (!net->hwaddr)
			continue;
		r = make_hwaddr(c, find_template(how, net->index), &address);
		if (r < 0)
			return err_set(e, ERR_SYSTEM, -r, "Failed to make a hardware address");
		str_addf(&key, "lxc.net.%u.hwaddr", (unsigned)net->index);
		if (str_failed(&key))
			return value_no_memory(e);
		r = put(c, str_text(&key), address, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The comment by which new containers tell the kind of their storage (spec/storage.md §11). */
static int rewrite_backend(struct config *c, const char *rootfs, struct err *e)
{
	static const char beginning[] = "# lxc.rootfs.backend = ";
	const char *colon = strchr(rootfs, ':');

	for (size_t i = 0; colon && i < c->lines.count; i++) {
		struct config_line *line = &c->lines.items[i];

		if (line->key || !text_starts(line->text, beginning))
			continue;
		line->text =
			arena_printf(&c->arena, "%s%.*s", beginning, (int)(colon - rootfs), rootfs);
		if (!line->text)
			return value_no_memory(e);
	}
	return 0;
}

int config_rewrite(struct config *c, const struct config_rewrite *how,
		   struct config_file_copies *ret, struct err *e)
{
	int r = rewrite_lines(c, how, ret, e);

	if (r == 0)
		r = rewrite_model(c, how, ret, e);
	if (r == 0)
		r = rewrite_fstab(c, how, ret, e);
	/* The new path brings its type along; an old-style line would override it. */
	if (r == 0 && how->rootfs)
		r = config_clear(c, "lxc.rootfs.backend", e);
	if (r == 0 && how->rootfs)
		r = put(c, "lxc.rootfs.path", how->rootfs, e);
	if (r == 0 && how->rootfs)
		r = rewrite_backend(c, how->rootfs, e);
	if (r == 0 && how->uts_name)
		r = put(c, "lxc.uts.name", how->uts_name, e);
	if (r == 0 && how->new_hwaddrs)
		r = renew_hwaddrs(c, how, e);
	return r;
}

/* Whether what begins here is a path of its own, and not the end of a longer one. */
static bool may_begin_path(const char *value, const char *at)
{
	char c = at > value ? at[-1] : ' ';

	return !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
	       !strchr("/._-#", c);
}

static bool may_end_path(const char *at)
{
	return *at == '\0' || strchr("/ \t\n:,;\"'\\", *at);
}

static void move_line(const char *line, size_t len, const char *old_directory,
		      const char *new_directory, struct str *out)
{
	const size_t old_len = strlen(old_directory);
	const char *end = line + len;
	const char *equals = memchr(line, '=', len);
	const char *first = line + strspn(line, " \t");

	if (!equals || *first == '#')
		return str_add_bytes(out, line, len);
	str_add_bytes(out, line, (size_t)(equals + 1 - line));
	for (const char *at = equals + 1; at < end;) {
		if ((size_t)(end - at) >= old_len && memcmp(at, old_directory, old_len) == 0 &&
		    may_begin_path(equals + 1, at) && may_end_path(at + old_len)) {
			str_add(out, new_directory);
			at += old_len;
		} else {
			str_add_char(out, *at++);
		}
	}
}

void config_move_paths(const char *text, const char *old_directory, const char *new_directory,
		       struct str *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		len += text[len] == '\n';
		move_line(text, len, old_directory, new_directory, out);
		text += len;
	}
}
