/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of the states.
 */

#include "base/container_state.h"

#include <stddef.h>

static const char *const words[STATE_COUNT] = {
	[STATE_STOPPED] = "STOPPED",   [STATE_STARTING] = "STARTING", [STATE_RUNNING] = "RUNNING",
	[STATE_STOPPING] = "STOPPING", [STATE_ABORTING] = "ABORTING", [STATE_FREEZING] = "FREEZING",
	[STATE_FROZEN] = "FROZEN",     [STATE_THAWED] = "THAWED",
};

const char *container_state_name(unsigned state)
{
	return state < STATE_COUNT ? words[state] : NULL;
}
