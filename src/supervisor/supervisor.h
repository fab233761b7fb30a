/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The supervisor: one process per running container. It runs the plan's HOST lane, keeps the run
 * record, serves the control socket and the console, and ends or restarts the container.
 *
 * One thread, no heap once the start has begun (showing an error excepted), nothing that blocks
 * while the container runs. All state hangs below struct supervisor; what lives as long as a
 * connection or a console has its own pages, which go back when they are done.
 *
 * main.c tells the story; each part has one header.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "run/record.h"
#include "run/run.h"
#include "supervisor/address.h"
#include "supervisor/console.h"
#include "supervisor/control.h"
#include "supervisor/freezer.h"
#include "supervisor/loop.h"

struct supervisor {
	struct record_header *record;
	int record_fd;
	struct run run;
	struct loop loop;
	struct control control;
	struct console console;
	struct freezer freezer;
	struct addresses addresses;

	int result_fd; /* -EBADF when there is none, or nothing more to tell */
	int caller_fd; /* pidfd of a caller that we don't survive */

	/* Of the record, with the room that they have: the plan in force is in one of them. */
	struct record_part plan_places[2];

	/* The device rules in force: pages of our own after the first change; NULL: the plan's. */
	struct plan_devices *devices;

	bool init_ended;
	bool stop_requested;  /* a reboot that comes at the same time is a stop */
	bool reboot_refused;  /* by a hook */
	bool is_starting;     /* signals that ask for an end end the start */
	bool address_is_free; /* the listener is closed, the record has made room */
	bool record_has_ended;
	bool is_in_callers_cgroup;      /* it could not be left at once */
	bool is_left_over;              /* something could not be given back: the record stays */
	int interrupted_by;             /* signal that ended the start; 0 = none */
	uint64_t caller_descriptors[2]; /* RLIMIT_NOFILE, when run.caller_descriptors is this */
	int trace_fd; /* RECORD_TRACE in the background: the starter's stderr; else -EBADF */
	struct hook_output *hook_output; /* NULL: hooks have printed nothing (hook_output.h) */
	/* The chain of a failed start, while there is one: pages of their own. */
	struct err *error;
};

static inline struct supervisor *supervisor_of(struct run *r)
{
	return r->context;
}

/* Whether a step that failed leaves something behind that UNDO may remove later. */
bool supervisor_is_to_retry(const struct supervisor *s, const struct run_failure *failure);

/* The plan that is being run. */
static inline const struct plan *supervisor_plan(const struct supervisor *s)
{
	return s->run.plan;
}

/* The register of a role when it is set, else NULL. */
struct record_register *supervisor_role(const struct supervisor *s, enum plan_role role);

/* The descriptor of a role; -EBADF when there is none. Borrowed. */
int supervisor_role_fd(const struct supervisor *s, enum plan_role role);

/* The name of a role, "" when there is none. */
const char *supervisor_role_name(const struct supervisor *s, enum plan_role role);

/* Send a signal to init. 0 or -errno; -ESRCH when there is none. */
int supervisor_signal_init(struct supervisor *s, int signal);

/* End the container because somebody asked for it: a reboot that is under way becomes a stop. */
int supervisor_kill_init(struct supervisor *s);
