/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names for network interfaces: what the kernel takes (dev_valid_name(), ip-link(8)), and what we
 * make of them.
 */

#include <stdbool.h>

/* Whether it ends in "XXXXXX", which is replaced by something random: many may have it. */
bool interface_name_is_random(const char *name);
