/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading and writing limits by the names of either version.
 *
 * A value that is one part of what the other version has in one file (quota and period in cpu.max,
 * memory and swap in memory.memsw.limit_in_bytes) is written together with the other part as it is
 * now.
 */

#include "container/cgroup_item.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/vec.h"
#include "config/cgroup_translate.h"
#include "config/cgroup_weight.h"
#include "container/cgroup_item_read.h"

enum {
	SOURCES_MAX = 4,
};

/* Limits as v1 shows "none": the largest number of whole pages. */
#define V1_UNLIMITED UINT64_C(0x7fffffffffff0000)

/* Which v1 files make up a v2 file. */
struct v2_limit {
	const char *v2;
	const char *v1[SOURCES_MAX]; /* those that are there count */
};

static const struct v2_limit v2_limits[] = {
	{"memory.max", {"memory.limit_in_bytes"}},
	{"memory.swap.max", {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}},
	{"memory.low", {"memory.soft_limit_in_bytes"}},
	{"cpu.weight", {"cpu.shares"}},
	{"cpu.max", {"cpu.cfs_period_us", "cpu.cfs_quota_us"}},
	{"cpu.max.burst", {"cpu.cfs_burst_us"}},
	{"io.weight", {"blkio.weight", "blkio.weight_device"}},
	{"io.bfq.weight", {"blkio.bfq.weight", "blkio.bfq.weight_device"}},
	{"io.max",
	 {"blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
	  "blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device"}},
	{"hugetlb.*.max", {"hugetlb.*.limit_in_bytes"}},
	{"hugetlb.*.rsvd.max", {"hugetlb.*.rsvd.limit_in_bytes"}},
	{"cgroup.freeze", {"freezer.state"}},
};

/*
 * Files that a translation drops when they ask for nothing: no line of a configuration is needed
 * then. Somebody who reads them is shown as much, and what was asked for before is taken back.
 */
struct unset {
	const char *file, *shown;
	const char *other, *value; /* of the other version; or NULL */
};

static const struct unset unsets[] = {
	{"memory.soft_limit_in_bytes", "-1", "memory.low", "0"},
	{"memory.low", "0", "memory.soft_limit_in_bytes", "-1"},
	{"memory.memsw.limit_in_bytes", "-1"},
	{"cpuset.cpu_exclusive", "0"},
	{"cpuset.sched_load_balance", "1"},
};

struct settings {
	VEC_OF(struct cgroup_setting)
};

typedef int (*translate_fn)(const struct cgroup_setting *settings, size_t count,
			    struct arena *arena, struct cgroup_translation_list *ret);

static const struct unset *find_unset(const char *file)
{
	for (size_t i = 0; i < ARRAY_LENGTH(unsets); i++) {
		if (strcmp(unsets[i].file, file) == 0)
			return &unsets[i];
	}
	return NULL;
}

static int no_counterpart(struct err *e, const char *file, const char *note)
{
	int r = err_set(
		e, ERR_CONFIG_NO_COUNTERPART, ENOENT,
		"the container's cgroup has no file \"%s\" and nothing that takes its place", file);

	if (note)
		err_hint(e, "%s", note);
	return r;
}

static const char *hint_of(int r)
{
	switch (r) {
	case -EINVAL:
		return "the kernel takes no such value for it: is the number, its unit and its "
		       "form right, and is it within what cgroups above allow?";
	case -EBUSY:
		return "the container uses more than that at the moment, or cgroups below it do";
	case -ERANGE:
		return "the number is out of the range that this host has";
	case -EACCES:
	case -EPERM:
		return "the file cannot be changed, or not by this user, or cgroups above forbid "
		       "it";
	case -ENODEV:
		return "there is no such disk: name a whole one by MAJOR:MINOR, as lsblk does";
	default:
		return NULL;
	}
}

