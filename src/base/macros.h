/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The few macros of the whole project: cleanup and take families, array length. None hides control
 * flow.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Bytes of a string literal without its terminator. */
#define LITERAL_LENGTH(s) (sizeof(s) - 1)

/*
 * Hand ownership over: the variable is NULL (or -EBADF) afterwards, its cleanup has nothing to do.
 */
#define take_ptr(p)                               \
	({                                        \
		__typeof__(p) *take_p_ = &(p);    \
		__typeof__(p) take_v_ = *take_p_; \
		*take_p_ = NULL;                  \
		take_v_;                          \
	})

#define take_fd(fd)                     \
	({                              \
		int *take_p_ = &(fd);   \
		int take_v_ = *take_p_; \
		*take_p_ = -EBADF;      \
		take_v_;                \
	})

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

/* Closes and keeps errno, so that a cleanup cannot hide the cause of a failure. */
static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
	}
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f) {
		int saved = errno;

		fclose(*f);
		errno = saved;
	}
}

#define autofree   __attribute__((cleanup(cleanup_free)))
#define autoclose  __attribute__((cleanup(cleanup_close)))
#define autofclose __attribute__((cleanup(cleanup_fclose)))
