/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's cgroups: names, creation, who enters which, ownership, removal. runtime.md §11
 * and cgroup1.md say what LXC does; limits are in c_cgroup_limits.c, device rules in
 * c_cgroup_devices.c.
 *
 * Without a usable hierarchy the container starts without cgroups. memory.use_hierarchy is left
 * alone: it is 1 for ever since Linux 5.11. Ordinary users get what their own base allows; no
 * systemd scope is asked for.
 */

#include "plan/c_cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

#define LOG_CATEGORY "cgroup"

size_t cgroup_controller_length(const char *key)
{
	return strcspn(key, ".");
}

int cgroup_hierarchy_of(const struct compiler *c, const char *file, unsigned version)
{
	const struct facts_hierarchies *hierarchies = &c->facts->cgroup.hierarchies;
	size_t length = cgroup_controller_length(file);

	for (size_t i = 0; i < hierarchies->count && i < PLAN_HIERARCHIES_MAX; i++) {
		const struct facts_hierarchy *h = &hierarchies->items[i];

		if ((version == 0 || h->version == version) &&
		    compile_list_has(h->controllers, file, length))
			return (int)i;
	}
	return NO_HIERARCHY;
}

int cgroup_hierarchy_of_version(const struct compiler *c, unsigned version)
{
	const struct facts_hierarchies *hierarchies = &c->facts->cgroup.hierarchies;

	for (size_t i = 0; i < hierarchies->count && i < PLAN_HIERARCHIES_MAX; i++)
		if (hierarchies->items[i].version == version)
			return (int)i;
	return NO_HIERARCHY;
}

const char *cgroup_hierarchy_name(const struct compiler *c, int hierarchy)
{
	const char *name = c->facts->cgroup.hierarchies.items[hierarchy].name;

	return name && *name ? name : "unified";
}

struct names {
	const char *monitor, *monitor_origin;
	const char *payload, *payload_origin;
	const char *pivot, *pivot_origin;
	bool is_fixed;     /* both, without a suffix search */
	bool always_pivot; /* somebody asked for this place */
};

/* lxc.cgroup.pattern with the name in place of each %n. */
static const char *expand_pattern(struct compiler *c, const char *pattern)
{
	const char *text = "";

	for (const char *at; (at = strstr(pattern, "%n")); pattern = at + 2)
		text = compile_textf(c, "%s%.*s%s", text, (int)(at - pattern), pattern,
				     c->request->name);
	return compile_textf(c, "%s%s", text, pattern);
}

static int check_directories(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	int r = 0;

	if (v->cgroup.dir && (v->cgroup.container || v->cgroup.monitor)) {
		r = err_set(e, ERR_CONFIG_CONFLICT, 0,
			    "lxc.cgroup.dir conflicts with lxc.cgroup.dir.payload/monitor");
		err_origin(e, "%s", compile_key_origin(c, "lxc.cgroup.dir"));
		err_hint(e, "remove lxc.cgroup.dir, or lxc.cgroup.dir.container and .monitor");
	} else if (!v->cgroup.container != !v->cgroup.monitor) {
		r = err_set(e, ERR_CONFIG_CONFLICT, 0,
			    "lxc.cgroup.dir.payload and lxc.cgroup.dir.monitor must both be set");
		err_origin(e, "%s",
			   compile_key_origin(c, v->cgroup.container ? "lxc.cgroup.dir.container"
								     : "lxc.cgroup.dir.monitor"));
		err_hint(e, "lxc.cgroup.dir.container is the key that this message calls payload");
	}
	return r;
}

static struct names find_names(struct compiler *c)
{
	const struct config_values *v = c->values;
	const char *name = c->request->name;
	struct names names = {.monitor_origin = "", .payload_origin = "", .pivot_origin = ""};
	const char *origin = compile_key_origin(c, "lxc.cgroup.dir");

	names.pivot = "lxc.pivot";
	if (v->cgroup.container) {
		names.is_fixed = true;
		names.monitor = v->cgroup.monitor;
		names.payload = v->cgroup.container;
		names.monitor_origin = compile_key_origin(c, "lxc.cgroup.dir.monitor");
		names.payload_origin = compile_key_origin(c, "lxc.cgroup.dir.container");
	} else if (v->cgroup.dir) {
		names.monitor = compile_textf(c, "%s/lxc.monitor.%s", v->cgroup.dir, name);
		names.payload = compile_textf(c, "%s/lxc.payload.%s", v->cgroup.dir, name);
		names.pivot = compile_textf(c, "%s/lxc.pivot", v->cgroup.dir);
		names.monitor_origin = names.payload_origin = names.pivot_origin = origin;
	} else if (c->facts->cgroup.pattern) {
		const char *path = expand_pattern(c, c->facts->cgroup.pattern);

		names.monitor = compile_textf(c, "%s/monitor", path);
		names.payload = compile_textf(c, "%s/payload", path);
		names.monitor_origin = names.payload_origin = "lxc.conf lxc.cgroup.pattern";
	} else {
		names.monitor = compile_textf(c, "lxc.monitor.%s", name);
		names.payload = compile_textf(c, "lxc.payload.%s", name);
	}
	if (v->cgroup.monitor_pivot) {
		names.pivot = compile_textf(c, "%s/lxc.pivot", v->cgroup.monitor_pivot);
		names.pivot_origin = compile_key_origin(c, "lxc.cgroup.dir.monitor.pivot");
		names.always_pivot = true;
	}
	return names;
}