static int file_failed(struct err *e, int r, const char *verb, const char *file)
{
	const char *hint = hint_of(r);

	if (r == -ENOMEM)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for \"%s\"", file);
	r = err_set(e, ERR_CGROUP_FAILED, -r, "cannot %s \"%s\" of the container's cgroup", verb,
		    file);
	if (hint)
		err_hint(e, "%s", hint);
	return r;
}

/* Files of the hierarchy itself exist in both versions; those of v2 count for the container. */
static void versions_of(const char *file, enum limit_version ret[2])
{
	bool v2_first = text_starts(file, "cgroup.");

	ret[0] = v2_first ? LIMIT_V2 : LIMIT_V1;
	ret[1] = v2_first ? LIMIT_V1 : LIMIT_V2;
}

static int read_plain(const struct cgroup_files *files, const char *file, struct str *out)
{
	enum limit_version versions[2];
	int r = -ENOENT;

	versions_of(file, versions);
	for (size_t i = 0; i < 2 && r == -ENOENT; i++)
		r = files->read(files->context, versions[i], file, out);
	return r == 0 && str_failed(out) ? -ENOMEM : r;
}

static int write_plain(const struct cgroup_files *files, const char *file, const char *value)
{
	enum limit_version versions[2];
	int r = -ENOENT;

	versions_of(file, versions);
	for (size_t i = 0; i < 2 && r == -ENOENT; i++)
		r = files->write(files->context, versions[i], file, value);
	return r;
}

/* What v1 shows for "no limit" is a large number; to be set it is -1. */
static const char *v1_value(const char *file, const char *line)
{
	uint64_t n;

	if (text_ends(file, "limit_in_bytes") && num_parse_u64(line, 10, &n) == 0 &&
	    n >= V1_UNLIMITED)
		return "-1";
	return line;
}

/* Each line of a file becomes a setting of that key. -ENOENT: there is no such file. */
static int add_file(const struct cgroup_files *files, enum limit_version version, const char *file,
		    struct arena *arena, struct settings *settings)
{
	autostr text = {0};
	int r = files->read(files->context, version, file, &text);
	const char *key = arena_strdup(arena, file);

	if (r < 0)
		return r;
	if (str_failed(&text) || !key)
		return -ENOMEM;
	for (const char *at = str_text(&text); *at;) {
		size_t len = strcspn(at, "\n");
		const char *line = arena_strndup(arena, at, len);
		struct cgroup_setting *s = len ? vec_push_in(settings, arena) : NULL;

		if (!line || (len && !s))
			return -ENOMEM;
		/* "default 100" is the line that holds without a device. */
		if (s && text_after(line, "default "))
			line = text_after(line, "default ");
		if (s)
			*s = (struct cgroup_setting){key, version == LIMIT_V1 ? v1_value(file, line)
									      : line};
		at += len + (at[len] == '\n');
	}
	return 0;
}

/* The value that an entry has for a key, or NULL. v1 does not show devices without a limit. */
static const char *entry_value(const struct cgroup_translation *entry, const char *key)
{
	const char *value = NULL;

	if (entry->key && strcmp(entry->key, key) == 0)
		value = entry->value;
	else if (entry->fallback_key && strcmp(entry->fallback_key, key) == 0)
		value = entry->fallback_value;
	if (value && text_starts(key, "blkio.throttle.") && text_ends(value, " 0"))
		return NULL;
	return value;
}

/* Print the values that a translation has for a key, one a line. Whether there was one. */
static bool print_key(const struct cgroup_translation_list *list, const char *key, struct str *out)
{
	bool found = false;

	for (size_t i = 0; i < list->count; i++) {
		const char *value = entry_value(&list->items[i], key);

		if (value)
			str_addf(out, "%s\n", value);
		found = found || value;
	}
	return found;
}

/* Lines for different devices are translated one by one. */
static int print_translated_lines(const struct settings *settings, const char *file,
				  struct arena *arena, struct str *out)
{
	for (size_t i = 0; i < settings->count; i++) {
		struct cgroup_translation_list list = {0};
		int r = cgroup_translate_back(&settings->items[i], 1, arena, &list);

		if (r < 0)
			return r;
		(void)print_key(&list, file, out);
	}
	return 0;
}

