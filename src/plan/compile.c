/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of contents of a start: one line per concern, in the order in which things happen
 * (spec/runtime.md §3). What a line does stands in the c_*.c file that compiler.h names beside it.
 *
 * Steps of both lanes stand in one list: HOST runs ahead of INIT until the next gate, and the other
 * way round.
 */

#include "plan/compile.h"

#include <string.h>

#include "base/macros.h"
#include "plan/compiler.h"

typedef int (*concern_fn)(struct compiler *c, struct err *e);

static int gate_ids(struct compiler *c, struct err *e);
static int network_of_pre_mount_hooks(struct compiler *c, struct err *e);
static int network_of_mount_hooks(struct compiler *c, struct err *e);
static int network_of_autodev_hooks(struct compiler *c, struct err *e);
static int network_inside(struct compiler *c, struct err *e);
static int gate_handover(struct compiler *c, struct err *e);
static int gate_ready(struct compiler *c, struct err *e);
static int gate_go(struct compiler *c, struct err *e);

static const concern_fn contents[] = {
	/* HOST, before there is a process. */
	compile_pid_file,
	compile_console_host,
	compile_cgroup_monitor,
	compile_shared_namespaces,
	compile_cgroup_payload,
	compile_cgroup_limits,
	compile_idmapped_host,
	compile_source_host,
	compile_hook_pipe,

	/* The process, its ids, cgroups and limits. */
	compile_clone,
	compile_idmapped_leave,
	compile_id_maps,
	compile_cgroup_enter,
	compile_limits,
	gate_ids,
	compile_become_root,
	compile_network,
	compile_late_namespaces,

	/* INIT: the view of the file system, seen from the host's tree. */
	compile_mounts_slave,
	compile_idmapped_open,
	network_of_pre_mount_hooks,
	compile_pre_mount_hooks,
	compile_transient_devpts,
	compile_root_mount,
	compile_identity,
	compile_address_socket,
	compile_dev_open,
	compile_dev_tmpfs,
	compile_automounts,
	compile_entries,
	compile_cgroup_mounts,
	network_of_mount_hooks,
	compile_mount_hooks,
	compile_root_check,
	network_of_autodev_hooks,
	compile_autodev_hooks,
	compile_dev_nodes,
	compile_start_hook_check,
	compile_devpts,
	compile_console_inside,
	compile_ttys,
	compile_dev_links,
	network_inside,
	gate_handover,
	compile_pivot,

	/* INIT, inside. */
	compile_shared_trees,
	compile_boot_id,
	compile_personality,
	compile_sysctls,
	compile_capabilities,
	compile_no_new_privs,
	compile_seccomp,
	compile_start_hooks,
	compile_stdio,
	compile_cwd,

	/* What HOST does last, and the program. */
	gate_ready,
	gate_go,
	compile_exec,

	compile_stop,
	compile_undo,
	compile_hook_environment,
};

/* Whether HOST does something behind a step that INIT is to wait for. */
static bool has_host_work_behind(const struct compiler *c, enum plan_op op, enum plan_op except)
{
	const struct plan_build_steps *steps = &c->b.steps[SECTION_START];

	for (size_t i = steps->count; i > 0; i--) {
		const struct plan_step *step = &steps->items[i - 1];

		if (step->op == op)
			return false;
		if (step->lane == LANE_HOST && step->op != except && step->op != OP_NS_OPEN &&
		    step->op != OP_FD_CLOSE)
			return true;
	}
	return false;
}

/* Maps, moves and limits. Leaving the scratch mount namespace is nobody's business but HOST's. */
static int gate_ids(struct compiler *c, struct err *e)
{
	if (has_host_work_behind(c, OP_CLONE, OP_MOUNT_NS_LEAVE))
		compile_gate(c, GATE_IDS);
	return 0;
}

/*
 * HOST's part of the network takes the kernel a millisecond, and INIT has that much to do with file
 * systems: it looks at its interfaces last, or before the first hooks that may. Behind the gate
 * HOST makes what nobody waits for.
 */
static int network_inside(struct compiler *c, struct err *e)
{
	static const concern_fn concerns[] = {
		compile_network_gate,
		compile_cgroup_monitor_beside,
		compile_root_pin,
		compile_net_inside,
	};
	int r = 0;

	if (c->has_net_inside)
		return 0;
	c->has_net_inside = true;
	for (size_t i = 0; r >= 0 && i < ARRAY_LENGTH(concerns); i++)
		r = concerns[i](c, e);
	return r;
}

