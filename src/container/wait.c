/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for a state (runtime.md §19).
 *
 * Runs that begin after the wait did are waited for as well: while nobody holds the control socket,
 * it is tried again a few times a second.
 */

#include "container/control.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

enum { RETRY_INTERVAL = 100 }; /* milliseconds */

/* The state of a word, or STATE_COUNT. */
static unsigned find_state(const char *word, size_t len)
{
	unsigned i = 0;

	while (i < STATE_COUNT && (strlen(container_state_name(i)) != len ||
				   memcmp(container_state_name(i), word, len) != 0))
		i++;
	return i;
}

/* "STOPPED|RUNNING" as numbers that say who is wanted. */
static int parse_states(const char *states, int32_t ret[WIRE_STATES], struct err *e)
{
	memset(ret, 0, WIRE_STATES * sizeof(ret[0]));
	for (const char *at = states;; at++) {
		size_t len = strcspn(at, "|");
		unsigned i = find_state(at, len);

		if (i == STATE_COUNT) {
			int r = err_set(e, ERR_USAGE, EINVAL, "invalid state '%.*s'", (int)len, at);

			err_hint(e, "states are STOPPED, STARTING, RUNNING, STOPPING, ABORTING, "
				    "FREEZING, FROZEN and THAWED, joined by |");
			return r;
		}
		ret[i] = 1;
		at += len;
		if (*at == '\0')
			return 0;
	}
}

static void pause_until(usec_t deadline)
{
	usec_t left = time_left(deadline);
	usec_t pause = RETRY_INTERVAL * USEC_PER_MSEC;
	struct timespec t;

	if (left < pause)
		pause = left;
	t = (struct timespec){.tv_sec = 0, .tv_nsec = (long)pause * 1000};
	nanosleep(&t, NULL);
}

/* What the record says now, without waiting; STATE_COUNT when there is none. */
static unsigned recorded_state(const struct container *c)
{
	struct run_view view;
	unsigned state;

	if (control_view(c, &view) != 0)
		return STATE_COUNT;
	state = atomic_load(&view.record->state);
	runs_view_close(&view);
	return state < STATE_COUNT ? state : STATE_COUNT;
}

/* One turn; or negative. */
enum { WAIT_REACHED, WAIT_NOBODY, WAIT_UNKNOWN, WAIT_TIME_OVER };

static int wait_once(const struct container *c, const int32_t interest[WIRE_STATES],
		     usec_t deadline, struct err *e)
{
	autoclose int fd = -EBADF;
	unsigned state = recorded_state(c);
	int r;

	if (state < STATE_COUNT && interest[state])
		return WAIT_REACHED;
	r = control_watch(c, interest, deadline, &fd, &state, e);
	if (r == CLIENT_STOPPED)
		return WAIT_NOBODY;
	if (r == -ETIMEDOUT)
		return time_left(deadline) == 0 ? WAIT_TIME_OVER : WAIT_UNKNOWN;
	if (r < 0)
		return r;
	if (state < STATE_COUNT)
		return interest[state] ? WAIT_REACHED : WAIT_NOBODY;
	r = control_watch_wait(c, fd, deadline, e);
	if (r == -ETIMEDOUT)
		return WAIT_TIME_OVER;
	if (r < 0)
		return r;
	return interest[r] ? WAIT_REACHED : WAIT_NOBODY;
}

int container_wait(struct container *c, const char *states, int timeout, struct err *e)
{
	int32_t interest[WIRE_STATES];
	usec_t deadline = control_deadline(timeout);
	int r = parse_states(states, interest, e);

	if (r < 0)
		return r;
	for (;;) {
		r = wait_once(c, interest, deadline, e);
		if (r == WAIT_REACHED || (r == WAIT_NOBODY && interest[STATE_STOPPED])) {
			err_clear(e);
			return 0;
		}
		if (r < 0)
			return r;
		if (r == WAIT_TIME_OVER || time_left(deadline) == 0)
			return 1;
		pause_until(deadline);
	}
}
