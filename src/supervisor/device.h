/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The device rules in force, and changing them while the container runs (spec/wire.md §5,
 * ADD_BPF_DEVICE_CGROUP).
 */

#include <stdbool.h>
#include <stdint.h>

#include "plan/ops.h"

struct supervisor;

struct device_change {
	bool allow;
	bool is_mode; /* everything but what rules say: clears the list */
	struct plan_device rule;
};

/* Where a list of rules may grow: `room` rows. */
struct device_list {
	struct plan_devices *rules;
	uint32_t room;
};

/*
 * Change a list as the kernel's version 1 controller would. 1: it differs now; 0: it said so
 * already; -E2BIG: no room.
 */
int device_list_apply(struct device_list *list, const struct device_change *change);

/* Change the container's rules and put them in force. 0 or -errno. */
int device_add(struct supervisor *s, const struct device_change *change);

/* Back to the plan's. */
void device_forget(struct supervisor *s);