/* Whose translation rounds. */
static bool is_rounded(const char *file)
{
	return strcmp(file, "cpu.shares") == 0 || strcmp(file, "blkio.weight") == 0;
}

static bool is_plain_number(const char *text)
{
	return *text && strlen(text) <= 6 && text[strspn(text, "0123456789")] == '\0';
}

/* Whether the value that was set by this name is what the v2 file has now; then print it. */
static int print_noted(const struct cgroup_files *files, const char *file, const char *now,
		       struct arena *arena, struct str *out)
{
	for (unsigned at = 0; files->noted && at < 2; at++) {
		struct cgroup_translation_list list = {0};
		struct cgroup_setting said = {file};
		autostr text = {0};
		int r = files->noted(files->context, at, file, &text);

		if (r < 0 || !is_plain_number(str_text(&text)))
			continue;
		said.value = str_text(&text);
		r = cgroup_translate(&said, 1, arena, &list);
		if (r < 0)
			return r;
		if (list.count == 1 && list.items[0].value &&
		    strcmp(list.items[0].value, now) == 0) {
			str_addf(out, "%s\n", said.value);
			return 0;
		}
	}
	return 1;
}

/* The translation has nothing for a file that is there. */
static int print_unset(const char *file, struct str *out)
{
	const struct unset *unset = find_unset(file);

	if (!unset)
		return -ENOENT;
	str_addf(out, "%s\n", unset->shown);
	return 0;
}

static int get_v1_limit(const struct cgroup_files *files, const char *file, const char *pattern,
			struct arena *arena, struct str *out)
{
	autofree char *v2 = cgroup_item_name(pattern, file);
	struct cgroup_translation_list list = {0};
	struct settings settings = {0};
	int r = v2 ? 0 : -ENOMEM;

	if (r == 0 && strcmp(file, "memory.memsw.limit_in_bytes") == 0)
		r = add_file(files, LIMIT_V2, "memory.max", arena, &settings);
	if (r == 0)
		r = add_file(files, LIMIT_V2, v2, arena, &settings);
	if (r == -ENOENT && text_starts(file, "blkio.weight"))
		r = add_file(files, LIMIT_V2, "io.bfq.weight", arena, &settings);
	if (r == 0 && is_rounded(file) && settings.count > 0) {
		r = print_noted(files, file, settings.items[0].value, arena, out);
		if (r <= 0)
			return r;
		r = 0;
	}
	/* Files with lines for devices may be empty. */
	if (r == 0 && text_starts(file, "blkio."))
		return print_translated_lines(&settings, file, arena, out);
	if (r == 0)
		r = cgroup_translate_back(settings.items, settings.count, arena, &list);
	if (r < 0 || print_key(&list, file, out))
		return r;
	return print_unset(file, out);
}

static const struct v2_limit *find_v2_limit(const char *file)
{
	for (size_t i = 0; i < ARRAY_LENGTH(v2_limits); i++) {
		autofree char *name = cgroup_item_name(v2_limits[i].v2, file);

		if (name && strcmp(name, file) == 0)
			return &v2_limits[i];
	}
	return NULL;
}

/* All v1 files that a v2 file is made of, as settings. */
static int add_v1_sources(const struct cgroup_files *files, const struct v2_limit *limit,
			  const char *file, struct arena *arena, struct settings *settings)
{
	int found = -ENOENT;

	for (size_t i = 0; i < SOURCES_MAX && limit->v1[i]; i++) {
		autofree char *v1 = cgroup_item_name(limit->v1[i], file);
		int r = v1 ? add_file(files, LIMIT_V1, v1, arena, settings) : -ENOMEM;

		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0)
			found = 0;
	}
	return found;
}

