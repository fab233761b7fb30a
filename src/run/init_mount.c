/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ops about mounts. A mount is a descriptor until it is attached, and where it is attached is a
 * descriptor, too: no name inside a root file system is looked up twice. Which mount is made by
 * which lane is said in DESIGN.md §1. INIT lane rules: see init.h.
 */

#include "run/init.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "sys/mount.h"
#include "sys/resolve.h"
#include "sys/syscall.h"

enum {
	/* Mounts that OP_UMOUNT takes from one place; nobody stacks that many. */
	STACK_MAX = 4096,
};

int init_op_mounts_slave(struct init_lane *l)
{
	int r;

	l->call = __NR_mount;
	r = mount_propagation("/", MS_SLAVE);
	if (r == -EINVAL)
		init_note(l, "the root directory is no mount point");
	return r;
}

/* Which directory on the way is closed, if one is. The path is cut. */
static void note_closed(struct init_lane *l, char *path)
{
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (sys_faccessat(AT_FDCWD, path, X_OK) == -EACCES) {
			init_note(l, path);
			init_note_add(l, " is closed");
			return;
		}
		*at = '/';
	}
}

/* A tree of the host's. */
static int open_host_tree(struct init_lane *l, const char *path, bool recursive)
{
	const size_t length = init_text_length(path);
	char copy[PATH_MAX];
	int fd;

	l->call = __NR_open_tree;
	fd = mount_clone_tree(AT_FDCWD, path, recursive);
	if (fd == -EACCES && path[0] == '/' && length < sizeof(copy)) {
		memcpy(copy, path, length + 1);
		note_closed(l, copy);
	}
	return fd;
}

int init_op_tree_open(struct init_lane *l)
{
	const bool recursive = l->step->arg[2];
	char buf[PATH_MAX];
	const char *path;
	int base, at, fd, r = init_get_base(l, l->step->arg[0], &base);

	if (r != 0)
		return r;
	path = init_text(l, l->step->arg[1], buf, sizeof(buf), &r);
	if (!path)
		return r;
	if (base < 0) {
		fd = open_host_tree(l, path, recursive);
	} else {
		at = init_open(l, base, path, O_PATH);
		if (at < 0)
			return at;
		l->call = __NR_open_tree;
		fd = mount_clone_tree(at, "", recursive);
		sys_close(at);
	}
	if (fd < 0)
		return fd;
	init_set_fd(l, fd);
	return 0;
}

/* A tree that did not get its options must not be attached without them: on failure it is gone. */
int init_op_tree_attributes(struct init_lane *l)
{
	struct mount_attr attributes = {
		.attr_set = l->step->arg[0],
		.attr_clr = l->step->arg[1],
		.propagation = l->step->arg[2],
	};
	int fd, user_ns, r = init_get_fd(l, l->step->in, &fd);

	if (r == 0)
		r = init_get_base(l, l->step->arg[4], &user_ns);
	if (r != 0)
		return r;
	if (user_ns >= 0) {
		attributes.attr_set |= MOUNT_ATTR_IDMAP;
		attributes.userns_fd = (unsigned)user_ns;
	}
	l->call = __NR_mount_setattr;
	r = mount_set_attributes(fd, "", l->step->arg[3], &attributes);
	if (r < 0)
		init_empty_fd(l, l->step->in);
	return r;
}

/* Where a mount goes. With `no_link` a symbolic link at the path's end is an error. */
static int open_target(struct init_lane *l, int base, const char *path, bool no_link)
{
	struct stat status;
	int r, fd = init_open(l, base, path, O_PATH | (no_link ? O_NOFOLLOW : 0));

	if (fd < 0 || !no_link)
		return fd;
	l->call = __NR_fstat;
	r = sys_fstat(fd, &status);
	if (r == 0 && S_ISLNK(status.st_mode)) {
		init_note(l, "the target is a symbolic link");
		r = -ELOOP;
	}
	if (r == 0)
		return fd;
	sys_close(fd);
	return r;
}

