/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the other concerns build on: which namespaces a container has and who makes them, its id
 * maps, who its root is on the host, which descriptors go up at the end.
 *
 * Order and rules are those of spec/runtime.md §4 and §6. Root writes id maps itself, also where
 * LXC runs newuidmap for it: the files of subordinate ids are about ordinary users.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { TTYS_MAX = 60 };

static bool has_offsets(const struct config_values *v)
{
	return v->boot_offset.count || v->monotonic_offset.count;
}

/* Interfaces of the type `none` alone mean the host's network. */
static bool has_only_none(const struct config_nets *nets)
{
	for (size_t i = 0; i < nets->count; i++)
		if (nets->items[i].type != NET_NONE)
			return false;
	return nets->count > 0;
}

static bool is_made_by_default(const struct compiler *c, enum namespace_kind kind)
{
	switch (kind) {
	case NAMESPACE_USER:
		return c->values->idmaps.count > 0;
	case NAMESPACE_NET:
		return !has_only_none(&c->values->nets);
	case NAMESPACE_CGROUP:
		return c->facts->cgroup.has_namespace;
	case NAMESPACE_TIME:
		return has_offsets(c->values);
	case NAMESPACE_MNT:
	case NAMESPACE_PID:
	case NAMESPACE_UTS:
	case NAMESPACE_IPC:
	case NAMESPACE_COUNT:
		break;
	}
	return true;
}

static bool is_made(const struct compiler *c, enum namespace_kind kind)
{
	const struct config_values *v = c->values;

	if (v->namespaces.share[kind])
		return false;
	if (v->namespaces.clone)
		return v->namespaces.clone & (1U << kind);
	if (!v->namespaces.keep)
		return is_made_by_default(c, kind);
	if (v->namespaces.keep & (1U << kind))
		return false;
	/* "All others": of those that the kernel has. */
	if (kind == NAMESPACE_CGROUP)
		return c->facts->cgroup.has_namespace;
	return kind != NAMESPACE_TIME || has_offsets(v) || c->facts->kernel.has_time_namespace;
}

static int conflict(struct compiler *c, const char *key, struct err *e, const char *text)
{
	const char *origin = compile_key_origin(c, key);
	int r = err_set(e, ERR_CONFIG_CONFLICT, 0, "%s", text);

	if (*origin)
		err_origin(e, "%s", origin);
	return r;
}

static const char *namespace_key(const struct compiler *c)
{
	return c->values->namespaces.clone ? "lxc.namespace.clone" : "lxc.namespace.keep";
}

/* The lines that ask for something that these namespaces don't give. */
static int check_namespaces(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;

	if (v->idmaps.count > 0 && !c->in_user_ns)
		return conflict(c, namespace_key(c), e,
				"lxc.idmap needs a user namespace of the container's own");
	if (has_offsets(v) && !(c->made & CLONE_NEWTIME))
		return conflict(c, namespace_key(c), e,
				"A clock offset needs a time namespace of the container's own");
	if ((c->made & CLONE_NEWTIME) && !c->facts->kernel.has_time_namespace)
		return conflict(c, has_offsets(v) ? "lxc.time.offset.boot" : "lxc.namespace.clone",
				e, "The kernel has no time namespaces");
	if ((c->made & CLONE_NEWCGROUP) && !c->facts->cgroup.has_namespace)
		return conflict(c, "lxc.namespace.clone", e, "The kernel has no cgroup namespaces");
	if (v->sched_core && !c->has_pid_ns)
		return conflict(c, "lxc.sched.core", e,
				"Core scheduling currently requires a separate pid namespace");
	if (c->has_root && !c->has_mount_ns)
		return conflict(c, "lxc.rootfs.path", e,
				"A root file system needs a mount namespace of the container's "
				"own");
	if (!c->in_user_ns && !c->facts->caller.is_root) {
		err_set(e, ERR_PERMISSION, EPERM,
			"You must either run as root, or define uid mappings");
		err_hint(e, "set lxc.idmap to ids that /etc/subuid and /etc/subgid give you, such "
			    "as \"lxc.idmap = u 0 100000 65536\" and "
			    "\"lxc.idmap = g 0 100000 65536\"");
		return -EPERM;
	}
	return 0;
}

