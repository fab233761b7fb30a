/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: bodies of tests that run in a child, because they give something up for good.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In the body: what must hold. The line that does not is told. */
#define expect(condition)                       \
	do {                                    \
		if (!(condition))               \
			return __LINE__ & 0xff; \
	} while (0)

/* `prepare` may be NULL; both return 0, or what is told. */
static inline void in_child(int (*prepare)(void), int (*body)(void))
{
	int status, r;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		r = prepare ? prepare() : 0;
		_exit(r ? r : body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("line %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}
