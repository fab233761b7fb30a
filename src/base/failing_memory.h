/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: memory that runs out on command. A test program links failing_memory.c with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc; allocations of the C library itself go on.
 */

/* The next `n` allocations work, then every one fails, until memory_heal(). */
void memory_fail_after(int n);
void memory_heal(void);
