/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The names of the states, by enum container_state: what state() returns, wait() takes and
 * lxc_get_wait_states() lists.
 */

#include "container/container.h"

extern const char *const state_words[STATE_COUNT];
