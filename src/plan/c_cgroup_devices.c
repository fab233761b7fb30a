/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules: lines of the v1 controller as they are, or one program for the unified hierarchy
 * that stands for all of them (config.md §9, cgroup1.md §4). Paths were looked at beforehand.
 *
 * Configurations carry the rules in both forms: the form of the host's version goes first, then
 * what only the other form has (tutorials add one line to what the distribution's files say).
 */

#include "plan/c_cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "config/device_rule.h"

#define LOG_CATEGORY "cgroup"

/* A line, and where it stands in which list of the configuration. */
struct rule_line {
	const struct config_item *item;
	size_t index;
	bool is_v2;
};
struct rule_lines {
	VEC_OF(struct rule_line)
};

static bool is_rule(const struct config_item *item)
{
	return strcmp(item->name, "devices.allow") == 0 || strcmp(item->name, "devices.deny") == 0;
}

static bool has_line(const struct rule_lines *lines, const struct config_item *item)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->items[i].item->name, item->name) == 0 &&
		    strcmp(lines->items[i].item->text, item->text) == 0)
			return true;
	return false;
}

static void add_lines(struct compiler *c, bool is_v2, struct rule_lines *ret)
{
	const struct config_items *items = is_v2 ? &c->values->cgroup.v2 : &c->values->cgroup.v1;
	bool is_second = ret->count > 0;

	for (size_t i = 0; i < items->count; i++) {
		const struct config_item *item = &items->items[i];
		struct rule_line *line;

		if (!is_rule(item))
			continue;
		/* A second "a" would undo the first list. */
		if (is_second && (has_line(ret, item) || item->text[0] == 'a'))
			continue;
		line = vec_push_in(ret, &c->arena);
		if (!line) {
			c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
			return;
		}
		*line = (struct rule_line){item, i, is_v2};
	}
}

/* The lines that count for a hierarchy of this version, in order. */
static struct rule_lines collect_lines(struct compiler *c, unsigned version)
{
	struct rule_lines lines = {};

	add_lines(c, version == 2, &lines);
	add_lines(c, version != 2, &lines);
	return lines;
}

static const char *rule_key(struct compiler *c, const struct rule_line *line)
{
	return compile_textf(c, "lxc.cgroup%s.%s", line->is_v2 ? "2" : "", line->item->name);
}

static const char *rule_origin(struct compiler *c, const struct rule_line *line)
{
	return compile_origin(c, line->item->origin, rule_key(c, line));
}

static const struct facts_device *find_device(const struct compiler *c,
					      const struct rule_line *line)
{
	const struct facts_devices *devices = &c->facts->devices;

	for (size_t i = 0; i < devices->count; i++)
		if (devices->items[i].index == line->index &&
		    devices->items[i].is_v2 == line->is_v2)
			return &devices->items[i];
	return NULL;
}

/* A line as a rule with numbers. */
static int read_rule(struct compiler *c, const struct rule_line *line, struct device_rule *ret,
		     struct err *e)
{
	const char *key = rule_key(c, line);
	const struct facts_device *device;
	int r = device_rule_parse(key, line->item->text, ret, e);

	if (r < 0) {
		err_origin(e, "%s", rule_origin(c, line));
		return r;
	}
	if (!ret->path)
		return 0;
	device = find_device(c, line);
	if (!device || device->error) {
		r = err_set(e, ERR_DEVICE_RULE, device ? device->error : ENOENT,
			    "Failed to parse device rule %s=%s", key, line->item->text);
		err_origin(e, "%s", rule_origin(c, line));
		err_hint(e,
			 "%.*s is no device of the host; give its numbers instead, as in "
			 "`c 10:229 rwm`",
			 (int)ret->path_length, ret->path);
		return r;
	}
	ret->type = device->type;
	ret->major = device->major;
	ret->minor = device->minor;
	return 0;
}

/* v1: each line to its file, in order. */
static int write_rule(struct compiler *c, const struct rule_line *line, int hierarchy,
		      struct err *e)
{
	struct device_rule rule;
	autostr text = {};
	struct plan_step *step;
	int r = read_rule(c, line, &rule, e);

