/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Golden tests of the configuration language: every NAME.conf of a folder is loaded and described
 * (config_record.h); the description is what NAME.golden holds. Behind that the properties of
 * config_contract.h are checked. One TAP point for each file.
 *
 *	config-golden FOLDER                     the tests
 *	config-golden --bless FOLDER             write the golden files anew: read the diff!
 *	config-golden --without-key KEY FOLDER   the tests, as if the table lacked the key's row
 *	config-golden --mutations FOLDER         each row goes missing in turn: which test notices?
 *	config-golden --table FOLDER             the table of rows and the tests that notice
 *
 * The working directory is the folder, so that files are named in messages as they are there.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/vec.h"
#include "config_contract.h"
#include "config_record.h"
#include "config_rows.h"
#include "sys/file.h"
#include "text_diff.h"

enum {
	GOLDEN_SIZE_MAX = 1 << 20,
	NAMES_SHOWN = 3, /* of the tests that notice a missing row */
};

struct golden {
	bool whole_table; /* about all rows at once: tells nothing about a single one */
	char *name;       /* without ".conf" */
	char *expected;   /* what the golden file holds; NULL = there is none */
};
struct goldens {
	VEC_OF(struct golden)
};

/* The content of NAME and a suffix, NULL when there is no such file. */
static char *read_beside(const char *name, const char *suffix)
{
	autostr path = {};
	char *text = NULL;

	str_addf(&path, "%s%s", name, suffix);
	file_read_all(AT_FDCWD, str_text(&path), GOLDEN_SIZE_MAX, &text, NULL);
	return text;
}

static int is_configuration(const struct dirent *entry)
{
	return text_ends(entry->d_name, ".conf");
}