/* The kernel says EINVAL to a file on a directory, and to much else. */
static void note_kinds(struct init_lane *l, int fd, int target)
{
	struct stat source, place;

	if (sys_fstat(fd, &source) < 0 || sys_fstat(target, &place) < 0 ||
	    S_ISDIR(source.st_mode) == S_ISDIR(place.st_mode))
		return;
	init_note(l, S_ISDIR(place.st_mode) ? "the source is a file, the target a directory"
					    : "the source is a directory, the target a file");
}

static int attach(struct init_lane *l, int fd, int base)
{
	char buf[PATH_MAX];
	int target, r = 0;
	const char *path = init_text(l, l->step->arg[1], buf, sizeof(buf), &r);

	if (!path)
		return r;
	if (!path[0]) {
		if (base < 0)
			return -EINVAL;
		l->call = __NR_move_mount;
		return mount_attach(fd, base, "");
	}
	target = open_target(l, base, path, l->step->arg[2]);
	if (target < 0)
		return target;
	l->call = __NR_move_mount;
	r = mount_attach(fd, target, "");
	if (r == -EINVAL)
		note_kinds(l, fd, target);
	sys_close(target);
	return r;
}

/* However it ends, the tree is gone from its register. */
int init_op_tree_attach(struct init_lane *l)
{
	int fd, base, r = init_get_fd(l, l->step->in, &fd);

	if (r == 0)
		r = init_get_base(l, l->step->arg[0], &base);
	if (r != 0)
		return r;
	r = attach(l, fd, base);
	init_empty_fd(l, l->step->in);
	return r;
}

/*
 * Trees lie one upon the other: whatever happens, this one must go from its place, or the next step
 * would take it for its own.
 */
int init_op_tree_take(struct init_lane *l)
{
	const char *path = plan_text(l->plan, l->step->arg[0]);
	int fd;

	if (init_get_fd(l, l->step->in, &fd) != 0)
		return 0;
	init_empty_fd(l, l->step->in);
	if (l->step->out != PLAN_NO_REGISTER) {
		l->call = __NR_open_tree;
		fd = mount_clone_tree(AT_FDCWD, path, true);
		if (fd < 0)
			return fd;
		init_set_fd(l, fd);
	}
	l->call = __NR_umount2;
	return mount_detach(path);
}

/* -- file systems */

/* One option: "name", a flag, or "name=value". */
static int set_option(struct init_lane *l, int fs_fd, const char *option)
{
	const size_t length = init_text_length(option);
	const char *equals = memchr(option, '=', length);
	char key[256];
	size_t key_length;
	int r;

	l->call = __NR_fsconfig;
	if (!equals) {
		r = mount_fs_flag(fs_fd, option);
	} else {
		key_length = (size_t)(equals - option);
		if (key_length >= sizeof(key))
			return -ENAMETOOLONG;
		memcpy(key, option, key_length);
		key[key_length] = '\0';
		r = mount_fs_string(fs_fd, key, equals + 1);
	}
	if (r < 0) {
		init_note(l, option);
		init_note_add(l, ": ");
	}
	return r;
}

static int configure(struct init_lane *l, int fs_fd)
{
	const char *source = plan_text(l->plan, l->step->arg[1]);
	const uint64_t list = l->step->arg[2];
	const uint32_t count = plan_list_count(l->plan, list);
	const char *option = count > 0 ? plan_list_first(l->plan, list) : NULL;
	int r = 0;

	l->call = __NR_fsconfig;
	if (source[0])
		r = mount_fs_string(fs_fd, "source", source);
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		r = set_option(l, fs_fd, option);
		option += init_text_length(option) + 1;
	}
	return r == 0 ? mount_fs_create(fs_fd) : r;
}

/* Add the file system's own words to the note, or take them alone where there is no room for both;
 * without any, what is there loses its colon. */
static void explain(struct init_lane *l, int fs_fd)
{
	char message[RUN_NOTE_MAX];
	const size_t length = init_text_length(l->note);
	const size_t said = mount_fs_message(fs_fd, message, sizeof(message));

	if (said > 0 && length + said >= sizeof(l->note))
		init_note(l, message);
	else if (said > 0)
		init_note_add(l, message);
	else if (length >= 2 && l->note[length - 2] == ':')
		l->note[length - 2] = '\0';
}

