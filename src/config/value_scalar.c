/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Value types that are one text or one number. Texts are kept as written but for paths, which are
 * simplified without looking at the file system: "//" and "/./" collapse, "..", which may cross a
 * symbolic link, stays.
 */

#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "base/num.h"

enum {
	DEVICE_TMPFS_SIZE = 500000,
	CONSOLE_SIZE_AUTO = 131072,
};

static int store_text(const struct value_slot *s, const char *text, size_t len, struct err *e)
{
	char *copy = arena_strndup(&s->config->arena, text, len);

	if (!copy)
		return value_no_memory(e);
	*(const char **)s->field = copy;
	return 0;
}

int value_parse_text(const struct value_slot *s, const char *text, struct err *e)
{
	size_t len = strlen(text);

	if (s->key->limit && len >= s->key->limit)
		return value_refuse(s, text, s->key->complaint ? ENAMETOOLONG : EINVAL, e);
	return store_text(s, text, len, e);
}

void value_print_text(const struct value_slot *s, struct str *out)
{
	const char *text = *(const char **)s->field;

	if (text)
		str_add(out, text);
}

/* Write the simplified path to out, which has room for the text; returns its length. */
static size_t simplify_path(const char *text, char *out)
{
	size_t len = 0;

	if (*text == '/')
		out[len++] = '/';
	while (*text) {
		size_t part = strcspn(text, "/");

		if (part > 0 && !(part == 1 && *text == '.')) {
			if (len > 0 && out[len - 1] != '/')
				out[len++] = '/';
			memcpy(out + len, text, part);
			len += part;
		}
		text += part;
		text += strspn(text, "/");
	}
	if (len == 0)
		out[len++] = '.';
	return len;
}

int value_parse_path(const struct value_slot *s, const char *text, struct err *e)
{
	char path[PATH_MAX];

	if (strlen(text) >= sizeof(path)) {
		int r = err_set(e, ERR_CONFIG_VALUE_TOO_LONG, ENAMETOOLONG,
				"%.64s… is too long (>= %d)", text, PATH_MAX);

		err_hint(e, "%s takes %s", s->key->name, value_class(s->key->type)->expected);
		return r;
	}
	return store_text(s, path, simplify_path(text, path), e);
}

void value_print_path(const struct value_slot *s, struct str *out)
{
	value_print_text(s, out);
}

static bool has_parent_component(const char *path)
{
	const char *at = path;
	const char *part;
	size_t len;

	while ((part = value_next_word(&at, "/", &len)))
		if (len == 2 && memcmp(part, "..", 2) == 0)
			return true;
	return false;
}

int value_parse_cgroup_dir(const struct value_slot *s, const char *text, struct err *e)
{
	if (text[0] == '/')
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "%s paths may not be absolute",
			       s->key->name);
	if (has_parent_component(text))
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0,
			       "%s paths may not walk upwards via \"../\"", s->key->name);
	return value_parse_path(s, text, e);
}

void value_print_cgroup_dir(const struct value_slot *s, struct str *out)
{
	value_print_text(s, out);
}

int value_parse_cgroup_leaf(const struct value_slot *s, const char *text, struct err *e)
{
	if (strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "%s must be a single directory name",
			       s->key->name);
	return value_parse_text(s, text, e);
}

void value_print_cgroup_leaf(const struct value_slot *s, struct str *out)
{
	value_print_text(s, out);
}

int value_parse_bool(const struct value_slot *s, const char *text, struct err *e)
{
	uint32_t n;
	int r = num_parse_u32(text, 0, &n);

	if (r < 0 || n > 1)
		return value_refuse(s, text, 0, e);
	*(bool *)s->field = n;
	return 0;
}

void value_print_bool(const struct value_slot *s, struct str *out)
{
	str_add_char(out, *(bool *)s->field ? '1' : '0');
}

int value_parse_unsigned(const struct value_slot *s, const char *text, struct err *e)
{
	uint32_t n;
	int r = num_parse_u32(text, 0, &n);

	if (r < 0)
		return value_refuse(s, text, -r, e);
	if (s->key->limit && n > s->key->limit)
		return value_refuse(s, text, 0, e);
	*(uint32_t *)s->field = n;
	return 0;
}

void value_print_unsigned(const struct value_slot *s, struct str *out)
{
	str_addf(out, "%" PRIu32, *(uint32_t *)s->field);
}

