/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gathering facts for the compiler: the caller, the kernel and the cgroup layout. The other parts
 * stand in gather_*.c.
 *
 * A start waits for this: nothing is looked at that the configuration doesn't ask for, no directory
 * is read, and mountinfo only when cgroups aren't where they are expected. Features are not cached:
 * a probe costs less than reading the answer (host/kernel_features.h).
 */

#include "container/gather.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/gather_internal.h"
#include "container/system_item.h"
#include "host/caller.h"
#include "host/cgroup_layout.h"
#include "host/cgroup_unit.h"
#include "host/kernel_features.h"
#include "sys/file.h"

_Static_assert((int)HOST_CGROUP_LEGACY == (int)CGROUP_LAYOUT_LEGACY &&
		       (int)HOST_CGROUP_HYBRID == (int)CGROUP_LAYOUT_HYBRID &&
		       (int)HOST_CGROUP_UNIFIED == (int)CGROUP_LAYOUT_UNIFIED &&
		       (int)HOST_CGROUP_NONE == (int)CGROUP_LAYOUT_NONE,
	       "both are the numbers of the control socket");

int gather_no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "No memory to look at the host");
}

const char *gather_origin(struct gathering *g, struct origin origin, const char *key)
{
	char place[PATH_MAX];
	const char *text;

	if (origin.source == 0)
		return "";
	text = arena_printf(&g->facts->arena, "%s %s",
			    config_origin(g->config, origin, place, sizeof(place)), key);
	return text ? text : "";
}

const char *gather_key_origin(struct gathering *g, const char *key)
{
	const struct config_key *row = config_key_find(key, strlen(key));

	return row ? gather_origin(g, g->config->origins[config_key_row(row)], key) : "";
}

/* The programs that write id maps of ordinary users. */
static int find_map_helpers(struct gathering *g, struct err *e)
{
	struct facts_caller *caller = &g->facts->caller;
	char path[PATH_MAX];

	if (caller->is_root || g->values->idmaps.count == 0)
		return 0;
	if (caller_find_map_helper("newuidmap", CAP_SETUID, path, sizeof(path)))
		caller->newuidmap = arena_strdup(&g->facts->arena, path);
	if (caller_find_map_helper("newgidmap", CAP_SETGID, path, sizeof(path)))
		caller->newgidmap = arena_strdup(&g->facts->arena, path);
	return 0;
}

static int gather_caller(struct gathering *g, struct err *e)
{
	struct facts_caller *caller = &g->facts->caller;

	caller->uid = geteuid();
	caller->gid = getegid();
	caller->is_root = caller->uid == 0;
	caller->in_initial_user_ns = caller_is_in_initial_user_ns();
	g->facts->streams.stdin_is_tty = isatty(STDIN_FILENO);
	g->facts->streams.stdout_is_tty = isatty(STDOUT_FILENO);
	g->facts->streams.stderr_is_tty = isatty(STDERR_FILENO);
	return find_map_helpers(g, e);
}

static int gather_kernel(struct gathering *g, struct err *e)
{
	struct facts_kernel *kernel = &g->facts->kernel;

	(void)e;
	kernel->has_time_namespace = kernel_has_time_namespace();
	kernel->has_idmapped_mounts = kernel_has_idmapped_mounts();
	kernel->has_clone_into_cgroup = kernel_has_clone_into_cgroup();
	kernel->has_core_sched = g->values->sched_core && kernel_has_core_sched();
	kernel->has_sysrq = g->values->mount.automatic.proc == PROC_AUTOMOUNT_MIXED &&
			    kernel_has_sysrq();
	kernel->capabilities = kernel_capabilities();
	return 0;
}

static bool is_yes(const char *path)
{
	FILE *file = fopen(path, "re");
	int c = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return c == 'Y';
}

static int gather_lsm(struct gathering *g, struct err *e)
{
	(void)e;
	g->facts->apparmor_enabled = is_yes("/sys/module/apparmor/parameters/enabled");
	g->facts->selinux_enabled = access("/sys/fs/selinux/enforce", F_OK) == 0;
	return 0;
}

static int copy_hierarchies(const struct cgroup_hosting *hosting, struct arena *arena,
			    struct facts_cgroup *ret, struct err *e)
{
	for (size_t i = 0; i < hosting->hierarchies.count; i++) {
		const struct cgroup_hierarchy *from = &hosting->hierarchies.items[i];
		struct facts_hierarchy *to = vec_push_in(&ret->hierarchies, arena);

		if (!to)
			return gather_no_memory(e);
		*to = (struct facts_hierarchy){
			.mount = from->mount,
			.base = from->base,
			.controllers = from->controllers,
			.version = from->version,
			.is_cpuset = from->is_cpuset,
			.name = from->name,
			.mount_options = from->mount_options,
			.delegate = from->delegate,
			.is_root = from->is_root,
			.is_inside = from->is_inside,
			.identity = from->identity,
		};
	}
	return 0;
}