int init_op_fs_open(struct init_lane *l)
{
	int fs_fd, fd, r;

	l->call = __NR_fsopen;
	fs_fd = mount_fs_open(plan_text(l->plan, l->step->arg[0]));
	if (fs_fd < 0)
		return fs_fd;
	r = configure(l, fs_fd);
	if (r == 0) {
		l->call = __NR_fsmount;
		fd = mount_fs_mount(fs_fd, (unsigned)l->step->arg[3]);
		if (fd >= 0)
			init_set_fd(l, fd);
		r = fd < 0 ? fd : 0;
	}
	if (r < 0)
		explain(l, fs_fd);
	sys_close(fs_fd);
	return r;
}

/* The options as mount(2) takes them: comma-joined. Their length or -errno. */
static int join_options(const struct init_lane *l, char buf[static MOUNT_DATA_MAX])
{
	const uint64_t list = l->step->arg[2];
	const uint32_t count = plan_list_count(l->plan, list);
	const char *option = count > 0 ? plan_list_first(l->plan, list) : "";
	size_t used = 0;

	for (uint32_t i = 0; i < count; i++) {
		const size_t length = init_text_length(option);

		if (used + length + 2 > MOUNT_DATA_MAX)
			return -E2BIG;
		if (i > 0)
			buf[used++] = ',';
		memcpy(buf + used, option, length);
		used += length;
		option += length + 1;
	}
	buf[used] = '\0';
	return (int)used;
}

/* mount(2) makes no mount without a place: it lies on the root for a moment, where "/.." leads. */
int init_op_fs_open_long(struct init_lane *l)
{
	/* One way of noting access times takes the place of another. */
	const struct mount_attr attributes = {
		.attr_set = l->step->arg[3],
		.attr_clr = l->step->arg[3] & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0,
	};
	char data[MOUNT_DATA_MAX];
	int fd, r = join_options(l, data);

	l->call = __NR_mount;
	if (r < 0)
		return r;
	r = mount_make(plan_text(l->plan, l->step->arg[1]), "/..",
		       plan_text(l->plan, l->step->arg[0]), data);
	if (r < 0)
		return r;
	l->call = __NR_open_tree;
	fd = mount_clone_tree(AT_FDCWD, "/..", false);
	mount_detach("/..");
	if (fd < 0)
		return fd;
	l->call = __NR_mount_setattr;
	r = attributes.attr_set ? mount_set_attributes(fd, "", false, &attributes) : 0;
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	init_set_fd(l, fd);
	return 0;
}

/* -- unmounting */

/* Whether something is mounted on a name: 1, 0 or -errno. A link is looked at itself. */
static int is_mounted(struct init_lane *l, const struct init_place *place)
{
	struct kernel_statx status;
	int r;

	l->call = __NR_statx;
	r = sys_statx(place->fd, place->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &status);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return (status.attributes & KERNEL_STATX_ATTR_MOUNT_ROOT) != 0;
}

/*
 * umount2(2) knows names only. The name is looked up in the current directory and not followed, so
 * that it can't lead elsewhere.
 */
static int detach_all(struct init_lane *l, const struct init_place *place)
{
	int r, before;

	l->call = __NR_openat;
	before = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
	if (before < 0)
		return before;
	l->call = __NR_fchdir;
	r = sys_fchdir(place->fd);
	for (unsigned i = 0; r == 0; i++) {
		l->call = __NR_umount2;
		r = i < STACK_MAX ? mount_detach(place->name) : -EBUSY;
		/* The host's, in a user namespace: it stays, and what comes lies on it. */
		if (r == -EINVAL) {
			r = 0;
			break;
		}
		if (r < 0)
			break;
		r = is_mounted(l, place);
		if (r <= 0)
			break;
		r = 0;
	}
	sys_fchdir(before);
	sys_close(before);
	return r;
}

int init_op_umount(struct init_lane *l)
{
	struct init_place place;
	int base, r = init_get_base(l, l->step->arg[0], &base);

	if (r != 0)
		return r;
	r = init_place_open(l, base, plan_text(l->plan, l->step->arg[1]), false, &place);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = is_mounted(l, &place);
	if (r > 0)
		r = detach_all(l, &place);
	init_place_close(&place);
	return r;
}

/* -- the boot id */

enum { UUID_BYTES = 16, UUID_TEXT = 37 };

