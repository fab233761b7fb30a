/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What lxc-copy and the commands before it, lxc-clone and lxc-start-ephemeral, have in common.
 */

#include <stdbool.h>
#include <stddef.h>

#include "tools/session.h"

struct copying {
	struct session *session; /* of the source */
	struct tare_clone clone;
	bool shows_progress, prints_json;
};

/* Copy, showing how far it is; a signal that ends us ends it. 0, or negative with e set. */
int copying_clone(const struct copying *c, struct err *e);

/* What a kind of storage that somebody typed is called now: beginnings of "overlayfs" are overlay,
 * and so is aufs, which is told. */
const char *copying_type(const struct session *s, const char *typed);

/* The words of -m: bind=SOURCE[:TARGET][:ro|rw] and overlay=SOURCE[:TARGET], separated by commas.
 */
struct copying_mounts {
	struct tare_mount *items; /* heap, with the texts in `text` */
	size_t count;
	char *text;
};
int copying_take_mounts(const struct session *s, const struct cli_strings *lists,
			struct copying_mounts *ret, struct err *e);
void copying_finish_mounts(struct copying_mounts *mounts);

/* What happens with an ephemeral copy. */
struct copying_run {
	const char *name, *lxcpath;
	bool in_foreground; /* this program becomes its supervisor */
	bool opens_console; /* until the user leaves it */
	char **command;     /* to be run inside, or NULL; ends with NULL */
	const char *uid;    /* for that, or NULL */
	bool keeps_data;
	char **title; /* our own argv */
	/* What to say when it runs, or NULL. */
	void (*tell)(const struct session *s, struct lxc_container *copy);
};
/* Start it, and what is asked for; the exit code. It is stopped behind a command or console. */
int copying_run(struct session *s, const struct copying_run *run);
