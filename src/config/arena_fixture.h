/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: each test of a reader whose results live in an arena has one, *state.
 */

#include <stdlib.h>

#include "base/arena.h"

static inline int arena_set_up(void **state)
{
	*state = calloc(1, sizeof(struct arena));
	return *state ? 0 : -1;
}

static inline int arena_tear_down(void **state)
{
	arena_finish(*state);
	free(*state);
	return 0;
}

#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)
