/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Work that needs container root's ids: a child process that is root in a user namespace with the
 * container's id map, to which the caller's own uid and gid are added at the first free ids
 * (templates-and-services.md §1.3, runtime.md §6).
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "config/model.h"

struct userns_call {
	/* Runs in the child: its exit status (0 … 255), or -errno. */
	int (*function)(void *argument);
	void *argument;
	int kept_fd; /* as struct child_work has it */
};

/* Where the caller's own ids are inside. */
struct userns_own {
	uint32_t uid, gid;
};

/* The ids that the caller has inside of a namespace made for these maps. */
void userns_own_ids(const struct config_idmaps *maps, struct userns_own *ret);

/*
 * Run the function in a child and wait for it: 0 with its wait status, USERNS_CALL_FAILED with what
 * the function itself could not do (its errno, positive), or negative with e set when the namespace
 * could not be made.
 */
enum { USERNS_CALL_FAILED = 1 };
int userns_run(const struct config_idmaps *maps, const struct userns_call *call, int *ret_status,
	       struct err *e);
