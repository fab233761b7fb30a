/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits: lxc.cgroup.* and lxc.cgroup2.* become writes. Which line goes to which hierarchy, and
 * what is translated for a host that has the other version, is said by cgroup1.md §7 and §9; the
 * order of the writes by §3. Device rules are in c_cgroup_devices.c.
 *
 * Everything is collected first, then written: controllers that lines need must be enabled before.
 */

#include "plan/c_cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "config/cgroup_translate.h"

#define LOG_CATEGORY "cgroup"

/* One write, in the order of the configuration. */
struct limit {
	int hierarchy;
	const char *file, *value;
	const char *origin;
	unsigned flags; /* of the step */
};
struct limit_list {
	VEC_OF(struct limit)
};

/* Lines that have to be translated, and where each came from. */
struct setting_list {
	VEC_OF(struct cgroup_setting)
};
struct index_list {
	VEC_OF(size_t)
};
struct pending {
	struct setting_list settings;
	struct index_list lines; /* by setting: index into the configuration's list */
};

struct limits {
	struct compiler *c;
	struct limit_list list;
	bool has_v1, has_v2;
};

static bool is_freezer(const char *file)
{
	return strcmp(file, "freezer.state") == 0 || strcmp(file, "cgroup.freeze") == 0;
}

static const char *line_origin(struct compiler *c, const struct config_item *item, bool is_v2)
{
	return compile_origin(c, item->origin,
			      compile_textf(c, "lxc.cgroup%s.%s", is_v2 ? "2" : "", item->name));
}

/* Wraps an error about "file" in LXC's two outer lines. */
static int limit_failed(struct compiler *c, const char *file, const char *value, int r,
			struct err *e)
{
	err_wrap(e, r, "Failed to set \"%s\" to \"%s\"", file, value);
	return err_wrap(e, r, "Failed to setup cgroup limits for container \"%s\"",
			c->request->name);
}

int cgroup_no_controller(struct compiler *c, const char *file, const char *value,
			 const char *origin, struct err *e)
{
	int r = err_set(e, ERR_CGROUP_FAILED, ENOENT,
			"Failed to setup limits for the \"%.*s\" controller. The controller seems "
			"to be unused by \"cgfsng\" cgroup driver or not enabled on the cgroup "
			"hierarchy",
			(int)cgroup_controller_length(file), file);

	err_origin(e, "%s", origin);
	if (c->facts->cgroup.hierarchies.count == 0 && !c->facts->caller.is_root)
		err_hint(e, "no cgroup is delegated to this user (the log says why, if systemd was "
			    "asked for one): log in as the user, or let the user's systemd always "
			    "run (loginctl enable-linger USER), or remove the line");
	else
		err_hint(e, "/proc/cgroups and cgroup.controllers list what the kernel has; remove "
			    "the line if the limit isn't needed here");
	return limit_failed(c, file, value, r, e);
}

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "No memory for the container's cgroup limits");
}

static int add(struct limits *l, const struct limit *limit, struct err *e)
{
	struct limit *added = vec_push_in(&l->list, &l->c->arena);

	if (!added)
		return no_memory(e);
	*added = *limit;
	return 0;
}

static int postpone(struct limits *l, struct pending *p, const struct config_item *item,
		    size_t line, struct err *e)
{
	struct cgroup_setting *setting = vec_push_in(&p->settings, &l->c->arena);
	size_t *index = vec_push_in(&p->lines, &l->c->arena);

	if (!setting || !index)
		return no_memory(e);
	*setting = (struct cgroup_setting){item->name, item->text};
	*index = line;
	return 0;
}

/* A container that is frozen before it exists would hang its start for ever: freeze it after. */
static void freeze_later(struct limits *l, const struct config_item *item, bool is_v2)
{
	struct compiler *c = l->c;

	if (strcmp(item->text, "FROZEN") != 0 && strcmp(item->text, "1") != 0)
		return;
	log_warn("%s = %s: the container is frozen once it runs, since it could not start frozen",
		 line_origin(c, item, is_v2), item->text);
	c->b.plan.flags |= PLAN_FREEZE_AT_START;
}

