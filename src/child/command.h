/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs of the host that do one thing and end: lvcreate, zfs, rbd, mkfs. They are looked for in
 * PATH, then in /usr/local/sbin, /usr/sbin and /sbin, which ordinary users' PATH lacks; read
 * nothing; speak English (LC_ALL=C), so that what they say can be compared; and are logged at INFO
 * with all their words, like what they answer. There is no time limit.
 *
 * What they print is kept in memory, 1 MB of each stream; beyond that their writes fail.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct command {
	const char *const *argv; /* ends in NULL */
	const char *package;     /* of Debian, for those who lack it; or NULL */
	/* Above 0: stays open until the program and all that it started has ended, even when we are
	 * killed: for a lock on what it makes. */
	int lock_fd;
	/* Goes on to its end when we are killed, instead of being killed, too: lvcreate keeps
	 * devices suspended in the midst of it. */
	bool finishes;
};

/* Both are emptied first; to be finished. */
struct command_words {
	struct str output; /* standard output */
	struct str said;   /* standard error */
};
void command_words_finish(struct command_words *words);

/*
 * Run it and wait. 0: exit status 0; positive: its exit status; negative: it could not be run
 * (-ENOENT: it is not installed), or was killed. e is set but for 0: what the program said, all
 * lines that are no warnings. `words` may be NULL.
 */
int command_run(const struct command *command, struct command_words *words, struct err *e);

/* Whether it is installed. */
bool command_is_there(const char *name);