static int decide_shares(struct compiler *c, struct err *e)
{
	for (unsigned k = 0; k < NAMESPACE_COUNT; k++) {
		const char *value = c->values->namespaces.share[k];
		const struct facts_share *share = &c->facts->share[k];
		const char *name = namespace_name((enum namespace_kind)k);
		const char *key = compile_textf(c, "lxc.namespace.share.%s", name);
		const char *origin = compile_origin(c, c->values->namespaces.share_origin[k], key);

		if (!value)
			continue;
		if (c->values->namespaces.clone & (1U << k)) {
			err_set(e, ERR_CONFIG_CONFLICT, 0,
				"The %s namespace is both to be created and to be shared", name);
			err_origin(e, "%s", origin);
			return -EINVAL;
		}
		if (share->problem || !share->path) {
			err_set(e, ERR_NOT_RUNNING, ESRCH, "%s",
				share->problem ? share->problem
					       : "the namespace to be shared was not found");
			err_object(e, value);
			err_origin(e, "%s", origin);
			err_hint(e,
				 "%s takes the pid of a process, the name of a running container "
				 "or the path of a namespace file",
				 key);
			return -ESRCH;
		}
		c->joins = true;
		c->r_share[k] = plan_build_register(&c->b, REGISTER_FD,
						    compile_textf(c, "shared %s", name));
	}
	return 0;
}

/*
 * The clone makes everything at once, but for: time, which a process can only make for its
 * children; net beside a new user namespace, so that it belongs to ids that are mapped already;
 * cgroup, unless init is born in its cgroup, which then becomes the namespace's root.
 */
static void decide_makers(struct compiler *c)
{
	bool is_born_in_cgroup = c->facts->cgroup.layout == CGROUP_LAYOUT_UNIFIED &&
				 c->facts->cgroup.hierarchies.count > 0 &&
				 c->facts->kernel.has_clone_into_cgroup && !c->joins;

	c->unshare_late = c->made & CLONE_NEWTIME;
	if (!is_born_in_cgroup)
		c->unshare_late |= c->made & CLONE_NEWCGROUP;
	if (c->has_user_ns)
		c->unshare_net = c->made & CLONE_NEWNET;
	c->clone_now = c->made & ~c->unshare_late & ~c->unshare_net;
}

static int decide_namespaces(struct compiler *c, struct err *e)
{
	bool *const has[NAMESPACE_COUNT] = {
		[NAMESPACE_USER] = &c->has_user_ns,     [NAMESPACE_MNT] = &c->has_mount_ns,
		[NAMESPACE_PID] = &c->has_pid_ns,       [NAMESPACE_UTS] = &c->has_uts_ns,
		[NAMESPACE_IPC] = &c->has_ipc_ns,       [NAMESPACE_NET] = &c->has_net_ns,
		[NAMESPACE_CGROUP] = &c->has_cgroup_ns,
	};
	int r = decide_shares(c, e);

	if (r < 0)
		return r;
	for (unsigned k = 0; k < NAMESPACE_COUNT; k++) {
		bool made = is_made(c, (enum namespace_kind)k);

		if (made)
			c->made |= (uint32_t)namespace_clone_flag((enum namespace_kind)k);
		if (has[k])
			*has[k] = made;
	}
	c->in_user_ns = c->has_user_ns || c->values->namespaces.share[NAMESPACE_USER];
	c->has_root = c->values->rootfs.path != NULL;
	decide_makers(c);
	return check_namespaces(c, e);
}

static const char *map_text(struct compiler *c, char kind)
{
	const struct config_idmaps *maps = &c->values->idmaps;
	const char *text = "";

	for (size_t i = 0; i < maps->count; i++) {
		const struct idmap_entry *m = &maps->items[i].entry;

		if (m->kind == kind)
			text = compile_textf(c, "%s%u %u %u\n", text, (unsigned)m->inside.value,
					     (unsigned)m->host.value, (unsigned)m->count);
	}
	return text;
}

/* Container root of a kind: id 0, or the one that init runs as when 0 is not mapped. */
static int find_root(struct compiler *c, char kind, uint32_t init_id, uint32_t *ret_inside,
		     uint32_t *ret_host, struct err *e)
{
	const struct config_idmaps *maps = &c->values->idmaps;
	struct host_id host;
	const char *origin;

	*ret_inside = 0;
	if (config_host_id(maps, kind, (struct container_id){0}, &host) < 0) {
		*ret_inside = init_id;
		if (config_host_id(maps, kind, (struct container_id){init_id}, &host) < 0) {
			origin = compile_key_origin(c, "lxc.idmap");
			err_set(e, ERR_ID_MAP, 0,
				"No mapping for container root: neither %s 0 nor that of init, %u, "
				"is in a lxc.idmap entry",
				kind == 'u' ? "user id" : "group id", (unsigned)init_id);
			err_origin(e, "%s", origin);
			err_hint(e, "add a line such as \"lxc.idmap = %c 0 100000 65536\"", kind);
			return -EINVAL;
		}
	}
	*ret_host = host.value;
	return 0;
}