	if (r < 0)
		return err_wrap(e, r, "Failed to setup legacy device cgroup controller limits");
	if (rule.path)
		device_rule_print(&rule, &text);
	else
		str_add(&text, line->item->text);
	step = STEP(c, SECTION_START, OP_CGROUP_DEVICE_RULE,
		    compile_textf(c, "%s = %s", line->item->name, str_text(&text)),
		    rule_origin(c, line));
	step->in = c->r_limit;
	step->arg[0] = (uint64_t)hierarchy;
	step->arg[1] = plan_build_text(&c->b, line->item->name);
	step->arg[2] = plan_build_text(&c->b, str_text(&text));
	return 0;
}

int cgroup_device_rules(struct compiler *c, struct err *e)
{
	int hierarchy = cgroup_hierarchy_of(c, "devices", 1);
	struct rule_lines lines;
	int r = 0;

	if (hierarchy == NO_HIERARCHY)
		return 0;
	lines = collect_lines(c, 1);
	for (size_t i = 0; i < lines.count && r == 0; i++)
		r = write_rule(c, &lines.items[i], hierarchy, e);
	return r;
}

/* The exceptions as the plan has them. */
static uint32_t add_rules(struct compiler *c, const struct device_rules *rules)
{
	size_t count = rules->exceptions.count;
	size_t size = sizeof(struct plan_devices) + count * sizeof(struct plan_device);
	struct plan_devices *devices = arena_alloc(&c->arena, size);

	if (!devices) {
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
		return 0;
	}
	devices->allow_by_default = rules->allow_by_default;
	devices->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		const struct device_exception *exception = &rules->exceptions.items[i];

		devices->rows[i] = (struct plan_device){
			.major = exception->major,
			.minor = exception->minor,
			.type = (uint8_t)exception->type,
			.access = exception->access,
		};
	}
	return plan_build_bytes(&c->b, devices, size);
}

static int apply_rules(struct compiler *c, const struct rule_lines *lines,
		       struct device_rules *rules, struct err *e)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct device_rule rule;
		int r = read_rule(c, &lines->items[i], &rule, e);

		if (r < 0)
			return r;
		if (device_rules_apply(rules, &rule) < 0)
			return err_set(e, ERR_NO_MEMORY, ENOMEM, "No memory for device rules");
	}
	return 0;
}

/* v2: one program. */
static int attach_rules(struct compiler *c, const struct rule_lines *lines, int hierarchy,
			struct err *e)
{
	bool may_fail = !c->facts->caller.is_root || !c->facts->caller.in_initial_user_ns;
	struct device_rules rules = {};
	struct plan_step *step;
	uint32_t bytes;
	int r = apply_rules(c, lines, &rules, e);

	if (r == 0 && rules.is_set) {
		bytes = add_rules(c, &rules);
		step = STEP(c, SECTION_START, OP_CGROUP_DEVICES,
			    cgroup_hierarchy_name(c, hierarchy), rule_origin(c, &lines->items[0]));
		step->in = c->r_limit;
		step->arg[0] = (uint64_t)hierarchy;
		step->arg[1] = bytes;
		/* Programs belong to the host's root: others run without the restriction. */
		step->flags = may_fail ? STEP_WARN : 0;
		c->b.plan.devices = bytes;
	}
	device_rules_finish(&rules);
	return r;
}

/* There is no hierarchy that could enforce rules: fatal where the starter could have had one. */
static int refuse_rules(struct compiler *c, const struct rule_line *line, struct err *e)
{
	const char *origin = rule_origin(c, line);

	if (c->facts->caller.is_root && c->facts->caller.in_initial_user_ns)
		return cgroup_no_controller(c, line->item->name, line->item->text, origin, e);
	log_warn("%s: device rules are not applied: no cgroup hierarchy that could is usable",
		 origin);
	return 0;
}

int compile_cgroup_devices(struct compiler *c, struct err *e)
{
	int v2 = cgroup_hierarchy_of_version(c, 2);
	struct rule_lines lines;

	/* With an inner directory they were written before that was made. */
	if (cgroup_hierarchy_of(c, "devices", 1) != NO_HIERARCHY)
		return c->r_payload == c->r_limit ? cgroup_device_rules(c, e) : 0;
	lines = collect_lines(c, 2);
	if (lines.count == 0)
		return 0;
	if (v2 == NO_HIERARCHY)
		return refuse_rules(c, &lines.items[0], e);
	return attach_rules(c, &lines, v2, e);
}
