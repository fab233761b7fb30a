/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FNV-1a as its authors define it: xor a byte in, multiply by the prime, modulo 2^64. Byte order
 * plays no part. There is no other hash in the project.
 */

#include "base/hash.h"

static const uint64_t fnv_prime = UINT64_C(0x100000001b3);

uint64_t hash_add(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * fnv_prime;
	return hash;
}
