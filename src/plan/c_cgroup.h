/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files about cgroups (c_cgroup*.c) share. Numbers of hierarchies are indexes into
 * facts.cgroup.hierarchies and the plan's hierarchy table alike.
 */

#include "plan/compiler.h"

enum { NO_HIERARCHY = -1 };

/* "memory" of "memory.max": length of the part before the first dot. */
size_t cgroup_controller_length(const char *key);

/*
 * The first hierarchy of a version (0 = any) that has the controller of this file, or NO_HIERARCHY.
 * `cgroup.*` is nobody's.
 */
int cgroup_hierarchy_of(const struct compiler *c, const char *file, unsigned version);

/* The first hierarchy of a version; NO_HIERARCHY. */
int cgroup_hierarchy_of_version(const struct compiler *c, unsigned version);

/* Names of a hierarchy for messages and objects: "cpu,cpuacct", "unified". */
const char *cgroup_hierarchy_name(const struct compiler *c, int hierarchy);

/* The error of a limit whose controller is not there, as LXC words it. */
int cgroup_no_controller(struct compiler *c, const char *file, const char *value,
			 const char *origin, struct err *e);

/*
 * The device rules of the v1 controller, when it is there; `of_inner`: called before the inner
 * directory exists (the controller refuses `a` once there is one), else before the start.
 */
int cgroup_device_rules(struct compiler *c, struct err *e);
