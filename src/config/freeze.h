/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A configuration as bytes for another process: every line that was applied to the model, in order,
 * with the origin it has here. Thawing applies the same lines, so that model and origins are equal.
 * And the table of all items with values, for a supervisor that answers questions without knowing
 * what a configuration is.
 */

#include <stddef.h>

#include "config/config.h"

/* Append the frozen form. 0 or -ENOMEM. */
int config_freeze(const struct config *c, struct str *out);

/* Apply it to a configuration that config_init() made. Foreign bytes are refused. */
int config_thaw(struct config *c, const void *bytes, size_t size, struct err *e);

/*
 * Call `take` for every item that has a value, in strcmp order of keys: scalars, whole lists,
 * families ("lxc.cgroup2", "lxc.cgroup2.memory.max"), "lxc.net" and every key of every interface,
 * old names excluded. `value` is what config_get() prints. Stops when take returns other than 0;
 * returns that, or -ENOMEM.
 */
int config_each_item(const struct config *c,
		     int (*take)(void *context, const char *key, const char *value), void *context);
