/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a command's source file includes: the option tables, the parser, output, errors, and the
 * way from main() to the command. Commands see of the project nothing but this, the public headers
 * and tare/tare.h.
 */

#include "base/err.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/names.h"
#include "base/str.h"
#include "cli/option.h"
#include "cli/output.h"
#include "cli/parse.h"

/*
 * The first lines of every command: parse, and deal with what is not the command itself (help,
 * usage, version, a wrong command line). Returns true when the command is to go on; false when all
 * is said, with the exit code in *ret_code. `a` is to be finished in both cases.
 */
bool cli_begin(const struct cli_tool *tool, int argc, char **argv, void *values,
	       struct cli_arguments *a, int *ret_code);

/* What a command is called below the program's own name: "ls", "config-check". A part of `name`. */
const char *cli_short_name(const struct cli_registry *registry, const char *name);

/*
 * The command of that name: "lxc-ls", "ls", "config-check" or "tare config-check". NULL when there
 * is none.
 */
const struct cli_tool *cli_find_tool(const struct cli_registry *registry, const char *name);

/*
 * Run the command that argv names: by the file name of argv[0] when that begins with "lxc-", else
 * by the first argument. argv is handed on as it is, for others read it in /proc/PID/cmdline.
 * Returns the exit code.
 */
int cli_dispatch(const struct cli_registry *registry, int argc, char **argv);