static int get_v2_limit(const struct cgroup_files *files, const char *file, struct arena *arena,
			struct str *out)
{
	const struct v2_limit *limit = find_v2_limit(file);
	struct cgroup_translation_list list = {0};
	struct settings settings = {0};
	int r = limit ? add_v1_sources(files, limit, file, arena, &settings) : -ENOENT;

	if (r == 0 && strcmp(file, "cpu.weight") == 0 && settings.count == 1) {
		uint64_t shares;

		if (num_parse_u64(settings.items[0].value, 10, &shares) < 0)
			return -EPROTO;
		str_addf(out, "%u\n", (unsigned)cpu_weight_behind_shares(shares));
		return 0;
	}
	if (r == 0)
		r = cgroup_translate(settings.items, settings.count, arena, &list);
	if (r < 0 || print_key(&list, file, out))
		return r;
	/* No device has a limit. */
	return text_starts(file, "io.") ? 0 : print_unset(file, out);
}

static bool is_blank(const struct str *text, size_t from)
{
	return text->len == from || strspn(str_text(text) + from, " \n") == text->len - from;
}

/* pattern: what v2 calls a v1 file, or NULL. A few files have the same name in both. */
static int get_translated(const struct cgroup_files *files, const char *file, const char *pattern,
			  struct arena *arena, struct str *out)
{
	int r = -ENOENT;

	if (pattern) {
		r = cgroup_statistic_on_v2(files, file, out);
		if (r == 1)
			r = get_v1_limit(files, file, pattern, arena, out);
	}
	if (r == -ENOENT && (!pattern || strcmp(pattern, file) == 0)) {
		r = cgroup_statistic_on_v1(files, file, out);
		if (r == 1)
			r = get_v2_limit(files, file, arena, out);
	}
	return r;
}

/* Containers are frozen by v1's freezer where there is one, though v2 has its file everywhere. */
static bool is_overruled(const struct cgroup_files *files, const char *file)
{
	autostr text = {0};

	return strcmp(file, "cgroup.freeze") == 0 &&
	       files->read(files->context, LIMIT_V1, "freezer.state", &text) == 0;
}

int cgroup_item_get(const struct cgroup_files *files, const char *file, struct str *out,
		    struct err *e)
{
	const char *pattern = cgroup_v2_name(file);
	struct arena arena = {0};
	size_t before = out->len;
	int r = is_overruled(files, file) ? -ENOENT : read_plain(files, file, out);

	/* v1 always showed what is in effect. */
	if (r == 0 && is_blank(out, before) &&
	    (strcmp(file, "cpuset.cpus") == 0 || strcmp(file, "cpuset.mems") == 0)) {
		autofree char *effective = cgroup_item_name(
			file[7] == 'c' ? "cpuset.cpus.effective" : "cpuset.mems.effective", file);

		str_truncate(out, before);
		if (effective)
			(void)read_plain(files, effective, out);
		return 0;
	}
	if (r == -ENOENT)
		r = get_translated(files, file, pattern, &arena, out);
	arena_finish(&arena);
	if (r == -ENOENT)
		return no_counterpart(e, file, NULL);
	return r < 0 ? file_failed(e, r, "read", file) : 0;
}

/* Write what a translation came to. */
static int write_entries(const struct cgroup_files *files, enum limit_version version,
			 const struct cgroup_translation_list *list, const char *file,
			 struct err *e)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct cgroup_translation *t = &list->items[i];
		const struct unset *unset = t->key ? NULL : find_unset(file);
		const char *key = unset ? unset->other : t->key;
		int r;

		if (t->exactness == CGROUP_INVALID) {
			r = err_set(e, ERR_CONFIG_VALUE_INVALID, EINVAL,
				    "\"%s\" can't be set to this value", file);
			if (t->note)
				err_hint(e, "%s", t->note);
			return r;
		}
		if (t->exactness == CGROUP_NONE)
			return no_counterpart(e, file, t->note);
		if (!key)
			continue;
		r = files->write(files->context, version, key, unset ? unset->value : t->value);
		if (r == -ENOENT && t->fallback_key) {
			key = t->fallback_key;
			r = files->write(files->context, version, key, t->fallback_value);
		}
		if (r == -ENOENT)
			return no_counterpart(e, file, t->note);
		if (r < 0) {
			r = file_failed(e, r, "write", key);
			return err_wrap(e, r, "cannot set \"%s\"", file);
		}
	}
	return 0;
}

