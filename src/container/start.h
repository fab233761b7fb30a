/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parts of a start: what is prepared by the caller (start.c), the bytes of the run record
 * (start_record.c), and the hand-over to the supervisor (launch.c).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/str.h"
#include "container/container.h"
#include "plan/compile.h"

struct start {
	struct container *container;
	const struct start_options *options;
	struct plan_request request;
	struct str prelude, plan; /* plans; empty = none */
	char *helpers;            /* directory of the supervisor */
	char *run_path;           /* of the record */
	struct log_handover log;
	uint32_t listen_fds;
	bool in_place;
	/* To be handed on: 3 + listen_fds or above. -EBADF = none. */
	int record_fd, listener_fd, result_fd, caller_fd;
};

/* The request for the compiler that these options mean. */
void start_make_request(const struct container *c, const struct start_options *options,
			struct plan_request *ret);

/* The record's bytes, appended. */
int start_build_record(const struct start *s, struct str *ret, struct err *e);

/*
 * Hand over to a new supervisor and hear through our end of the result socket what became of it.
 * Our copies of what was handed over are closed. A record that nobody took is removed.
 */
int launch_daemonised(struct start *s, int result_fd, struct start_result *ret, struct err *e);
int launch_attended(struct start *s, int result_fd, struct start_result *ret, struct err *e);
/* Become it: returns only on failure. */
int launch_in_place(struct start *s, struct err *e);

/* A descriptor like this one, close-on-exec, where hand-overs may be; the old one is closed. */
int start_move_fd(const struct start *s, int fd);

/* container_path() of the file that says that an ephemeral container has been started. */
extern const char start_mark[];
