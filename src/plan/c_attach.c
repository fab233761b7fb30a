/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attaching: a new process in a running container (spec/runtime.md §20).
 *
 * Only children are in a pid namespace that a process enters: with one among those to be entered,
 * the clone goes through a process that joins them all. Who runs the plan saves that process by
 * entering it before and leaving it out (run/attach.h); then the new process enters the others
 * itself. Registers have the fixed numbers of compile.h, and the caller fills them.
 *
 * Not here yet: labels of security modules.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "base/macros.h"
#include "base/names.h"

/* lxc_attach's flags: ABI (spec/api.md). */
enum {
	FLAG_MOVE_TO_CGROUP = 0x1,
	FLAG_DROP_CAPABILITIES = 0x2,
	FLAG_SET_PERSONALITY = 0x4,
	FLAG_REMOUNT_PROC_SYS = 0x10000,
	FLAG_NO_NEW_PRIVS = 0x40000,
	FLAG_SETGROUPS = 0x200000,
};

struct attach {
	struct compiler c;
	const struct attach_request *request;
	const struct attach_facts *facts;
	uint32_t root_uid, root_gid; /* inside, until the last moment */
	uint32_t uid, gid;           /* inside, of the command */
};

static void add_registers(struct attach *a)
{
	static const struct {
		enum register_kind kind;
		const char *name;
	} registers[ATTACH_REGISTER_COUNT] = {
		[ATTACH_REGISTER_PIDFD] = {REGISTER_FD, "init"},
		[ATTACH_REGISTER_CHILD] = {REGISTER_FD, "command"},
		[ATTACH_REGISTER_PID] = {REGISTER_NUMBER, "pid of the command"},
		[ATTACH_REGISTER_TERMINAL] = {REGISTER_FD, "terminal"},
		[ATTACH_REGISTER_CGROUP] = {REGISTER_NAME, "payload-cgroup"},
		[ATTACH_REGISTER_LEAF] = {REGISTER_FD, "birth-cgroup"},
	};

	for (size_t i = 0; i < ATTACH_REGISTER_COUNT; i++)
		plan_build_register(&a->c.b, registers[i].kind, registers[i].name);
	a->c.b.plan.flags = PLAN_IS_ATTACH;
	a->c.b.plan.roles[ROLE_INIT_PID] = ATTACH_REGISTER_PID;
	a->c.b.plan.roles[ROLE_INIT_PIDFD] = ATTACH_REGISTER_CHILD;
	a->c.b.plan.roles[ROLE_PAYLOAD_CGROUP] = ATTACH_REGISTER_CGROUP;
	if (a->facts->has_user_namespace)
		a->c.b.plan.flags |= PLAN_HAS_USER_NAMESPACE;
}

static struct plan_step *add(struct attach *a, enum plan_op op, const char *object)
{
	return STEP(&a->c, SECTION_START, op, object, "");
}

static bool moves(const struct attach *a)
{
	return (a->request->flags & FLAG_MOVE_TO_CGROUP) && a->facts->payload;
}

static const char *namespace_list(struct attach *a)
{
	const char *text = "";

	for (unsigned k = 0; k < NAMESPACE_COUNT; k++)
		if (a->facts->namespaces & (uint32_t)namespace_clone_flag((enum namespace_kind)k))
			text = compile_textf(&a->c, "%s%s%s", text, *text ? " " : "",
					     namespace_name((enum namespace_kind)k));
	return text;
}

static void add_hierarchies(struct attach *a, bool *ret_has_v2)
{
	for (size_t i = 0; moves(a) && i < a->facts->hierarchies.count; i++) {
		const struct facts_hierarchy *h = &a->facts->hierarchies.items[i];
		struct plan_hierarchy *row = vec_push(&a->c.b.hierarchies);

		if (!row) {
			a->c.b.problem = a->c.b.problem ? a->c.b.problem : -ENOMEM;
			return;
		}
		row->mount = plan_build_text(&a->c.b, h->mount);
		row->base = plan_build_text(&a->c.b, h->base);
		row->controllers = plan_build_text(&a->c.b, h->controllers);
		row->version = h->version;
		row->is_cpuset = h->is_cpuset;
		*ret_has_v2 |= h->version == 2;
	}
}

/* The limits are the host's to set: before the process goes on. */
static int add_limits(struct attach *a, bool *ret_any, struct err *e)
{
	if (!a->request->config)
		return 0;
	a->c.values = &a->request->config->values;
	*ret_any |= a->c.values->procs.count > 0 || a->c.values->prlimits.count > 0;
	return compile_process_limits(&a->c, e);
}

/*
 * Whoever enters a hierarchy of version 1 does so itself, because it waits otherwise (ops.h), and
 * before it enters any namespace: inside, the host's directories are nowhere. In version 2 it is
 * born in the directory.
 */
