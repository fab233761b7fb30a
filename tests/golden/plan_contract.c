/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registers by walking START as both lanes do. A descriptor belongs to the process that opened it:
 * INIT has HOST's from before the clone, HOST has INIT's once a gate has handed them over (or at
 * once, for the listener of a filter). Names and numbers are seen by both.
 */

#include "plan_contract.h"

#include <string.h>

#include "plan/ops.h"

struct seen {
	bool written, host_has, init_has, may_be_empty;
};

struct walk {
	const struct plan *p;
	struct seen seen[PLAN_REGISTERS_MAX];
	bool cloned;
	const struct plan_step *step;
	unsigned section, number;
	struct str *breaches;
};

static void breach(struct walk *w, const char *what, uint64_t r)
{
	static const char *const sections[] = {"START", "STOP", "UNDO"};

	str_addf(w->breaches, "%s %u %s: %s %s\n", sections[w->section], w->number,
		 plan_op_rows[w->step->op].name, what,
		 plan_text(w->p, plan_registers(w->p)[r].name));
}

/* Ops for which nothing is a fine thing to find in a register. */
static bool takes_empty(unsigned op)
{
	return op == OP_FD_CLOSE || op == OP_LINK_DELETE || op == OP_CGROUP_REMOVE ||
	       op == OP_TREE_HAND_OVER || op == OP_TREE_TAKE;
}

static void read_register(struct walk *w, uint64_t r)
{
	const struct seen *seen;
	bool is_fd;

	if (r == PLAN_LITERAL)
		return;
	seen = &w->seen[r];
	is_fd = plan_registers(w->p)[r].kind == REGISTER_FD;
	if (!seen->written) {
		breach(w, "reads what nobody has written yet:", r);
		return;
	}
	if (w->section != SECTION_START)
		return;
	if (is_fd && w->step->lane == LANE_HOST && !seen->host_has)
		breach(w, "HOST was not handed", r);
	if (is_fd && w->step->lane != LANE_HOST && !seen->init_has)
		breach(w, "INIT does not have", r);
	if (seen->may_be_empty && !(w->step->flags & STEP_OPTIONAL) && !takes_empty(w->step->op))
		breach(w, "is not OPTIONAL, but who fills this is:", r);
}

static void write_register(struct walk *w, uint64_t r)
{
	struct seen *seen = &w->seen[r];

	seen->written = true;
	seen->host_has = w->step->lane == LANE_HOST || w->step->op == OP_SECCOMP;
	seen->init_has = w->step->lane != LANE_HOST || !w->cloned;
	seen->may_be_empty = w->step->flags & STEP_OPTIONAL;
}

static void read_references(struct walk *w, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while ((at = (const unsigned char *)strchr((const char *)at, PLAN_REFERENCE))) {
		read_register(w, (uint64_t)(at[1] - 1) * 128 + (at[2] - 1U));
		at += 3;
	}
}

static void read_argument(struct walk *w, const struct plan_argument *argument, uint64_t value)
{
	const char *item;

	if (argument->kind == ARGUMENT_REGISTER && !argument->is_out && value != PLAN_NO_REGISTER)
		read_register(w, value);
	if (argument->kind == ARGUMENT_TEXT && argument->references)
		read_references(w, plan_text(w->p, value));
	if (argument->kind != ARGUMENT_LIST || !argument->references || !value)
		return;
	item = plan_list_first(w->p, value);
	for (uint32_t i = 0; i < plan_list_count(w->p, value); i++) {
		read_references(w, item);
		item += strlen(item) + 1;
	}
}

static void walk_gate(struct walk *w)
{
	for (uint64_t i = 0; i < w->step->arg[2]; i++) {
		struct seen *seen = &w->seen[w->step->arg[1] + i];

		if (!seen->written)
			breach(w, "hands over what nobody has written yet:", w->step->arg[1] + i);
		seen->host_has = true;
	}
}

static void walk_step(struct walk *w)
{
	const struct plan_op_row *row = &plan_op_rows[w->step->op];

	if (w->step->op == OP_GATE) {
		walk_gate(w);
		return;
	}
	if (w->step->in != PLAN_NO_REGISTER)
		read_register(w, w->step->in);
	for (size_t i = 0; i < PLAN_ARGUMENTS && row->arguments[i].name; i++)
		read_argument(w, &row->arguments[i], w->step->arg[i]);
	if (w->step->op == OP_CLONE)
		w->cloned = true;
	if (w->step->out != PLAN_NO_REGISTER)
		write_register(w, w->step->out);
	for (size_t i = 0; i < PLAN_ARGUMENTS && row->arguments[i].name; i++)
		if (row->arguments[i].is_out && w->step->arg[i] != PLAN_NO_REGISTER)
			write_register(w, w->step->arg[i]);
}

void plan_contract_registers(const struct plan *p, unsigned given, struct str *breaches)
{
	struct walk w = {.p = p, .breaches = breaches};

	for (unsigned r = 0; r < given; r++)
		w.seen[r] = (struct seen){.written = true, .host_has = true, .init_has = true};
	for (w.section = 0; w.section < SECTION_COUNT; w.section++)
		for (w.number = 1; w.number <= p->sections[w.section].count; w.number++) {
			w.step = &plan_steps(p, (enum plan_section)w.section)[w.number - 1];
			walk_step(&w);
		}
}