/* The other parts of what v2 has in one file, as they are now. */
static int add_v1_companions(const struct cgroup_files *files, const char *file,
			     struct arena *arena, struct settings *settings)
{
	struct cgroup_translation_list list = {0};
	struct settings v2 = {0};
	const char *source = NULL;
	int r;

	if (text_starts(file, "cpu.cfs_quota") || text_starts(file, "cpu.cfs_period"))
		source = "cpu.max";
	else if (strcmp(file, "memory.memsw.limit_in_bytes") == 0)
		source = "memory.max";
	if (!source)
		return 0;
	r = add_file(files, LIMIT_V2, source, arena, &v2);
	if (r == 0)
		r = cgroup_translate_back(v2.items, v2.count, arena, &list);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		struct cgroup_setting *s = list.items[i].key ? vec_push_in(settings, arena) : NULL;

		if (s)
			*s = (struct cgroup_setting){list.items[i].key, list.items[i].value};
		else if (list.items[i].key)
			r = -ENOMEM;
	}
	return r == -ENOENT ? 0 : r;
}

static int add_v2_companions(const struct cgroup_files *files, const char *file,
			     struct arena *arena, struct settings *settings)
{
	struct cgroup_translation_list list = {0};
	struct settings v1 = {0};
	struct cgroup_setting *s;
	int r;

	if (strcmp(file, "memory.swap.max") != 0)
		return 0;
	r = add_file(files, LIMIT_V1, "memory.limit_in_bytes", arena, &v1);
	if (r == 0)
		r = cgroup_translate(v1.items, v1.count, arena, &list);
	if (r < 0 || list.count == 0 || !list.items[0].key)
		return r == -ENOENT ? 0 : r;
	s = vec_push_in(settings, arena);
	if (!s)
		return -ENOMEM;
	*s = (struct cgroup_setting){list.items[0].key, list.items[0].value};
	return 0;
}

/* Entries that only repeat what a companion says need no write. */
static void forget_companions(struct cgroup_translation_list *list, size_t own)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool is_about_own = false;

		for (size_t s = 0; s < list->items[i].source_count; s++)
			is_about_own = is_about_own || list->items[i].sources[s] == own;
		if (is_about_own)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/* Translate one value together with its companions. */
static int translate_setting(const struct cgroup_files *files, bool is_v1, const char *file,
			     const char *value, struct arena *arena,
			     struct cgroup_translation_list *ret)
{
	translate_fn translate = is_v1 ? cgroup_translate : cgroup_translate_back;
	struct settings settings = {0};
	struct cgroup_setting *own;
	int r = is_v1 ? add_v1_companions(files, file, arena, &settings)
		      : add_v2_companions(files, file, arena, &settings);

	if (r < 0)
		return r;
	own = vec_push_in(&settings, arena);
	if (!own)
		return -ENOMEM;
	*own = (struct cgroup_setting){file, value};
	r = translate(settings.items, settings.count, arena, ret);
	if (r == 0)
		forget_companions(ret, settings.count - 1);
	return r;
}

/* Whether a translation knows the file at all; what it doesn't know passes as it is. */
static bool is_known(const struct cgroup_translation_list *list, const char *file)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct cgroup_translation *t = &list->items[i];

		if (t->key ? strcmp(t->key, file) != 0 : t->note || t->exactness != CGROUP_NONE)
			return true;
	}
	return false;
}

