/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Output of commands: whole texts by write(2), and errors. stdio is left alone: a command that
 * prints two lines should not pay for buffers, and its output must not come after that of a program
 * that it started.
 */

#include <stddef.h>

struct err;
struct str;

/* Write all bytes. Returns 0 or -errno. */
int cli_write(int fd, const char *bytes, size_t length);

/*
 * Print what a command has to say on the standard output. Returns the exit code: 0, or 1 after
 * telling on the standard error output that it could not be written or that memory was out.
 */
int cli_print(const char *tool, const struct str *text);

/*
 * Tell an error: "lxc-start: c1: cannot start the container" and the chain's further lines below.
 * `container` may be NULL.
 */
void cli_print_error(const char *tool, const char *container, const struct err *e);

/* How a text of others' looks in one line that drives no terminal (base/utf8.h): heap, or NULL. */
char *cli_visible(const char *text);
