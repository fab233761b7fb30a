/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The states of a container, numbered as on the wire (spec/wire.md), and their words: what state()
 * returns, wait() takes and lxc_get_wait_states() lists.
 */

enum container_state {
	STATE_STOPPED,
	STATE_STARTING,
	STATE_RUNNING,
	STATE_STOPPING,
	STATE_ABORTING,
	STATE_FREEZING,
	STATE_FROZEN,
	STATE_THAWED,
	STATE_COUNT,
};

/* "STOPPED"; NULL for a number that is no state. */
const char *container_state_name(unsigned state);
