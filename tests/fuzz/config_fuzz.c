/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target of the configuration language: the input is a configuration file.
 *
 * Whatever it says: every report can be rendered, the check and the dump come to an end, every key
 * that is set keeps the contract of get, and clearing everything leaves nothing. What loads without
 * an error, saved and loaded again, is the same configuration; what get prints can be set again.
 *
 * Inputs must not read the files of whoever fuzzes: the working directory is the folder include/
 * beside this file, and in the values of lxc.include no path leads out of it ('/' only behind a
 * name, no ".."). So paths on the command line have to be absolute.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../golden/config_contract.h"
#include "../golden/config_record.h"
#include "base/macros.h"
#include "config/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_none(const struct str *breaches)
{
	if (breaches->len > 0)
		fprintf(stderr, "%s", str_text(breaches));
	require(breaches->len == 0);
}

static void report(void *context, enum config_severity severity, const struct err *problem)
{
	autostr text = {0};

	require(err_is_valid(problem) && err_is_set(problem));
	err_render_text(problem, &text);
	require(text.len > 0 && !str_failed(&text));
}

static const struct config_effects effects = {
	.report = report,
	.random = config_record_random,
};

/* Keep the values of lxc.include inside the working directory. */
static void confine_includes(char *text)
{
	char *at = text;

	while ((at = strstr(at, "lxc.include"))) {
		for (; *at && *at != '\n' && *at != '\r'; at++) {
			bool behind_name = at > text && at[-1] != '/' && at[-1] != '.' &&
					   !strchr(" \t='\"", at[-1]);

			if ((*at == '/' && !behind_name) || (*at == '.' && at[1] == '.'))
				*at = '_';
		}
	}
}

static int load(struct config *c, const char *text, size_t size, bool keep_going)
{
	struct err e = {0};
	int result;

	require(config_init(c, &effects) == 0);
	c->keep_going = keep_going;
	result = config_load_text(c, "input", text, size, &e);
	require(result <= 0 && (result < 0) == err_is_set(&e) && err_is_valid(&e));
	return result;
}

/* With all keys cleared that were set, a configuration says nothing any more. */
static void test_clear(struct config *c)
{
	autostr values = {0};

	for (size_t i = 0; i < config_key_count; i++)
		if (c->origins[i].source && config_key_is_supported(config_keys[i].name))
			config_clear(c, config_keys[i].name, NULL);
	require(config_clear(c, "lxc.net", NULL) == 0);
	require(config_clear(c, "lxc.cgroup", NULL) == 0);
	require(config_clear(c, "lxc.rootfs.backend", NULL) == 0);
	for (int kind = 0; kind < NAMESPACE_COUNT; kind++) {
		autostr key = {0};

		if (!c->values.namespaces.share[kind])
			continue;
		str_addf(&key, "lxc.namespace.share.%s", namespace_name((enum namespace_kind)kind));
		require(config_clear(c, str_text(&key), NULL) == 0);
	}
	config_dump(c, &values);
	require_none(&values);
}

static void test_questions(const struct config *c)
{
	autostr breaches = {0};
	autostr values = {0};
	autostr text = {0};

	config_check(c, 0, report, NULL);
	config_dump(c, &values);
	config_text(c, &text);
	config_contract_get(c, CONTRACT_SET_KEYS, &breaches);
	require_none(&breaches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = malloc(size + 1);
	autostr breaches = {0};
	struct config c;

	require(text && chdir(FUZZ_INCLUDE_FOLDER) == 0);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	confine_includes(text);
	if (load(&c, text, size, false) == 0) {
		config_contract_reload(&c, "input", &breaches);
		config_contract_set(&c, &breaches);
		require_none(&breaches);
	}
	test_questions(&c);
	config_finish(&c);

	load(&c, text, size, true);
	test_questions(&c);
	test_clear(&c);
	config_finish(&c);
	return 0;
}
