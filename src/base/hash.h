/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * FNV-1a, 64 bits wide: LXC names abstract sockets and AppArmor profiles by it (spec/wire.md). Not
 * for anything that an attacker may choose collisions of.
 *
 *	hash = hash_add(HASH_START, lxcpath, strlen(lxcpath));
 *	hash = hash_add(hash, name, strlen(name));
 */

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* The hash of what `hash` stands for followed by the bytes. */
uint64_t hash_add(uint64_t hash, const void *bytes, size_t len);
