/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Commands for the tests of this folder. Together they have a row of every type and every rule that
 * LXC's commands need; their options are those of the real ones where that shows the rule best.
 */

#include "cli/option.h"

enum { TEST_ELEVATED_CGROUP = 1, TEST_ELEVATED_CAP = 2, TEST_ELEVATED_LSM = 4 };

struct test_attach_values {
	struct cli_common common;
	unsigned elevated;
	bool remount;
	int environment;
	struct cli_strings variables;
	uint32_t uid;
	int32_t timeout;
	int32_t nesting;
	const char *log;
	long doubled;
};

struct test_create_values {
	struct cli_common common;
	const char *template;
	const char *backend;
	const char *fstype, *fssize;
	const char *directory;
};

struct test_clone_values {
	const char *origin, *new, *old_path, *new_path;
};

extern const struct cli_tool test_attach;  /* needs a name, then runs a command */
extern const struct cli_tool test_create;  /* needs a name; old spellings */
extern const struct cli_tool test_top;     /* no name; several paths */
extern const struct cli_tool test_monitor; /* a name or none */
extern const struct cli_tool test_unshare; /* runs a command, no name */
extern const struct cli_tool test_clone;   /* none of the container options */

extern const struct cli_registry test_registry;
