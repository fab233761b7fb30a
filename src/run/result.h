/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the supervisor tells its starter through the result socket (SOCK_SEQPACKET), once: when the
 * container is RUNNING, or when the start has failed and everything is undone; and, for a start
 * that is not daemonised, a second time when it ended.
 */

#include <stdint.h>

#include "base/err.h"

struct run_result {
	uint32_t state;      /* enum container_state: RUNNING, ABORTING (failed), STOPPED (ended) */
	int32_t exit_status; /* STOPPED: wait status of init */
	int32_t init_pid;
	uint32_t has_error;
	struct err error;
};
