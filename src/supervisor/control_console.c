/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GET_TTY_FD and CONSOLE_LOG (spec/wire.md §5). A tty is leased to a connection: it is busy as long
 * as that is open.
 */

#include "supervisor/control.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "supervisor/supervisor.h"

struct lease_search {
	int number;
	bool is_busy;
};

static void look_for_lease(struct supervisor *s, struct connection *c, void *context)
{
	struct lease_search *search = context;

	if (c->lease == search->number)
		search->is_busy = true;
}

static bool is_leased(struct supervisor *s, int number)
{
	struct lease_search search = {.number = number};

	control_each(s, look_for_lease, &search);
	return search.is_busy;
}

/* The master of tty n from 1; -EBADF. Borrowed. */
static int tty_master(const struct supervisor *s, uint32_t number)
{
	const struct plan *p = supervisor_plan(s);
	uint32_t first = p->roles[ROLE_TTY_FIRST];
	const struct record_register *value;

	if (number < 1 || number > p->tty_count || first == PLAN_NO_REGISTER ||
	    first + number - 1 >= p->registers.count)
		return -EBADF;
	value = &record_registers(s->record)[first + number - 1];
	return atomic_load(&value->state) == VALUE_SET ? value->fd : -EBADF;
}

/* The wanted tty, or the first free one for -1; 0 when there is none. */
static uint32_t choose_tty(struct supervisor *s, int32_t wanted)
{
	uint32_t first = wanted < 0 ? 1 : (uint32_t)wanted;
	uint32_t last = wanted < 0 ? supervisor_plan(s)->tty_count : (uint32_t)wanted;

	for (uint32_t n = first; n <= last && n <= INT16_MAX; n++) {
		if (tty_master(s, n) >= 0 && !is_leased(s, (int)n))
			return n;
	}
	return 0;
}

void command_get_tty_fd(struct supervisor *s, struct connection *c)
{
	int32_t wanted = (int32_t)c->request.data;
	autoclose int proxy_fd = -EBADF;
	struct answer answer = {.fd_count = 1};
	uint32_t number;
	int fd;

	if (c->lease != LEASE_NONE || wanted < -1) {
		connection_answer_code(s, c, c->lease != LEASE_NONE ? -EINVAL : -EBADF);
		return;
	}
	if (wanted == 0) {
		proxy_fd = console_open_proxy(s);
		fd = proxy_fd;
		number = 0;
	} else {
		number = choose_tty(s, wanted);
		fd = tty_master(s, number);
	}
	if (fd < 0) {
		connection_answer_code(s, c, -EBADF);
		return;
	}
	c->lease = (int16_t)number;
	answer.data = number;
	answer.fds = &fd;
	connection_answer(s, c, &answer, VERDICT_KEEP);
}

void control_end_lease(struct supervisor *s, struct connection *c)
{
	if (c->lease == 0)
		console_close_proxy(s);
	c->lease = LEASE_NONE;
}

static void close_leased(struct supervisor *s, struct connection *c, void *context)
{
	if (c->lease != LEASE_NONE)
		connection_close(s, c);
}

void control_close_leases(struct supervisor *s)
{
	control_each(s, close_leased, NULL);
}

void command_console_log(struct supervisor *s, struct connection *c)
{
	struct console_ring *ring = &s->console.ring;
	struct answer answer = {.ret = 0};
	struct wire_console_log request;
	size_t length = 0;

	memcpy(&request, c->buffer, sizeof(request));
	if (!ring->bytes) {
		connection_answer_code(s, c, -EFAULT);
		return;
	}
	if (request.read) {
		size_t wanted = request.read_max == 0 || request.read_max > ring->used
					? ring->used
					: (size_t)request.read_max;

		length = console_ring_look(ring, wanted, answer.payload);
		if (length == 0)
			answer.ret = -ENODATA;
	}
	/* Before the bytes are forgotten: they are the ring's own. */
	connection_answer(s, c, &answer, VERDICT_CLOSE);
	console_ring_take(ring, request.clear ? ring->used : length);
}
