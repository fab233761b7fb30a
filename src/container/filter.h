/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The program of a seccomp policy, from the cache (host/seccomp_cache.h) or from lxc-compile.
 *
 * Only that helper loads libseccomp: a static command can't, and an application that uses the
 * library gets no other library for a start. A policy costs the helper once.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * `text` of `length` bytes is a policy that parses; `file` is its name in messages. The program, an
 * array of struct sock_filter of *ret_size bytes, is in the arena. Returns 0, or negative with e
 * set: what the helper says (host/seccomp_filter.h), or why it could not be run.
 */
int filter_find(const char *file, const void *text, size_t length, struct arena *arena,
		const void **ret_program, uint32_t *ret_size, struct err *e);
