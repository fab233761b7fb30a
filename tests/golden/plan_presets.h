/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hosts as golden cases of plans know them. Functions that take a text return false when it is
 * none of theirs.
 */

#include <stdbool.h>

#include "plan/facts.h"

/* "root", "user" (1000 with newuidmap), "nested" (root of a user namespace). */
bool plan_preset_caller(struct facts *facts, const char *text);

/* "hybrid", "legacy", "unified", "none": all of facts.cgroup but pattern and missing. */
bool plan_preset_cgroup(struct facts *facts, const char *text);

/* The base directory in every hierarchy. */
bool plan_preset_base(struct facts *facts, const char *text);

bool plan_preset_inside(struct facts *facts, bool is_inside);

/* "VERSION MOUNT BASE CONTROLLERS [OPTIONS]", "-" for an empty word: one more hierarchy. */
bool plan_preset_hierarchy(struct facts *facts, const char *text);

/* A kernel that has everything. */
void plan_preset_kernel(struct facts *facts);

/* A directory, as the configuration names it. */
void plan_preset_rootfs(struct facts *facts, const struct config_values *values);

/* The words of lxc.rootfs.path. */
bool plan_preset_rootfs_type(struct facts *facts, const char *text);
