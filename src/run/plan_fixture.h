/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: a plan without steps that passes plan_check(), as large as one likes.
 */

#include <stdlib.h>
#include <string.h>

#include "plan/build.h"

/* With so many texts of 600 bytes. */
static inline void plan_fixture_make(unsigned texts, struct str *ret)
{
	struct plan_build b;
	struct err e = {0};
	char text[600];

	plan_build_init(&b);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < texts; i++) {
		text[0] = (char)('a' + i % 26);
		text[1] = (char)('a' + i / 26);
		plan_build_text(&b, text);
	}
	if (plan_build_finish(&b, ret, &e) < 0)
		abort();
	plan_build_free(&b);
}
