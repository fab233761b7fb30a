/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Time in microseconds. Durations and deadlines are of the same type; a deadline is a reading of
 * the monotonic clock, so that it does not care who sets the date. Wall-clock time is nobody's
 * business but the log's.
 */

#include <stdint.h>
#include <time.h>

typedef uint64_t usec_t;

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)

/* As a timeout or a deadline: never. */
#define USEC_INFINITY UINT64_MAX

/* CLOCK_MONOTONIC. */
static inline usec_t time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

/* The deadline that a timeout from now means; USEC_INFINITY stays that. */
static inline usec_t time_deadline(usec_t timeout)
{
	usec_t deadline;

	return __builtin_add_overflow(time_now(), timeout, &deadline) ? USEC_INFINITY : deadline;
}

/* What is left until a deadline: 0 when it has passed, USEC_INFINITY when there is none. */
static inline usec_t time_left(usec_t deadline)
{
	usec_t now;

	if (deadline == USEC_INFINITY)
		return USEC_INFINITY;
	now = time_now();
	return deadline > now ? deadline - now : 0;
}
