/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the process: clone or, with shared namespaces, the way through them; the namespaces that
 * stay open for hooks; the ones that init makes itself; gates; and when HOST makes interfaces.
 */

#include "plan/compiler.h"

#include <sched.h>
#include <signal.h>

#include "base/macros.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

void compile_gate(struct compiler *c, enum plan_gate gate)
{
	struct plan_step *step = STEP(c, SECTION_START, OP_GATE, plan_gate_name(gate), "");

	step->arg[0] = gate;
	if (gate == GATE_HANDOVER && c->ready_count > 0) {
		step->arg[1] = c->r_ready;
		step->arg[2] = c->ready_count;
	}
}

int compile_shared_namespaces(struct compiler *c, struct err *e)
{
	for (unsigned k = 0; k < NAMESPACE_COUNT; k++) {
		const char *name = namespace_name((enum namespace_kind)k);
		const char *path = c->facts->share[k].path;
		uint32_t text;
		struct plan_step *step;

		if (c->r_share[k] == PLAN_NO_REGISTER)
			continue;
		text = plan_build_text(&c->b, path);
		step = STEP(c, SECTION_START, OP_NS_OPEN_PATH, path,
			    compile_origin(c, c->values->namespaces.share_origin[k],
					   compile_textf(c, "lxc.namespace.share.%s", name)));
		step->out = c->r_share[k];
		step->arg[0] = text;
		step->arg[1] = c->facts->share[k].start_time ? c->facts->share[k].pid : 0;
		step->arg[2] = c->facts->share[k].start_time;
	}
	return 0;
}

/* Keep namespaces open for the hooks of the end, of those that `flags` names. */
static void keep_namespaces(struct compiler *c, uint32_t flags)
{
	for (unsigned k = 0; c->keeps_ns && k < NAMESPACE_COUNT; k++) {
		const char *name = namespace_name((enum namespace_kind)k);
		uint32_t text;
		struct plan_step *step;

		if (!(flags & (uint32_t)namespace_clone_flag((enum namespace_kind)k)))
			continue;
		c->r_ns[k] = plan_build_register(&c->b, REGISTER_FD,
						 compile_textf(c, "%s namespace", name));
		text = plan_build_text(&c->b, name);
		step = STEP(c, SECTION_START, OP_NS_OPEN, name, "");
		step->out = c->r_ns[k];
		step->arg[0] = text;
	}
}

int compile_clone(struct compiler *c, struct err *e)
{
	struct plan_step *step;

	c->r_pidfd = plan_build_register(&c->b, REGISTER_FD, "init");
	c->r_pid = plan_build_register(&c->b, REGISTER_NUMBER, "pid of init");
	step = STEP(c, SECTION_START, OP_CLONE, c->request->name, "");
	step->out = c->r_pidfd;
	step->arg[0] = c->r_pid;
	step->arg[1] = c->r_born_in;
	step->arg[2] = c->clone_now;
	step->arg[3] = c->joins ? CLONE_JOIN : CLONE_PLAIN;
	for (unsigned k = 0; k < NAMESPACE_COUNT; k++) {
		const char *name = namespace_name((enum namespace_kind)k);

		if (c->r_share[k] == PLAN_NO_REGISTER)
			continue;
		step = STEP(c, SECTION_START, OP_NS_JOIN, name,
			    compile_origin(c, c->values->namespaces.share_origin[k],
					   compile_textf(c, "lxc.namespace.share.%s", name)));
		step->in = c->r_share[k];
		step->arg[0] = namespace_clone_flag((enum namespace_kind)k);
	}
	step = STEP(c, SECTION_START, OP_DEATH_SIGNAL, "SIGKILL", "");
	step->arg[0] = SIGKILL;
	keep_namespaces(c, c->clone_now);
	if (c->values->sched_core && c->facts->kernel.has_core_sched)
		STEP(c, SECTION_START, OP_CORE_SCHED, c->request->name,
		     compile_key_origin(c, "lxc.sched.core"));
	return 0;
}

/* The network namespace exists behind the clone, or behind the gate that says so. */
int compile_network(struct compiler *c, struct err *e)
{
	size_t before;
	int r;

	if (c->unshare_net && (c->keeps_ns || c->values->nets.count > 0)) {
		compile_gate(c, GATE_NET);
		keep_namespaces(c, c->unshare_net);
	}
	before = c->b.steps[SECTION_START].count;
	r = compile_net_host(c, e);
	c->owes_net_gate = r >= 0 && c->b.steps[SECTION_START].count > before;
	return r;
}

/* The interfaces are in it from here on. They cost the kernel a millisecond: INIT mounts meanwhile.
 */
int compile_network_gate(struct compiler *c, struct err *e)
{
	if (c->owes_net_gate)
		compile_gate(c, GATE_NET);
	c->owes_net_gate = false;
	return 0;
}

int compile_address_socket(struct compiler *c, struct err *e)
{
	if (c->r_address_socket != PLAN_NO_REGISTER)
		STEP(c, SECTION_START, OP_ADDRESS_SOCKET, c->request->name, "")->out =
			c->r_address_socket;
	return 0;
}

/* "monotonic SECONDS NANOSECONDS", as time_namespaces(7) says: the nanoseconds are not negative. */
static const char *offset_line(struct compiler *c, const char *clock,
			       const struct config_time_offset *offset)
{
	const int64_t second = 1000000000;
	int64_t seconds = offset->count, nanoseconds = 0;

	if (!offset->in_seconds) {
		seconds = offset->count / second;
		nanoseconds = offset->count % second;
		if (nanoseconds < 0) {
			seconds--;
			nanoseconds += second;
		}
	}
	return compile_textf(c, "%s %lld %lld\n", clock, (long long)seconds,
			     (long long)nanoseconds);
}

int compile_late_namespaces(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	const char *names = "";
	struct plan_step *step;
	uint32_t text;

	if (!c->unshare_late)
		return 0;
	for (unsigned k = 0; k < NAMESPACE_COUNT; k++)
		if (c->unshare_late & (uint32_t)namespace_clone_flag((enum namespace_kind)k))
			names = compile_textf(c, "%s%s%s", names, *names ? " " : "",
					      namespace_name((enum namespace_kind)k));
	step = STEP(c, SECTION_START, OP_UNSHARE, names, "");
	step->arg[0] = c->unshare_late;
	if (!(c->unshare_late & CLONE_NEWTIME))
		return 0;
	text = plan_build_textf(&c->b, "%s%s", offset_line(c, "monotonic", &v->monotonic_offset),
				offset_line(c, "boottime", &v->boot_offset));
	STEP(c, SECTION_START, OP_TIME_OFFSETS, "monotonic, boottime",
	     compile_key_origin(c, v->boot_offset.count ? "lxc.time.offset.boot"
							: "lxc.time.offset.monotonic"))
		->arg[0] = text;
	return 0;
}

/* Behind start hooks init can't be looked at by an ordinary user: hooks of the end do without. */
int compile_kept_late_namespaces(struct compiler *c, struct err *e)
{
	struct plan_build_steps *steps = &c->b.steps[SECTION_START];
	size_t before = steps->count;

	keep_namespaces(c, c->unshare_late);
	if (!c->facts->caller.is_root && c->values->hooks[HOOK_START].count > 0)
		for (size_t i = before; i < steps->count; i++)
			steps->items[i].flags |= STEP_OPTIONAL;
	return 0;
}
