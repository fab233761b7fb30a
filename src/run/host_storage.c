/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Root file systems that HOST mounts, attached to nothing: overlays of id-mapped containers, and
 * what is on block devices. A network block device is host_nbd.c's.
 */

#include "run/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/text.h"
#include "sys/loop_device.h"
#include "sys/mount.h"
#include "sys/superblock.h"

enum { OPTION_NAME_ROOM = 256, MESSAGE_ROOM = 256 };

/* What a step mounts. */
struct mounting {
	const char *type, *source;
	uint64_t options; /* list, or 0 */
	uint64_t attributes;
};

/* One option: "name", a flag, or "name=value". */
static int set_option(int fs_fd, const char *option)
{
	const char *equals = strchr(option, '=');
	char name[OPTION_NAME_ROOM];

	if (!equals)
		return mount_fs_flag(fs_fd, option);
	if ((size_t)(equals - option) >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, option, (size_t)(equals - option));
	name[equals - option] = '\0';
	return mount_fs_string(fs_fd, name, equals + 1);
}

/* The file system's own words, or what it was that failed. */
static int explain(struct host *h, int fs_fd, int r, const char *fallback)
{
	char message[MESSAGE_ROOM];

	if (mount_fs_message(fs_fd, message, sizeof(message)) > 0)
		return host_note(h, r, "%s", message);
	return fallback ? host_note(h, r, "%s", fallback) : r;
}

static int configure(struct host *h, int fs_fd, const struct mounting *m)
{
	const uint32_t count = plan_list_count(h->plan, m->options);
	const char *option = count > 0 ? plan_list_first(h->plan, m->options) : NULL;
	int r = mount_fs_string(fs_fd, "source", m->source);

	if (r < 0)
		return explain(h, fs_fd, host_failed(h, __NR_fsconfig, r), m->source);
	for (uint32_t i = 0; i < count; i++) {
		r = set_option(fs_fd, option);
		if (r < 0)
			return explain(h, fs_fd, host_failed(h, __NR_fsconfig, r), option);
		option += strlen(option) + 1;
	}
	r = mount_fs_create(fs_fd);
	return r < 0 ? explain(h, fs_fd, host_failed(h, __NR_fsconfig, r), NULL) : 0;
}

/* The mount or -errno. */
static int mount_it(struct host *h, const struct mounting *m)
{
	autoclose int fs = mount_fs_open(m->type);
	int r;

	if (fs < 0)
		return host_note(h, host_failed(h, __NR_fsopen, fs), "%s", m->type);
	r = configure(h, fs, m);
	if (r < 0)
		return r;
	r = mount_fs_mount(fs, (unsigned)m->attributes);
	return r < 0 ? explain(h, fs, host_failed(h, __NR_fsmount, r), NULL) : r;
}

static int expand(struct host *h, const char *text, char *ret, size_t room)
{
	ssize_t length = text_expand(h->plan, h->run->record, text, ret, room);

	return length < 0 ? host_note(h, (int)length, "the device has a name that is not there")
			  : 0;
}

int host_fs_open(struct host *h, const struct plan_step *step)
{
	char source[PATH_MAX];
	const struct mounting m = {host_text(h, step, 0), source, step->arg[2], step->arg[3]};
	int r = expand(h, host_text(h, step, 1), source, sizeof(source));

	if (r == 0)
		r = mount_it(h, &m);
	if (r < 0)
		return r;
	host_set_fd(h, step->out, r);
	return 0;
}

/* -- a file system that is found */

/* Those whose superblock nobody knows are asked one after the other, as mount(8) does. */
static int try_candidates(struct host *h, const struct mounting *m)
{
	char name[FILE_SYSTEM_NAME_ROOM];
	struct mounting tried = *m;
	int r;

	tried.type = name;
	for (size_t i = 0; superblock_candidate(i, name); i++) {
		r = mount_it(h, &tried);
		if (r != -EINVAL && r != -ENODEV)
			return r;
	}
	return host_note(h, host_failed(h, __NR_pread64, -EMEDIUMTYPE), "%s", m->source);
}

