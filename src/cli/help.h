/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The texts for people that come from a command's tables. All functions add to a string.
 */

#include "cli/option.h"

struct str;

/* "Usage: lxc-config -l" and one line for each further form of the synopsis. */
void cli_add_synopsis(const struct cli_tool *tool, struct str *out);

/* The whole help: synopsis, summary, description, one line per option. */
void cli_add_help(const struct cli_tool *tool, struct str *out);

/* The short list of --usage, in LXC's form: four options per line, further lines behind a tab. */
void cli_add_usage(const struct cli_tool *tool, struct str *out);

/* The commands of a registry, one per line with its summary. */
void cli_add_tool_list(const struct cli_registry *registry, struct str *out);

/* A text's paragraphs (each on one line), broken between words at `width` columns. */
void cli_add_wrapped(const char *text, size_t width, struct str *out);

enum { CLI_HELP_WIDTH = 80 };
