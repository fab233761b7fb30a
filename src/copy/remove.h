/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Removing a directory tree whose content somebody else may control, also while we do it: links are
 * never followed, and no mount is entered, so that a bind mount's source is safe, too.
 */

#include <limits.h>

/* What could not be removed. */
struct remove_problem {
	int errnum;
	char path[PATH_MAX]; /* below the directory; "" = the directory itself */
};

/*
 * Remove `name` in `dirfd` with all below it. Names of `kept` (ends in NULL; may be NULL) directly
 * in the directory stay, and the directory with them. 0, also when nothing is there; or -errno with
 * ret_problem filled: then as much as possible is gone. -EXDEV: something is mounted there.
 */
int remove_tree(int dirfd, const char *name, const char *const *kept,
		struct remove_problem *ret_problem);
