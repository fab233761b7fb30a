/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state words, in the order of their numbers on the wire.
 */

#include "api/state_words.h"

#include <lxc/lxccontainer.h>

const char *const state_words[STATE_COUNT] = {
	"STOPPED", "STARTING", "RUNNING", "STOPPING", "ABORTING", "FREEZING", "FROZEN", "THAWED",
};

int lxc_get_wait_states(const char **states)
{
	for (int i = 0; states && i < STATE_COUNT; i++)
		states[i] = state_words[i];
	return STATE_COUNT;
}