/* They find the interfaces, not set up yet. */
static int network_of_pre_mount_hooks(struct compiler *c, struct err *e)
{
	return c->values->hooks[HOOK_PRE_MOUNT].count > 0 ? compile_network_gate(c, e) : 0;
}

static int network_of_mount_hooks(struct compiler *c, struct err *e)
{
	return c->values->hooks[HOOK_MOUNT].count > 0 ? network_inside(c, e) : 0;
}

static int network_of_autodev_hooks(struct compiler *c, struct err *e)
{
	return c->values->hooks[HOOK_AUTODEV].count > 0 ? network_inside(c, e) : 0;
}

/* The terminals are connected while INIT still works. */
static int gate_handover(struct compiler *c, struct err *e)
{
	int r = 0;

	if (!c->console_is_inside)
		r = compile_console_connect(c, e);
	if (r < 0)
		return r;
	compile_gate(c, GATE_HANDOVER);
	/* HOST's own: INIT has those that it needs. */
	compile_fd_close(c, SECTION_START, "hook output", c->r_hook_write);
	compile_fd_close(c, SECTION_START, "cgroup", c->r_born_in);
	compile_fd_close(c, SECTION_START, "root file system", c->r_source);
	for (unsigned k = 0; k < NAMESPACE_COUNT; k++)
		compile_fd_close(c, SECTION_START, "shared namespace", c->r_share[k]);
	return c->console_is_inside ? compile_console_connect(c, e) : 0;
}

/* In front of what `work` adds, if it adds anything: that is about a container that is set up. */
static int gate_ready(struct compiler *c, struct err *e)
{
	static const concern_fn work[] = {
		compile_cgroup_devices,
		compile_start_host_hooks,
		compile_kept_late_namespaces,
	};
	struct plan_build_steps *steps = &c->b.steps[SECTION_START];
	const size_t before = steps->count;
	int r = 0;

	compile_gate(c, GATE_READY);
	for (size_t i = 0; i < ARRAY_LENGTH(work) && r >= 0; i++)
		r = work[i](c, e);
	if (steps->count == before + 1)
		steps->count = before;
	return r;
}

/* INIT waits for what HOST has done since they were last together. Closing descriptors is nothing
 * that anybody waits for. */
static int gate_go(struct compiler *c, struct err *e)
{
	const struct plan_build_steps *steps = &c->b.steps[SECTION_START];

	for (size_t i = steps->count; i > 0; i--) {
		const struct plan_step *step = &steps->items[i - 1];

		if (step->op == OP_CLONE ||
		    (step->op == OP_GATE && plan_gate_holds_init(step->arg[0])))
			return 0;
		if (step->lane != LANE_HOST || step->op == OP_FD_CLOSE)
			continue;
		compile_gate(c, GATE_GO);
		return 0;
	}
	return 0;
}

void compiler_init(struct compiler *c, const struct plan_request *request,
		   const struct config *config, const struct facts *facts)
{
	*c = (struct compiler){.request = request, .config = config, .facts = facts};
	uint16_t *const registers[] = {
		&c->r_pid,        &c->r_pidfd,          &c->r_root,    &c->r_tree,
		&c->r_console,    &c->r_console_index,  &c->r_devpts,  &c->r_monitor,
		&c->r_limit,      &c->r_payload,        &c->r_born_in, &c->r_hook_read,
		&c->r_hook_write, &c->r_address_socket, &c->r_procfs,  &c->r_mount_ns,
		&c->r_pin,        &c->r_user_ns,        &c->r_tty,     &c->r_tty_index,
		&c->r_ready,      &c->r_stash,          &c->r_park,    &c->r_console_tree,
		&c->r_pts,        &c->r_entered,        &c->r_outer,   &c->r_net,
		&c->r_source,     &c->r_loop,           &c->r_nbd,
	};

	for (size_t i = 0; i < ARRAY_LENGTH(registers); i++)
		*registers[i] = PLAN_NO_REGISTER;
	for (size_t i = 0; i < NAMESPACE_COUNT; i++)
		c->r_ns[i] = c->r_share[i] = PLAN_NO_REGISTER;
	for (size_t i = 0; i < ARRAY_LENGTH(c->r_veth); i++)
		c->r_veth[i] = c->r_port[i] = c->r_proxy[i] = PLAN_NO_REGISTER;
	for (size_t i = 0; i < ARRAY_LENGTH(c->r_node); i++)
		c->r_node[i] = PLAN_NO_REGISTER;
	if (config) {
		c->values = &config->values;
		c->has_prelude = request && plan_needs_prelude(request, config);
	}
	c->root_mount.r_tree = PLAN_NO_REGISTER;
	plan_build_init(&c->b);
}

