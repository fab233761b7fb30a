/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Texts for other programs that come from the commands' tables: a part of the manual page, and the
 * completion of three shells. All functions add to a string; old spellings and hidden commands are
 * left out.
 */

#include "cli/option.h"

struct str;

/* The options as man(7) paragraphs: own ones, then the shared ones below their own heading. */
void cli_add_manual_options(const struct cli_tool *tool, struct str *out);

/* The commands of a program as man(7) paragraphs. */
void cli_add_manual_tools(const struct cli_registry *registry, struct str *out);

/* One script for all commands, for bash, zsh and fish. */
void cli_add_bash_completion(const struct cli_registry *registry, struct str *out);
void cli_add_zsh_completion(const struct cli_registry *registry, struct str *out);
void cli_add_fish_completion(const struct cli_registry *registry, struct str *out);
