/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reader of lxc-usernet. LXC knows no comments here; a line like `# text` just matches nobody. It
 * is skipped quietly for the same reason, while a line that somebody may have meant is noted.
 */

#include "config/usernet.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"

enum { FIELD_COUNT = 4 };

static const char *const field_names[FIELD_COUNT] = {"name", "type", "bridge", "number"};

struct field {
	const char *text;
	size_t len;
};

/* One line on its way into the list. */
struct reader {
	struct usernet *usernet;
	usernet_note_fn note;
	void *data;
	uint32_t line;
};

static void note_add(const struct reader *reader, const char *text)
{
	if (reader->note)
		reader->note(reader->data, reader->line, text);
}

/* "the NAME of this rule WHAT" */
static void note_field(const struct reader *reader, size_t i, const char *what)
{
	autostr text = {0};

	str_addf(&text, "the %s %s", field_names[i], what);
	note_add(reader, str_text(&text));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cut a line into fields; returns how many there are, at most FIELD_COUNT + 1. */
static size_t fields_split(const char *line, size_t len, struct field fields[FIELD_COUNT + 1])
{
	size_t count = 0;
	size_t at = 0;

	while (count <= FIELD_COUNT) {
		while (at < len && is_blank(line[at]))
			at++;
		if (at == len)
			break;
		fields[count].text = line + at;
		while (at < len && !is_blank(line[at]))
			at++;
		fields[count].len = (size_t)(line + at - fields[count].text);
		count++;
	}
	return count;
}

static bool quota_parse(struct field field, uint32_t *ret)
{
	char digits[24];
	const char *at = digits;
	uint64_t number;

	if (field.len >= sizeof(digits))
		return false;
	memcpy(digits, field.text, field.len);
	digits[field.len] = '\0';
	if (num_take_u64(&at, &number) < 0 || *at || number > UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* What LXC would not take as a rule is noted and refused. */
static bool fields_check(const struct reader *reader, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (i >= count) {
			note_field(reader, i, "is missing; the line is ignored");
			return false;
		}
		if (memchr(fields[i].text, '\0', fields[i].len)) {
			note_field(reader, i, "holds a zero byte; the line is ignored");
			return false;
		}
		if (i < FIELD_COUNT - 1 && fields[i].len > USERNET_FIELD_MAX) {
			note_field(reader, i, "is longer than 99 bytes; the line is ignored");
			return false;
		}
	}
	if (fields[0].len == 1 && fields[0].text[0] == '@') {
		note_add(reader, "the group has no name; the line is ignored");
		return false;
	}
	return true;
}

static bool rule_copy(struct arena *arena, const struct field *fields, struct usernet_rule *rule)
{
	struct field name = fields[0];

	if (name.text[0] == '@') {
		rule->is_group = true;
		name.text++;
		name.len--;
	}
	rule->name = arena_strndup(arena, name.text, name.len);
	rule->type = arena_strndup(arena, fields[1].text, fields[1].len);
	rule->bridge = arena_strndup(arena, fields[2].text, fields[2].len);
	return rule->name && rule->type && rule->bridge;
}

static int line_read(struct reader *reader, const char *line, size_t len)
{
	struct usernet_rule rule = {.line = reader->line};
	struct field fields[FIELD_COUNT + 1];
	size_t count = fields_split(line, len, fields);
	struct usernet_rule *added;

	if (count == 0 || fields[0].text[0] == '#' || !fields_check(reader, fields, count))
		return 0;
	if (!quota_parse(fields[3], &rule.quota)) {
		note_field(reader, 3, "is no decimal number below 4294967296; the line is ignored");
		return 0;
	}
	if (count > FIELD_COUNT)
		note_add(reader, "what follows the number is ignored");

	if (!rule_copy(&reader->usernet->arena, fields, &rule))
		return -ENOMEM;
	if (strcmp(rule.type, "veth") != 0)
		note_add(reader, "the type is not veth: nobody can use this rule");
	added = vec_push_in(&reader->usernet->rules, &reader->usernet->arena);
	if (!added)
		return -ENOMEM;
	*added = rule;
	return 0;
}

void usernet_finish(struct usernet *usernet)
{
	arena_finish(&usernet->arena);
	*usernet = (struct usernet){0};
}

int usernet_parse(const char *text, size_t len, usernet_note_fn note, void *data,
		  struct usernet *ret, struct err *e)
{
	struct usernet usernet = {0};
	struct reader reader = {&usernet, note, data, 0};
	size_t at = 0;

	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;

		reader.line++;
		if (line_read(&reader, text + at, line_len) < 0) {
			usernet_finish(&usernet);
			return err_set(e, ERR_NO_MEMORY, ENOMEM, "reading lxc-usernet");
		}
		at += line_len + (end ? 1 : 0);
	}
	*ret = usernet;
	return 0;
}

void usernet_rule_print(const struct usernet_rule *rule, struct str *out)
{
	str_addf(out, "%s%s %s %s %" PRIu32, rule->is_group ? "@" : "", rule->name, rule->type,
		 rule->bridge, rule->quota);
}

bool usernet_rule_matches(const struct usernet_rule *rule, const char *user,
			  const char *const *groups, size_t group_count)
{
	if (!rule->is_group)
		return user && strcmp(rule->name, user) == 0;
	for (size_t i = 0; i < group_count; i++) {
		if (strcmp(rule->name, groups[i]) == 0)
			return true;
	}
	return false;
}
