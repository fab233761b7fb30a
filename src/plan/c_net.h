/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What c_net.c (the host's side), c_net_user.c (the same of ordinary users) and c_net_inside.c (the
 * container's) share.
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

/* The hardware address that the configuration gives, first byte lowest; 0 = none. */
int net_read_mac(struct compiler *c, size_t index, uint64_t *ret, struct err *e);

/* What the run calls an interface, on both sides (spec/api.md, get_running_config_item): the host's
 * end is in c->r_veth. */
void net_add_names(struct compiler *c, size_t index, const char *peer);

/* c_net_user.c: veth of an ordinary user, by index; of STOP or UNDO. */
int compile_net_user(struct compiler *c, size_t index, struct err *e);
int compile_net_user_inside(struct compiler *c, size_t index, struct err *e);
void compile_net_user_end(struct compiler *c, enum plan_section s, size_t index);
void compile_net_user_leave(struct compiler *c, enum plan_section s); /* behind all of them */
