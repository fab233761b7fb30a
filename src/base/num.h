/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Numbers and sizes from text. Nothing is accepted that is not wholly a number: no trailing bytes,
 * no empty text. Results are untouched on failure.
 */

#include <stddef.h>
#include <stdint.h>

/*
 * As strtoul(3) and strtol(3) read a configuration value: leading blanks are allowed; `base` 0
 * knows 0x (hexadecimal) and 0 (octal), 10 is plain decimal. Unsigned ones refuse a minus sign.
 * Return 0, -EINVAL (not a number) or -ERANGE (does not fit).
 */
int num_parse_u64(const char *text, unsigned base, uint64_t *ret);
int num_parse_u32(const char *text, unsigned base, uint32_t *ret);
int num_parse_i64(const char *text, unsigned base, int64_t *ret);
int num_parse_i32(const char *text, unsigned base, int32_t *ret);

/*
 * Digits only, at least one, decimal: for file names, /proc and wire formats. Reads the number at
 * the beginning of *text and moves *text behind it. Return 0, -EINVAL or -ERANGE.
 */
int num_take_u64(const char **text, uint64_t *ret);

/*
 * A size as LXC's configuration has it: a number with an optional suffix. Two-letter suffixes KB,
 * MB, GB (any case, powers of 1024), blanks allowed before it; a one-letter suffix is accepted and
 * means bytes, as LXC does. At most 20 characters. Return 0, -EINVAL or -ERANGE.
 */
int num_parse_size(const char *text, uint64_t *ret);

/* The next power of two ≥ n; 0 when it does not fit. num_round_up_power2(0) is 1. */
uint64_t num_round_up_power2(uint64_t n);