static void add_hierarchies(struct compiler *c)
{
	const struct facts_hierarchies *hierarchies = &c->facts->cgroup.hierarchies;

	if (hierarchies->count > PLAN_HIERARCHIES_MAX)
		log_warn("Only the first %d of %zu cgroup hierarchies are used",
			 PLAN_HIERARCHIES_MAX, hierarchies->count);
	for (size_t i = 0; i < hierarchies->count && i < PLAN_HIERARCHIES_MAX; i++) {
		const struct facts_hierarchy *h = &hierarchies->items[i];
		struct plan_hierarchy *row = vec_push(&c->b.hierarchies);

		if (!row) {
			c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
			return;
		}
		row->mount = plan_build_text(&c->b, h->mount);
		row->base = plan_build_text(&c->b, h->base);
		row->controllers = plan_build_text(&c->b, h->controllers);
		row->version = h->version;
		row->is_cpuset = h->is_cpuset;
	}
}

/* cpus and memory nodes of a new directory: without them no process may enter it. */
static void fill_cpusets(struct compiler *c, uint16_t name, const char *object)
{
	const struct facts_hierarchies *hierarchies = &c->facts->cgroup.hierarchies;

	for (size_t i = 0; i < hierarchies->count && i < PLAN_HIERARCHIES_MAX; i++) {
		struct plan_step *step;

		if (hierarchies->items[i].version != 1 || !hierarchies->items[i].is_cpuset)
			continue;
		step = STEP(c, SECTION_START, OP_CGROUP_CPUSET, object, "");
		step->in = name;
		step->arg[0] = i;
	}
}

int compile_cgroup_monitor(struct compiler *c, struct err *e)
{
	const struct facts_cgroup *cgroup = &c->facts->cgroup;
	struct plan_step *step;
	struct names names;
	int r = check_directories(c, e);

	if (r < 0)
		return r;
	if (cgroup->missing) {
		err_set(e, ERR_CGROUP_FAILED, ENOENT, "The %s controller found", cgroup->missing);
		err_origin(e, "lxc.conf lxc.cgroup.use");
		err_hint(e, "no usable cgroup hierarchy has this controller: mount it, or take it "
			    "out of lxc.cgroup.use");
		err_wrap(e, -ENOENT,
			 "One or more requested controllers unavailable or not delegated");
		return err_wrap(e, -ENOENT, "Failed to initialize cgroup driver");
	}
	if (cgroup->hierarchies.count == 0) {
		log_info("No usable cgroup hierarchy: the container starts without cgroups");
		return 0;
	}

	add_hierarchies(c);
	names = find_names(c);
	c->r_monitor = plan_build_register(&c->b, REGISTER_NAME, "monitor-cgroup");
	c->b.plan.roles[ROLE_MONITOR_CGROUP] = c->r_monitor;
	step = STEP(c, SECTION_START, OP_CGROUP_CREATE, names.monitor, names.monitor_origin);
	step->out = c->r_monitor;
	step->arg[0] = plan_build_text(&c->b, names.monitor);
	step->arg[1] = names.is_fixed ? CGROUP_FIXED : 0;
	fill_cpusets(c, c->r_monitor, names.monitor);
	step = STEP(c, SECTION_START, OP_CGROUP_ENTER, names.monitor, names.monitor_origin);
	step->in = c->r_monitor;
	return 0;
}

/* The directory for processes, when it is not the one with the limits. */
static void create_inner(struct compiler *c, const char *outer)
{
	const char *inner = c->values->cgroup.container_inner;
	const char *object = compile_textf(c, "%s/%s", outer, inner);
	struct plan_step *step = STEP(c, SECTION_START, OP_CGROUP_CREATE_INNER, object,
				      compile_key_origin(c, "lxc.cgroup.dir.container.inner"));

	c->r_payload = plan_build_register(&c->b, REGISTER_NAME, "inner-cgroup");
	step->in = c->r_limit;
	step->out = c->r_payload;
	step->arg[0] = plan_build_text(&c->b, inner);
}

