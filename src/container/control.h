/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Shared by the files about running containers (control*.c, wait.c, look.c, attach*.c): the run
 * record where there is one, the control socket where there is none (genuine LXC) or where only the
 * supervisor can act.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/time.h"
#include "container/client.h"
#include "container/container.h"
#include "container/runs.h"

enum {
	CONTROL_TIMEOUT = WIRE_DEADLINE, /* milliseconds: of an answer */
	/* A supervisor that is asked to freeze gives up after this many milliseconds. */
	CONTROL_FREEZE_TIMEOUT = 10000,
};

/*
 * The record of the run that is going on: 0, or 1 when there is none that we could read. *ret is to
 * be closed then only if 0 was returned. A record that can't be read is not an error: the control
 * socket knows, too.
 */
int control_view(const struct container *c, struct run_view *ret);

struct control_request {
	int command; /* enum wire_command */
	uint64_t data;
	const void *payload;
	size_t length;
	int timeout;     /* milliseconds; 0 = CONTROL_TIMEOUT, -1 = none */
	usec_t deadline; /* of the whole; 0 = none */
	int *ret_fd;     /* keep the connection; or NULL */
};

/*
 * client_call(), but that while the record says STARTING the timeout does not count, only the
 * deadline: supervisors don't answer then (wire.md §6).
 */
int control_call(const struct container *c, const struct control_request *request,
		 struct client_answer *answer, struct err *e);

/* The sentences that more than one function needs. Return negative. */
int control_not_running(const struct container *c, int errnum, struct err *e);
int control_denied(const struct container *c, struct err *e);

/* init of the run that is going on: 0 with a pidfd that is known to be of it (and its number, may
 * be NULL); -ECONNREFUSED when nothing runs. */
int control_open_init(const struct container *c, int *ret_pidfd, pid_t *ret_pid, struct err *e);

/* The same of a record: 0, or -ESRCH, also when its numbers are of another PID namespace. Silent.
 */
int control_open_recorded(const struct run_view *view, int *ret_pidfd);

/* STOPPED when nobody answers. With a record: what it says. */
int control_read_state(const struct container *c, int timeout, enum container_state *ret,
		       struct err *e);

/* The signal that ends (reboots) this run: `wanted`, lxc.signal.halt (.reboot) of the caller's own
 * configuration, or when that is 0 the run's own, or what its init understands. */
int control_halt_signal(const struct container *c, uint32_t wanted, pid_t init);
int control_reboot_signal(const struct container *c, uint32_t wanted);

/*
 * Become a state client. interest: one number per state (wire.md §7). On success *ret_fd is the
 * connection and *ret_state the state that the container is in, or STATE_COUNT: a message will
 * come. CLIENT_STOPPED when nobody is there, -ETIMEDOUT when there is no answer in time.
 */
int control_watch(const struct container *c, const int32_t interest[WIRE_STATES], usec_t deadline,
		  int *ret_fd, unsigned *ret_state, struct err *e);

/* Wait for a state client's message: the state, STATE_STOPPED at the end of the connection;
 * -ETIMEDOUT (and only that without e set) when the time is over. */
int control_watch_wait(const struct container *c, int fd, usec_t deadline, struct err *e);

/* The deadline of seconds; negative = never. */
usec_t control_deadline(int seconds);

/*
 * A directory of the cgroup where limits are. `controller` as the first part of a file's name has
 * it ("memory", "cgroup"). 0; 1: no hierarchy has it; -ESRCH: not running.
 */
struct limit_directory {
	int dir_fd;
	bool is_v2;
};
enum limit_version { LIMIT_V1 = 1, LIMIT_V2 = 2 };
int control_open_limits(const struct container *c, const char *controller,
			enum limit_version version, struct limit_directory *ret, struct err *e);

/* Whether the freezer of a running container says so. Silent: false when it can't be read. */
bool control_is_frozen(const struct container *c);