/* What memory.memsw.limit_in_bytes leaves for swap. 1: there is no such limit. */
static int find_swap(const struct cgroup_files *files, struct arena *arena, const char **ret)
{
	struct cgroup_translation_list list = {0};
	struct settings v1 = {0};
	int r = add_file(files, LIMIT_V1, "memory.limit_in_bytes", arena, &v1);

	if (r == 0)
		r = add_file(files, LIMIT_V1, "memory.memsw.limit_in_bytes", arena, &v1);
	if (r == 0)
		r = cgroup_translate(v1.items, v1.count, arena, &list);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		const char *swap = entry_value(&list.items[i], "memory.swap.max");

		if (swap && strcmp(swap, "max") != 0) {
			*ret = swap;
			return 0;
		}
	}
	return r < 0 && r != -ENOENT ? r : 1;
}

/*
 * v1 limits the sum of memory and swap, which stays above the limit of memory alone at any time:
 * what v2 limits apart moves together, in the order that the kernel allows. 1: nothing does.
 */
static int set_memory_max(const struct cgroup_files *files, const char *value, struct arena *arena,
			  struct err *e)
{
	struct cgroup_setting v2[2] = {{"memory.max", value}, {"memory.swap.max", NULL}};
	struct cgroup_translation_list list = {0};
	int r = find_swap(files, arena, &v2[1].value);

	/* No sum is left to speak of. */
	if (strcmp(value, "max") == 0)
		v2[1].value = "max";
	if (r == 0)
		r = cgroup_translate_back(v2, ARRAY_LENGTH(v2), arena, &list);
	if (r != 0)
		return r < 0 ? file_failed(e, r, "write", "memory.max") : 1;
	r = write_entries(files, LIMIT_V1, &list, "memory.max", e);
	if (r != -EINVAL || list.count != 2)
		return r;
	list.items = (struct cgroup_translation[]){list.items[1], list.items[0]};
	return write_entries(files, LIMIT_V1, &list, "memory.max", e);
}

static int set_translated(const struct cgroup_files *files, const char *file, const char *value,
			  struct arena *arena, struct err *e)
{
	if (strcmp(file, "memory.max") == 0) {
		int r = set_memory_max(files, value, arena, e);

		if (r <= 0)
			return r;
	}
	for (int is_v1 = 1; is_v1 >= 0; is_v1--) {
		enum limit_version here = is_v1 ? LIMIT_V2 : LIMIT_V1;
		struct cgroup_translation_list list = {0};
		int r = translate_setting(files, is_v1, file, value, arena, &list);

		if (r < 0)
			return file_failed(e, r, "write", file);
		if (is_known(&list, file))
			return write_entries(files, here, &list, file, e);
	}
	return no_counterpart(e, file, NULL);
}

/*
 * The kernel takes no byte for no write, and blanks for 0 bytes of memory: neither is what a script
 * meant whose variable was empty. A cpuset alone may be empty, where the parent's holds then.
 */
static int check_blank(const char *file, const char **value, struct err *e)
{
	int r;

	if ((*value)[strspn(*value, " \t\n")] != '\0')
		return 0;
	if (text_starts(file, "cpuset.")) {
		*value = "\n";
		return 0;
	}
	r = err_set(e, ERR_CONFIG_VALUE_INVALID, EINVAL, "\"%s\" needs a value", file);
	err_hint(e, "to take a limit away, set it to max (cgroup v2) or -1 (v1)");
	return r;
}

int cgroup_item_set(const struct cgroup_files *files, const char *file, const char *value,
		    struct err *e)
{
	struct arena arena = {0};
	int r = check_blank(file, &value, e);

	if (r < 0)
		return r;
	r = is_overruled(files, file) ? -ENOENT : write_plain(files, file, value);
	if (r == 0)
		return 0;
	if (r != -ENOENT)
		return file_failed(e, r, "write", file);
	r = set_translated(files, file, value, &arena, e);
	arena_finish(&arena);
	if (r == 0 && files->note && is_rounded(file))
		files->note(files->context, file, value);
	return r;
}
