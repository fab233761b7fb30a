/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Build-time program: completes a page from the tables of config/.
 *
 *	manual-keys PAGE [NAME=VALUE]…
 *
 * copies PAGE to the standard output. A line `.\" INSERT keys` becomes a table in the man(7)
 * language (the names are in `parts` below), @NAME@ becomes VALUE. Keys, their types and defaults
 * thus stand in one place, the tables. What a table cannot know, such as what a value does to a
 * container, is prose of the page.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/names.h"
#include "base/str.h"
#include "config/config.h"
#include "config/legacy.h"
#include "config/system_config.h"
#include "config/value.h"

enum { LINE_WIDTH = 72 }; /* mandoc's check of style wants less than 80 bytes */

/* Characters that roff would take for something else. */
static const struct {
	char plain;
	const char *escape;
} escapes[] = {
	{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'"', "\\(dq"},
	{'^', "\\(ha"}, {'~', "\\(ti"}, {'`', "\\(ga"},
};

static void add_escaped(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t row = 0;

		while (row < ARRAY_LENGTH(escapes) && escapes[row].plain != text[i])
			row++;
		if (row < ARRAY_LENGTH(escapes))
			str_add(out, escapes[row].escape);
		else
			str_add_char(out, text[i]);
	}
}

static void print_font(char font, const char *text)
{
	autostr escaped = {};

	add_escaped(&escaped, text, strlen(text));
	printf("\\f%c%s\\fR", font, str_text(&escaped));
}

/* Text of any length in lines of LINE_WIDTH; no line begins with what would make it a request. */
static void print_wrapped(const char *text)
{
	size_t column = 0;
	const char *word;
	size_t len;

	while ((word = value_next_word(&text, " ", &len))) {
		autostr escaped = {};

		add_escaped(&escaped, word, len);
		if (column > 0 && column + 1 + escaped.len > LINE_WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column > 0)
			putchar(' ');
		printf("%s%s", column == 0 && (*word == '.' || *word == '\'') ? "\\&" : "",
		       str_text(&escaped));
		column += escaped.len + 1;
	}
	putchar('\n');
}

/* The line of a table as a sentence of its own. */
static void print_sentence(const char *text)
{
	autostr sentence = {};

	str_addf(&sentence, "%s.", text);
	print_wrapped(str_text(&sentence));
}

/* The default as lxc-info would print it; nothing when a key is unset. */
static void print_default(const struct config *c, const char *name)
{
	autostr escaped = {};
	autostr value = {};

	if (config_get(c, name, &value) < 0 || value.len == 0)
		return;
	printf("Default:\n.BR \"");
	add_escaped(&escaped, str_text(&value), value.len);
	printf("%s\" .\n", str_text(&escaped));
}

/* What `key =` does where it does not simply put the default back. */
static void print_empty(const struct config_key *key)
{
	const char *emptied = key->emptied ? key->emptied : key->cleared;

	if (key->flags & KEY_EMPTY_REFUSED)
		puts("An empty value is an error.");
	else if (key->flags & KEY_EMPTY_FAILS)
		puts("An empty value clears it and is an error all the same.");
	else if (emptied && key->initial && strcmp(emptied, key->initial) != 0)
		printf("An empty value means %s.\n", emptied);
}

/* What stands behind the name of a family. */
static const char *member_placeholder(enum value_type type)
{
	if (type == VALUE_SHARED_NAMESPACE)
		return "NAMESPACE";
	if (type == VALUE_PRLIMIT)
		return "RESOURCE";
	return type == VALUE_SYSCTL ? "NAME" : "FILE";
}

/* Whether lines add up. Of most families they do not: setting a name again replaces. */
static bool is_list(const struct config_key *key)
{
	enum value_type type = (enum value_type)key->type;

	if (key->flags & KEY_FAMILY)
		return type == VALUE_CGROUP_FILE || type == VALUE_PROC_FILE;
	return value_class(type)->list || type == VALUE_NAMESPACES || type == VALUE_GID_LIST ||
	       type == VALUE_AUTOMOUNT;
}