/* Whether a line of the configuration names this file itself. */
static bool is_configured(const struct config_items *items, const char *file)
{
	for (size_t i = 0; i < items->count; i++)
		if (strcmp(items->items[i].name, file) == 0)
			return true;
	return false;
}

/* Limits that protect the host: to drop them silently would be worse than not to start. */
static bool protects_host(const char *v2_file)
{
	return strcmp(v2_file, "memory.max") == 0 || strcmp(v2_file, "pids.max") == 0;
}

/* A line that has no counterpart here. */
static int skip(struct limits *l, const struct cgroup_translation *t,
		const struct config_item *item, bool is_v2, struct err *e)
{
	struct compiler *c = l->c;
	const char *origin = line_origin(c, item, is_v2);
	int r;

	switch (t->exactness) {
	case CGROUP_DROPPED:
		log_info("%s = %s: not needed on cgroup v%d", origin, item->text, is_v2 ? 1 : 2);
		return 0;
	case CGROUP_INVALID:
		r = err_set(e, ERR_CONFIG_VALUE_INVALID, EINVAL,
			    "lxc.cgroup%s.%s = %s cannot be set%s%s", is_v2 ? "2" : "", item->name,
			    item->text, t->note ? ": it " : "", t->note ? t->note : "");
		err_origin(e, "%s", origin);
		return limit_failed(c, item->name, item->text, r, e);
	case CGROUP_NONE:
		break;
	case CGROUP_EXACT:
	case CGROUP_APPROXIMATE:
		return 0;
	}
	/* On a hybrid host the unified part takes its own names from v1 lines as well (LXC 5). */
	if (!is_v2 && l->has_v1) {
		struct limit limit = {
			.hierarchy = cgroup_hierarchy_of(c, item->name, 2),
			.file = item->name,
			.value = item->text,
			.origin = origin,
		};

		if (limit.hierarchy == NO_HIERARCHY)
			return cgroup_no_controller(c, item->name, item->text, origin, e);
		return add(l, &limit, e);
	}
	/* Of v1 lines the warning was given when they were read. */
	log_at(is_v2 ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, 0,
	       "%s = %s: no counterpart on cgroup v%d%s%s", origin, item->text, is_v2 ? 1 : 2,
	       t->note ? ": " : "", t->note ? t->note : "");
	return 0;
}

/* What a translation writes; a missing controller is an error for what protects the host. */
static int add_translated(struct limits *l, const struct cgroup_translation *t,
			  const struct config_item *item, bool is_v2, struct err *e)
{
	struct compiler *c = l->c;
	struct limit limit = {
		.hierarchy = cgroup_hierarchy_of(c, t->key, is_v2 ? 1 : 2),
		.file = t->key,
		.value = t->value,
		.origin = line_origin(c, item, is_v2),
	};
	int r;

	if (limit.hierarchy == NO_HIERARCHY && protects_host(is_v2 ? item->name : t->key))
		return cgroup_no_controller(c, item->name, item->text, limit.origin, e);
	if (limit.hierarchy == NO_HIERARCHY) {
		log_warn("%s = %s: ignored, the host has no \"%.*s\" controller", limit.origin,
			 item->text, (int)cgroup_controller_length(t->key), t->key);
		return 0;
	}
	log_info("%s = %s: applied as lxc.cgroup%s.%s = %s%s%s", limit.origin, item->text,
		 is_v2 ? "" : "2", t->key, t->value, t->note ? ": " : "", t->note ? t->note : "");
	if (!t->fallback_key)
		return add(l, &limit, e);

	/* Which of the two files the kernel has is seen when the directory is there. */
	limit.flags = STEP_OPTIONAL;
	r = add(l, &limit, e);
	limit.file = t->fallback_key;
	limit.value = t->fallback_value;
	limit.flags = STEP_WARN;
	return r < 0 ? r : add(l, &limit, e);
}