void compiler_finish(struct compiler *c)
{
	plan_build_free(&c->b);
	arena_finish(&c->arena);
}

/* What the supervisor asks the plan for. */
void compile_header(struct compiler *c)
{
	const struct config_values *v = c->values;
	struct plan *p = &c->b.plan;

	p->roles[ROLE_INIT_PID] = c->r_pid;
	p->roles[ROLE_INIT_PIDFD] = c->r_pidfd;
	p->roles[ROLE_CONSOLE_MASTER] = c->r_console;
	p->roles[ROLE_CONSOLE_INDEX] = c->r_console_index;
	p->roles[ROLE_DEVPTS] = c->r_devpts;
	p->roles[ROLE_TTY_FIRST] = c->r_tty;
	p->roles[ROLE_MONITOR_CGROUP] = c->r_monitor;
	p->roles[ROLE_LIMIT_CGROUP] = c->r_limit;
	p->roles[ROLE_PAYLOAD_CGROUP] = c->r_payload;
	p->roles[ROLE_HOOK_OUTPUT] = c->r_hook_read;
	p->roles[ROLE_ADDRESS_SOCKET] = c->r_address_socket;
	p->roles[ROLE_ROOT_PIN] = c->r_pin;
	p->roles[ROLE_OUTER_MOUNTS] = c->r_outer;
	p->clone_flags = c->made;
	p->tty_count = c->tty_count;
	p->signal_halt = v->signal.halt;
	p->signal_reboot = v->signal.reboot;
	p->signal_stop = v->signal.stop;
	if (c->has_user_ns)
		p->flags |= PLAN_HAS_USER_NAMESPACE;
	if (c->request->is_application)
		p->flags |= PLAN_IS_APPLICATION;
	if (c->has_console)
		p->flags |= PLAN_HAS_CONSOLE;
}

static int compile_all(struct compiler *c, struct err *e)
{
	int r = compile_refuse_unsupported(c, e);

	compile_outer_mounts(c);
	if (r >= 0)
		r = compile_decide(c, e);
	if (r >= 0)
		r = compile_root_decide(c, e);
	if (r >= 0)
		r = compile_collect_mounts(c, e);
	for (size_t i = 0; i < ARRAY_LENGTH(contents) && r >= 0 && !c->b.problem; i++)
		r = contents[i](c, e);
	if (r >= 0)
		compile_header(c);
	return r;
}

int plan_compile(const struct plan_request *request, const struct config *config,
		 const struct facts *facts, struct str *ret, struct err *e)
{
	struct compiler c;
	int r;

	compiler_init(&c, request, config, facts);
	r = compile_all(&c, e);
	if (r >= 0)
		r = plan_build_finish(&c.b, ret, e);
	compiler_finish(&c);
	return r < 0 ? r : 0;
}

const char *compile_origin(struct compiler *c, struct origin origin, const char *key)
{
	char place[4096];

	if (origin.source == 0)
		return "";
	/* One line of the configuration makes several steps in a row. */
	if (c->last.text && c->last.origin.source == origin.source &&
	    c->last.origin.line == origin.line && strcmp(c->last.key, key) == 0)
		return c->last.text;
	c->last.origin = origin;
	c->last.key = key;
	c->last.text = compile_textf(c, "%s %s",
				     config_origin(c->config, origin, place, sizeof(place)), key);
	return c->last.text;
}

const char *compile_key_origin(struct compiler *c, const char *name)
{
	const struct config_key *key = config_key_find(name, strlen(name));

	return key ? compile_origin(c, c->config->origins[config_key_row(key)], name) : "";
}

int compile_unsupported(struct compiler *c, const char *key, const char *origin, const char *what,
			struct err *e)
{
	err_set(e, ERR_CONFIG_UNSUPPORTED, ENOSYS, "%s is not supported yet: %s", key, what);
	if (*origin)
		err_origin(e, "%s", origin);
	err_hint(e, "take the line out of the configuration, or start this container with LXC");
	return -ENOSYS;
}
