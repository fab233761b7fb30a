/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: an lxcpath and a run directory that nobody else sees. As root, /run is a tmpfs in
 * a mount namespace of the test's own; else XDG_RUNTIME_DIR leads into the test's directory.
 */

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "container/container.h"

static char fixture_top[64];     /* everything of the test */
static char fixture_lxcpath[80]; /* fixture_top/lxc */
static char fixture_run[80];     /* the run directory */
static char fixture_runtime_variable[112];

static inline int fixture_remove_entry(const char *path, const struct stat *status, int type,
				       struct FTW *place)
{
	return remove(path);
}

/* The first of a name is the one that counts. `variable` must stay. */
static inline void fixture_set_variable(char *variable)
{
	static char *variables[2][512];
	static unsigned next;
	char **list = variables[next++ % 2];
	size_t count = 0;

	list[0] = variable;
	while (environ[count] && count + 2 < ARRAY_LENGTH(variables[0])) {
		list[count + 1] = environ[count];
		count++;
	}
	list[count + 1] = NULL;
	environ = list;
}

static inline int fixture_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(fixture_top, sizeof(fixture_top), "%s/tare-container-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(fixture_top) || chmod(fixture_top, 0755) < 0)
		return -1;
	snprintf(fixture_lxcpath, sizeof(fixture_lxcpath), "%s/lxc", fixture_top);
	if (geteuid() == 0) {
		snprintf(fixture_run, sizeof(fixture_run), "/run");
		return unshare(CLONE_NEWNS) < 0 ||
				       mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
				       mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") < 0
			       ? -1
			       : 0;
	}
	snprintf(fixture_run, sizeof(fixture_run), "%s/run", fixture_top);
	snprintf(fixture_runtime_variable, sizeof(fixture_runtime_variable), "XDG_RUNTIME_DIR=%s",
		 fixture_run);
	fixture_set_variable(fixture_runtime_variable);
	return mkdir(fixture_run, 0700);
}

static inline int fixture_teardown(void **state)
{
	return nftw(fixture_top, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* An object; a failure is shown. */
static inline struct container *fixture_open(const char *name)
{
	struct container *c = NULL;
	struct err e = {};

	if (container_open(name, fixture_lxcpath, &c, &e) != 0)
		fail_msg("%s", err_cause(&e));
	return c;
}

static inline void fixture_fail(const char *what, const struct err *e)
{
	autostr text = {};

	err_render_text(e, &text);
	fail_msg("%s: %s", what, str_text(&text));
}

/* What the last call explained. */
__attribute__((unused)) static struct err fixture_error;

/* The call, which explains into &fixture_error, returns 0; or its error is shown. */
#define assert_done(call)                                    \
	do {                                                 \
		err_clear(&fixture_error);                   \
		if ((call) != 0)                             \
			fixture_fail(#call, &fixture_error); \
	} while (0)

/* "TOP/…" in one of a few buffers. */
static inline const char *fixture_path(const char *below)
{
	static char paths[8][192];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", fixture_top, below);
	return path;
}

static inline bool fixture_exists(const char *below)
{
	struct stat status;

	return lstat(fixture_path(below), &status) == 0;
}

static inline void fixture_write(const char *below, mode_t mode, const char *text)
{
	FILE *file = fopen(fixture_path(below), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(fixture_path(below), mode), 0);
}

static inline char *fixture_read(const char *below)
{
	FILE *file = fopen(fixture_path(below), "re");
	char *text = calloc(1, 8192);

	assert_non_null(file);
	assert_non_null(text);
	fread(text, 1, 8191, file);
	fclose(file);
	return text;
}
