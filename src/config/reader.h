/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reading configuration files: the grammar, includes, and where in the files a line stands. Private
 * to config/; config.h has the public entries.
 */

#include "config/config.h"

enum {
	CONFIG_INCLUDE_DEPTH_MAX = 32,
	CONFIG_INCLUDE_COUNT_MAX = 4096, /* files that include others twice would multiply */
	CONFIG_FILE_SIZE_MAX = 16 << 20, /* LXC takes 2 GiB; no configuration is that large */
};

/* A line taken apart. Texts point into the line's own copy. */
struct config_assignment {
	const char *key;
	const char *value; /* "" when empty */
};

enum config_line_kind {
	LINE_BLANK,      /* nothing; not kept when saving */
	LINE_FOREIGN,    /* comment, or a line that is not about lxc.*: kept as it is */
	LINE_ASSIGNMENT, /* lxc.KEY = VALUE */
	LINE_MALFORMED,  /* begins with lxc. and has no '=' */
};

/*
 * Take a line apart in place: blanks around key and value and one pair of quotes around the value
 * are removed. `line` is NUL-terminated, without its line end.
 */
enum config_line_kind config_line_split(char *line, struct config_assignment *ret);

/*
 * The next line of text: its length, and *at behind its end. LF, CRLF and CR end a line. False at
 * the end of the text; a NUL byte ends the text too.
 */
bool config_next_line(const char **at, const char *end, const char **ret_line, size_t *ret_len);

/* lxc.include: a file, or the *.conf files of a directory in order of their names. */
int config_read_include(struct config *c, const char *path, struct origin origin, struct err *e);
