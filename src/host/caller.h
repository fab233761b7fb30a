/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who we are to the kernel: user namespace, and the programs that write id maps for users.
 */

#include <stdbool.h>
#include <stddef.h>

/* Whether we live in the user namespace that the host booted with. */
bool caller_is_in_initial_user_ns(void);

/*
 * Find newuidmap or newgidmap on PATH: executable, and setuid root or with the file capability
 * `capability` (CAP_SETUID, CAP_SETGID) permitted and effective. Fills `path` of `room` bytes;
 * false when there is none that would work.
 */
bool caller_find_map_helper(const char *name, unsigned capability, char *path, size_t room);
