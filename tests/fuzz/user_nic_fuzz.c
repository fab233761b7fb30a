/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lxc-user-nic reads: its database, files of names, its words; and what the supervisor reads
 * of it, its one line and its complaints. Each gets all the bytes. What is taken must be well
 * formed, and mean the same when it is written down and read again.
 */

#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "helpers/user_nic.h"
#include "run/user_nic_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 12 };

/* A terminated copy, the caller's. */
static char *copy_bytes(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);

	assert(copy);
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

static void check_line(const struct user_nic_table *t, size_t i, struct str *out)
{
	const struct user_nic_line *line = &t->lines.items[i];

	assert(*line->owner && strlen(line->owner) < USER_NIC_OWNER_MAX);
	assert(*line->type && *line->bridge && user_nic_name_is_valid(line->nic));
	assert(!strpbrk(line->owner, " \n") && !strpbrk(line->type, " \n") &&
	       !strpbrk(line->bridge, " \n"));
	assert(user_nic_table_find(t, line->nic) == line);
	str_addf(out, "%s %s %s %s\n", line->owner, line->type, line->bridge, line->nic);
}

static void check_table(const uint8_t *data, size_t size)
{
	struct user_nic_table first, second;
	autofree char *bytes = copy_bytes(data, size);
	autofree char *again = NULL;
	autostr printed = {0};

	assert(user_nic_table_parse(bytes, size, &first) == 0);
	for (size_t i = 0; i < first.lines.count; i++)
		check_line(&first, i, &printed);
	/* Nothing is rewritten that need not be, and everything that must be is. */
	assert(first.is_straight ==
	       (printed.len == size && memcmp(str_text(&printed), data, size) == 0));
	again = copy_bytes((const uint8_t *)str_text(&printed), printed.len);
	assert(user_nic_table_parse(again, printed.len, &second) == 0);
	assert(second.is_straight && second.lines.count == first.lines.count);
	vec_finish(&first.lines);
	vec_finish(&second.lines);
}

static void check_names(const char *text)
{
	static const uint32_t ids[] = {0, 1, 1000, 65534, UINT32_MAX};
	char name[USER_NIC_OWNER_MAX];
	uint32_t found;

	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
		if (!user_nic_names_find_id(text, ids[i], name))
			continue;
		assert(*name && *name != '@' && !strpbrk(name, " \n\t:"));
		assert(user_nic_names_find_name(text, name, &found) && found < UINT32_MAX);
	}
	user_nic_names_find_name(text, "crew", &found);
}

static void check_words(char *text)
{
	char *argv[WORDS_MAX + 1] = {(char *)"lxc-user-nic"};
	struct user_nic_words words;
	int argc = 1;

	for (char *word; argc < WORDS_MAX && (word = strsep(&text, "\n")); argc++)
		argv[argc] = word;
	if (user_nic_words_parse(argc, argv, &words, NULL) != 0)
		return;
	assert(words.pid > 0 && words.fd >= USER_NIC_NO_FD && strcmp(words.type, "veth") == 0);
	assert(words.is_delete || words.fd == USER_NIC_NO_FD);
	assert(user_nic_name_is_valid(words.bridge));
	assert(words.nic ? user_nic_name_is_valid(words.nic) : !words.is_delete);
}

static void check_made(const uint8_t *data, size_t size)
{
	autofree char *text = copy_bytes(data, size);
	struct user_nic_made made;
	char printed[128];

	if (user_nic_line_parse(text, size, &made) == 0) {
		snprintf(printed, sizeof(printed), "%s:%" PRIu32 ":%s:%" PRIu32 "\n", made.inside,
			 made.inside_index, made.host, made.host_index);
		assert(strlen(printed) <= size && made.inside_index && made.host_index);
		assert(user_nic_line_parse(printed, strlen(printed), &made) == 0);
	}
	user_nic_words_join(text);
	assert(strlen(text) <= size);
	for (const char *at = text; *at; at++)
		assert(*at >= ' ' && *at <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = copy_bytes(data, size);

	check_table(data, size);
	check_names(text);
	check_words(text);
	check_made(data, size);
	return 0;
}
