/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hosts: hybrid as Debian with systemd.unified_cgroup_hierarchy=0 and single mounts, legacy
 * the same without version 2, unified as every distribution has it today.
 */

#include "plan_presets.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"

static const char delegate[] = "cgroup.procs cgroup.threads cgroup.subtree_control "
			       "memory.oom.group memory.reclaim";

/* In the order of /proc/1/cgroup. */
static const char *const version1[] = {
	"name=systemd", "pids", "blkio", "freezer", "devices", "memory", "cpuset", "cpuacct", "cpu",
};

static void *need(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

bool plan_preset_caller(struct facts *facts, const char *text)
{
	if (strcmp(text, "root") == 0) {
		facts->caller = (struct facts_caller){.is_root = true, .in_initial_user_ns = true};
		return true;
	}
	if (strcmp(text, "user") == 0) {
		facts->caller = (struct facts_caller){
			.uid = 1000,
			.gid = 1000,
			.in_initial_user_ns = true,
			.newuidmap = "/usr/bin/newuidmap",
			.newgidmap = "/usr/bin/newgidmap",
		};
		return true;
	}
	if (strcmp(text, "nested") == 0) {
		facts->caller = (struct facts_caller){.is_root = true};
		return true;
	}
	return false;
}

static void add_version1(struct facts *facts, const char *controller)
{
	struct facts_hierarchy *h = need(vec_push_in(&facts->cgroup.hierarchies, &facts->arena));
	const char *named = text_after(controller, "name=");

	h->name = need(arena_strdup(&facts->arena, named ? named : controller));
	h->mount = need(arena_printf(&facts->arena, "/sys/fs/cgroup/%s", h->name));
	h->base = "";
	h->controllers = controller;
	h->version = 1;
	h->is_cpuset = strcmp(controller, "cpuset") == 0;
	h->mount_options = named ? need(arena_printf(&facts->arena, "none,%s", controller))
				 : controller;
}

static void add_version2(struct facts *facts, const char *mount, const char *name,
			 const char *controllers)
{
	*(struct facts_hierarchy *)need(vec_push_in(&facts->cgroup.hierarchies, &facts->arena)) =
		(struct facts_hierarchy){
			.mount = mount,
			.base = "",
			.controllers = controllers,
			.version = 2,
			.name = name,
			.delegate = delegate,
			.is_root = true,
			.is_inside = true,
		};
}

bool plan_preset_cgroup(struct facts *facts, const char *text)
{
	static const char *const names[] = {"legacy", "hybrid", "unified"};
	struct facts_cgroup *cgroup = &facts->cgroup;

	memset(&cgroup->hierarchies, 0, sizeof(cgroup->hierarchies));
	cgroup->layout = CGROUP_LAYOUT_NONE;
	cgroup->has_namespace = true;
	for (int i = 0; i < (int)ARRAY_LENGTH(names); i++)
		if (strcmp(text, names[i]) == 0)
			cgroup->layout = (enum cgroup_layout)i;
	cgroup->has_cgroup2 = cgroup->layout > CGROUP_LAYOUT_LEGACY;
	if (cgroup->layout == CGROUP_LAYOUT_NONE)
		return strcmp(text, "none") == 0;
	if (cgroup->layout == CGROUP_LAYOUT_UNIFIED) {
		add_version2(facts, "/sys/fs/cgroup", "", "cpuset,cpu,io,memory,pids");
		return true;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(version1); i++)
		add_version1(facts, version1[i]);
	if (cgroup->layout == CGROUP_LAYOUT_HYBRID)
		add_version2(facts, "/sys/fs/cgroup/unified", "unified", "");
	return true;
}

bool plan_preset_base(struct facts *facts, const char *text)
{
	for (size_t i = 0; i < facts->cgroup.hierarchies.count; i++)
		facts->cgroup.hierarchies.items[i].base = need(arena_strdup(&facts->arena, text));
	for (size_t i = 0; i < facts->cgroup.hierarchies.count; i++)
		facts->cgroup.hierarchies.items[i].is_root = false;
	return true;
}

bool plan_preset_inside(struct facts *facts, bool is_inside)
{
	for (size_t i = 0; i < facts->cgroup.hierarchies.count; i++)
		facts->cgroup.hierarchies.items[i].is_inside = is_inside;
	return true;
}

static const char *take_word(char **rest)
{
	const char *word = strsep(rest, " ");

	return !word || strcmp(word, "-") == 0 ? "" : word;
}

bool plan_preset_hierarchy(struct facts *facts, const char *text)
{
	char *rest = need(arena_strdup(&facts->arena, text));
	const char *version = take_word(&rest);
	struct facts_hierarchy *h;

	if (strcmp(version, "1") != 0 && strcmp(version, "2") != 0)
		return false;
	h = need(vec_push_in(&facts->cgroup.hierarchies, &facts->arena));
	h->version = (uint8_t)(version[0] - '0');
	h->mount = take_word(&rest);
	h->base = take_word(&rest);
	h->controllers = take_word(&rest);
	h->name = strrchr(h->mount, '/') ? strrchr(h->mount, '/') + 1 : h->mount;
	h->is_cpuset = h->version == 1 && strstr(h->controllers, "cpuset");
	if (h->version == 1)
		h->mount_options = rest ? take_word(&rest) : h->controllers;
	else
		h->delegate = delegate;
	return *h->mount == '/';
}

void plan_preset_kernel(struct facts *facts)
{
	facts->kernel = (struct facts_kernel){
		.has_time_namespace = true,
		.has_idmapped_mounts = true,
		.has_clone_into_cgroup = true,
		.has_core_sched = true,
		.has_sysrq = true,
		.capabilities = (UINT64_C(1) << CAPABILITY_COUNT) - 1,
	};
}

void plan_preset_rootfs(struct facts *facts, const struct config_values *values)
{
	const struct config_rootfs *rootfs = &values->rootfs;

	facts->rootfs = (struct facts_rootfs){
		.type = rootfs->type == ROOTFS_DETECT && rootfs->path ? ROOTFS_DIR : rootfs->type,
		.path = rootfs->path,
		.is_there = rootfs->path != NULL,
		.mount_is_there = true,
		.fstype = rootfs->path ? "ext4" : NULL,
	};
}

bool plan_preset_rootfs_type(struct facts *facts, const char *text)
{
	static const char *const words[] = {
		[ROOTFS_DIR] = "dir", [ROOTFS_OVERLAY] = "overlay", [ROOTFS_LOOP] = "loop",
		[ROOTFS_LVM] = "lvm", [ROOTFS_BTRFS] = "btrfs",     [ROOTFS_ZFS] = "zfs",
		[ROOTFS_RBD] = "rbd", [ROOTFS_NBD] = "nbd",
	};

	for (int i = ROOTFS_DIR; i < (int)ARRAY_LENGTH(words); i++) {
		if (strcmp(words[i], text) != 0)
			continue;
		facts->rootfs.type = (enum rootfs_type)i;
		return true;
	}
	return false;
}
