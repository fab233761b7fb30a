/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Seccomp policies as programs for the kernel.
 *
 * A policy (config/seccomp_policy.h) becomes an array of struct sock_filter through libseccomp,
 * for the native architecture and those that its kernel also runs (spec/config.md §8). Compiled
 * programs are kept in a cache, so that starts neither load libseccomp nor compile: one file for
 * each policy text, architecture, and version of libseccomp and of the format.
 *
 * The caller loads the program with SECCOMP_FILTER_FLAG_NEW_LISTENER when
 * seccomp_policy_has_notify() says so. Whether it is loaded at all (lxc.seccomp.allow_nesting) is
 * the caller's business, too.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/seccomp_policy.h"

/*
 * Compile a policy. `text` of `length` bytes is what it was read from: the key of the cache.
 * cache_directory is "<rundir>/lxc/seccomp" (made with mode 0700 when it is not there, its parent
 * must exist), or NULL: no cache. A cache that can't be read or written, or isn't ours alone, is
 * passed over silently.
 *
 * *ret_program is an array of struct sock_filter of *ret_size bytes in the arena. Returns 0; or
 * negative with e set: -ENOENT when libseccomp is missing (the hint names the package), -EINVAL for
 * a policy that can't be expressed (unknown system calls are left out, as LXC does), -E2BIG for a
 * program longer than the kernel takes, -ENOMEM.
 */
int seccomp_filter_compile(const struct seccomp_policy *policy, const void *text, size_t length,
			   const char *cache_directory, struct arena *arena,
			   const void **ret_program, uint32_t *ret_size, struct err *e);
