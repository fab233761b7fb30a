/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans as one JSON object, for programs: the same that the text form shows. Lists are arrays,
 * flags are true or false, plain numbers are numbers, all else is the text that people see.
 * Arguments that are not given are left out.
 */

#include "plan/print.h"

#include <string.h>

#include "base/json.h"
#include "base/names.h"
#include "plan/print_value.h"

static const char *const section_names[SECTION_COUNT] = {"start", "stop", "undo"};

static void add_text_member(struct json *j, const char *name, const char *text)
{
	json_name(j, name);
	json_add_string(j, text);
}

/* A text; of one that may hold references, `p` says what they are. */
static void add_references(const struct plan *p, const char *text, struct json *j)
{
	autostr shown = {};

	plan_print_references(p, text, &shown);
	json_add_string(j, str_text(&shown));
}

static void add_list(const struct plan *p, uint64_t offset, bool references, struct json *j)
{
	uint32_t count = plan_list_count(p, offset);
	const char *item = count ? plan_list_first(p, offset) : NULL;

	json_open_array(j);
	for (uint32_t i = 0; i < count; i++) {
		add_references(references ? p : NULL, item, j);
		item += strlen(item) + 1;
	}
	json_close_array(j);
}

static void add_devices(const struct plan *p, uint64_t offset, struct json *j)
{
	const struct plan_devices *devices = plan_bytes(p, offset);

	json_open_array(j);
	for (uint32_t n = 0; n <= devices->count; n++) {
		autostr rule = {};

		plan_print_device_rule(devices, n, &rule);
		json_add_string(j, str_text(&rule));
	}
	json_close_array(j);
}

static void add_gids(const struct plan *p, uint64_t offset, struct json *j)
{
	const uint32_t *gids = plan_bytes(p, offset);

	json_open_array(j);
	for (uint32_t i = 0; i < plan_bytes_length(p, offset) / sizeof(*gids); i++)
		json_add_uint(j, gids[i]);
	json_close_array(j);
}

static void add_shown_argument(const struct plan *p, const struct plan_argument *argument,
			       uint64_t value, struct json *j)
{
	autostr shown = {};

	plan_print_value(p, argument, value, &shown);
	if (shown.len == 0)
		return;
	add_text_member(j, argument->name, str_text(&shown));
}

static void add_argument(const struct plan *p, const struct plan_argument *argument, uint64_t value,
			 struct json *j)
{
	bool is_number = argument->kind == ARGUMENT_NUMBER;
	bool is_bytes = argument->kind == ARGUMENT_BYTES;

	if (argument->kind == ARGUMENT_TEXT && (value || !argument->optional)) {
		json_name(j, argument->name);
		add_references(argument->references ? p : NULL, plan_text(p, value), j);
	} else if (argument->kind == ARGUMENT_LIST && value) {
		json_name(j, argument->name);
		add_list(p, value, argument->references, j);
	} else if (is_number && argument->form == FORM_FLAG) {
		json_name(j, argument->name);
		json_add_bool(j, value != 0);
	} else if (is_number && argument->form == FORM_PLAIN) {
		json_name(j, argument->name);
		json_add_uint(j, value);
	} else if (is_bytes && value && argument->form == FORM_DEVICES) {
		json_name(j, argument->name);
		add_devices(p, value, j);
	} else if (is_bytes && value && argument->form == FORM_GIDS) {
		json_name(j, argument->name);
		add_gids(p, value, j);
	} else if (argument->kind != ARGUMENT_TEXT && argument->kind != ARGUMENT_LIST) {
		add_shown_argument(p, argument, value, j);
	}
}

static void add_step(const struct plan *p, uint32_t number, const struct plan_step *step,
		     struct json *j)
{
	const struct plan_op_row *row = &plan_op_rows[step->op];

	json_open_object(j);
	json_name(j, "step");
	json_add_uint(j, number);
	add_text_member(j, "lane", plan_lane_name(step->lane));
	add_text_member(j, "op", row->name);
	add_text_member(j, "object", plan_text(p, step->object));
	json_name(j, "arguments");
	json_open_object(j);
	for (size_t i = 0; i < PLAN_ARGUMENTS && row->arguments[i].name; i++)
		add_argument(p, &row->arguments[i], step->arg[i], j);
	json_close_object(j);
	if (step->in != PLAN_NO_REGISTER)
		add_text_member(j, "in", plan_register_name(p, step->in));
	if (step->out != PLAN_NO_REGISTER)
		add_text_member(j, "out", plan_register_name(p, step->out));
	json_name(j, "optional");
	json_add_bool(j, step->flags & STEP_OPTIONAL);
	json_name(j, "live");
	json_add_bool(j, step->flags & STEP_LIVE);
	json_name(j, "warn");
	json_add_bool(j, step->flags & STEP_WARN);
	json_name(j, "late");
	json_add_bool(j, step->flags & STEP_LATE);
	json_name(j, "owed");
	json_add_bool(j, step->flags & STEP_OWED);
	json_name(j, "network");
	json_add_bool(j, step->flags & STEP_NETWORK);
	if (step->origin)
		add_text_member(j, "origin", plan_text(p, step->origin));
	json_close_object(j);
}