static void enter_cgroups(struct attach *a, enum plan_op op)
{
	for (size_t i = 0; moves(a) && i < a->facts->hierarchies.count; i++) {
		const struct facts_hierarchy *h = &a->facts->hierarchies.items[i];

		if (h->version == 1 && !(op == OP_CGROUP_JOIN_BETWEEN && h->is_crowded))
			compile_cgroup_join(&a->c, op, h, ATTACH_REGISTER_CGROUP);
	}
}

/* A limit stops clones, but not those who come from elsewhere: a full container can be entered, for
 * somebody has to clear it up. */
static void enter_crowded_cgroups(struct attach *a, bool *ret_any)
{
	for (size_t i = 0; moves(a) && i < a->facts->hierarchies.count; i++) {
		const struct facts_hierarchy *h = &a->facts->hierarchies.items[i];
		struct plan_step *step;

		if (h->version != 1 || !h->is_crowded)
			continue;
		step = add(a, OP_CGROUP_MOVE, h->name && *h->name ? h->name : h->mount);
		step->in = ATTACH_REGISTER_CGROUP;
		step->arg[0] = i;
		*ret_any = true;
	}
}

static int add_process(struct attach *a, struct err *e)
{
	bool joins = a->facts->namespaces & CLONE_NEWPID, has_v2 = false, for_host = false;
	int r;
	const char *list = namespace_list(a);
	struct plan_step *step;

	add_hierarchies(a, &has_v2);
	step = add(a, OP_CLONE, a->request->name);
	step->out = ATTACH_REGISTER_CHILD;
	step->arg[0] = ATTACH_REGISTER_PID;
	step->arg[1] = has_v2 ? ATTACH_REGISTER_LEAF : PLAN_NO_REGISTER;
	step->arg[3] = joins ? CLONE_JOIN : CLONE_PLAIN;
	if (joins) {
		enter_cgroups(a, OP_CGROUP_JOIN_BETWEEN);
		step = add(a, OP_NS_JOIN, list);
		step->in = ATTACH_REGISTER_PIDFD;
		step->arg[0] = a->facts->namespaces;
	}
	if (a->facts->cookie_pid)
		add(a, OP_CORE_JOIN, a->request->name)->arg[0] = a->facts->cookie_pid;
	if (joins)
		enter_crowded_cgroups(a, &for_host);
	else
		enter_cgroups(a, OP_CGROUP_JOIN);
	r = add_limits(a, &for_host, e);
	if (for_host)
		compile_gate(&a->c, GATE_IDS);
	if (!joins && a->facts->namespaces) {
		step = add(a, OP_ENTER, list);
		step->in = ATTACH_REGISTER_PIDFD;
		step->arg[0] = a->facts->namespaces;
	}
	return r;
}

static const char *pair(struct attach *a, uint32_t uid, uint32_t gid)
{
	return compile_textf(&a->c, "%u:%u", (unsigned)uid, (unsigned)gid);
}

static void decide_ids(struct attach *a)
{
	bool is_mapped = !a->facts->has_user_namespace || a->facts->root_is_mapped;

	a->root_uid = is_mapped ? 0 : a->facts->init_uid;
	a->root_gid = is_mapped ? 0 : a->facts->init_gid;
	a->uid = a->request->uid == ID_INVALID ? a->root_uid : a->request->uid;
	a->gid = a->request->gid == ID_INVALID ? a->root_gid : a->request->gid;
}

/* The host's mounts, but proc and sysfs of the namespaces that were entered. */
static void remount(struct attach *a)
{
	static const struct {
		const char *type, *path;
	} mounts[] = {{"proc", "/proc"}, {"sysfs", "/sys"}};

	if (!(a->request->flags & FLAG_REMOUNT_PROC_SYS) || (a->facts->namespaces & CLONE_NEWNS))
		return;
	add(a, OP_UNSHARE, "mnt")->arg[0] = CLONE_NEWNS;
	add(a, OP_MOUNTS_SLAVE, a->request->name);
	for (size_t i = 0; i < ARRAY_LENGTH(mounts); i++) {
		const struct file_system fs = {.type = mounts[i].type, .source = mounts[i].type};
		struct about about = {
			compile_textf(&a->c, "%s on %s", mounts[i].type, mounts[i].path), "", 0};

		compile_fs_open(&a->c, about, compile_tree_register(&a->c), &fs);
		compile_tree_attach(&a->c, about, a->c.r_tree,
				    (struct place){PLAN_NO_REGISTER, mounts[i].path});
	}
}

/* An ordinary user is in the user namespace already: without it nothing could be entered. */
static void become_root(struct attach *a)
{
	bool enters = (a->facts->namespaces & CLONE_NEWUSER) || !a->facts->caller_is_root;
	struct plan_step *step;

	if (!a->facts->has_user_namespace || !enters)
		return;
	step = add(a, OP_BECOME_ROOT, pair(a, a->root_uid, a->root_gid));
	step->arg[0] = a->root_uid;
	step->arg[1] = a->root_gid;
	/* Processes of the container see it now, and what it has open is the caller's. */
	step->arg[2] = 1;
}