static int mount_what_is_there(struct host *h, const struct mounting *m)
{
	struct mounting known = *m;
	autoclose int fd = open(m->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct superblock found;
	int r;

	if (fd < 0)
		return host_note(h, host_failed(h, __NR_openat, -errno), "%s", m->source);
	r = superblock_probe(fd, &found);
	if (r < 0)
		return host_note(h, host_failed(h, __NR_pread64, r), "%s", m->source);
	if (found.other || found.is_blank)
		return host_note(h, host_failed(h, __NR_pread64, -EMEDIUMTYPE), "%s %s%s",
				 m->source, found.other ? "holds " : "is empty",
				 found.other ? found.other : "");
	if (!found.fstype)
		return try_candidates(h, m);
	known.type = found.fstype;
	return mount_it(h, &known);
}

int host_fs_open_found(struct host *h, const struct plan_step *step)
{
	char source[PATH_MAX];
	const struct mounting m = {NULL, source, step->arg[1], step->arg[2]};
	int r = expand(h, host_text(h, step, 0), source, sizeof(source));

	if (r == 0)
		r = mount_what_is_there(h, &m);
	if (r < 0)
		return r;
	host_set_fd(h, step->out, r);
	return 0;
}

/* -- by mount(2) */

/* The options comma-joined: 0 or -E2BIG. */
static int join_options(const struct host *h, uint64_t list, char ret[static MOUNT_DATA_MAX])
{
	const uint32_t count = plan_list_count(h->plan, list);
	const char *option = count > 0 ? plan_list_first(h->plan, list) : "";
	size_t used = 0;

	for (uint32_t i = 0; i < count; i++) {
		const size_t length = strlen(option);

		if (used + length + 2 > MOUNT_DATA_MAX)
			return -E2BIG;
		if (i > 0)
			ret[used++] = ',';
		memcpy(ret + used, option, length);
		used += length;
		option += length + 1;
	}
	ret[used] = '\0';
	return 0;
}

/* A clone of what lies on the root for a moment. */
static int take_from_root(struct host *h, uint64_t attributes)
{
	/* One way of noting access times takes the place of another. */
	const struct mount_attr attr = {
		.attr_set = attributes,
		.attr_clr = attributes & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0,
	};
	autoclose int tree = mount_clone_tree(AT_FDCWD, "/..", false);
	int r = mount_detach("/..");

	if (tree < 0)
		return host_failed(h, __NR_open_tree, tree);
	if (r < 0)
		return host_failed(h, __NR_umount2, r);
	r = attributes ? mount_set_attributes(tree, "", false, &attr) : 0;
	return r < 0 ? host_failed(h, __NR_mount_setattr, r) : take_fd(tree);
}

int host_fs_open_long(struct host *h, const struct plan_step *step)
{
	char source[PATH_MAX], data[MOUNT_DATA_MAX];
	int r = expand(h, host_text(h, step, 1), source, sizeof(source));

	if (r < 0)
		return r;
	r = join_options(h, step->arg[2], data);
	if (r == 0)
		r = mount_make(source, "/..", host_text(h, step, 0), data);
	if (r < 0)
		return host_failed(h, __NR_mount, r);
	r = take_from_root(h, step->arg[3]);
	if (r < 0)
		return r;
	host_set_fd(h, step->out, r);
	return 0;
}

/* -- directories */

/* One level: a new directory gets mode and owner; -EEXIST is one that was there. */
static int make_level(struct host *h, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	autoclose int fd = -EBADF;

	if (mkdir(path, 0700) < 0)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return host_failed(h, __NR_openat, -errno);
	if (fchown(fd, uid, gid) < 0)
		return host_failed(h, __NR_fchown, -errno);
	return fchmod(fd, mode) < 0 ? host_failed(h, __NR_fchmod, -errno) : 0;
}

int host_make_directory(struct host *h, const struct plan_step *step)
{
	const char *path = host_text(h, step, 0);
	const uid_t uid = (uid_t)step->arg[2];
	const gid_t gid = (gid_t)step->arg[3];
	char above[PATH_MAX];
	int r = make_level(h, path, (mode_t)step->arg[1], uid, gid);

	if (r == 0 || r == -EEXIST)
		return 0;
	if (r != -ENOENT || strlen(path) >= sizeof(above))
		return host_failed(h, __NR_mkdirat, r);
	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		memcpy(above, path, (size_t)(at - path));
		above[at - path] = '\0';
		r = make_level(h, above, 0755, uid, gid);
		if (r < 0 && r != -EEXIST)
			return host_note(h, host_failed(h, __NR_mkdirat, r), "%s", above);
	}
	r = make_level(h, path, (mode_t)step->arg[1], uid, gid);
	return r < 0 && r != -EEXIST ? host_failed(h, __NR_mkdirat, r) : 0;
}

/* -- loop devices */

static uint32_t call_of(int r)
{
	if (r == -ENOENT || r == -EACCES || r == -EISDIR || r == -EROFS || r == -EINVAL)
		return __NR_openat;
	return r == -ETXTBSY ? __NR_flock : __NR_ioctl;
}

int host_loop_open(struct host *h, const struct plan_step *step)
{
	unsigned number;
	int fd = loop_device_open(host_text(h, step, 1), step->arg[2] == 1, &number);

	if (fd < 0)
		return host_failed(h, call_of(fd), fd);
	host_set_fd(h, step->out, fd);
	host_set_number(h, (unsigned)step->arg[0], number);
	return 0;
}
