/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The commands, each defined by its own file; main.c puts them into the registry.
 */

#include "cli/cli.h"

extern const struct cli_tool tool_config;
extern const struct cli_tool tool_config_check;
extern const struct cli_tool tool_update_config;
extern const struct cli_tool tool_completion;
extern const struct cli_tool tool_manual_options;
extern const struct cli_tool tool_names;

extern const struct cli_registry tools_registry;
