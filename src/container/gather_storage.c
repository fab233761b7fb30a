/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root file system and the sources of mount entries, looked at. A type in lxc.rootfs.path is
 * taken for true; without one a directory is a directory, and devices and files are what LXC would
 * take them for. Subvolumes and data sets count as directories until their drivers are here.
 */

#include "container/gather_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "sys/file.h"

enum { FSTAB_SIZE_MAX = 4 << 20, MOUNTS_SIZE_MAX = 64 << 20, NUMBER_SIZE = 24 };

/* Names of file systems that matter somewhere, or are what people have; the number of others. NULL:
 * the path is not there. */
static const char *fstype_name(struct gathering *g, const char *path)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} rows[] = {
		{EXT4_SUPER_MAGIC, "ext4"},       {XFS_SUPER_MAGIC, "xfs"},
		{BTRFS_SUPER_MAGIC, "btrfs"},     {TMPFS_MAGIC, "tmpfs"},
		{0x794c7630, "overlay"},          {0x2fc12fc1, "zfs"},
		{PROC_SUPER_MAGIC, "proc"},       {SYSFS_MAGIC, "sysfs"},
		{CGROUP_SUPER_MAGIC, "cgroup"},   {CGROUP2_SUPER_MAGIC, "cgroup2"},
		{NFS_SUPER_MAGIC, "nfs"},         {RAMFS_MAGIC, "ramfs"},
		{F2FS_SUPER_MAGIC, "f2fs"},       {FUSE_SUPER_MAGIC, "fuse"},
		{SQUASHFS_MAGIC, "squashfs"},     {EROFS_SUPER_MAGIC_V1, "erofs"},
		{0x19800202, "mqueue"},           {DEVPTS_SUPER_MAGIC, "devpts"},
		{DEBUGFS_MAGIC, "debugfs"},       {TRACEFS_MAGIC, "tracefs"},
		{SECURITYFS_MAGIC, "securityfs"}, {BPF_FS_MAGIC, "bpf"},
		{AUTOFS_SUPER_MAGIC, "autofs"},   {V9FS_MAGIC, "9p"},
		{CIFS_SUPER_MAGIC, "cifs"},       {SMB2_SUPER_MAGIC, "cifs"},
		{CEPH_SUPER_MAGIC, "ceph"},       {MSDOS_SUPER_MAGIC, "vfat"},
		{ISOFS_SUPER_MAGIC, "iso9660"},   {HUGETLBFS_MAGIC, "hugetlbfs"},
	};
	struct statfs status;
	char *number;

	if (statfs(path, &status) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (rows[i].magic == (unsigned long)status.f_type)
			return rows[i].name;
	number = arena_alloc(&g->facts->arena, NUMBER_SIZE);
	if (number)
		snprintf(number, NUMBER_SIZE, "type 0x%lx", (unsigned long)status.f_type);
	return number;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* What LXC finds out by looking; only directories go any further in this version. */
static enum rootfs_type detect_type(const struct stat *status)
{
	if (S_ISBLK(status->st_mode))
		return ROOTFS_LVM;
	if (S_ISREG(status->st_mode))
		return ROOTFS_LOOP;
	return ROOTFS_DIR;
}

/* Types whose path is no path of the host's file system. */
static bool has_host_path(enum rootfs_type type)
{
	return type == ROOTFS_DETECT || type == ROOTFS_DIR || type == ROOTFS_BTRFS ||
	       type == ROOTFS_LOOP;
}

/* A line of mountinfo (proc(5)) about a mount on "/" that is its own parent. */
static bool is_first_mount(const char *line)
{
	uint64_t id, parent;

	if (num_take_u64(&line, &id) < 0 || *line++ != ' ' || num_take_u64(&line, &parent) < 0 ||
	    id != parent)
		return false;
	for (unsigned i = 0; i < 3; i++) {
		line += strcspn(line, " ");
		line += *line == ' ';
	}
	return strncmp(line, "/ ", 2) == 0;
}

/* Which is always a ramfs or tmpfs, so that others need not read a long list. */
static bool root_is_initial(void)
{
	struct statfs status;
	autofree char *text = NULL;
	size_t length;

	if (statfs("/", &status) < 0 || ((unsigned long)status.f_type != RAMFS_MAGIC &&
					 (unsigned long)status.f_type != TMPFS_MAGIC))
		return false;
	if (file_read_all(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_SIZE_MAX, &text, &length) < 0)
		return false;
	for (const char *line = text; *line; line += *line == '\n') {
		if (is_first_mount(line))
			return true;
		line += strcspn(line, "\n");
	}
	return false;
}

int gather_root(struct gathering *g, struct err *e)
{
	const struct config_values *v = g->values;
	struct facts_rootfs *root = &g->facts->rootfs;
	struct stat status;

	(void)e;
	root->type = v->rootfs.type;
	root->path = v->rootfs.path;
	/* Also without a root: terminals pass through it. */
	root->mount_is_there = v->rootfs_mount.mount && is_directory(v->rootfs_mount.mount);
	if (!root->path)
		return 0;
	root->host_is_initial = root_is_initial();
	if (!has_host_path(root->type)) {
		root->is_there = true;
		return 0;
	}
	if (stat(root->path, &status) < 0) {
		root->error = errno;
		if (root->type == ROOTFS_DETECT)
			root->type = ROOTFS_DIR;
		return 0;
	}
	root->is_there = true;
	if (root->type == ROOTFS_DETECT)
		root->type = detect_type(&status);
	if (root->type == ROOTFS_DIR && !S_ISDIR(status.st_mode)) {
		root->is_there = false;
		root->error = ENOTDIR;
	}
	root->fstype = fstype_name(g, root->path);
	return 0;
}

static void look_at_source(struct gathering *g, struct facts_mount *mount)
{
	const struct mount_entry *entry = &mount->entry;
	const char *source = entry->source;
	char path[PATH_MAX];
	int n;

	if (!mount_options_is_bind(&entry->options))
		return;
	if (entry->options.relative && g->facts->rootfs.path) {
		n = snprintf(path, sizeof(path), "%s/%s", g->facts->rootfs.path, source);
		if (n < 0 || (size_t)n >= sizeof(path))
			return;
		source = path;
	}
	mount->source_is_directory = is_directory(source);
	if (entry->options.idmap != MOUNT_IDMAP_NONE)
		mount->source_fstype = fstype_name(g, source);
}

static int add_mount(struct gathering *g, const struct mount_entry *entry, bool from_fstab,
		     size_t index, struct err *e)
{
	struct facts_mount *mount = vec_push_in(&g->facts->mounts, &g->facts->arena);

	if (!mount)
		return gather_no_memory(e);
	mount->entry = *entry;
	mount->from_fstab = from_fstab;
	mount->index = (uint32_t)index;
	look_at_source(g, mount);
	return 0;
}

static int gather_fstab(struct gathering *g, const char *file, struct err *e)
{
	struct mount_entry_list list = {};
	autofree char *text = NULL;
	size_t length;
	int r = file_read_all(AT_FDCWD, file, FSTAB_SIZE_MAX, &text, &length);

	if (r < 0) {
		err_set(e, ERR_FILE_OPEN, -r, "Failed to open \"%s\"", file);
		err_origin(e, "%s", gather_key_origin(g, "lxc.mount.fstab"));
		err_hint(e, "lxc.mount.fstab names a file with mounts, as fstab(5) has them");
		return r;
	}
	r = fstab_parse(file, text, length, &g->facts->arena, &list, e);
	for (size_t i = 0; i < list.count && r == 0; i++)
		r = add_mount(g, &list.items[i], true, 0, e);
	return r;
}

int gather_mounts(struct gathering *g, struct err *e)
{
	const struct config_items *entries = &g->values->mount.entries;
	int r = 0;

	if (g->values->mount.fstab)
		r = gather_fstab(g, g->values->mount.fstab, e);
	for (size_t i = 0; i < entries->count && r == 0; i++) {
		const struct config_item *item = &entries->items[i];
		struct mount_entry entry;

		r = mount_entry_parse(item->text, &g->facts->arena, &entry, e);
		if (r == MOUNT_ENTRY_NONE)
			r = 0;
		else if (r < 0)
			err_origin(e, "%s", gather_origin(g, item->origin, "lxc.mount.entry"));
		else
			r = add_mount(g, &entry, false, i, e);
	}
	return r;
}
