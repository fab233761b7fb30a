/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root file system and the sources of mount entries, looked at. A type in lxc.rootfs.path is
 * taken for true; without one a directory is a directory or a subvolume, and devices and files are
 * what LXC would take them for (spec/storage.md §2).
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
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "storage/source.h"
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

/* The root of a subvolume has this number in every btrfs. */
enum { SUBVOLUME_INODE = 256 };

/* What LXC finds out by looking. */
static enum rootfs_type detect_type(const struct facts_rootfs *root, const struct stat *status)
{
	if (S_ISBLK(status->st_mode))
		return text_starts(root->path, "/dev/rbd/") ? ROOTFS_RBD : ROOTFS_LVM;
	if (S_ISREG(status->st_mode))
		return ROOTFS_LOOP;
	return ROOTFS_DIR;
}

static bool is_tree(enum rootfs_type type)
{
	return type == ROOTFS_DETECT || type == ROOTFS_DIR || type == ROOTFS_BTRFS;
}

/* What is there, absolute; NULL when it isn't. */
static const char *find_below(struct gathering *g, const char *directory, size_t length,
			      const char *path)
{
	const char *found = arena_printf(&g->facts->arena, "%.*s/%s", (int)length, directory, path);

	return found && access(found, F_OK) == 0 ? found : NULL;
}

/* Old versions took a lxcpath that was relative to where they were started. */
static const char *find_relative(struct gathering *g, const char *path)
{
	const char *lxcpath = g->request->lxcpath ? g->request->lxcpath : "/";
	const size_t length = path_length(lxcpath);
	size_t above = length;
	const char *found;
	char cwd[PATH_MAX];

	while (above > 0 && lxcpath[above - 1] != '/')
		above--;
	while (above > 0 && lxcpath[above - 1] == '/')
		above--;
	found = find_below(g, lxcpath, above, path);
	if (!found)
		found = find_below(g, lxcpath, length, path);
	if (!found && getcwd(cwd, sizeof(cwd)) && cwd[0] == '/')
		found = find_below(g, cwd, strlen(cwd), path);
	return found ? found : path;
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

/* lxc.rootfs.options, as far as they are for the file system; what is wrong with them is told by
 * the compiler. */
static const struct mount_options *read_root_options(struct gathering *g, struct mount_options *ret)
{
	const char *text = g->values->rootfs_mount.options;

	if (!text || mount_options_parse_rootfs(text, &g->facts->arena, ret, NULL) < 0)
		return NULL;
	return ret;
}

/* Anything but a directory. What is wrong is a fact; running out of memory is not. */
static int look_at_volume(struct gathering *g, struct err *e)
{
	struct facts_rootfs *root = &g->facts->rootfs;
	struct mount_options options;
	struct err problem = {};
	int r = storage_source(root->type, root->path, read_root_options(g, &options), false,
			       &g->facts->arena, &root->source, &problem);

	if (r == -ENOMEM)
		return gather_no_memory(e);
	if (r < 0) {
		root->error = -r;
		root->problem = arena_strdup(&g->facts->arena, err_cause(&problem));
		root->advice = arena_strdup(&g->facts->arena, err_advice(&problem));
		return root->problem && root->advice ? 0 : gather_no_memory(e);
	}
	root->is_there = true;
	root->fstype = root->source.fstype;
	return 0;
}

/* 0; 1: it is no directory, but something to be mounted. */
static int look_at_directory(struct gathering *g)
{
	struct facts_rootfs *root = &g->facts->rootfs;
	struct stat status;
	bool is_detected = root->type == ROOTFS_DETECT;

	if (stat(root->path, &status) < 0) {
		root->error = errno;
		root->type = is_detected ? ROOTFS_DIR : root->type;
		return 0;
	}
	if (is_detected)
		root->type = detect_type(root, &status);
	if (!is_tree(root->type))
		return 1;
	root->is_there = S_ISDIR(status.st_mode);
	root->error = root->is_there ? 0 : ENOTDIR;
	root->fstype = fstype_name(g, root->path);
	if (is_detected && status.st_ino == SUBVOLUME_INODE && root->fstype &&
	    strcmp(root->fstype, "btrfs") == 0)
		root->type = ROOTFS_BTRFS;
	return 0;
}

/* Old versions wrote where a data set is mounted, not what it is called. */
static bool is_mounted_data_set(const struct facts_rootfs *root)
{
	return root->type == ROOTFS_ZFS && root->path[0] == '/';
}

int gather_root(struct gathering *g, struct err *e)
{
	const struct config_values *v = g->values;
	struct facts_rootfs *root = &g->facts->rootfs;

	root->type = v->rootfs.type;
	root->path = v->rootfs.path;
	/* Also without a root: terminals pass through it. */
	root->mount_is_there = v->rootfs_mount.mount && is_directory(v->rootfs_mount.mount);
	if (!root->path)
		return 0;
	root->host_is_initial = root_is_initial();
	if (is_mounted_data_set(root))
		root->type = ROOTFS_DIR;
	if (root->path[0] != '/' && (is_tree(root->type) || root->type == ROOTFS_LOOP))
		root->path = find_relative(g, root->path);
	if (is_tree(root->type) && look_at_directory(g) == 0)
		return 0;
	return look_at_volume(g, e);
}

static void look_at_source(struct gathering *g, struct facts_mount *mount)
{
	const struct mount_entry *entry = &mount->entry;
	const char *source = entry->source;
	char path[PATH_MAX];
	int n;

	if (!mount_options_is_bind(&entry->options))
		return;
	if (entry->options.relative && g->facts->rootfs.source.kind != SOURCE_TREE)
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
