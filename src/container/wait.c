/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for a state (runtime.md §19).
 *
 * Runs that begin after the wait did are waited for as well: of ours the directory of records tells
 * (inotify(7)); for those of genuine LXC, and where there is no such directory yet, the control
 * socket is tried again a few times a second.
 */

#include "container/control.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/inotify.h>
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
static int parse_states(const char *states, bool ret[WIRE_STATES], struct err *e)
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
		ret[i] = true;
		at += len;
		if (*at == '\0')
			return 0;
	}
}

/* A wait under way. */
struct waiting {
	const struct container *c;
	bool wanted[WIRE_STATES];
	bool change;                /* what it is in does not count: it has to be entered */
	enum container_state first; /* what it is in; STATE_COUNT: unknown, or nothing runs */
	bool was_down;              /* everything seen from now on has been entered */
	bool was_up;
	bool has_begun; /* a run has, since it was down: it passed STARTING */
	int notify_fd;  /* tells of new records; -EBADF: nobody does */
	usec_t deadline;
};

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

/* From now on await_run() ends when a record is made, or a run gives its name up. */
static void watch_records(struct waiting *w)
{
	autofree char *path = NULL;

	if (runs_directory(w->c->lxcpath, &path, NULL) < 0)
		return;
	w->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->notify_fd >= 0 &&
	    inotify_add_watch(w->notify_fd, path,
			      IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR) < 0) {
		cleanup_close(&w->notify_fd);
		w->notify_fd = -EBADF;
	}
}

static void take_events(struct waiting *w, const char *events, size_t length)
{
	struct inotify_event event;

	for (size_t at = 0; at + sizeof(event) <= length; at += sizeof(event) + event.len) {
		memcpy(&event, events + at, sizeof(event));
		if (!(event.mask & IN_MOVED_FROM) && event.len > 0 &&
		    strcmp(events + at + sizeof(event), w->c->name) == 0)
			w->has_begun = true;
	}
}

/* Until a run may have begun, or be over. */
static void await_run(struct waiting *w)
{
	struct pollfd p = {.fd = w->notify_fd, .events = POLLIN};
	usec_t left = time_left(w->deadline) / USEC_PER_MSEC + 1;
	char events[4096];
	ssize_t n;

	if (poll(&p, 1, left < RETRY_INTERVAL ? (int)left : RETRY_INTERVAL) <= 0)
		return;
	while ((n = read(w->notify_fd, events, sizeof(events))) > 0)
		take_events(w, events, (size_t)n);
}

/* Which states end the wait; "2" is the next time that one is entered (wire.md §7). */
static void choose_interest(const struct waiting *w, int32_t ret[WIRE_STATES])
{
	for (unsigned i = 0; i < WIRE_STATES; i++) {
		bool is_old = w->change && !w->was_down &&
			      (w->first == i || w->first == STATE_COUNT);

		ret[i] = !w->wanted[i] ? 0 : is_old ? 2 : 1;
	}
}

/* One turn; or negative. */
enum { WAIT_REACHED, WAIT_NOBODY, WAIT_UNKNOWN, WAIT_TIME_OVER };

/* Nobody is there: of a run that has begun meanwhile only when its record is gone. */
static int seen_down(struct waiting *w)
{
	bool is_over = w->was_up || (w->has_begun && recorded_state(w->c) == STATE_COUNT);

	w->was_down = true;
	return w->wanted[STATE_STOPPED] && (!w->change || is_over) ? WAIT_REACHED : WAIT_NOBODY;
}

static int seen(struct waiting *w, unsigned state)
{
	if (state == STATE_STOPPED)
		return seen_down(w);
	return w->wanted[state] ? WAIT_REACHED : WAIT_NOBODY;
}

static int wait_once(struct waiting *w, struct err *e)
{
	unsigned state = recorded_state(w->c);
	/* Of a run whose record comes between this look and the answer, which may come late. */
	const bool was_nowhere = state == STATE_COUNT;
	autoclose int fd = -EBADF;
	int32_t interest[WIRE_STATES];
	int r;

	choose_interest(w, interest);
	/* A record that says STOPPED under its name is that of a run which begins. */
	if (state < STATE_COUNT && (w->was_down || state == STATE_STOPPED))
		w->has_begun = true;
	if (w->has_begun && w->wanted[STATE_STARTING])
		return WAIT_REACHED;
	if (state < STATE_COUNT && interest[state] == 1 && (state != STATE_STOPPED || !w->change))
		return WAIT_REACHED;
	r = control_watch(w->c, interest, w->deadline, &fd, &state, e);
	if (r == CLIENT_STOPPED)
		return seen_down(w);
	if (r == -ETIMEDOUT)
		return time_left(w->deadline) == 0 ? WAIT_TIME_OVER : WAIT_UNKNOWN;
	if (r < 0)
		return r;
	w->was_up = true;
	if (was_nowhere && recorded_state(w->c) < STATE_COUNT)
		w->has_begun = true;
	if (w->has_begun && w->wanted[STATE_STARTING])
		return WAIT_REACHED;
	if (state < STATE_COUNT)
		return seen(w, state);
	r = control_watch_wait(w->c, fd, w->deadline, e);
	if (r == -ETIMEDOUT)
		return WAIT_TIME_OVER;
	return r < 0 ? r : seen(w, (unsigned)r);
}

static int wait_until(struct waiting *w, struct err *e)
{
	for (;;) {
		int r = wait_once(w, e);

		if (r == WAIT_REACHED) {
			err_clear(e);
			return 0;
		}
		if (r < 0)
			return r;
		if (r == WAIT_TIME_OVER || time_left(w->deadline) == 0)
			return 1;
		if (w->notify_fd < 0) {
			watch_records(w);
			/* A run may have begun before we were told of such. */
			if (w->notify_fd >= 0)
				continue;
		}
		await_run(w);
	}
}

static int wait_for(const struct container *c, const char *states, int timeout, bool change,
		    struct err *e)
{
	struct waiting w = {.c = c,
			    .change = change,
			    .first = STATE_COUNT,
			    .notify_fd = -EBADF,
			    .deadline = control_deadline(timeout)};
	int r = parse_states(states, w.wanted, e);

	if (r < 0)
		return r;
	if (change)
		w.first = recorded_state(c);
	r = wait_until(&w, e);
	cleanup_close(&w.notify_fd);
	return r;
}

int container_wait(struct container *c, const char *states, int timeout, struct err *e)
{
	return wait_for(c, states, timeout, false, e);
}

int container_wait_for_change(struct container *c, const char *states, int timeout, struct err *e)
{
	return wait_for(c, states, timeout, true, e);
}