static void print_value_type(const struct config_key *key)
{
	const char *type = value_class((enum value_type)key->type)->name;

	fputs(" =", stdout);
	if (key->type != VALUE_GROUP_OF_KEYS) {
		putchar(' ');
		print_font('I', type);
		if (is_list(key) && !text_starts(type, "list"))
			fputs(", list", stdout);
	}
	putchar('\n');
}

/* `name` is the key as it is asked for; NULL when it has no default of its own. */
static void print_notes(const struct config *c, const struct config_key *key, const char *name)
{
	print_sentence(key->doc);
	if (name && !is_list(key) && !(key->flags & KEY_FAMILY))
		print_default(c, name);
	print_empty(key);
	if (key->flags & KEY_UNSUPPORTED)
		puts("LXC 7 does not know this key.");
}

static void print_key(const struct config *c, const struct config_key *key)
{
	puts(".TP");
	print_font('B', key->name);
	if (key->flags & KEY_FAMILY) {
		if (!text_ends(key->name, "."))
			print_font('B', ".");
		print_font('I', member_placeholder((enum value_type)key->type));
	}
	print_value_type(key);
	print_notes(c, key, key->type == VALUE_GROUP_OF_KEYS ? NULL : key->name);
}

static int by_name(const void *a, const void *b)
{
	const struct config_key *const *first = a;
	const struct config_key *const *second = b;

	return strcmp((*first)->name, (*second)->name);
}

/* Bytes of "lxc.SECOND", the part of a name by which keys are grouped. */
static size_t group_length(const char *name)
{
	return LITERAL_LENGTH("lxc.") + strcspn(name + LITERAL_LENGTH("lxc."), ".");
}

static void print_keys(void)
{
	const struct config_key *sorted[CONFIG_KEY_MAX];
	const char *group = NULL;
	struct config c;

	if (config_init(&c, NULL) < 0)
		abort();
	for (size_t i = 0; i < config_key_count; i++)
		sorted[i] = &config_keys[i];
	qsort(sorted, config_key_count, sizeof(sorted[0]), by_name);
	for (size_t i = 0; i < config_key_count; i++) {
		const char *name = sorted[i]->name;
		size_t len = group_length(name);

		if (strcmp(name, "lxc.net.") == 0)
			continue; /* a list of its own */
		if (!group || group_length(group) != len || strncmp(group, name, len) != 0)
			printf(".SS %.*s\n", (int)len, name);
		group = name;
		print_key(&c, sorted[i]);
	}
	config_finish(&c);
}

/* The word of the first type that a key belongs to, veth for those of all. */
static const char *suitable_type(const struct config_key *key)
{
	for (const struct config_word *w = config_net_keys[0].words; w->word; w++)
		if (key->net_types & (1U << w->value))
			return w->word;
	return "veth";
}

static void print_net_key(const struct config_key *key)
{
	const char *type = suitable_type(key);
	autostr name = {};
	struct config c;

	str_addf(&name, "lxc.net.0.%s", key->name);
	if (config_init(&c, NULL) < 0 || config_set(&c, "lxc.net.0.type", type, "", NULL) < 0)
		abort();
	puts(".TP");
	print_font('B', key->name);
	print_value_type(key);
	/* The first key is the type, of which an interface always has one. */
	print_notes(&c, key, key == &config_net_keys[0] ? NULL : str_text(&name));
	if (key->net_types)
		printf("Only for %s.\n", type);
	config_finish(&c);
}

static void print_net_keys(void)
{
	for (size_t i = 0; i < config_net_key_count; i++)
		print_net_key(&config_net_keys[i]);
}

static void print_old_keys(void)
{
	const char *now;
	const char *old;

	for (unsigned i = 0; (old = legacy_row(i, &now)); i++) {
		puts(".TP");
		print_font('B', old);
		putchar('\n');
		if (now) {
			print_font('B', now);
			putchar('\n');
		} else {
			puts("Has no effect.");
		}
	}
}