/* A random UUID (RFC 4122, version 4) and a line end. */
static int make_uuid(char ret[static UUID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[UUID_BYTES];
	size_t used = 0;
	ssize_t got = sys_getrandom(bytes, sizeof(bytes));

	if (got != sizeof(bytes))
		return got < 0 ? (int)got : -EIO;
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret[used++] = '-';
		ret[used++] = digits[bytes[i] >> 4];
		ret[used++] = digits[bytes[i] & 15];
	}
	ret[used] = '\n';
	return 0;
}

/* A read-only mount of the file at `place`, which holds a new UUID. */
static int make_boot_id(struct init_lane *l, const struct init_place *place)
{
	const struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
	};
	char uuid[UUID_TEXT];
	ssize_t written;
	int fd, tree, r;

	l->call = __NR_getrandom;
	r = make_uuid(uuid);
	if (r < 0)
		return r;
	init_umask_clear(l);
	l->call = __NR_openat;
	fd = sys_openat(place->fd, place->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0444);
	if (fd < 0)
		return fd;
	l->call = __NR_write;
	written = sys_write(fd, uuid, sizeof(uuid));
	l->call = __NR_open_tree;
	tree = written == sizeof(uuid) ? mount_clone_tree(fd, "", false)
				       : (written < 0 ? (int)written : -EIO);
	sys_close(fd);
	if (tree < 0)
		return tree;
	l->call = __NR_mount_setattr;
	r = mount_set_attributes(tree, "", false, &attributes);
	if (r == 0)
		return tree;
	sys_close(tree);
	return r;
}

int init_op_boot_id(struct init_lane *l)
{
	struct init_place place;
	int tree, target, base, r = init_get_fd(l, l->step->arg[0], &base);

	if (r != 0)
		return r;
	target = init_open(l, base, "proc/sys/kernel/random/boot_id", O_PATH);
	if (target < 0)
		return target;
	r = init_place_open(l, base, "dev/.lxc-boot-id", false, &place);
	if (r == 0) {
		tree = make_boot_id(l, &place);
		if (tree >= 0) {
			l->call = __NR_move_mount;
			r = mount_attach(tree, target, "");
			sys_close(tree);
		} else {
			r = tree;
		}
		if (r != -EEXIST)
			sys_unlinkat(place.fd, place.name, 0);
		init_place_close(&place);
	}
	sys_close(target);
	return r;
}

/* -- the root */

int init_op_root_check(struct init_lane *l)
{
	const char *path = plan_text(l->plan, l->step->arg[0]);
	struct kernel_statx ours, there;
	int fd, r = init_get_fd(l, l->step->in, &fd);

	if (r != 0)
		return r;
	l->call = __NR_statx;
	r = sys_statx(fd, "", AT_EMPTY_PATH, KERNEL_STATX_MNT_ID, &ours);
	if (r < 0)
		return r;
	r = sys_statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, KERNEL_STATX_MNT_ID, &there);
	if (r < 0)
		return r;
	if (ours.mount_id == there.mount_id)
		return 0;
	init_note(l, "Rootfs overmounted");
	return -ESTALE;
}

/*
 * Before the old root goes, nothing may depend on anything of ours: unmounting it would otherwise
 * be repeated in mounts of the new root that a hook has made peers of the old ones.
 */
int init_op_pivot(struct init_lane *l)
{
	int fd, r = init_get_fd(l, l->step->in, &fd);

	if (r != 0)
		return r;
	l->call = __NR_fchdir;
	r = sys_fchdir(fd);
	if (r < 0)
		return r;
	l->call = __NR_mount;
	r = mount_propagation("/", MS_SLAVE);
	if (r < 0)
		return r;
	l->call = __NR_pivot_root;
	r = mount_pivot_here();
	if (r < 0) {
		if (r == -EINVAL)
			init_note(l,
				  "the root of the host is no mount point, or mounted on nothing");
		return r;
	}
	l->call = __NR_umount2;
	r = mount_detach(".");
	if (r < 0)
		return r;
	l->call = __NR_chdir;
	r = sys_chdir("/");
	if (r < 0)
		return r;
	l->call = __NR_mount;
	return mount_propagation("/", MS_SHARED);
}
