/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-usernet: the bytes are parsed, the rules printed as a file and parsed again: the same rules,
 * and nothing to be noted but a type that is not veth. Each rule must match whom it names.
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "config/usernet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct notes {
	size_t count;
	uint32_t last_line;
};

static void note_count(void *data, uint32_t line, const char *text)
{
	struct notes *notes = data;

	assert(line >= 1 && line >= notes->last_line && *text);
	notes->count++;
	notes->last_line = line;
}

static void rules_print(const struct usernet *usernet, struct str *out)
{
	for (size_t i = 0; i < usernet->rules.count; i++) {
		usernet_rule_print(&usernet->rules.items[i], out);
		str_add_char(out, '\n');
	}
}

static void rule_check(const struct usernet_rule *rule)
{
	assert(strlen(rule->name) + (rule->is_group ? 1 : 0) <= USERNET_FIELD_MAX);
	assert(strlen(rule->type) <= USERNET_FIELD_MAX && *rule->type);
	assert(strlen(rule->bridge) <= USERNET_FIELD_MAX && *rule->bridge);
	assert(*rule->name);
	assert(usernet_rule_matches(rule, rule->name, NULL, 0) == !rule->is_group);
	assert(usernet_rule_matches(rule, NULL, &rule->name, 1) == rule->is_group);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usernet first = {0};
	struct usernet second = {0};
	struct notes notes = {0};
	autostr printed = {0};
	autostr twice = {0};
	size_t foreign = 0;

	assert(usernet_parse((const char *)data, size, note_count, &notes, &first, NULL) == 0);
	for (size_t i = 0; i < first.rules.count; i++) {
		rule_check(&first.rules.items[i]);
		foreign += strcmp(first.rules.items[i].type, "veth") != 0;
	}

	rules_print(&first, &printed);
	notes = (struct notes){0};
	assert(usernet_parse(str_text(&printed), printed.len, note_count, &notes, &second, NULL) ==
	       0);
	rules_print(&second, &twice);
	assert(first.rules.count == second.rules.count && notes.count == foreign);
	assert(strcmp(str_text(&printed), str_text(&twice)) == 0);
	usernet_finish(&first);
	usernet_finish(&second);
	return 0;
}