static int translate(struct limits *l, const struct pending *p, bool is_v2, struct err *e)
{
	const struct config_values *v = l->c->values;
	const struct config_items *from = is_v2 ? &v->cgroup.v2 : &v->cgroup.v1;
	const struct config_items *other = is_v2 ? &v->cgroup.v1 : &v->cgroup.v2;
	const struct cgroup_setting *settings = p->settings.items;
	const size_t *lines = p->lines.items;
	struct cgroup_translation_list list = {};
	int r;

	if (!settings || !lines)
		return 0;
	r = is_v2 ? cgroup_translate_back(settings, p->settings.count, &l->c->arena, &list)
		  : cgroup_translate(settings, p->settings.count, &l->c->arena, &list);
	if (r < 0)
		return no_memory(e);
	for (size_t i = 0; i < list.count && r == 0; i++) {
		const struct cgroup_translation *t = &list.items[i];
		const struct config_item *item = &from->items[lines[t->setting]];

		if (!t->key)
			r = skip(l, t, item, is_v2, e);
		else if (!is_configured(other, t->key)) /* configurations carry both forms */
			r = add_translated(l, t, item, is_v2, e);
	}
	return r;
}

static int collect_v1(struct limits *l, struct err *e)
{
	const struct config_items *items = &l->c->values->cgroup.v1;
	struct pending pending = {};
	int r = 0;

	for (size_t i = 0; i < items->count && r == 0; i++) {
		const struct config_item *item = &items->items[i];
		struct limit limit = {
			.hierarchy = cgroup_hierarchy_of(l->c, item->name, 1),
			.file = item->name,
			.value = item->text,
		};

		if (text_starts(item->name, "devices."))
			continue;
		if (is_freezer(item->name)) {
			freeze_later(l, item, false);
			continue;
		}
		if (limit.hierarchy == NO_HIERARCHY && l->has_v2) {
			r = postpone(l, &pending, item, i, e);
			continue;
		}
		limit.origin = line_origin(l->c, item, false);
		r = limit.hierarchy == NO_HIERARCHY
			    ? cgroup_no_controller(l->c, item->name, item->text, limit.origin, e)
			    : add(l, &limit, e);
	}
	return r < 0 ? r : translate(l, &pending, false, e);
}

/* Files that every directory of version 2 has, whatever the controllers. */
static bool is_core_file(const char *file)
{
	return text_starts(file, "cgroup.") || text_ends(file, ".pressure") ||
	       strcmp(file, "cpu.stat") == 0;
}

static int collect_v2(struct limits *l, struct err *e)
{
	const struct config_items *items = &l->c->values->cgroup.v2;
	struct pending pending = {};
	int r = 0;

	for (size_t i = 0; i < items->count && r == 0; i++) {
		const struct config_item *item = &items->items[i];
		struct limit limit = {
			.hierarchy = is_core_file(item->name)
					     ? cgroup_hierarchy_of_version(l->c, 2)
					     : cgroup_hierarchy_of(l->c, item->name, 2),
			.file = item->name,
			.value = item->text,
			/* LXC ignores these lines on such hosts: no reason to fail. */
			.flags = l->has_v1 ? STEP_WARN : 0,
		};

		if (text_starts(item->name, "devices"))
			continue;
		if (is_freezer(item->name)) {
			freeze_later(l, item, true);
			continue;
		}
		if (limit.hierarchy == NO_HIERARCHY && l->has_v1) {
			r = postpone(l, &pending, item, i, e);
			continue;
		}
		limit.origin = line_origin(l->c, item, true);
		r = limit.hierarchy == NO_HIERARCHY
			    ? cgroup_no_controller(l->c, item->name, item->text, limit.origin, e)
			    : add(l, &limit, e);
	}
	return r < 0 ? r : translate(l, &pending, true, e);
}