static bool read_goldens(struct goldens *goldens)
{
	struct dirent **entries;
	int count = scandir(".", &entries, is_configuration, alphasort);

	for (int i = 0; i < count; i++) {
		struct golden *golden = vec_push(goldens);
		autofree char *text = NULL;

		if (!golden)
			abort();
		golden->name = strndup(entries[i]->d_name,
				       strlen(entries[i]->d_name) - LITERAL_LENGTH(".conf"));
		golden->expected = read_beside(golden->name, ".golden");
		text = read_beside(golden->name, ".conf");
		golden->whole_table = text && strstr(text, "#golden: whole-table");
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return count > 0;
}

static void finish_goldens(struct goldens *goldens)
{
	for (size_t i = 0; i < goldens->count; i++) {
		free(goldens->items[i].name);
		free(goldens->items[i].expected);
	}
	vec_finish(goldens);
}

/* Describe a configuration; the properties' breaches go to `breaches` unless it is NULL. */
static void describe(const char *name, struct str *out, struct str *breaches)
{
	autostr path = {};
	struct config c;
	int result;

	str_addf(&path, "%s.conf", name);
	result = config_record(&c, str_text(&path), out);
	if (breaches)
		config_contract_get(&c, CONTRACT_ALL_KEYS, breaches);
	config_finish(&c);
	if (!breaches || result < 0)
		return;
	/* The commands have changed the configuration: this is about what was loaded. */
	if (config_init(&c, &(struct config_effects){.random = config_record_random}) < 0)
		abort();
	if (config_load(&c, str_text(&path), NULL) == 0) {
		config_contract_set(&c, breaches);
		config_contract_reload(&c, str_text(&path), breaches);
	}
	config_finish(&c);
}

static void print_breaches(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("# ! %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* True when the test passes. Where a row is missing, the properties of all keys say nothing new. */
static bool test(size_t number, const struct golden *golden, bool properties)
{
	autostr got = {}, breaches = {};
	bool same;

	describe(golden->name, &got, properties ? &breaches : NULL);
	same = golden->expected && strcmp(str_text(&got), golden->expected) == 0;
	printf("%s %zu - %s\n", same && breaches.len == 0 ? "ok" : "not ok", number, golden->name);
	if (!golden->expected)
		printf("# there is no %s.golden\n", golden->name);
	else if (!same)
		text_diff_print(golden->expected, str_text(&got));
	print_breaches(str_text(&breaches));
	return same && breaches.len == 0;
}

static int run_tests(const struct goldens *goldens, bool properties)
{
	int status = 0;

	printf("1..%zu\n", goldens->count);
	for (size_t i = 0; i < goldens->count; i++)
		if (!test(i + 1, &goldens->items[i], properties))
			status = 1;
	return status;
}

static int bless(const struct goldens *goldens)
{
	for (size_t i = 0; i < goldens->count; i++) {
		const struct golden *golden = &goldens->items[i];
		autostr got = {}, path = {};

		describe(golden->name, &got, NULL);
		if (golden->expected && strcmp(str_text(&got), golden->expected) == 0)
			continue;
		str_addf(&path, "%s.golden", golden->name);
		if (file_replace(AT_FDCWD, str_text(&path), str_text(&got), got.len, 0644) < 0) {
			perror(str_text(&path));
			return 1;
		}
		printf("%s\n", str_text(&path));
	}
	return 0;
}

/* The names of the tests that fail without the row, up to `most`; returns how many fail. */
static size_t find_noticing(const struct goldens *goldens, const struct config_key *row,
			    size_t most, struct str *names)
{
	size_t count = 0;

	config_row_hide(row);
	for (size_t i = 0; i < goldens->count; i++) {
		const struct golden *golden = &goldens->items[i];
		autostr got = {};

		if (golden->whole_table)
			continue;
		describe(golden->name, &got, NULL);
		if (golden->expected && strcmp(str_text(&got), golden->expected) == 0)
			continue;
		if (count++ < most)
			str_addf(names, " %s", golden->name);
	}
	config_row_hide(NULL);
	return count;
}

static int test_mutations(const struct goldens *goldens)
{
	autostr failing = {};
	int status = 0;

	/* A test that fails anyway would notice everything. */
	printf("1..%zu\n", config_row_count() + 1);
	if (find_noticing(goldens, NULL, goldens->count, &failing) > 0) {
		printf("not ok 1 - all tests pass with all rows\n#%s\n", str_text(&failing));
		status = 1;
	} else {
		printf("ok 1 - all tests pass with all rows\n");
	}
	for (size_t i = 0; i < config_row_count(); i++) {
		autostr row = {}, names = {};
		size_t count = find_noticing(goldens, config_row(i), NAMES_SHOWN, &names);

		config_row_print(config_row(i), &row);
		if (count > 0) {
			printf("ok %zu - without %s: %zu tests fail, among them%s\n", i + 2,
			       str_text(&row), count, str_text(&names));
		} else {
			printf("not ok %zu - without %s no test fails\n", i + 2, str_text(&row));
			status = 1;
		}
	}
	return status;
}

static int print_table(const struct goldens *goldens)
{
	for (size_t i = 0; i < config_row_count(); i++) {
		autostr row = {}, names = {};

		config_row_print(config_row(i), &row);
		find_noticing(goldens, config_row(i), goldens->count, &names);
		printf("%s:%s\n", str_text(&row), str_text(&names));
	}
	return 0;
}

static int run_mode(int argc, char **argv, const struct goldens *goldens)
{
	const char *mode = argc > 2 ? argv[1] : "";
	const struct config_key *row;

	if (argc == 2)
		return run_tests(goldens, true);
	if (argc == 3 && strcmp(mode, "--bless") == 0)
		return bless(goldens);
	if (argc == 3 && strcmp(mode, "--mutations") == 0)
		return test_mutations(goldens);
	if (argc == 3 && strcmp(mode, "--table") == 0)
		return print_table(goldens);
	row = argc == 4 && strcmp(mode, "--without-key") == 0 ? config_row_find(argv[2]) : NULL;
	if (!row) {
		fprintf(stderr, "usage: config-golden [--bless | --mutations | --table | "
				"--without-key KEY] FOLDER\n");
		return 2;
	}
	config_row_hide(row);
	return run_tests(goldens, false);
}

int main(int argc, char **argv)
{
	struct goldens goldens = {};
	int status;

	if (argc < 2 || chdir(argv[argc - 1]) < 0 || !read_goldens(&goldens)) {
		fprintf(stderr, "config-golden: no configurations in %s\n",
			argc < 2 ? "nowhere" : argv[argc - 1]);
		return 2;
	}
	/* For lines that take a variable from the environment. */
	setenv("GOLDEN_FRUIT", "apple", 1);
	unsetenv("GOLDEN_NOTHING");
	status = run_mode(argc, argv, &goldens);
	finish_goldens(&goldens);
	return status;
}