static void print_words(const char *const *(*words)(size_t *count))
{
	size_t count;
	const char *const *list = words(&count);
	autostr text = {};

	for (size_t i = 0; i < count; i++)
		str_addf(&text, "%s ", list[i]);
	print_wrapped(str_text(&text));
}

/* A default for root or for another user; paths are slanted. */
static void print_system_default(const struct system_config_default *initial, const char *value)
{
	print_font(initial->base == SYSTEM_CONFIG_TEXT ? 'B' : 'I', value);
}

static void print_system_key(const struct system_config_item *item, const char *root,
			     const char *user)
{
	puts(".TP");
	print_font('B', item->name);
	putchar('\n');
	print_sentence(item->doc);
	if (!root || !user) {
		puts("Not set by default.");
		return;
	}
	puts("Default:");
	print_system_default(&item->root, root);
	if (strcmp(root, user) != 0) {
		puts("\nfor root,");
		print_system_default(&item->user, user);
		fputs("\nfor other users", stdout);
	}
	puts(".");
}

static void print_system_keys(void)
{
	const struct system_config_where root = {.euid = 0};
	const struct system_config_where user = {.euid = 1, .home = "~"};
	struct system_config for_root;
	struct system_config for_user;

	if (system_config_parse(&root, "", "", 0, &for_root, NULL) < 0 ||
	    system_config_parse(&user, "", "", 0, &for_user, NULL) < 0)
		abort();
	for (size_t i = 0; i < SYSTEM_CONFIG_KEY_COUNT; i++)
		print_system_key(&system_config_items[i], for_root.values[i], for_user.values[i]);
	system_config_finish(&for_root);
	system_config_finish(&for_user);
}

/* Of each part one of the two is set. */
static const struct part {
	const char *name;
	void (*print)(void);
	const char *const *(*words)(size_t *count);
} parts[] = {
	{"architectures", NULL, architecture_words},
	{"capabilities", NULL, capability_words},
	{"keys", print_keys, NULL},
	{"namespaces", NULL, namespace_words},
	{"net-keys", print_net_keys, NULL},
	{"old-keys", print_old_keys, NULL},
	{"resources", NULL, rlimit_words},
	{"signals", NULL, signal_words},
	{"syslog-facilities", NULL, syslog_facility_words},
	{"system-keys", print_system_keys, NULL},
};

static bool print_part(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
		if (strcmp(parts[i].name, name) != 0)
			continue;
		if (parts[i].words)
			print_words(parts[i].words);
		else
			parts[i].print();
		return true;
	}
	fprintf(stderr, "manual-keys: there is no part \"%s\"\n", name);
	return false;
}

/* The value of `name` among NAME=VALUE arguments, or NULL. */
static const char *find_setting(char **settings, const char *name, size_t len)
{
	for (; *settings; settings++)
		if (strncmp(*settings, name, len) == 0 && (*settings)[len] == '=')
			return *settings + len + 1;
	return NULL;
}

/* A line of the page with its @NAME@s replaced. A name that nobody gave a value stays. */
static void print_line(const char *line, char **settings)
{
	while (*line) {
		size_t len = *line == '@' ? strspn(line + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
		const char *value = NULL;

		if (len > 0 && line[len + 1] == '@')
			value = find_setting(settings, line + 1, len);
		if (value)
			fputs(value, stdout);
		else
			putchar(*line);
		line += value ? len + 2 : 1;
	}
}

int main(int argc, char **argv)
{
	char line[1024];
	FILE *page = argc > 1 ? fopen(argv[1], "re") : NULL;

	if (!page) {
		fprintf(stderr, "usage: manual-keys PAGE [NAME=VALUE]...\n");
		return 1;
	}
	while (fgets(line, sizeof(line), page)) {
		const char *part = text_after(line, ".\\\" INSERT ");

		if (part) {
			line[strcspn(line, "\n")] = '\0';
			if (!print_part(part))
				return 1;
		} else {
			print_line(line, argv + 2);
		}
	}
	return ferror(page) || fclose(page) != 0 || fflush(stdout) != 0;
}
