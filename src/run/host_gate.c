/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HOST's side of the gates: what INIT says is read here, while the supervisor's events are served.
 * A child that is gone without a word is looked up by its pidfd and told as what it is.
 */

#include "run/host.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/process.h"

enum {
	/* Descriptors are closed a little before a dying process can be waited for. */
	DEATH_TIMEOUT = 2000, /* milliseconds */
};

/* The last step that both lanes have passed together, counted from 1; 0 = the clone. */
static uint32_t last_meeting(const struct host *h)
{
	const struct plan_step *steps = plan_steps(h->plan, SECTION_START);

	for (uint32_t i = h->index; i > 0; i--) {
		const uint16_t op = steps[i - 1].op;

		if (op == OP_GATE || op == OP_CLONE)
			return i;
	}
	return 0;
}

/* INIT's end of the pair is closed although it has more to say. */
static int child_is_gone(struct host *h)
{
	struct run *run = h->run;
	const uint32_t from = last_meeting(h);
	char status_text[64];
	int status, r;

	close(take_fd(run->gate_fd));
	h->failure->is_in_child = true;
	r = run->child_fd >= 0 ? process_poll(run->child_fd, DEATH_TIMEOUT) : -ECHILD;
	if (r > 0)
		r = process_peek(run->child_fd, &status);
	if (r == 0)
		return host_explain(h, "init has hung up between step %u and step %u, but runs",
				    from, h->index + 1);
	if (r < 0)
		return host_explain(h, "init ended between step %u and step %u; how is not known",
				    from, h->index + 1);
	process_print_status(status, status_text, sizeof(status_text));
	return host_explain(h, "init %s between step %u and step %u", status_text, from,
			    h->index + 1);
}

static void drop_descriptors(struct gate_fds *fds)
{
	for (size_t i = 0; i < fds->count; i++)
		close(fds->fds[i]);
	fds->count = 0;
}

/* A message is about INIT's step: the failure says so. */
static void describe(const struct gate_message *message, struct run_failure *ret)
{
	ret->section = SECTION_START;
	ret->step = message->step;
	ret->is_in_child = true;
	ret->call = message->call;
	ret->errnum = message->errnum > 0 ? message->errnum : 0;
	memcpy(ret->note, message->note, sizeof(message->note));
	ret->note[sizeof(message->note) - 1] = '\0';
}

int host_take_failure(struct host *h, const struct gate_message *message)
{
	describe(message, h->failure);
	return h->failure->errnum > 0 ? -h->failure->errnum : -EIO;
}

static void take_warning(struct host *h, const struct gate_message *message)
{
	struct run_failure warning;

	memset(&warning, 0, sizeof(warning));
	describe(message, &warning);
	host_warn(h, &warning);
}

/* Into the register of a filter, and no other: those that lead to the host are HOST's alone. */
static int take_descriptor(struct host *h, const struct gate_message *message, struct gate_fds *fds)
{
	const struct plan_step *step = &plan_steps(h->plan, SECTION_START)[message->step];

	if (fds->count != 1 || step->op != OP_SECCOMP)
		return -EPROTO;
	host_set_fd(h, step->out, fds->fds[0]);
	fds->count = 0;
	return 0;
}

/* What may come at any time. 0: it was that; 1: it is something else. */
static int take_message(struct host *h, const struct gate_message *message, struct gate_fds *fds)
{
	const uint32_t count = h->plan->sections[SECTION_START].count;

	/* A callback comes behind the last step. */
	if (message->step > count ||
	    (message->step == count && message->kind == MESSAGE_DESCRIPTOR))
		return -EPROTO;
	switch ((enum gate_kind)message->kind) {
	case MESSAGE_FAILED:
		return host_take_failure(h, message);
	case MESSAGE_WARNED:
		take_warning(h, message);
		return 0;
	case MESSAGE_DESCRIPTOR:
		return take_descriptor(h, message, fds);
	case MESSAGE_ARRIVED:
	case MESSAGE_EXEC_NEXT:
		return 1;
	case MESSAGE_PASS:
	default:
		return -EPROTO;
	}
}

/* Wait for INIT to arrive or to announce its exec. 1: `ret` is it; 0: it has hung up. */
static int wait_message(struct host *h, struct gate_message *ret, struct gate_fds *ret_fds)
{
	for (;;) {
		int r = host_wait(h, h->run->gate_fd);

		if (r < 0)
			return host_note(h, r, "waiting for init was given up");
		r = gate_receive(h->run->gate_fd, ret, ret_fds);
		if (r < 0)
			return host_failed(h, __NR_recvmsg, r);
		if (r == 0)
			return 0;
		r = take_message(h, ret, ret_fds);
		if (r == 0)
			continue;
		if (r < 0)
			drop_descriptors(ret_fds);
		if (r == -EPROTO)
			return host_note(h, r, "init sent a message that makes no sense here");
		return r;
	}
}

/* A console whose terminal is the container's own begins here, without OP_CONSOLE_OPEN. */
static int take_register(struct host *h, unsigned number, int fd)
{
	const struct run_calls *calls = h->run->calls;

	host_set_fd(h, number, fd);
	if (number != h->plan->roles[ROLE_CONSOLE_MASTER] || !calls->console_opened)
		return 0;
	return calls->console_opened(h->run, &plan_steps(h->plan, SECTION_START)[h->index]);
}