int compile_cgroup_payload(struct compiler *c, struct err *e)
{
	struct names names;
	struct plan_step *step;
	int unified;

	if (c->r_monitor == PLAN_NO_REGISTER)
		return 0;
	names = find_names(c);
	c->r_limit = plan_build_register(&c->b, REGISTER_NAME, "payload-cgroup");
	c->r_payload = c->r_limit;
	step = STEP(c, SECTION_START, OP_CGROUP_CREATE, names.payload, names.payload_origin);
	step->out = c->r_limit;
	step->arg[0] = plan_build_text(&c->b, names.payload);
	step->arg[1] = CGROUP_PAYLOAD | (names.is_fixed ? CGROUP_FIXED : 0);

	/* The inner directory has a meaning with lxc.cgroup.dir.container only. */
	if (c->values->cgroup.container_inner && names.is_fixed) {
		int r = cgroup_device_rules(c, e);

		if (r < 0)
			return r;
		create_inner(c, names.payload);
	}
	c->b.plan.roles[ROLE_LIMIT_CGROUP] = c->r_limit;
	c->b.plan.roles[ROLE_PAYLOAD_CGROUP] = c->r_payload;
	fill_cpusets(c, c->r_payload, names.payload);

	unified = cgroup_hierarchy_of_version(c, 2);
	if (unified != NO_HIERARCHY && c->facts->kernel.has_clone_into_cgroup && !c->joins) {
		c->r_born_in = plan_build_register(&c->b, REGISTER_FD, "birth-cgroup");
		step = STEP(c, SECTION_START, OP_CGROUP_OPEN, names.payload, "");
		step->in = c->r_payload;
		step->out = c->r_born_in;
		step->arg[0] = (uint64_t)unified;
	}
	return 0;
}

/* Files of a delegated directory besides the directory itself. */
static const char *delegated_files(const struct facts_hierarchy *h)
{
	if (h->version == 1)
		return "cgroup.procs tasks";
	return h->delegate && *h->delegate ? h->delegate
					   : "cgroup.procs cgroup.threads cgroup.subtree_control";
}

static void hand_over(struct compiler *c, size_t hierarchy)
{
	const struct facts_hierarchy *h = &c->facts->cgroup.hierarchies.items[hierarchy];
	struct plan_step *step = STEP(c, SECTION_START, OP_CGROUP_CHOWN,
				      cgroup_hierarchy_name(c, (int)hierarchy), "");

	step->in = c->r_payload;
	step->arg[0] = hierarchy;
	step->arg[1] = c->facts->caller.uid;
	step->arg[2] = c->root_gid;
	step->arg[3] = plan_build_list(&c->b, compile_words(c, delegated_files(h)));
	/* An ordinary user may not give files to groups of others: nothing to warn of each time. */
	step->flags = c->facts->caller.is_root ? STEP_WARN : STEP_OPTIONAL;
}

int compile_cgroup_enter(struct compiler *c, struct err *e)
{
	const struct facts_hierarchies *hierarchies = &c->facts->cgroup.hierarchies;
	size_t count = hierarchies->count < PLAN_HIERARCHIES_MAX ? hierarchies->count
								 : PLAN_HIERARCHIES_MAX;

	(void)e;
	if (c->r_payload == PLAN_NO_REGISTER)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct plan_step *step;

		if (hierarchies->items[i].version == 2 && c->r_born_in != PLAN_NO_REGISTER)
			continue;
		step = STEP(c, SECTION_START, OP_CGROUP_MOVE, cgroup_hierarchy_name(c, (int)i), "");
		step->in = c->r_payload;
		step->arg[0] = i;
	}
	for (size_t i = 0; i < count && c->has_user_ns && c->root_gid != ID_INVALID; i++)
		hand_over(c, i);
	return 0;
}

static void remove_payload(struct compiler *c, enum plan_section s, uint16_t name,
			   const char *object)
{
	struct plan_step *step = STEP(c, s, OP_CGROUP_REMOVE, object, "");

	step->in = name;
	step->arg[0] = 1;
}

int compile_cgroup_end(struct compiler *c, enum plan_section s, struct err *e)
{
	struct names names;
	struct plan_step *step;

	(void)e;
	if (c->r_monitor == PLAN_NO_REGISTER)
		return 0;
	names = find_names(c);
	if (c->r_payload != c->r_limit)
		remove_payload(c, s, c->r_payload,
			       compile_textf(c, "%s/%s", names.payload,
					     c->values->cgroup.container_inner));
	if (c->r_limit != PLAN_NO_REGISTER)
		remove_payload(c, s, c->r_limit, names.payload);
	step = STEP(c, s, OP_CGROUP_LEAVE, names.pivot, names.pivot_origin);
	step->arg[0] = plan_build_text(&c->b, names.pivot);
	step->arg[1] = names.always_pivot;
	step->flags = STEP_LIVE;
	step = STEP(c, s, OP_CGROUP_REMOVE, names.monitor, names.monitor_origin);
	step->in = c->r_monitor;
	return 0;
}
