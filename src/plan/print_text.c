/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans as text: what `lxc-start --plan` shows and golden files hold. Nothing here depends on where
 * or when it is printed. Columns are as wide as their words ever get, but for objects, which push
 * what follows to the right.
 */

#include "plan/print.h"

#include <string.h>

#include "base/macros.h"
#include "plan/print_value.h"

enum {
	LABEL_WIDTH = 17,
	NUMBER_WIDTH = 3,
	LANE_WIDTH = 4, /* "restore" is rare and wider */
	OP_WIDTH = 20,  /* "tree-attributes-host" */
	OBJECT_WIDTH = 24,
};

static const char *const section_titles[SECTION_COUNT] = {"START", "STOP", "UNDO"};

static void print_label(const char *label, struct str *out)
{
	str_addf(out, "%-*s ", LABEL_WIDTH, label);
}

static void print_list(const struct plan *p, uint64_t offset, bool references, struct str *out)
{
	uint32_t count = plan_list_count(p, offset);
	const char *item = count ? plan_list_first(p, offset) : NULL;

	str_add_char(out, '[');
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			str_add(out, ", ");
		plan_print_quoted(references ? p : NULL, item, out);
		item += strlen(item) + 1;
	}
	str_add_char(out, ']');
}

static void print_argument(const struct plan *p, const struct plan_argument *argument,
			   uint64_t value, struct str *out)
{
	size_t before = out->len, behind_name;

	if (argument->kind == ARGUMENT_NUMBER && argument->form == FORM_FLAG) {
		if (value)
			str_addf(out, " %s", argument->name);
		return;
	}
	str_addf(out, " %s=", argument->name);
	behind_name = out->len;
	if (argument->kind == ARGUMENT_TEXT && (value || !argument->optional))
		plan_print_quoted(argument->references ? p : NULL, plan_text(p, value), out);
	else if (argument->kind == ARGUMENT_LIST && value)
		print_list(p, value, argument->references, out);
	else if (argument->kind != ARGUMENT_TEXT && argument->kind != ARGUMENT_LIST)
		plan_print_value(p, argument, value, out);
	if (out->len == behind_name)
		str_truncate(out, before);
}

static void print_step(const struct plan *p, uint32_t number, const struct plan_step *step,
		       struct str *out)
{
	const struct plan_op_row *row = &plan_op_rows[step->op];

	str_addf(out, "%*u %-*s %-*s %-*s", NUMBER_WIDTH, number, LANE_WIDTH,
		 plan_lane_name(step->lane), OP_WIDTH, row->name, OBJECT_WIDTH,
		 plan_text(p, step->object));
	for (size_t i = 0; i < PLAN_ARGUMENTS && row->arguments[i].name; i++)
		print_argument(p, &row->arguments[i], step->arg[i], out);
	if (step->in != PLAN_NO_REGISTER)
		str_addf(out, " <- %s", plan_register_name(p, step->in));
	if (step->out != PLAN_NO_REGISTER)
		str_addf(out, " -> %s", plan_register_name(p, step->out));
	for (unsigned bit = 0; bit < 8; bit++)
		if (step->flags & (1U << bit))
			str_addf(out, " %s", plan_step_flag_name(bit));
	if (step->origin)
		str_addf(out, " (%s)", plan_text(p, step->origin));
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		str_truncate(out, out->len - 1);
	str_add_char(out, '\n');
}

static void print_flags(const struct plan *p, struct str *out)
{
	if (!p->flags)
		return;
	print_label("flags", out);
	for (unsigned bit = 0, count = 0; bit < 32; bit++)
		if (p->flags & (UINT32_C(1) << bit))
			str_addf(out, "%s%s", count++ ? ", " : "", plan_flag_name(bit));
	str_add_char(out, '\n');
}

static void print_signal(const struct plan *p, const char *label, uint32_t number, struct str *out)
{
	static const struct plan_argument signal = {
		.name = "signal", .kind = ARGUMENT_NUMBER, .form = FORM_SIGNAL};

	if (!number)
		return;
	print_label(label, out);
	plan_print_value(p, &signal, number, out);
	str_add_char(out, '\n');
}

static void print_devices(const struct plan *p, struct str *out)
{
	static const struct plan_argument devices = {
		.name = "devices", .kind = ARGUMENT_BYTES, .form = FORM_DEVICES};

	if (!p->devices)
		return;
	print_label("devices", out);
	plan_print_value(p, &devices, p->devices, out);
	str_add_char(out, '\n');
}

static void print_header(const struct plan *p, struct str *out)
{
	str_addf(out, "plan, format %u\n", p->format);
	print_flags(p, out);
	print_label("namespaces", out);
	plan_print_clone_flags(p->clone_flags, ", ", out);
	if (!p->clone_flags)
		str_add(out, "none");
	str_add_char(out, '\n');
	if (p->tty_count) {
		print_label("terminals", out);
		str_addf(out, "%u\n", p->tty_count);
	}
	print_signal(p, "signal to halt", p->signal_halt, out);
	print_signal(p, "signal to reboot", p->signal_reboot, out);
	print_signal(p, "signal to stop", p->signal_stop, out);
	print_devices(p, out);
	if (p->hook_environment) {
		print_label("hook environment", out);
		print_list(p, p->hook_environment, true, out);
		str_add_char(out, '\n');
	}
}

static void print_hierarchies(const struct plan *p, struct str *out)
{
	for (uint32_t i = 0; i < p->hierarchies.count; i++) {
		const struct plan_hierarchy *h = &plan_hierarchies(p)[i];

		print_label(i ? "" : "hierarchies", out);
		str_addf(out, "v%u %s", h->version, plan_text(p, h->mount));
		if (h->base)
			str_addf(out, " base=%s", plan_text(p, h->base));
		str_addf(out, " [%s]%s\n", plan_text(p, h->controllers),
			 h->is_cpuset ? " cpuset" : "");
	}
}

static void print_registers(const struct plan *p, struct str *out)
{
	for (uint32_t i = 0; i < p->registers.count; i++) {
		const struct plan_register *r = &plan_registers(p)[i];

		print_label(i ? "" : "registers", out);
		str_addf(out, "%-6s %s", plan_register_kind_name(r->kind), plan_text(p, r->name));
		for (unsigned role = 0, count = 0; role < ROLE_COUNT; role++)
			if (p->roles[role] == i)
				str_addf(out, "%s%s", count++ ? ", " : " = ", plan_role_name(role));
		str_add_char(out, '\n');
	}
	for (uint32_t i = 0; i < p->overlays.count; i++) {
		const struct plan_overlay *overlay = &plan_overlays(p)[i];

		print_label(i ? "" : "overlays", out);
		if (overlay->register_number == PLAN_NO_REGISTER)
			str_addf(out, "%s = %s\n", plan_text(p, overlay->key),
				 plan_text(p, overlay->value));
		else
			str_addf(out, "%s = {%s}\n", plan_text(p, overlay->key),
				 plan_register_name(p, overlay->register_number));
	}
}

void plan_print_text(const struct plan *p, struct str *out)
{
	print_header(p, out);
	print_hierarchies(p, out);
	print_registers(p, out);
	for (unsigned section = 0; section < SECTION_COUNT; section++) {
		str_addf(out, "\n%s\n", section_titles[section]);
		for (uint32_t i = 0; i < p->sections[section].count; i++)
			print_step(p, i + 1, &plan_steps(p, (enum plan_section)section)[i], out);
	}
}
