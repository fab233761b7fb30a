/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules as text and as a set. Pure: a path is looked at by the caller, at the start of the
 * container; the BPF program is assembled in the plan layer from struct device_rules.
 */

#include "config/device_rule.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/macros.h"
#include "base/num.h"

static const char access_letters[] = "rwm"; /* bit i of enum device_access is letter i */

/* Read one to three letters and move *text behind them. */
static bool access_take(const char **text, uint8_t *ret)
{
	size_t count = strspn(*text, access_letters);
	uint8_t access = 0;

	if (count < 1 || count > LITERAL_LENGTH("rwm"))
		return false;
	for (size_t i = 0; i < count; i++)
		access |= (uint8_t)(1U << (strchr(access_letters, (*text)[i]) - access_letters));
	*ret = access;
	*text += count;
	return true;
}

static bool number_take(const char **text, int64_t *ret)
{
	uint64_t number;

	if (**text == '*') {
		*text += 1;
		*ret = DEVICE_ANY;
		return true;
	}
	if (num_take_u64(text, &number) < 0 || number > UINT32_MAX)
		return false;
	*ret = (int64_t)number;
	return true;
}

static bool char_take(const char **text, char c)
{
	if (**text != c)
		return false;
	*text += 1;
	return true;
}

static bool numbers_parse(const char *text, struct device_rule *rule)
{
	rule->type = *text++;
	if (rule->type == 'a' && *text == '\0') {
		rule->major = DEVICE_ANY;
		rule->minor = DEVICE_ANY;
		rule->access = DEVICE_ALL;
		return true;
	}
	return char_take(&text, ' ') && number_take(&text, &rule->major) && char_take(&text, ':') &&
	       number_take(&text, &rule->minor) && char_take(&text, ' ') &&
	       access_take(&text, &rule->access) && *text == '\0';
}

static bool path_parse(const char *text, struct device_rule *rule)
{
	rule->path = text;
	rule->path_length = strcspn(text, " \t");
	text += rule->path_length;
	if (rule->path_length == LITERAL_LENGTH("/dev/") || !char_take(&text, ' '))
		return false;
	return access_take(&text, &rule->access) && (*text == '\0' || strchr(" \t", *text));
}

int device_rule_parse(const char *key, const char *value, struct device_rule *ret, struct err *e)
{
	struct device_rule rule = {.allow = text_ends(key, "devices.allow")};
	bool good = rule.allow || text_ends(key, "devices.deny");

	if (text_starts(value, "/dev/"))
		good = good && path_parse(value, &rule);
	else
		good = good && *value && strchr("abc", *value) && numbers_parse(value, &rule);
	if (!good) {
		int r = err_set(e, ERR_DEVICE_RULE, 0, "Failed to parse device rule %.128s=%.512s",
				key, value);

		err_hint(e, "write `a`, `c 1:3 rwm` or `/dev/null rw`, with one blank between");
		return r;
	}
	*ret = rule;
	return 0;
}

int device_rule_resolve(struct device_rule *rule, const struct stat *status)
{
	if (S_ISBLK(status->st_mode))
		rule->type = 'b';
	else if (S_ISCHR(status->st_mode))
		rule->type = 'c';
	else
		return -ENODEV;
	rule->major = major(status->st_rdev);
	rule->minor = minor(status->st_rdev);
	return 0;
}

/* Whether the rule is about all devices and all access: it replaces everything before it. */
static bool is_global(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY &&
	       rule->access == DEVICE_ALL;
}

static void number_print(int64_t number, struct str *out)
{
	if (number == DEVICE_ANY)
		str_add_char(out, '*');
	else
		str_addf(out, "%" PRId64, number);
}

static void access_print(uint8_t access, struct str *out)
{
	for (size_t i = 0; access_letters[i]; i++) {
		if (access & 1U << i)
			str_add_char(out, access_letters[i]);
	}
}

static void numbers_print(char type, int64_t major_number, int64_t minor_number, uint8_t access,
			  struct str *out)
{
	str_addf(out, "%c ", type);
	number_print(major_number, out);
	str_add_char(out, ':');
	number_print(minor_number, out);
	str_add_char(out, ' ');
	access_print(access, out);
}

void device_rule_print(const struct device_rule *rule, struct str *out)
{
	if (rule->type) {
		numbers_print(rule->type, rule->major, rule->minor, rule->access, out);
		return;
	}
	str_add_bytes(out, rule->path, rule->path_length);
	str_add_char(out, ' ');
	access_print(rule->access, out);
}

void device_rules_finish(struct device_rules *rules)
{
	vec_finish(&rules->exceptions);
	*rules = (struct device_rules){0};
}

/* The index of the exception with these very numbers, or their count when there is none. */
static size_t exception_find(const struct device_rules *rules, const struct device_exception *like)
{
	size_t i = 0;

	for (; i < rules->exceptions.count; i++) {
		const struct device_exception *exception = &rules->exceptions.items[i];

		if (exception->type == like->type && exception->major == like->major &&
		    exception->minor == like->minor)
			break;
	}
	return i;
}

static int exception_apply(struct device_rules *rules, bool allow,
			   const struct device_exception *wanted)
{
	size_t i = exception_find(rules, wanted);
	bool known = i < rules->exceptions.count;
	struct device_exception *exception = known ? &rules->exceptions.items[i] : NULL;

	if (allow == rules->allow_by_default) {
		if (!known)
			return 0;
		exception->access &= (uint8_t)~wanted->access;
		if (exception->access == 0)
			vec_remove(&rules->exceptions, i);
		return 0;
	}
	if (known) {
		exception->access |= wanted->access;
		return 0;
	}
	exception = vec_push(&rules->exceptions);
	if (!exception)
		return -ENOMEM;
	*exception = *wanted;
	return 0;
}

int device_rules_apply(struct device_rules *rules, const struct device_rule *rule)
{
	struct device_exception wanted = {rule->type, rule->access, rule->major, rule->minor};
	int r;

	if (rule->type == '\0')
		return -EINVAL;
	if (is_global(rule)) {
		rules->exceptions.count = 0;
		rules->allow_by_default = rule->allow;
		rules->is_set = true;
		return 0;
	}

	if (rule->type != 'a') {
		r = exception_apply(rules, rule->allow, &wanted);
	} else {
		wanted.type = 'b';
		r = exception_apply(rules, rule->allow, &wanted);
		wanted.type = 'c';
		if (r == 0)
			r = exception_apply(rules, rule->allow, &wanted);
	}
	if (r == 0)
		rules->is_set = true;
	return r;
}
