/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names for network interfaces: what the kernel takes (dev_valid_name(), ip-link(8)), and what we
 * make of them.
 */

#include <stdbool.h>

/* Why no interface can be made under that name, in words that go behind it; NULL: one can, if it is
 * not too long. What the kernel would replace ("%d") is among them. */
const char *interface_name_problem(const char *name);

/* Whether there is one "%d" in it, in whose place the first number comes that is free. LXC takes
 * such names for interfaces of the container (black box, 5.0.2), not for the host's ends. */
bool interface_name_is_template(const char *name);

/* Whether it ends in "XXXXXX", which is replaced by something random: many may have it. */
bool interface_name_is_random(const char *name);