static void restrict_process(struct attach *a)
{
	const struct attach_request *r = a->request;
	struct plan_step *step;

	if ((r->flags & FLAG_SET_PERSONALITY) && r->personality >= 0) {
		const char *name = architecture_name(r->personality);

		add(a, OP_PERSONALITY, name ? name : "(number)")->arg[0] = (uint32_t)r->personality;
	}
	if (r->flags & FLAG_DROP_CAPABILITIES) {
		step = add(a, OP_CAPS_BOUND, "those of the container");
		step->arg[0] = a->facts->bounding;
	}
}

static void add_streams(struct attach *a)
{
	const struct attach_request *r = a->request;
	struct plan_step *step;

	/* CVE-2016-10124: without a session of its own the command could open the caller's terminal
	 * as /dev/tty. A function of the caller's is left in the session, as LXC does it. */
	if (!r->has_terminal && r->argv)
		add(a, OP_SETSID, "the command");
	if (!r->has_terminal)
		return;
	step = add(a, OP_STDIO_FDS, "the command");
	for (unsigned i = 0; i < 3; i++)
		if (r->terminal_streams & (1U << i))
			step->arg[i] = ATTACH_REGISTER_TERMINAL;
	add(a, OP_SETSID, "the command")->arg[0] = r->terminal_streams & 1;
}

static void set_groups(struct attach *a)
{
	const struct attach_request *r = a->request;
	bool is_given = (r->flags & FLAG_SETGROUPS) && r->groups;
	const char *names = "";
	uint32_t bytes = 0;

	if (!is_given && (a->facts->has_user_namespace || !a->facts->caller_is_root))
		return;
	for (size_t i = 0; is_given && i < r->group_count; i++)
		names = compile_textf(&a->c, "%s%s%u", names, i ? "," : "", (unsigned)r->groups[i]);
	if (is_given && r->group_count > 0)
		bytes = plan_build_bytes(&a->c.b, r->groups, r->group_count * sizeof(*r->groups));
	add(a, OP_GROUPS, *names ? names : "(none)")->arg[0] = bytes;
}

static void set_ids(struct attach *a)
{
	if (a->gid != a->root_gid)
		add(a, OP_SET_GID, compile_textf(&a->c, "%u", (unsigned)a->gid))->arg[0] = a->gid;
	if (a->uid != a->root_uid)
		add(a, OP_SET_UID, compile_textf(&a->c, "%u", (unsigned)a->uid))->arg[0] = a->uid;
}

static void add_seccomp(struct attach *a)
{
	uint32_t program;

	if (!a->facts->seccomp)
		return;
	program = plan_build_bytes(&a->c.b, a->facts->seccomp, a->facts->seccomp_size);
	add(a, OP_SECCOMP, "of the container")->arg[0] = program;
}

/* Terminals' prompts hold the byte of references. */
static uint32_t build_environment(struct attach *a)
{
	const char *const *from = a->request->environment;
	const char **list;
	size_t count = 0;

	while (from[count])
		count++;
	list = arena_alloc(&a->c.arena, (count + 1) * sizeof(*list));
	if (!list) {
		a->c.b.problem = a->c.b.problem ? a->c.b.problem : -ENOMEM;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		list[i] = compile_literal(&a->c, from[i]);
	list[count] = NULL;
	return plan_build_list(&a->c.b, list);
}

static void add_command(struct attach *a)
{
	const struct attach_request *r = a->request;
	uint32_t lists[2];
	struct plan_step *step;

	if (!r->argv)
		return;
	add(a, OP_CLOSE_OTHERS, a->request->name);
	lists[0] = plan_build_list(&a->c.b, r->argv);
	lists[1] = build_environment(a);
	step = add(a, OP_EXEC, r->argv[0]);
	step->arg[0] = lists[0];
	step->arg[1] = lists[1];
}

static int add_steps(struct attach *a, struct err *e)
{
	const char *cwd = a->request->cwd ? a->request->cwd : "/";
	uint32_t text = plan_build_text(&a->c.b, cwd);
	struct plan_step *step;
	int r;

	add_registers(a);
	decide_ids(a);
	r = add_process(a, e);
	remount(a);
	become_root(a);
	step = add(a, OP_CHDIR, cwd);
	step->arg[0] = text;
	step->arg[1] = 1;
	restrict_process(a);
	add_streams(a);
	set_groups(a);
	if (a->request->no_new_privs || (a->request->flags & FLAG_NO_NEW_PRIVS))
		add(a, OP_NO_NEW_PRIVS, "the command");
	add_seccomp(a);
	set_ids(a);
	add_command(a);
	STEP(&a->c, SECTION_UNDO, OP_KILL, "the command", "");
	return r;
}

int plan_compile_attach(const struct attach_request *request, const struct attach_facts *facts,
			struct str *ret, struct err *e)
{
	struct attach a = {.request = request, .facts = facts};
	int r;

	compiler_init(&a.c, NULL, request->config, NULL);
	r = add_steps(&a, e);
	if (r >= 0)
		r = plan_build_finish(&a.c.b, ret, e);
	compiler_finish(&a.c);
	return r < 0 ? r : 0;
}
