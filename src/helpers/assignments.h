/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files of settings in the syntax of the shell (/etc/default/lxc, /etc/sysconfig/lxc), read without
 * one: nothing in them is run. Understood are, with the shell's quotes, comments and line
 * continuations:
 *
 *	[export] NAME=VALUE ...		with $NAME and ${NAME} in values
 *	. FILE, source FILE
 *	[ -f FILE ], [ ! -f FILE ], test ...	with -f, -e, -r or -s
 *	true, :
 *
 * joined by new lines, ";", "&&" and "||". Whatever else a shell could do is refused with the file
 * and line where it stands, so that no setting is taken for another than the shell would take it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	ASSIGNMENTS_FILE_MAX = 64 * 1024,
	ASSIGNMENTS_VALUE_MAX = 4096,
	ASSIGNMENTS_DEPTH_MAX = 8, /* files that read each other */
	ASSIGNMENTS_MAX = 1024,
};

struct assignment {
	char *name, *value;
	char *file; /* NULL: it was there before */
	uint32_t line;
};

/* In their order; the last one of a name counts. All zero is none. All texts are on the heap. */
struct assignments {
	struct assignment *items;
	size_t count, room;
};

/* How files are looked at; all members NULL: they can't be. */
struct assignments_files {
	/* The content, on the heap and terminated, or -errno. */
	int (*read)(void *context, const char *path, char **ret, size_t *ret_len);
	/* What test(1) says for this letter. */
	bool (*test)(void *context, const char *path, char letter);
	void *context;
};

/* Those of the system. */
extern const struct assignments_files assignments_system_files;

/* Read a text that is called `file`. Refused: negative, with the origin of what was not understood;
 * what stood before it stays. */
int assignments_parse(struct assignments *a, const char *text, size_t len, const char *file,
		      const struct assignments_files *files, struct err *e);

/* The same with a file of the system. */
int assignments_read(struct assignments *a, const char *path, struct err *e);

/* As an assignment that no file made. 0 or -ENOMEM. */
int assignments_set(struct assignments *a, const char *name, const char *value);

/* The last of this name, or NULL. */
const struct assignment *assignments_find(const struct assignments *a, const char *name);

void assignments_finish(struct assignments *a);
