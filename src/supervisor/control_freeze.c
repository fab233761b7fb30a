/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FREEZE and UNFREEZE (spec/wire.md §5): the connection waits for the freezer, for as long as its
 * client said.
 */

#include "supervisor/control.h"

#include <errno.h>
#include <string.h>

#include "supervisor/supervisor.h"

/* LXC's clients send milliseconds in the header, Proxmox VE seconds as a payload. 0 or -EINVAL. */
static int find_timeout(const struct connection *c, usec_t *ret)
{
	int64_t amount = (int32_t)c->request.data;
	usec_t unit = USEC_PER_MSEC;
	int32_t seconds;

	if (c->length == sizeof(seconds)) {
		memcpy(&seconds, c->buffer, sizeof(seconds));
		amount = seconds;
		unit = USEC_PER_SEC;
	} else if (c->length == sizeof(amount)) {
		memcpy(&amount, c->buffer, sizeof(amount));
		unit = USEC_PER_SEC;
	} else if (c->length != 0) {
		return -EINVAL;
	}
	if (amount < 0 || __builtin_mul_overflow((usec_t)amount, unit, ret))
		*ret = USEC_INFINITY;
	return 0;
}

void command_freeze(struct supervisor *s, struct connection *c)
{
	usec_t timeout;
	int r = find_timeout(c, &timeout);

	if (r == 0)
		r = freezer_begin(s, c->request.command == WIRE_FREEZE, timeout == 0);
	if (r != 0 || timeout == 0) {
		connection_answer_code(s, c, r < 0 ? r : 0);
		return;
	}
	connection_keep(s, c, VERDICT_WAIT);
	connection_set_deadline(s, c, time_deadline(timeout));
}

struct outcome {
	int32_t command;
	int result;
};

static void tell_one(struct supervisor *s, struct connection *c, void *context)
{
	const struct outcome *outcome = context;

	if (c->phase == PHASE_WAITING && c->request.command == outcome->command)
		connection_answer_code(s, c, outcome->result);
}

void control_freezer_done(struct supervisor *s, bool freeze, int result)
{
	struct outcome outcome = {
		.command = freeze ? WIRE_FREEZE : WIRE_UNFREEZE,
		.result = result,
	};

	if (s->control.count > 0)
		control_each(s, tell_one, &outcome);
}

static bool is_freezing(const struct connection *c)
{
	return c->phase == PHASE_WAITING && c->request.command == WIRE_FREEZE;
}

struct others {
	const struct connection *but;
	bool found;
};

static void find_other(struct supervisor *s, struct connection *c, void *context)
{
	struct others *others = context;

	if (c != others->but && is_freezing(c))
		others->found = true;
}

void control_wait_expired(struct supervisor *s, struct connection *c)
{
	struct others others = {.but = c};

	if (is_freezing(c)) {
		control_each(s, find_other, &others);
		if (!others.found)
			freezer_give_up(s);
	}
	/* Still there when it goes on without this one. */
	if (c->phase == PHASE_WAITING)
		connection_answer_code(s, c, -ETIMEDOUT);
}