static int look_at_cgroups(struct cgroup_query *query, struct arena *arena,
			   struct facts_cgroup *ret, struct err *e)
{
	struct cgroup_hosting hosting;
	const char *pattern = NULL;
	int r = system_item("lxc.cgroup.use", true, &query->use, e);

	if (r >= 0)
		r = system_item("lxc.cgroup.pattern", true, &pattern, e);
	if (r < 0)
		return r;
	query->root_fd = -1;
	query->is_root = geteuid() == 0;
	r = cgroup_layout_detect(query, arena, &hosting);
	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r,
			       "Cannot find out the cgroup layout from /proc/%s/cgroup",
			       query->is_root && !query->is_relative ? "1" : "self");
	ret->layout = (enum cgroup_layout)hosting.layout;
	/* Since Linux 4.6 all kernels with cgroups have their namespaces; clone3 is 5.3. */
	ret->has_namespace = hosting.layout != HOST_CGROUP_NONE ||
			     access("/proc/self/ns/cgroup", F_OK) == 0;
	ret->has_cgroup2 = hosting.has_cgroup2;
	ret->pattern = pattern && *pattern ? pattern : NULL;
	ret->missing = hosting.missing;
	return copy_hierarchies(&hosting, arena, ret, e);
}

int gather_cgroup(bool relative, struct arena *arena, struct facts_cgroup *ret, struct err *e)
{
	struct cgroup_query query = {
		.is_relative = relative,
		.may_write_all = geteuid() == 0 && caller_is_in_initial_user_ns(),
		.wants_delegate = true,
	};

	return look_at_cgroups(&query, arena, ret, e);
}

static int gather_cgroups(struct gathering *g, struct err *e)
{
	struct cgroup_query query = {
		.is_relative = g->values->cgroup.relative,
		.may_write_all = g->facts->caller.is_root && g->facts->caller.in_initial_user_ns,
		.wants_delegate = g->values->idmaps.count > 0,
	};

	return look_at_cgroups(&query, &g->facts->arena, &g->facts->cgroup, e);
}

bool gather_needs_scope(const struct config *config)
{
	return !config->values.cgroup.relative && cgroup_unit_is_needed();
}

int gather_expect_scope(const struct plan_request *request, struct facts *facts, struct err *e)
{
	struct facts_hierarchy h = {
		.mount = "/sys/fs/cgroup", .version = 2, .name = "unified", .mount_options = ""};
	const unsigned uid = facts->caller.uid;
	autofree char *controllers = NULL;
	struct facts_hierarchy *added;
	char path[PATH_MAX];

	if (!request->needs_scope || facts->cgroup.hierarchies.count > 0)
		return 0;
	snprintf(path, sizeof(path),
		 "%s/user.slice/user-%u.slice/user@%u.service/cgroup.controllers", h.mount, uid,
		 uid);
	if (file_read_all(AT_FDCWD, path, PATH_MAX, &controllers, NULL) < 0)
		return 0;
	controllers[strcspn(controllers, "\n")] = '\0';
	for (char *blank = controllers; (blank = strchr(blank, ' ')); blank++)
		*blank = ',';
	h.controllers = arena_strdup(&facts->arena, controllers);
	h.base = arena_printf(&facts->arena,
			      "user.slice/user-%u.slice/user@%u.service/app.slice/lxc-%s-N.scope",
			      uid, uid, request->name);
	added = vec_push_in(&facts->cgroup.hierarchies, &facts->arena);
	if (!h.controllers || !h.base || !added)
		return gather_no_memory(e);
	*added = h;
	facts->cgroup.layout = CGROUP_LAYOUT_UNIFIED;
	facts->cgroup.has_cgroup2 = true;
	return 0;
}

int gather_facts(const struct plan_request *request, const struct config *config, struct facts *ret,
		 struct err *e)
{
	static int (*const parts[])(struct gathering *, struct err *) = {
		gather_caller, gather_kernel,  gather_cgroups, gather_root,    gather_mounts,
		gather_nets,   gather_devices, gather_shares,  gather_seccomp, gather_lsm,
	};
	struct gathering g = {request, config, &config->values, ret};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(parts) && r >= 0; i++)
		r = parts[i](&g, e);
	return r < 0 ? r : 0;
}

void facts_finish(struct facts *facts)
{
	arena_finish(&facts->arena);
	*facts = (struct facts){};
}