static int decide_ids(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	int r;

	c->root_uid = c->root_gid = c->in_user_ns ? ID_INVALID : 0;
	if (v->idmaps.count == 0)
		return 0;
	r = find_root(c, 'u', v->init.uid, &c->inside_uid, &c->root_uid, e);
	if (r >= 0)
		r = find_root(c, 'g', v->init.gid, &c->inside_gid, &c->root_gid, e);
	c->uid_map = map_text(c, 'u');
	c->gid_map = map_text(c, 'g');
	return r;
}

static bool has_script_down(const struct config_nets *nets)
{
	for (size_t i = 0; i < nets->count; i++)
		if (nets->items[i].script_down)
			return true;
	return false;
}

/* Descriptors that INIT hands up at the gate `handover` need numbers one behind the other. */
static void decide_ready_registers(struct compiler *c)
{
	const struct config_values *v = c->values;
	size_t first = c->b.registers.count;

	if (v->pty_max > 0 && c->has_mount_ns)
		c->r_devpts = plan_build_register(&c->b, REGISTER_FD, "devpts");
	if (c->console_is_inside)
		c->r_console = plan_build_register(&c->b, REGISTER_FD, "console");
	for (uint32_t i = 0; i < c->tty_count; i++) {
		uint16_t r = plan_build_register(&c->b, REGISTER_FD,
						 compile_textf(c, "tty%u", (unsigned)i + 1));

		if (i == 0)
			c->r_tty = r;
	}
	if (c->has_net_ns || v->namespaces.share[NAMESPACE_NET])
		c->r_address_socket = plan_build_register(&c->b, REGISTER_FD, "address socket");
	c->ready_count = (uint32_t)(c->b.registers.count - first);
	if (c->ready_count > 0)
		c->r_ready = (uint16_t)first;
	for (uint32_t i = 0; i < c->tty_count; i++) {
		uint16_t r =
			plan_build_register(&c->b, REGISTER_NUMBER,
					    compile_textf(c, "index of tty%u", (unsigned)i + 1));

		if (i == 0)
			c->r_tty_index = r;
	}
}

/* Each is a descriptor and a number that the plan has to name. */
static int check_ttys(struct compiler *c, struct err *e)
{
	const char *origin = compile_key_origin(c, "lxc.tty.max");
	int r;

	if (c->values->tty.max <= TTYS_MAX)
		return 0;
	r = err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "A container can have %d ttys, not %u",
		    TTYS_MAX, (unsigned)c->values->tty.max);
	if (*origin)
		err_origin(e, "%s", origin);
	err_hint(e, "lower lxc.tty.max; terminals that programs open themselves are counted by "
		    "lxc.pty.max");
	return r;
}

int compile_decide(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	bool has_place;
	int r = check_ttys(c, e);

	if (r >= 0)
		r = decide_namespaces(c, e);
	if (r >= 0)
		r = decide_ids(c, e);
	if (r < 0)
		return r;
	c->bounding = compile_bounding(c);
	c->has_autodev = v->autodev.enabled && c->has_mount_ns;
	c->has_console = c->has_mount_ns &&
			 (!v->console.path || strcmp(v->console.path, "none") != 0);
	/* Without a place for a devpts of the container's own the terminal is one of the host's. */
	has_place = v->rootfs_mount.mount && c->facts->rootfs.mount_is_there;
	c->console_is_inside = c->has_console && (v->pty_max > 0 || has_place);
	c->tty_count = c->request->is_application || !c->has_mount_ns ? 0 : v->tty.max;
	c->has_inside_hooks = v->hooks[HOOK_PRE_MOUNT].count || v->hooks[HOOK_MOUNT].count ||
			      (c->has_autodev && v->hooks[HOOK_AUTODEV].count) ||
			      v->hooks[HOOK_START].count;
	c->keeps_ns = v->hooks[HOOK_STOP].count || has_script_down(&v->nets);
	decide_ready_registers(c);
	return 0;
}

/* A user's own two ids need no helper: user_namespaces(7). */
static bool maps_only_the_caller(const struct compiler *c)
{
	const struct config_idmaps *maps = &c->values->idmaps;
	unsigned kinds = 0;

	for (size_t i = 0; i < maps->count; i++) {
		const struct idmap_entry *m = &maps->items[i].entry;
		uint32_t own = m->kind == 'u' ? c->facts->caller.uid : c->facts->caller.gid;

		if (m->count != 1 || m->host.value != own)
			return false;
		kinds |= m->kind == 'u' ? 1 : 2;
	}
	return maps->count == 2 && kinds == 3;
}