static void add_signal(const struct plan *p, const char *name, uint32_t number, struct json *j)
{
	const struct plan_argument signal = {
		.name = name, .kind = ARGUMENT_NUMBER, .form = FORM_SIGNAL};

	if (number)
		add_shown_argument(p, &signal, number, j);
}

static void add_header(const struct plan *p, struct json *j)
{
	json_name(j, "format");
	json_add_uint(j, p->format);
	json_name(j, "flags");
	json_open_array(j);
	for (unsigned bit = 0; bit < 32; bit++)
		if (p->flags & (UINT32_C(1) << bit))
			json_add_string(j, plan_flag_name(bit));
	json_close_array(j);
	json_name(j, "namespaces");
	json_open_array(j);
	for (unsigned kind = 0; kind < NAMESPACE_COUNT; kind++)
		if (p->clone_flags & namespace_clone_flag((enum namespace_kind)kind))
			json_add_string(j, namespace_name((enum namespace_kind)kind));
	json_close_array(j);
	json_name(j, "terminals");
	json_add_uint(j, p->tty_count);
	add_signal(p, "signal_halt", p->signal_halt, j);
	add_signal(p, "signal_reboot", p->signal_reboot, j);
	add_signal(p, "signal_stop", p->signal_stop, j);
	if (p->devices) {
		json_name(j, "devices");
		add_devices(p, p->devices, j);
	}
	json_name(j, "hook_environment");
	add_list(p, p->hook_environment, true, j);
}

static void add_hierarchies(const struct plan *p, struct json *j)
{
	json_name(j, "hierarchies");
	json_open_array(j);
	for (uint32_t i = 0; i < p->hierarchies.count; i++) {
		const struct plan_hierarchy *h = &plan_hierarchies(p)[i];

		json_open_object(j);
		json_name(j, "version");
		json_add_uint(j, h->version);
		add_text_member(j, "mount", plan_text(p, h->mount));
		add_text_member(j, "base", plan_text(p, h->base));
		add_text_member(j, "controllers", plan_text(p, h->controllers));
		json_name(j, "cpuset");
		json_add_bool(j, h->is_cpuset);
		json_close_object(j);
	}
	json_close_array(j);
}

static void add_registers(const struct plan *p, struct json *j)
{
	json_name(j, "registers");
	json_open_array(j);
	for (uint32_t i = 0; i < p->registers.count; i++) {
		const struct plan_register *r = &plan_registers(p)[i];

		json_open_object(j);
		add_text_member(j, "name", plan_text(p, r->name));
		add_text_member(j, "kind", plan_register_kind_name(r->kind));
		json_close_object(j);
	}
	json_close_array(j);
	json_name(j, "roles");
	json_open_object(j);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (p->roles[role] != PLAN_NO_REGISTER)
			add_text_member(j, plan_role_name(role),
					plan_register_name(p, p->roles[role]));
	json_close_object(j);
	json_name(j, "overlays");
	json_open_object(j);
	for (uint32_t i = 0; i < p->overlays.count; i++) {
		const struct plan_overlay *overlay = &plan_overlays(p)[i];

		if (overlay->register_number != PLAN_NO_REGISTER)
			add_text_member(j, plan_text(p, overlay->key),
					plan_register_name(p, overlay->register_number));
	}
	json_close_object(j);
	json_name(j, "values");
	json_open_object(j);
	for (uint32_t i = 0; i < p->overlays.count; i++) {
		const struct plan_overlay *overlay = &plan_overlays(p)[i];

		if (overlay->register_number == PLAN_NO_REGISTER)
			add_text_member(j, plan_text(p, overlay->key),
					plan_text(p, overlay->value));
	}
	json_close_object(j);
}

void plan_print_json(const struct plan *p, struct json *j)
{
	json_open_object(j);
	add_header(p, j);
	add_hierarchies(p, j);
	add_registers(p, j);
	for (unsigned section = 0; section < SECTION_COUNT; section++) {
		json_name(j, section_names[section]);
		json_open_array(j);
		for (uint32_t i = 0; i < p->sections[section].count; i++)
			add_step(p, i + 1, &plan_steps(p, (enum plan_section)section)[i], j);
		json_close_array(j);
	}
	json_close_object(j);
}
