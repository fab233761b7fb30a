/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wrappers that the linker puts in place of malloc(3) and its family. Not thread-safe, and part
 * of no library.
 */

#include "base/failing_memory.h"

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool failing;
static int left;

void memory_fail_after(int n)
{
	failing = true;
	left = n;
}

void memory_heal(void)
{
	failing = false;
}

static bool is_out(void)
{
	return failing && left-- <= 0;
}

void *__wrap_malloc(size_t size)
{
	return is_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_out() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_out() ? NULL : __real_realloc(old, size);
}
