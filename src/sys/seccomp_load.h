/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Loading a system call filter into the calling thread: seccomp(2). Filters are compiled elsewhere.
 *
 * May be used after clone, in the INIT lane.
 */

#include <stddef.h>
#include <stdint.h>

/*
 * `program` is `length` bytes of struct sock_filter, `flags` are SECCOMP_FILTER_FLAG_*. Returns 0,
 * with SECCOMP_FILTER_FLAG_NEW_LISTENER the close-on-exec listener, or -errno. -EACCES: neither
 * CAP_SYS_ADMIN nor no_new_privs. -EBUSY: the thread has a listener already. -EINVAL: not a
 * program, or flags that the kernel does not know.
 */
int seccomp_load(const void *program, size_t length, uint32_t flags);
