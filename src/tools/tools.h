/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The commands, each defined by its own file; main.c puts them into the registry.
 */

#include "cli/cli.h"

extern const struct cli_tool tool_attach;
extern const struct cli_tool tool_cgroup;
extern const struct cli_tool tool_checkconfig;
extern const struct cli_tool tool_clone;
extern const struct cli_tool tool_config;
extern const struct cli_tool tool_config_check;
extern const struct cli_tool tool_console;
extern const struct cli_tool tool_copy;
extern const struct cli_tool tool_create;
extern const struct cli_tool tool_destroy;
extern const struct cli_tool tool_device;
extern const struct cli_tool tool_execute;
extern const struct cli_tool tool_freeze;
extern const struct cli_tool tool_info;
extern const struct cli_tool tool_ls;
extern const struct cli_tool tool_monitor;
extern const struct cli_tool tool_repair;
extern const struct cli_tool tool_snapshot;
extern const struct cli_tool tool_start;
extern const struct cli_tool tool_start_ephemeral;
extern const struct cli_tool tool_stop;
extern const struct cli_tool tool_unfreeze;
extern const struct cli_tool tool_update_config;
extern const struct cli_tool tool_wait;
extern const struct cli_tool tool_completion;
extern const struct cli_tool tool_manual_options;
extern const struct cli_tool tool_names;

extern const struct cli_registry tools_registry;
