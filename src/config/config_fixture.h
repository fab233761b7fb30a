/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: a configuration whose effects are recorded instead of happening, and the
 * assertions that several test programs share. Randomness is a fixed byte, so that addresses made
 * from templates are known.
 */

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/config.h"

struct fixture {
	struct config config;
	struct err error;   /* of the last call that was to fail */
	struct str reports; /* a line each: severity, what, origin in parentheses */
	struct str effects; /* a line each: what was opened or set */
	int log_result;     /* what opening a log file returns */
};

static inline void fixture_report(void *context, enum config_severity severity,
				  const struct err *problem)
{
	static const char *const names[] = {"note", "warning", "error"};
	struct fixture *f = context;
	autostr text = {};

	err_render_text(problem, &text);
	str_addf(&f->reports, "%s: %s\n", names[severity], str_text(&text));
}

static inline int fixture_open_log(void *context, const char *path)
{
	struct fixture *f = context;

	str_addf(&f->effects, "log file %s\n", path);
	return f->log_result;
}

static inline void fixture_set_log_level(void *context, int level)
{
	struct fixture *f = context;

	str_addf(&f->effects, "log level %d\n", level);
}

static inline void fixture_open_syslog(void *context, int facility)
{
	struct fixture *f = context;

	str_addf(&f->effects, "syslog %d\n", facility);
}

/* Each template digit becomes b, the one that decides about multicast a. */
static inline int fixture_random(void *buf, size_t len)
{
	memset(buf, 0xbb, len);
	return 0;
}

static inline void fixture_init(struct fixture *f)
{
	const struct config_effects effects = {
		.report = fixture_report,
		.open_log = fixture_open_log,
		.set_log_level = fixture_set_log_level,
		.open_syslog = fixture_open_syslog,
		.random = fixture_random,
		.context = f,
	};

	*f = (struct fixture){};
	assert_int_equal(config_init(&f->config, &effects), 0);
}

static inline void fixture_finish(struct fixture *f)
{
	config_finish(&f->config);
	str_finish(&f->reports);
	str_finish(&f->effects);
}

/* Text is loaded as source "(test)". */
static inline int fixture_load(struct fixture *f, const char *text)
{
	return config_load_text(&f->config, "(test)", text, strlen(text), &f->error);
}

static inline void assert_loads(struct fixture *f, const char *text)
{
	int r = fixture_load(f, text);

	if (r != 0) {
		autostr why = {};

		err_render_text(&f->error, &why);
		print_message("# %s\n", str_text(&why));
	}
	assert_int_equal(r, 0);
}

static inline void assert_get(const struct fixture *f, const char *key, const char *expected)
{
	autostr text = {};

	assert_int_equal(config_get(&f->config, key, &text), 0);
	assert_string_equal(str_text(&text), expected);
}

static inline void assert_get_fails(const struct fixture *f, const char *key, int expected)
{
	autostr text = {};

	assert_int_equal(config_get(&f->config, key, &text), expected);
	assert_string_equal(str_text(&text), "");
}

static inline void assert_text(const struct fixture *f, const char *expected)
{
	autostr text = {};

	config_text(&f->config, &text);
	assert_string_equal(str_text(&text), expected);
}

static inline void assert_set(struct fixture *f, const char *key, const char *value)
{
	assert_int_equal(config_set(&f->config, key, value, "(API)", &f->error), 0);
}

/* The cause is compared up to the expected text's length. */
static inline void assert_cause(const struct fixture *f, enum err_id id, const char *cause)
{
	assert_string_equal(err_name(f->error.id), err_name(id));
	if (strncmp(err_cause(&f->error), cause, strlen(cause)) != 0)
		assert_string_equal(err_cause(&f->error), cause);
}

static inline void assert_set_fails(struct fixture *f, const char *key, const char *value,
				    int expected, enum err_id id, const char *cause)
{
	assert_int_equal(config_set(&f->config, key, value, "(API)", &f->error), expected);
	assert_cause(f, id, cause);
}

/* The dump without its origins, and what it does not tell. */
static inline void fixture_meaning(const struct config *c, struct str *out)
{
	autostr dump = {};
	const char *at;

	config_dump(c, &dump);
	for (at = str_text(&dump); *at; at += strcspn(at, "\n") + 1) {
		size_t len = strcspn(at, "\n");
		const char *origin = *at == '\t' ? NULL : strstr(at, " (");

		if (origin)
			len = (size_t)(origin - at);
		str_add_bytes(out, at, len);
		str_add_char(out, '\n');
	}
	str_addf(out, "storage type %d\n", (int)c->values.rootfs.type);
}

/* What was saved means what is in memory. */
static inline void assert_text_means_model(const struct fixture *f)
{
	struct fixture again;
	autostr text = {};
	autostr here = {};
	autostr there = {};

	fixture_init(&again);
	config_text(&f->config, &text);
	assert_loads(&again, str_text(&text));
	fixture_meaning(&f->config, &here);
	fixture_meaning(&again.config, &there);
	assert_string_equal(str_text(&there), str_text(&here));
	fixture_finish(&again);
}

/* A new directory under /tmp for a test's files; `ret` gets its path. */
static inline void fixture_directory(char ret[64])
{
	snprintf(ret, 64, "/tmp/tare-config-test-XXXXXX");
	assert_non_null(mkdtemp(ret));
}

static inline int fixture_remove_entry(const char *path, const struct stat *status, int type,
				       struct FTW *place)
{
	return remove(path);
}

static inline void fixture_remove_directory(const char *path)
{
	assert_int_equal(nftw(path, fixture_remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Write DIRECTORY/NAME; `ret` gets its path. An '@' in the text stands for the directory. */
static inline void fixture_file(const char *directory, const char *name, char ret[128],
				const char *text)
{
	FILE *file;

	snprintf(ret, 128, "%s/%s", directory, name);
	file = fopen(ret, "we");
	assert_non_null(file);
	for (; *text; text++)
		assert_true(*text == '@' ? fputs(directory, file) >= 0 : fputc(*text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}
