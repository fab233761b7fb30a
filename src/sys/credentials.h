/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * User and group ids of the calling thread, by the system calls themselves: the C library's
 * functions of these names change all threads at once, with a lock and signals. Ids are those of
 * the process's user namespace.
 *
 * May be used after clone, in the INIT lane. All return 0 or -errno.
 */

#include <stddef.h>
#include <stdint.h>

/* Supplementary groups; count 0 = none, `gids` may then be NULL. setgroups(2). */
int credentials_set_groups(size_t count, const uint32_t *gids);

/* Real, effective and saved at once. The kernel makes the process undumpable by it (proc(5)). */
int credentials_set_gid(uint32_t gid);
int credentials_set_uid(uint32_t uid);

/* PR_SET_DUMPABLE. */
int credentials_set_dumpable(unsigned dumpable);