/* The descriptors that rode along, into the gate's registers. */
static int take_registers(struct host *h, const struct plan_step *step,
			  const struct gate_message *message, struct gate_fds *fds)
{
	const uint64_t count = step->arg[2];
	size_t next = 0;
	int r;

	for (unsigned i = 0; step->arg[1] != PLAN_NO_REGISTER && i < count; i++) {
		if (i >= sizeof(message->note) * 8 || !gate_is_marked(message, i))
			continue;
		if (next >= fds->count)
			return -EPROTO;
		r = take_register(h, (unsigned)step->arg[1] + i, fds->fds[next]);
		fds->fds[next++] = -EBADF;
		if (r < 0)
			return r;
	}
	return next == fds->count ? 0 : -EPROTO;
}

/* INIT stands at this gate: what it hands over is ours now. */
static int wait_for_init(struct host *h, const struct plan_step *step)
{
	struct gate_message message;
	struct gate_fds fds;
	int r = wait_message(h, &message, &fds);

	if (r == 0)
		return child_is_gone(h);
	if (r < 0)
		return r;
	if (message.kind != MESSAGE_ARRIVED || message.step != h->index) {
		drop_descriptors(&fds);
		return host_note(h, -EPROTO, "init is at step %u instead", message.step + 1);
	}
	r = take_registers(h, step, &message, &fds);
	if (r == 0)
		return 0;
	for (size_t i = 0; i < fds.count; i++) {
		if (fds.fds[i] >= 0)
			close(fds.fds[i]);
	}
	return host_note(h, r, "init handed over other descriptors than the plan says");
}

/* INIT has ended before it came here: it may have said why. */
static int last_words(struct host *h)
{
	struct gate_message message;
	struct gate_fds fds;
	int r = wait_message(h, &message, &fds);

	if (r == 0)
		return child_is_gone(h);
	if (r < 0)
		return r;
	drop_descriptors(&fds);
	return host_note(h, -EPROTO, "init is at step %u instead", message.step + 1);
}

static int let_init_pass(struct host *h)
{
	const struct gate_message message = {.kind = MESSAGE_PASS, .step = h->index};
	int r = gate_send(h->run->gate_fd, &message, NULL);

	if (r == -EPIPE || r == -ECONNRESET)
		return last_words(h);
	return r < 0 ? host_failed(h, __NR_sendmsg, r) : 0;
}

int host_gate(struct host *h, const struct plan_step *step)
{
	int r = 0;

	if (h->run->gate_fd < 0)
		return host_note(h, -ENOTCONN, "there is no process at the other side");
	if (plan_gate_holds_host(step->arg[0]))
		r = wait_for_init(h, step);
	return r == 0 && plan_gate_holds_init(step->arg[0]) ? let_init_pass(h) : r;
}

/* -ENODEV: the network namespace is gone, and our end of a veth pair with it. */
static bool speaks_of_death(int r)
{
	return r == -ESRCH || r == -ENOENT || r == -ECHILD || r == -EPIPE || r == -ENODEV;
}

int host_blame(struct host *h, int r)
{
	const struct run_failure own = *h->failure;
	struct pollfd p = {.fd = h->run->gate_fd, .events = POLLIN};
	/* What is already seen of its end may come before it has hung up. */
	const bool is_ending = speaks_of_death(r) && h->run->child > 0 &&
			       process_is_ending(h->run->child);
	struct gate_message message;
	struct gate_fds fds;

	while (h->run->gate_fd >= 0 && poll(&p, 1, is_ending ? DEATH_TIMEOUT : 0) == 1) {
		int got = gate_receive(h->run->gate_fd, &message, &fds);

		if (got < 0)
			break;
		if (got == 0 && !speaks_of_death(r))
			break;
		if (got == 0) {
			*h->failure =
				(struct run_failure){.section = own.section, .step = h->index};
			return child_is_gone(h);
		}
		drop_descriptors(&fds);
		if (message.step >= h->plan->sections[SECTION_START].count)
			continue;
		if (message.kind == MESSAGE_FAILED)
			return host_take_failure(h, &message);
		if (message.kind == MESSAGE_WARNED)
			take_warning(h, &message);
	}
	*h->failure = own;
	return r;
}

/* The last step of INIT's lane: what fails after the last gate is about it. */
static uint32_t last_of_init(const struct plan *plan)
{
	const struct plan_step *steps = plan_steps(plan, SECTION_START);
	uint32_t i = plan->sections[SECTION_START].count;

	while (i > 0 && steps[i - 1].lane != LANE_INIT)
		i--;
	return i > 0 ? i - 1 : 0;
}

static int wait_exec(struct host *h)
{
	struct gate_message message = {.kind = MESSAGE_EXEC_NEXT};
	struct gate_fds fds;

	if (h->run->gate_fd < 0)
		return host_note(h, -ENOTCONN, "there is no process at the other side");
	for (;;) {
		int r = wait_message(h, &message, &fds);

		if (r < 0)
			return r;
		if (r == 0 && !h->run->child_execs)
			return child_is_gone(h);
		if (r == 0)
			break;
		drop_descriptors(&fds);
		if (message.kind != MESSAGE_EXEC_NEXT)
			return host_note(h, -EPROTO,
					 "init stands at a gate that is not in the plan");
		h->run->child_execs = true;
	}
	close(take_fd(h->run->gate_fd));
	return 0;
}

int run_wait_exec(struct run *r, struct run_failure *ret)
{
	struct host h = {
		.run = r,
		.plan = r->plan,
		.section = SECTION_START,
		.index = last_of_init(r->plan),
		.failure = ret,
	};
	int result;

	memset(ret, 0, sizeof(*ret));
	ret->section = SECTION_START;
	ret->step = h.index;
	ret->errnum = -1;
	result = wait_exec(&h);
	if (result < 0 && ret->errnum == -1)
		ret->errnum = -result;
	return result;
}
