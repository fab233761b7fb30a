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
#include <limits.h>
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
		    text_list_has(h->controllers, file, length))
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
	bool is_chosen;    /* where they are is somebody's will, not the default */
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
	names.is_chosen = v->cgroup.container || v->cgroup.dir || c->facts->cgroup.pattern ||
			  v->cgroup.monitor_pivot;
	if (v->cgroup.monitor_pivot) {
		names.pivot = compile_textf(c, "%s/lxc.pivot", v->cgroup.monitor_pivot);
		names.pivot_origin = compile_key_origin(c, "lxc.cgroup.dir.monitor.pivot");
		names.always_pivot = true;
	}
	return names;
}

enum { SUFFIX_LONGEST = sizeof("-999") - 1 };

/* What the kernel takes for a name, and a register for the whole path. */
static int check_length(struct compiler *c, const char *path, const char *origin, bool is_fixed,
			struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t more = is_fixed ? 0 : SUFFIX_LONGEST, name = strlen(slash ? slash + 1 : path);
	int r;

	if (strlen(path) + more < PLAN_NAME_MAX && name + more <= NAME_MAX)
		return 0;
	r = err_set(
		e, ERR_CONFIG_VALUE_INVALID, ENAMETOOLONG,
		"The cgroup path \"%s\" is too long: %zu bytes%s, of which there is room for %d",
		path, strlen(path), is_fixed ? "" : " and a suffix of 4", PLAN_NAME_MAX - 1);
	if (*origin)
		err_origin(e, "%s", origin);
	err_hint(e, *origin ? "choose a shorter directory, or a shorter name for the container"
			    : "choose a shorter name for the container");
	return r;
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
		row->identity = h->identity;
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

/* Programs that the supervisor runs until the container runs: what they leave behind stays where
 * the supervisor is then. */
static bool has_host_hooks(const struct compiler *c)
{
	const struct config_nets *nets = &c->values->nets;

	for (size_t i = 0; i < nets->count; i++)
		if (nets->items[i].script_up)
			return true;
	return c->values->hooks[HOOK_START_HOST].count > 0;
}

/*
 * Who ends a session or a service ends what is in its cgroup; a background container must have left
 * it when the command returns. (In the foreground it is a part of it anyway.) Going to the root at
 * once is free for a process that is born there; but when there is a prelude it comes too late.
 */
static bool is_elsewhere(const struct compiler *c, const struct facts_hierarchy *h)
{
	return !h->is_inside && !c->request->is_foreground;
}

/* The limits that are set in a place that somebody chose hold from the beginning. */
static bool needs_monitor(const struct compiler *c, const struct names *names)
{
	return names->is_chosen || has_host_hooks(c);
}

/*
 * Whoever goes to another cgroup of version 2 waits for a grace period of RCU: 7 to 16 ms, more
 * than all the rest of a start. (In version 1 a single thread need not: the file `tasks`.) So the
 * supervisor goes there when the container has run for a while, but for these cases.
 */
static bool enters_late(const struct compiler *c, const struct names *names)
{
	int unified = cgroup_hierarchy_of_version(c, 2);
	const struct facts_hierarchy *h;

	if (unified == NO_HIERARCHY)
		return false;
	h = &c->facts->cgroup.hierarchies.items[unified];
	/* A base that holds processes can have no controllers below it, but for the real root. */
	if (!h->is_root)
		return false;
	if (is_elsewhere(c, h) && (c->has_prelude || !c->facts->kernel.has_clone_into_cgroup))
		return false;
	return !needs_monitor(c, names);
}

/* Nobody needs to be in the supervisor's directories before the process is there. */
static bool is_made_beside(const struct compiler *c, const struct names *names)
{
	if (c->restores)
		return false;
	if (cgroup_hierarchy_of_version(c, 2) != NO_HIERARCHY)
		return enters_late(c, names);
	return !needs_monitor(c, names);
}

static void enter_monitor(struct compiler *c, const struct names *names)
{
	bool is_late = enters_late(c, names);
	bool has_v1 = cgroup_hierarchy_of_version(c, 1) != NO_HIERARCHY;
	int unified = cgroup_hierarchy_of_version(c, 2);

	if (is_late && is_elsewhere(c, &c->facts->cgroup.hierarchies.items[unified]))
		c->b.plan.flags |= PLAN_LEAVES_CGROUP;
	c->r_entered = plan_build_register(&c->b, REGISTER_NUMBER, "entered cgroups");
	for (uint64_t version = is_late ? 1 : 0; version <= (is_late ? 2 : 0); version++) {
		struct plan_step *step;

		if (version == 1 && !has_v1)
			continue;
		step = STEP(c, SECTION_START, OP_CGROUP_ENTER, names->monitor,
			    names->monitor_origin);
		step->in = c->r_monitor;
		step->out = c->r_entered;
		step->arg[0] = version;
		step->flags = version == 2 ? STEP_LATE | STEP_WARN : 0;
	}
}

/*
 * An ordinary user's unit holds more than the supervisor: whoever starts, a shell, what pre-start
 * hooks have left. They share the supervisor's directory from now on.
 */
static void clear_base(struct compiler *c, const struct names *names)
{
	int unified = cgroup_hierarchy_of_version(c, 2);
	struct plan_step *step;

	if (c->facts->caller.is_root || unified == NO_HIERARCHY ||
	    c->facts->cgroup.hierarchies.items[unified].is_root)
		return;
	step = STEP(c, SECTION_START, OP_CGROUP_CLEAR, names->monitor, names->monitor_origin);
	step->in = c->r_monitor;
	step->arg[0] = (uint64_t)unified;
	step->flags = STEP_OPTIONAL;
}

static void make_monitor(struct compiler *c, const struct names *names)
{
	struct plan_step *step =
		STEP(c, SECTION_START, OP_CGROUP_CREATE, names->monitor, names->monitor_origin);

	step->out = c->r_monitor;
	step->arg[0] = plan_build_text(&c->b, names->monitor);
	step->arg[1] = names->is_fixed ? CGROUP_FIXED : 0;
	fill_cpusets(c, c->r_monitor, names->monitor);
	enter_monitor(c, names);
	clear_base(c, names);
}

int compile_cgroup_monitor(struct compiler *c, struct err *e)
{
	const struct facts_cgroup *cgroup = &c->facts->cgroup;
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
	r = check_length(c, names.monitor, names.monitor_origin, names.is_fixed, e);
	if (r < 0)
		return r;
	c->r_monitor = plan_build_register(&c->b, REGISTER_NAME, "monitor-cgroup");
	c->b.plan.roles[ROLE_MONITOR_CGROUP] = c->r_monitor;
	if (!is_made_beside(c, &names))
		make_monitor(c, &names);
	return 0;
}

int compile_cgroup_monitor_beside(struct compiler *c, struct err *e)
{
	struct names names;

	(void)e;
	if (c->r_monitor == PLAN_NO_REGISTER)
		return 0;
	names = find_names(c);
	if (is_made_beside(c, &names))
		make_monitor(c, &names);
	return 0;
}

/* The directory for processes, when it is not the one with the limits. */
static int create_inner(struct compiler *c, const char *outer, struct err *e)
{
	const char *inner = c->values->cgroup.container_inner;
	const char *object = compile_textf(c, "%s/%s", outer, inner);
	const char *origin = compile_key_origin(c, "lxc.cgroup.dir.container.inner");
	struct plan_step *step;
	int r = check_length(c, object, origin, true, e);

	if (r < 0)
		return r;
	step = STEP(c, SECTION_START, OP_CGROUP_CREATE_INNER, object, origin);
	c->r_payload = plan_build_register(&c->b, REGISTER_NAME, "inner-cgroup");
	step->in = c->r_limit;
	step->out = c->r_payload;
	step->arg[0] = plan_build_text(&c->b, inner);
	return 0;
}

int compile_cgroup_payload(struct compiler *c, struct err *e)
{
	struct names names;
	struct plan_step *step;
	int r, unified;

	if (c->r_monitor == PLAN_NO_REGISTER)
		return 0;
	names = find_names(c);
	r = check_length(c, names.payload, names.payload_origin, names.is_fixed, e);
	if (r < 0)
		return r;
	c->r_limit = plan_build_register(&c->b, REGISTER_NAME, "payload-cgroup");
	c->r_payload = c->r_limit;
	step = STEP(c, SECTION_START, OP_CGROUP_CREATE, names.payload, names.payload_origin);
	step->out = c->r_limit;
	step->arg[0] = plan_build_text(&c->b, names.payload);
	step->arg[1] = CGROUP_PAYLOAD | (names.is_fixed ? CGROUP_FIXED : 0);

	/* The inner directory has a meaning with lxc.cgroup.dir.container only. */
	if (c->values->cgroup.container_inner && names.is_fixed) {
		r = cgroup_device_rules(c, e);
		if (r >= 0)
			r = create_inner(c, names.payload, e);
		if (r < 0)
			return r;
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

void compile_cgroup_join(struct compiler *c, enum plan_op op, const struct facts_hierarchy *h,
			 uint16_t directory)
{
	const char *above = compile_textf(c, "%s%s%s", h->mount, *h->base ? "/" : "", h->base);
	uint32_t path =
		plan_build_text(&c->b, compile_textf(c, "%s/%s/tasks", compile_literal(c, above),
						     compile_reference(c, directory)));

	STEP(c, SECTION_START, op, h->name && *h->name ? h->name : h->mount, "")->arg[0] = path;
}

/* In a mount namespace that is another's the host's hierarchies are nowhere. */
static bool can_join(const struct compiler *c, const struct facts_hierarchy *h)
{
	return h->version == 1 && c->r_share[NAMESPACE_MNT] == PLAN_NO_REGISTER;
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
		if (can_join(c, &hierarchies->items[i])) {
			compile_cgroup_join(c, OP_CGROUP_JOIN, &hierarchies->items[i],
					    c->r_payload);
			continue;
		}
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
	step->in = c->r_entered;
	step->arg[0] = plan_build_text(&c->b, names.pivot);
	step->arg[1] = names.always_pivot;
	step->flags = STEP_LIVE;
	step = STEP(c, s, OP_CGROUP_REMOVE, names.monitor, names.monitor_origin);
	step->in = c->r_monitor;
	step->arg[1] = plan_build_text(&c->b, names.pivot);
	return 0;
}
