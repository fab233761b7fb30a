/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hooks that run in the caller: destroy, and for clones clone (spec/runtime.md §12). Those of a run
 * are steps of its plan.
 */

#include "base/err.h"
#include "container/container.h"

/* Run the container's hooks of a kind, one after the other, until one fails. `type` is its name:
 * "destroy". 0 or negative. */
int hooks_run(const struct container *c, enum hook_kind kind, const char *type, struct err *e);
