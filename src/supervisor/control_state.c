/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * State clients (spec/wire.md §7): who waits for a state gets one message, then EOF.
 */

#include "supervisor/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "supervisor/state.h"
#include "supervisor/supervisor.h"

enum { INTERESTED = 1 /* also in the present; 2 = only the next time */ };

/* "None of them": what a client that has to wait is told. */
enum { WIRE_NO_STATE = 8 };

void command_add_state_client(struct supervisor *s, struct connection *c)
{
	enum container_state now = atomic_load(&s->record->state);
	struct answer answer = {.ret = WIRE_NO_STATE, .data = WIRE_NO_STATE};
	int32_t wanted[WIRE_STATES];

	memcpy(wanted, c->buffer, sizeof(wanted));
	if (wanted[now] == INTERESTED) {
		answer.ret = (int32_t)now;
		answer.data = now;
		connection_answer(s, c, &answer, VERDICT_KEEP);
		return;
	}
	c->wanted = 0;
	for (unsigned i = 0; i < WIRE_STATES; i++) {
		if (wanted[i] != 0)
			c->wanted |= (uint8_t)(1U << i);
	}
	c->flags |= CONNECTION_IS_CLIENT;
	connection_answer(s, c, &answer, VERDICT_KEEP);
}

struct news {
	enum container_state state;
	struct wire_message message;
};

static void tell_one(struct supervisor *s, struct connection *c, void *context)
{
	const struct news *news = context;

	if (!(c->flags & CONNECTION_IS_CLIENT) || !(c->wanted >> news->state & 1))
		return;
	/* Whoever has no room for a message of this size reads nothing: it gets its EOF. */
	if (c->phase != PHASE_ANSWER)
		send(c->fd, &news->message, sizeof(news->message), MSG_DONTWAIT | MSG_NOSIGNAL);
	connection_close(s, c);
}

void control_tell_state(struct supervisor *s, enum container_state state)
{
	const char *name = record_text(s->record, s->record->name);
	struct news news = {.state = state};

	if (s->control.count == 0)
		return;
	news.message.type = WIRE_MESSAGE_STATE;
	news.message.value = (int32_t)state;
	memcpy(news.message.name, name, strnlen(name, sizeof(news.message.name) - 1));
	control_each(s, tell_one, &news);
}

static bool clients_may_report(int32_t state)
{
	return state == STATE_RUNNING || state == STATE_FREEZING || state == STATE_FROZEN ||
	       state == STATE_THAWED;
}

void command_serve_state_clients(struct supervisor *s, struct connection *c)
{
	int32_t state = (int32_t)c->request.data;
	int r = -EINVAL;

	if (clients_may_report(state) &&
	    state_may_follow(atomic_load(&s->record->state), (enum container_state)state))
		r = state_adopt(s, (enum container_state)state);
	connection_answer_code(s, c, r);
}
