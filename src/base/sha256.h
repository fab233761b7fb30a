/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * SHA-256 (FIPS 180-4) of what is in memory at once: numbers that are derived from a machine's
 * identity. Not fast, and not meant for secrets.
 */

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32 };

void sha256(const void *bytes, size_t len, uint8_t ret[static SHA256_BYTES]);