int value_parse_integer(const struct value_slot *s, const char *text, struct err *e)
{
	int32_t n;
	int r = num_parse_i32(text, 0, &n);

	if (r < 0)
		return value_refuse(s, text, -r, e);
	*(int32_t *)s->field = n;
	return 0;
}

void value_print_integer(const struct value_slot *s, struct str *out)
{
	str_addf(out, "%" PRId32, *(int32_t *)s->field);
}

/* LXC takes anything here; what is no number gets the default, and a warning from us. */
int value_parse_tmpfs_size(const struct value_slot *s, const char *text, struct err *e)
{
	const struct config_effects *effects = &s->config->effects;
	int32_t n;

	if (num_parse_i32(text, 0, &n) < 0 || n <= 0) {
		struct err warning = {};
		char place[PATH_MAX];

		n = DEVICE_TMPFS_SIZE;
		err_set(&warning, ERR_CONFIG_IGNORED, 0, "\"%s\" is no size: %s stays at %d bytes",
			text, s->key->name, DEVICE_TMPFS_SIZE);
		err_origin(&warning, "%s",
			   config_origin(s->config, s->origin, place, sizeof(place)));
		if (effects->report)
			effects->report(effects->context, CONFIG_WARNING, &warning);
	}
	*(uint32_t *)s->field = (uint32_t)n;
	return 0;
}

void value_print_tmpfs_size(const struct value_slot *s, struct str *out)
{
	value_print_unsigned(s, out);
}

int value_parse_console_size(const struct value_slot *s, const char *text, struct err *e)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t size = CONSOLE_SIZE_AUTO;

	if (strcmp(text, "auto") != 0) {
		int r = num_parse_size(text, &size);

		if (r < 0)
			return value_refuse(s, text, -r, e);
	}
	if (size > 0) {
		size = num_round_up_power2(size > page ? size : page);
		if (size == 0)
			return value_refuse(s, text, ERANGE, e);
	}
	*(uint64_t *)s->field = size;
	return 0;
}

void value_print_console_size(const struct value_slot *s, struct str *out)
{
	str_addf(out, "%" PRIu64, *(uint64_t *)s->field);
}

int value_parse_signal(const struct value_slot *s, const char *text, struct err *e)
{
	int n = signal_parse(text);

	if (n < 0)
		return value_refuse(s, text, 0, e);
	*(uint32_t *)s->field = (uint32_t)n;
	return 0;
}

void value_print_signal(const struct value_slot *s, struct str *out)
{
	value_print_unsigned(s, out);
}

int value_parse_word(const struct value_slot *s, const char *text, struct err *e)
{
	for (const struct config_word *w = s->key->words; w->word; w++) {
		if (strcmp(w->word, text) == 0) {
			*(int32_t *)s->field = w->value;
			return 0;
		}
	}
	return value_refuse(s, text, 0, e);
}

void value_print_word(const struct value_slot *s, struct str *out)
{
	for (const struct config_word *w = s->key->words; w->word; w++)
		if (w->value == *(int32_t *)s->field)
			str_add(out, w->word);
}

static const struct {
	const char *unit;
	int64_t factor;
	bool in_seconds;
} time_units[] = {
	{"h", 3600, true},      {"m", 60, true},     {"s", 1, true},
	{"ms", 1000000, false}, {"us", 1000, false}, {"ns", 1, false},
};

int value_parse_time_offset(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_time_offset *offset = s->field;
	size_t digits = strspn(text, "+-0123456789");
	const char *unit = text + digits;
	char number[32];
	int64_t n;
	int r;

	if (digits == 0 || digits >= sizeof(number))
		return value_refuse(s, text, 0, e);
	memcpy(number, text, digits);
	number[digits] = '\0';
	r = num_parse_i64(number, 10, &n);
	if (r < 0)
		return value_refuse(s, text, r == -ERANGE ? EOVERFLOW : 0, e);
	unit += strspn(unit, " \t");
	for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++) {
		if (strcmp(time_units[i].unit, unit) != 0)
			continue;
		if (__builtin_mul_overflow(n, time_units[i].factor, &n))
			return value_refuse(s, text, EOVERFLOW, e);
		*offset = (struct config_time_offset){n, time_units[i].in_seconds};
		return 0;
	}
	return value_refuse(s, text, 0, e);
}

void value_print_time_offset(const struct value_slot *s, struct str *out)
{
	const struct config_time_offset *offset = s->field;

	str_addf(out, "%" PRId64 "%s", offset->count, offset->in_seconds ? "s" : "ns");
}
