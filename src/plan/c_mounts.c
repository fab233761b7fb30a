/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container's file system gets without being asked for entry by entry: mounts that depend on
 * the host's, and proc and sys of lxc.mount.auto (spec/runtime.md §8). cgroup is c_cgroup.c's.
 *
 * They are made before the host's proc and sysfs are covered: in a user namespace the kernel makes
 * new ones only where it sees one that is whole.
 */

#include "plan/compiler.h"

#include <linux/mount.h>

#include "base/names.h"

enum { QUIET = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

int compile_mounts_slave(struct compiler *c, struct err *e)
{
	if (c->has_mount_ns)
		STEP(c, SECTION_START, OP_MOUNTS_SLAVE, c->request->name, "");
	return 0;
}

static uint16_t park(struct compiler *c)
{
	if (c->r_park == PLAN_NO_REGISTER)
		c->r_park = plan_build_register(&c->b, REGISTER_FD, "parked tree");
	return c->r_park;
}

static void mount_file_system(struct compiler *c, const char *origin, const char *target,
			      const struct file_system *fs)
{
	struct about about = {compile_textf(c, "%s on %s", fs->type, target), origin, 0};
	struct place at = compile_inside(c, target);

	compile_make_directory(c, (struct about){target, origin, 0}, at);
	if (c->has_root)
		compile_umount(c, (struct about){target, origin, 0}, at);
	compile_fs_open(c, about, compile_tree_register(c), fs);
	compile_tree_attach(c, about, c->r_tree, at);
}

static void make_read_only(struct compiler *c, const char *origin, const char *path)
{
	const struct attributes ro = {.set = MOUNT_ATTR_RDONLY, .user_ns = PLAN_NO_REGISTER};
	struct about about = {path, origin, 0};

	compile_tree_open(c, about, compile_tree_register(c), compile_inside(c, path), false);
	compile_tree_attributes(c, about, c->r_tree, &ro);
	compile_tree_attach(c, about, c->r_tree, compile_inside(c, path));
}

/* Network settings stay writable for who may change the network. */
static void mount_proc(struct compiler *c, const char *origin)
{
	const struct file_system proc = {.type = "proc", .source = "proc", .attributes = QUIET};
	const struct about net = {"proc/sys/net", origin, 0};
	int net_admin = capability_parse("net_admin");
	bool keeps_net = c->bounding & (UINT64_C(1) << net_admin);

	mount_file_system(c, origin, "proc", &proc);
	if (c->values->mount.automatic.proc != PROC_AUTOMOUNT_MIXED)
		return;
	if (keeps_net)
		compile_tree_open(c, net, park(c), compile_inside(c, net.object), false);
	make_read_only(c, origin, "proc/sys");
	if (c->facts->kernel.has_sysrq)
		make_read_only(c, origin, "proc/sysrq-trigger");
	if (keeps_net)
		compile_tree_attach(c, net, c->r_park, compile_inside(c, net.object));
}

/* mixed: the tree of network devices is cloned while it is writable, and put back on top. */
static void mount_sys(struct compiler *c, const char *origin)
{
	enum sys_automount kind = c->values->mount.automatic.sys;
	const struct attributes ro = {.set = MOUNT_ATTR_RDONLY, .user_ns = PLAN_NO_REGISTER};
	const struct about net = {"sys/devices/virtual/net", origin, 0};
	const struct about sys = {"sys", origin, 0};
	struct file_system fs = {.type = "sysfs", .source = "sysfs"};

	if (kind == SYS_AUTOMOUNT_RO)
		fs.attributes = MOUNT_ATTR_RDONLY;
	else if (kind == SYS_AUTOMOUNT_MIXED)
		fs.attributes = QUIET;
	mount_file_system(c, origin, "sys", &fs);
	if (kind != SYS_AUTOMOUNT_MIXED)
		return;
	compile_tree_open(c, net, park(c), compile_inside(c, net.object), false);
	compile_path_open(c, sys, c->r_tree, compile_inside(c, sys.object));
	compile_tree_attributes(c, sys, c->r_tree, &ro);
	compile_tree_attach(c, net, c->r_park, compile_inside(c, net.object));
}

int compile_automounts(struct compiler *c, struct err *e)
{
	const struct file_system proc = {.type = "proc", .source = "proc", .attributes = QUIET};
	const char *origin = compile_key_origin(c, "lxc.mount.auto");

	if (c->values->sysctls.count > 0) {
		struct about about = {"proc for settings", compile_key_origin(c, "lxc.sysctl"), 0};

		c->r_procfs = plan_build_register(&c->b, REGISTER_FD, "procfs");
		compile_fs_open(c, about, c->r_procfs, &proc);
	}
	if (c->values->mount.automatic.proc != PROC_AUTOMOUNT_OFF)
		mount_proc(c, origin);
	if (c->values->mount.automatic.sys != SYS_AUTOMOUNT_OFF)
		mount_sys(c, origin);
	return 0;
}
