/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What c_net.c (the host's side) and c_net_inside.c (the container's) share.
 */

#include "plan/compiler.h"

/* "lxc.net.0.mtu" in the arena, and who set it ("" when nobody did). */
const char *net_key(struct compiler *c, const struct config_net *net, const char *subkey);
const char *net_origin(struct compiler *c, const struct config_net *net, const char *subkey);

/*
 * The name that an interface has inside, by index of values.nets: its own, "lo" for type empty,
 * else the next eth<n> that nobody else has, as the kernel would choose.
 */
const char *net_name_inside(struct compiler *c, size_t index);
