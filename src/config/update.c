/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Updating text works on lines, not on the model: a file is brought up to date without reading its
 * includes, and whatever stands between the keys survives. A first pass collects what only the
 * whole file tells (the storage type, all cgroup settings), a second one writes.
 */

#include "config/update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "config/cgroup_translate.h"
#include "config/legacy.h"
#include "config/reader.h"

struct update_line {
	const char *text; /* with its line end */
	size_t len;       /* without it */
	size_t full_len;
	const char *key; /* in the arena; NULL when the line is about no key */
	const char *value;
	size_t key_start; /* where the key stands in text */
	bool is_comment;
	size_t setting; /* cgroup v1: 1 + index into settings */
};

struct updater {
	const char *name;
	config_report_fn report;
	void *context;
	struct arena arena;
	struct {
		VEC_OF(struct update_line)
	} lines;
	struct {
		VEC_OF(struct cgroup_setting)
	} settings;
	struct cgroup_translation_list translations;
	/* By setting: what its line becomes. */
	struct setting_fate {
		size_t first; /* 1 + index of the first translation about it; 0 = none */
		bool goes_on; /* its value is in a translation that can be written */
	} * fates;
	size_t *next_translation; /* by translation: the next one about the same setting */
	const char **v2_names;    /* files that lxc.cgroup2 lines set, sorted */
	size_t v2_name_count;
	const char *backend; /* value of the last lxc.rootfs.backend */
	bool has_rootfs;
	bool has_v2_devices;
	struct legacy_nets nets, comment_nets;
	struct {
		VEC_OF(uint32_t)
	} indices; /* of the interfaces that are there, ascending */
	struct config_update *counts;
	struct str *out;
};

/* The key and value of a line, also of one that is commented out. */
static int take_apart(struct updater *u, struct update_line *line)
{
	size_t start = strspn(line->text, " \t");
	struct config_assignment assignment;
	char *copy;

	if (start < line->len && line->text[start] == '#') {
		line->is_comment = true;
		start += strspn(line->text + start, "# \t");
	}
	if (start >= line->len)
		return 0;
	copy = arena_strndup(&u->arena, line->text + start, line->len - start);
	if (!copy)
		return -ENOMEM;
	/* A name with a blank in it is a sentence that happens to have a '='. */
	if (config_line_split(copy, &assignment) != LINE_ASSIGNMENT ||
	    strpbrk(assignment.key, " \t"))
		return 0;
	line->key = assignment.key;
	line->value = assignment.value;
	line->key_start = start;
	return 0;
}