/* newuidmap's words without the pid. */
static const char *const *helper_words(struct compiler *c, const char *program, char kind)
{
	const struct config_idmaps *maps = &c->values->idmaps;
	const char **words = arena_alloc(&c->arena, (2 + 3 * maps->count) * sizeof(*words));
	size_t count = 0;

	if (!words) {
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
		return NULL;
	}
	words[count++] = program;
	for (size_t i = 0; i < maps->count; i++) {
		const struct idmap_entry *m = &maps->items[i].entry;

		if (m->kind != kind)
			continue;
		words[count++] = compile_textf(c, "%u", (unsigned)m->inside.value);
		words[count++] = compile_textf(c, "%u", (unsigned)m->host.value);
		words[count++] = compile_textf(c, "%u", (unsigned)m->count);
	}
	return words;
}

static int map_by_helpers(struct compiler *c, const char *origin, struct err *e)
{
	const struct facts_caller *caller = &c->facts->caller;
	uint32_t lists[2];
	struct plan_step *step;

	if (!caller->newuidmap || !caller->newgidmap) {
		err_set(e, ERR_ID_MAP_REFUSED, ENOENT,
			"An ordinary user's id map needs the program %s, setuid or with "
			"capabilities, on PATH",
			caller->newuidmap ? "newgidmap" : "newuidmap");
		err_origin(e, "%s", origin);
		err_hint(e, "install the package uidmap");
		return -ENOENT;
	}
	lists[0] = plan_build_list(&c->b, helper_words(c, caller->newuidmap, 'u'));
	lists[1] = plan_build_list(&c->b, helper_words(c, caller->newgidmap, 'g'));
	step = STEP(c, SECTION_START, OP_IDMAP_HELPERS, c->request->name, origin);
	step->arg[0] = lists[0];
	step->arg[1] = lists[1];
	return 0;
}

int compile_id_maps(struct compiler *c, struct err *e)
{
	const char *origin = compile_key_origin(c, "lxc.idmap");
	bool is_own = maps_only_the_caller(c);
	uint32_t maps[2];
	struct plan_step *step;

	if (!c->has_user_ns || c->values->idmaps.count == 0)
		return 0;
	if (!c->facts->caller.is_root && !is_own)
		return map_by_helpers(c, origin, e);
	maps[0] = plan_build_text(&c->b, c->uid_map);
	maps[1] = plan_build_text(&c->b, c->gid_map);
	step = STEP(c, SECTION_START, OP_IDMAP_WRITE, c->request->name, origin);
	step->arg[0] = maps[0];
	step->arg[1] = maps[1];
	step->arg[2] = !c->facts->caller.is_root;
	return 0;
}

bool compile_raises_ambient(const struct compiler *c)
{
	return c->in_user_ns && !c->facts->caller.is_root && c->inside_uid != 0;
}

/*
 * Whether processes of another container, root of the same user namespace, see this one: they must
 * not get at what it has open. Clock offsets are written through files that belong to root of the
 * host then, and an ordinary user's supervisor could not look at its child.
 */
static bool is_seen_by_others(const struct compiler *c)
{
	return c->r_share[NAMESPACE_PID] != PLAN_NO_REGISTER && c->facts->caller.is_root &&
	       !(c->unshare_late & CLONE_NEWTIME);
}

/*
 * The death signal is set anew: changing ids forgets it. The ambient capabilities are for ordinary
 * users whose container root is not id 0: executing a hook would take its capabilities.
 */
int compile_become_root(struct compiler *c, struct err *e)
{
	const char *origin = compile_key_origin(c, "lxc.idmap");
	struct plan_step *step;

	if (c->unshare_net) {
		step = STEP(c, SECTION_START, OP_UNSHARE, "net", "");
		step->arg[0] = c->unshare_net;
	}
	if (!c->in_user_ns || (c->has_user_ns && c->values->idmaps.count == 0))
		return 0;
	if (compile_raises_ambient(c)) {
		step = STEP(c, SECTION_START, OP_CAPS_AMBIENT, "all", origin);
		step->arg[0] = 1;
	}
	step = STEP(c, SECTION_START, OP_BECOME_ROOT,
		    compile_textf(c, "%u:%u", (unsigned)c->inside_uid, (unsigned)c->inside_gid),
		    origin);
	step->arg[0] = c->inside_uid;
	step->arg[1] = c->inside_gid;
	step->arg[2] = is_seen_by_others(c);
	step = STEP(c, SECTION_START, OP_DEATH_SIGNAL, "SIGKILL", "");
	step->arg[0] = SIGKILL;
	if (c->has_root && c->root_options.idmap == MOUNT_IDMAP_NONE && !c->root_is_host_made &&
	    compile_path_below(c->values->rootfs.path, c->request->lxcpath)) {
		uint32_t path = plan_build_text(&c->b, c->request->lxcpath);

		STEP(c, SECTION_START, OP_CHECK_ACCESS, c->request->lxcpath, origin)->arg[0] = path;
	}
	return 0;
}
