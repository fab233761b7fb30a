/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The cache of compiled system call filters: one file for each policy text, <16 hex digits> of the
 * text's hash, in a directory of our own (0700), itself 0600. A file holds the text that it was
 * made of and which file of libseccomp made it; it counts only when both are the same now and when
 * nobody else could have written it. Silent: what can't be read or written does not matter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Whether the program for this text is in the cache; *ret_program is in the arena then. */
bool seccomp_cache_find(const char *directory, const void *text, size_t length, struct arena *arena,
			const void **ret_program, uint32_t *ret_size);

/* Keep a program. `library`: the file of libseccomp that made it. */
void seccomp_cache_store(const char *directory, const void *text, size_t length,
			 const char *library, const void *program, uint32_t size);