/* Whether `len` bytes of text are the name of a storage type. */
static bool is_type(const char *text, size_t len)
{
	static const char *const types[] = {"dir", "overlay", "overlayfs", "aufs", "loop",
					    "lvm", "btrfs",   "zfs",       "rbd",  "nbd"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
		if (strlen(types[i]) == len && memcmp(types[i], text, len) == 0)
			return true;
	return false;
}

static bool is_cgroup_v1(const char *key)
{
	struct key_ref ref;

	return config_key_resolve(key, &ref, NULL) == 0 && ref.form == KEY_FORM_MEMBER &&
	       ref.key->flags & KEY_OLD;
}

static int collect_line(struct updater *u, struct update_line *line)
{
	struct cgroup_setting *setting;

	if (!line->key || line->is_comment)
		return 0;
	if (strcmp(line->key, "lxc.rootfs.backend") == 0)
		u->backend = is_type(line->value, strlen(line->value)) ? line->value : NULL;
	if (strcmp(line->key, "lxc.rootfs") == 0 || strcmp(line->key, "lxc.rootfs.path") == 0)
		u->has_rootfs = true;
	if (text_starts(line->key, "lxc.cgroup2.devices."))
		u->has_v2_devices = true;
	if (!is_cgroup_v1(line->key))
		return 0;
	setting = vec_push_in(&u->settings, &u->arena);
	if (!setting)
		return -ENOMEM;
	setting->key = line->key + LITERAL_LENGTH("lxc.cgroup.");
	setting->value = line->value;
	line->setting = u->settings.count;
	return 0;
}

static int translate_settings(struct updater *u)
{
	int r = cgroup_translate(u->settings.items, u->settings.count, &u->arena, &u->translations);

	if (r < 0)
		return r;
	u->fates = arena_alloc(&u->arena, u->settings.count * sizeof(*u->fates));
	u->next_translation = arena_alloc(&u->arena, u->translations.count * sizeof(size_t));
	if (!u->fates || !u->next_translation)
		return -ENOMEM;
	for (size_t i = u->translations.count; i > 0; i--) {
		const struct cgroup_translation *t = &u->translations.items[i - 1];
		struct setting_fate *fate = &u->fates[t->setting];

		u->next_translation[i - 1] = fate->first;
		fate->first = i;
		for (size_t k = 0; t->exactness != CGROUP_INVALID && k < t->source_count; k++)
			u->fates[t->sources[k]].goes_on = true;
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int collect_v2_names(struct updater *u)
{
	u->v2_names = arena_alloc(&u->arena, u->lines.count * sizeof(*u->v2_names));
	if (!u->v2_names)
		return -ENOMEM;
	for (size_t i = 0; i < u->lines.count; i++) {
		const struct update_line *line = &u->lines.items[i];
		const char *name = line->key ? text_after(line->key, "lxc.cgroup2.") : NULL;

		if (name && !line->is_comment)
			u->v2_names[u->v2_name_count++] = name;
	}
	qsort(u->v2_names, u->v2_name_count, sizeof(*u->v2_names), by_text);
	return 0;
}

static int collect(struct updater *u, const char *text, size_t len)
{
	const char *end = text + len;
	const char *line_text;
	size_t line_len;

	for (const char *at = text; config_next_line(&at, end, &line_text, &line_len);) {
		struct update_line *line = vec_push_in(&u->lines, &u->arena);
		int r;

		if (!line)
			return -ENOMEM;
		line->text = line_text;
		line->len = line_len;
		line->full_len = (size_t)(at - line_text);
		r = take_apart(u, line);
		if (r == 0)
			r = collect_line(u, line);
		if (r < 0)
			return r;
	}
	return collect_v2_names(u) < 0 ? -ENOMEM : translate_settings(u);
}

/* The line's own end; a last line without one gets that of the first, for now. */
static void write_line_end(struct updater *u, const struct update_line *line)
{
	if (line->full_len == line->len)
		line = &u->lines.items[0];
	if (line->full_len > line->len)
		str_add_bytes(u->out, line->text + line->len, line->full_len - line->len);
	else
		str_add_char(u->out, '\n');
}

/* A text whose last line has no end keeps none; `start` is where the output of that line begins. */
static void drop_last_line_end(struct updater *u, size_t start)
{
	const struct update_line *last = &u->lines.items[u->lines.count - 1];
	size_t len = u->out->len;

	if (last->full_len > last->len)
		return;
	if (len > start && u->out->data[len - 1] == '\n')
		len--;
	if (len > start && u->out->data[len - 1] == '\r')
		len--;
	str_truncate(u->out, len);
}

static void write_as_it_is(struct updater *u, const struct update_line *line)
{
	str_add_bytes(u->out, line->text, line->full_len);
}

static void write_as_comment(struct updater *u, const struct update_line *line)
{
	str_add(u->out, "# ");
	str_add_bytes(u->out, line->text, line->len);
	write_line_end(u, line);
}

static void report(struct updater *u, const struct update_line *line, enum config_severity severity,
		   struct err *e)
{
	err_origin(e, "%s:%zu", u->name, (size_t)(line - u->lines.items) + 1);
	if (u->report)
		u->report(u->context, severity, e);
}

static bool is_set_for_v2(const struct updater *u, const char *file)
{
	if (text_starts(file, "devices."))
		return u->has_v2_devices;
	return bsearch(&file, u->v2_names, u->v2_name_count, sizeof(*u->v2_names), by_text);
}

/* One translation, behind the line that it is about. */
static void write_translation(struct updater *u, const struct update_line *line,
			      const struct cgroup_translation *t)
{
	struct err e;

	if (t->key) {
		if (!is_set_for_v2(u, t->key)) {
			str_addf(u->out, "lxc.cgroup2.%s = %s", t->key, t->value);
			write_line_end(u, line);
		}
		u->counts->translated++;
		return;
	}
	u->counts->commented++;
	if (t->exactness == CGROUP_DROPPED)
		return;
	err_set(&e, ERR_CONFIG_NO_COUNTERPART, 0,
		"%s = %s has no counterpart on cgroup v2 and becomes a comment%s%s", line->key,
		line->value, t->note ? ": " : "", t->note ? t->note : "");
	report(u, line, CONFIG_WARNING, &e);
}

static void write_cgroup_v1(struct updater *u, const struct update_line *line)
{
	const struct setting_fate *fate = &u->fates[line->setting - 1];

	for (size_t i = fate->first; i > 0; i = u->next_translation[i - 1]) {
		const struct cgroup_translation *t = &u->translations.items[i - 1];
		struct err e;

		if (t->exactness != CGROUP_INVALID)
			continue;
		err_set(&e, ERR_CONFIG_VALUE_INVALID, 0, "%s = %s can't be translated%s%s",
			line->key, line->value, t->note ? ": " : "", t->note ? t->note : "");
		report(u, line, CONFIG_ERROR, &e);
		write_as_it_is(u, line);
		return;
	}
	/* A part of what another line makes impossible waits until that line is mended. */
	if (!fate->goes_on) {
		write_as_it_is(u, line);
		return;
	}
	write_as_comment(u, line);
	for (size_t i = fate->first; i > 0; i = u->next_translation[i - 1])
		write_translation(u, line, &u->translations.items[i - 1]);
}

static bool has_type_prefix(const char *path)
{
	const char *colon = strchr(path, ':');

	return colon && is_type(path, (size_t)(colon - path));
}

/*
 * The type a path gets as its prefix, or NULL. Without a backend line LXC's own tool says dir,
 * which is wrong for a device: that is left to detection.
 */
static const char *rootfs_prefix(const struct updater *u, const struct update_line *line)
{
	if (line->is_comment || line->value[0] == '\0' || has_type_prefix(line->value))
		return NULL;
	if (u->backend)
		return u->backend;
	if (strcmp(line->key, "lxc.rootfs") != 0 || text_starts(line->value, "/dev/"))
		return NULL;
	return "dir";
}

static void write_rootfs(struct updater *u, const struct update_line *line)
{
	const char *prefix = rootfs_prefix(u, line);

	str_add_bytes(u->out, line->text, line->key_start);
	str_add(u->out, "lxc.rootfs.path");
	if (prefix) {
		str_addf(u->out, " = %s:%s", prefix, line->value);
	} else {
		size_t rest = line->key_start + strlen(line->key);

		str_add_bytes(u->out, line->text + rest, line->len - rest);
	}
	write_line_end(u, line);
}

/* The place of an interface among those that are there, or where it would be. */
static size_t find_net(const struct updater *u, uint32_t index)
{
	size_t low = 0, high = u->indices.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (u->indices.items[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int add_net(struct updater *u, uint32_t index)
{
	size_t at = find_net(u, index);

	if (at < u->indices.count && u->indices.items[at] == index)
		return 0;
	if (!vec_push_in(&u->indices, &u->arena))
		return -ENOMEM;
	memmove(&u->indices.items[at + 1], &u->indices.items[at],
		(u->indices.count - 1 - at) * sizeof(u->indices.items[0]));
	u->indices.items[at] = index;
	return 0;
}

/*
 * Which interfaces are there behind a line, whatever names it has: the next block with old names
 * gets the number behind the last of them, as the reader numbers it (access.c).
 */
static void note_net(struct updater *u, const char *key, bool adds)
{
	struct key_ref ref;

	if (!text_starts(key, "lxc.net") || config_key_resolve(key, &ref, NULL) < 0)
		return;
	if (ref.form == KEY_FORM_NETS) {
		u->indices.count = 0;
	} else if (ref.form == KEY_FORM_NET) {
		size_t at = find_net(u, ref.net_index);

		if (at < u->indices.count && u->indices.items[at] == ref.net_index)
			vec_remove(&u->indices, at);
	} else if (ref.form == KEY_FORM_NET_MEMBER && adds && add_net(u, ref.net_index) < 0) {
		u->out->failed = true;
	}
	u->nets.next = u->indices.count > 0 ? u->indices.items[u->indices.count - 1] + 1 : 0;
}

static void write_renamed(struct updater *u, const struct update_line *line)
{
	struct legacy_nets *nets = line->is_comment ? &u->comment_nets : &u->nets;
	size_t rest = line->key_start + strlen(line->key);
	autostr name = {};

	if (line->is_comment && u->comment_nets.next < u->nets.next)
		u->comment_nets.next = u->nets.next;
	switch (legacy_translate(line->key, nets, line->value[0] != '\0', &name)) {
	case LEGACY_PRESENT:
		if (!line->is_comment)
			note_net(u, line->key, line->value[0] != '\0');
		write_as_it_is(u, line);
		return;
	case LEGACY_NO_EFFECT:
		if (line->is_comment) {
			write_as_it_is(u, line);
		} else {
			write_as_comment(u, line);
			u->counts->commented++;
		}
		return;
	case LEGACY_RENAMED:
		break;
	}
	if (str_failed(&name))
		u->out->failed = true;
	else if (!line->is_comment)
		note_net(u, str_text(&name), line->value[0] != '\0');
	str_add_bytes(u->out, line->text, line->key_start);
	str_add(u->out, str_text(&name));
	str_add_bytes(u->out, line->text + rest, line->full_len - rest);
	u->counts->renamed++;
}

/* A storage type that went into the path. */
static bool is_taken_backend(const struct updater *u, const struct update_line *line)
{
	return !line->is_comment && u->has_rootfs && strcmp(line->key, "lxc.rootfs.backend") == 0 &&
	       (line->value[0] == '\0' || is_type(line->value, strlen(line->value)));
}

static void write_line(struct updater *u, const struct update_line *line)
{
	bool is_rootfs;

	if (!line->key) {
		write_as_it_is(u, line);
		return;
	}
	is_rootfs = strcmp(line->key, "lxc.rootfs") == 0 ||
		    (strcmp(line->key, "lxc.rootfs.path") == 0 && rootfs_prefix(u, line));
	if (line->setting) {
		write_cgroup_v1(u, line);
	} else if (is_rootfs) {
		write_rootfs(u, line);
		u->counts->renamed++;
	} else if (is_taken_backend(u, line)) {
		u->counts->renamed++;
	} else {
		write_renamed(u, line);
	}
}

/* Whether a line became another text; out holds that from `start` on. */
static bool line_differs(const struct updater *u, const struct update_line *line, size_t start)
{
	size_t len = u->out->len - start;

	return str_failed(u->out) || len != line->full_len ||
	       memcmp(str_text(u->out) + start, line->text, len) != 0;
}

static void write_difference(const struct updater *u, const struct update_line *line, size_t start,
			     struct str *differences)
{
	const char *now = str_text(u->out) + start;
	const char *end = str_text(u->out) + u->out->len;
	const char *text;
	size_t text_len;

	if (!differences)
		return;
	str_addf(differences, "@@ line %zu @@\n-%.*s\n", (size_t)(line - u->lines.items) + 1,
		 (int)line->len, line->text);
	for (const char *at = now; config_next_line(&at, end, &text, &text_len);)
		str_addf(differences, "+%.*s\n", (int)text_len, text);
}

int config_update_text(const char *name, const char *text, size_t len, config_report_fn report_fn,
		       void *context, struct str *out, struct str *differences,
		       struct config_update *ret, struct err *e)
{
	struct config_update counts = {};
	struct updater u = {
		.name = name,
		.report = report_fn,
		.context = context,
		.nets = {.current = -1},
		.comment_nets = {.current = -1},
		.counts = &counts,
		.out = out,
	};
	int r = collect(&u, text, len);

	for (size_t i = 0; r == 0 && i < u.lines.count; i++) {
		size_t start = out->len;

		write_line(&u, &u.lines.items[i]);
		if (i == u.lines.count - 1)
			drop_last_line_end(&u, start);
		if (line_differs(&u, &u.lines.items[i], start)) {
			counts.changed = true;
			write_difference(&u, &u.lines.items[i], start, differences);
		}
	}
	arena_finish(&u.arena);
	if (r < 0 || str_failed(out) || (differences && str_failed(differences)))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory while updating \"%s\"",
			       name);
	*ret = counts;
	return 0;
}