/* Whether a line needs this controller of the unified hierarchy. */
static bool is_needed(const struct limits *l, int unified, const char *controller)
{
	for (size_t i = 0; i < l->list.count; i++) {
		const char *file = l->list.items[i].file;
		size_t length = cgroup_controller_length(file);

		if (l->list.items[i].hierarchy == unified && !is_core_file(file) &&
		    strlen(controller) == length && memcmp(controller, file, length) == 0)
			return true;
	}
	return false;
}

static void enable(struct limits *l, int unified, bool needed, unsigned flags)
{
	struct compiler *c = l->c;
	const char *const *words =
		compile_words(c, c->facts->cgroup.hierarchies.items[unified].controllers);
	autostr text = {};
	struct plan_step *step;

	for (size_t i = 0; words[i]; i++)
		if (is_needed(l, unified, words[i]) == needed)
			str_addf(&text, "%s+%s", text.len ? " " : "", words[i]);
	if (str_failed(&text))
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
	if (text.len == 0)
		return;
	step = STEP(c, SECTION_START, OP_CGROUP_CONTROLLERS, str_text(&text), "");
	step->in = c->r_payload;
	step->arg[0] = (uint64_t)unified;
	step->arg[1] = plan_build_text(&c->b, str_text(&text));
	step->flags = (uint8_t)flags;
}

/*
 * On pure version 2 the container gets every controller, and those with limits must be there. The
 * unified part of a hybrid host is the host's own: only what a line asks for, and if it is allowed.
 */
static void enable_controllers(struct limits *l)
{
	int unified = cgroup_hierarchy_of_version(l->c, 2);

	if (unified == NO_HIERARCHY)
		return;
	enable(l, unified, true, l->has_v1 ? STEP_OPTIONAL : 0);
	if (!l->has_v1)
		enable(l, unified, false, STEP_OPTIONAL);
}

static void write_limit(struct compiler *c, const struct limit *limit, uint16_t directory)
{
	const char *object = compile_textf(c, "%s = %s", limit->file, limit->value);
	struct plan_step *step = STEP(c, SECTION_START, OP_CGROUP_WRITE, object, limit->origin);

	step->in = directory;
	step->arg[0] = (uint64_t)limit->hierarchy;
	step->arg[1] = plan_build_text(&c->b, limit->file);
	step->arg[2] = plan_build_text(&c->b, limit->value);
	step->flags = (uint8_t)limit->flags;
}

/* The sum of memory and swap may not be below the memory at any time: behind everything else. */
static bool comes_last(const struct limit *limit)
{
	return strcmp(limit->file, "memory.memsw.limit_in_bytes") == 0;
}

static void write_limits(struct limits *l, bool last)
{
	struct compiler *c = l->c;

	for (size_t i = 0; i < l->list.count; i++) {
		const struct limit *limit = &l->list.items[i];
		bool is_v1 = c->facts->cgroup.hierarchies.items[limit->hierarchy].version == 1;

		if (comes_last(limit) != last)
			continue;
		/* A cpuset is narrowed from below. */
		if (is_v1 && c->r_payload != c->r_limit && text_starts(limit->file, "cpuset."))
			write_limit(c, limit, c->r_payload);
		write_limit(c, limit, c->r_limit);
	}
}

int compile_cgroup_limits(struct compiler *c, struct err *e)
{
	struct limits l = {
		.c = c,
		.has_v1 = cgroup_hierarchy_of_version(c, 1) != NO_HIERARCHY,
		.has_v2 = cgroup_hierarchy_of_version(c, 2) != NO_HIERARCHY,
	};
	int r = collect_v1(&l, e);

	if (r == 0)
		r = collect_v2(&l, e);
	if (r < 0 || c->r_payload == PLAN_NO_REGISTER)
		return r;
	enable_controllers(&l);
	write_limits(&l, false);
	write_limits(&l, true);
	return 0;
}
