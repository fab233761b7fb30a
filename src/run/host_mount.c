/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts of the HOST lane: mount namespaces of the supervisor's own, places in them for trees that
 * init takes over, and trees that must be opened and id-mapped from outside (DESIGN.md §1).
 */

#include "run/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/text.h"
#include "sys/mount.h"
#include "sys/namespace.h"
#include "sys/resolve.h"

/*
 * A root that is mounted on nothing, the initial ramdisk, can't be exchanged. Bound on itself it
 * can; and bound by us it is locked in a user namespace, so that nobody finds what is below it.
 */
static int bind_root(struct host *h)
{
	char path[PATH_MAX];
	const char *cwd = getcwd(path, sizeof(path));
	autoclose int tree = mount_clone_tree(AT_FDCWD, "/", true);
	int r;

	if (tree < 0)
		return host_failed(h, __NR_open_tree, tree);
	r = mount_attach(tree, AT_FDCWD, "/..");
	if (r < 0)
		return host_failed(h, __NR_move_mount, r);
	if (chroot("/..") < 0)
		return host_failed(h, __NR_chroot, -errno);
	if (!cwd || cwd[0] != '/' || chdir(cwd) < 0)
		return chdir("/") < 0 ? host_failed(h, __NR_chdir, -errno) : 0;
	return 0;
}

int host_mount_ns_enter(struct host *h, const struct plan_step *step)
{
	autoclose int before = -EBADF;
	int r;

	/* In a second life the first one's is the outer one. */
	if (step->out != PLAN_NO_REGISTER && !host_has(h, step->out)) {
		before = namespace_open(0, "mnt");
		if (before < 0)
			return host_failed(h, __NR_openat, before);
	}
	r = namespace_new_mounts();
	if (r < 0)
		return host_failed(h, __NR_unshare, r);
	if (before >= 0)
		host_set_fd(h, step->out, take_fd(before));
	if (step->arg[1]) {
		r = bind_root(h);
		if (r < 0)
			return r;
	}
	if (step->arg[0]) {
		const struct mount_attr shared = {.propagation = MS_SHARED};

		r = mount_set_attributes(AT_FDCWD, "/..", false, &shared);
		if (r < 0)
			return host_failed(h, __NR_mount_setattr, r);
	}
	return 0;
}

int host_mount_ns_leave(struct host *h, const struct plan_step *step)
{
	int r;

	/* A start that failed before it entered, or a record that is undone. */
	if (!host_has(h, step->in))
		return 0;
	r = namespace_enter_mounts(host_fd(h, step->in));
	if (r < 0)
		return host_failed(h, __NR_setns, r);
	host_clear(h, step->in);
	return 0;
}

static int make_places(struct host *h, int root, uint64_t count)
{
	char name[24];

	for (uint64_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%llu", (unsigned long long)i);
		if (mknodat(root, name, S_IFREG | 0644, 0) < 0)
			return host_note(h, host_failed(h, __NR_mknodat, -errno), "%s", name);
	}
	return 0;
}

int host_stash(struct host *h, const struct plan_step *step)
{
	autoclose int fs = mount_fs_open("tmpfs");
	autoclose int root = -EBADF;
	int r;

	if (fs < 0)
		return host_failed(h, __NR_fsopen, fs);
	r = mount_fs_string(fs, "mode", "0755");
	if (r == 0)
		r = mount_fs_create(fs);
	if (r < 0)
		return host_failed(h, __NR_fsconfig, r);
	root = mount_fs_mount(fs, 0);
	if (root < 0)
		return host_failed(h, __NR_fsmount, root);
	r = make_places(h, root, step->arg[0]);
	if (r < 0)
		return r;
	host_set_fd(h, step->out, take_fd(root));
	return 0;
}

static bool is_given(uint64_t argument)
{
	return argument != PLAN_NO_REGISTER;
}

/* A path of the container's, below its base. -ELOOP: a link at its end that must not be one. */
static int open_below(struct host *h, uint64_t base, const char *path, bool no_link)
{
	const int base_fd = host_fd(h, (unsigned)base);
	struct stat st;
	int fd;

	if (base_fd < 0)
		return host_note(h, -EBADF, "the directory that the path begins at is not open");
	fd = resolve_open(base_fd, path[0] ? path : ".", O_PATH | (no_link ? O_NOFOLLOW : 0), 0);
	if (fd < 0)
		return host_note(h, host_failed(h, __NR_openat2, fd), "%s", path);
	if (no_link && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
		close(fd);
		return host_note(h, host_failed(h, __NR_openat2, -ELOOP), "%s", path);
	}
	return fd;
}

int host_tree_open(struct host *h, const struct plan_step *step)
{
	const bool recursive = step->arg[2] == 1;
	autoclose int at = -EBADF;
	char path[PATH_MAX];
	ssize_t length;
	int tree;

	length = text_expand(h->plan, h->run->record, host_text(h, step, 1), path, sizeof(path));
	if (length < 0)
		return host_note(h, (int)length, "the path has a value that is not there");
	if (is_given(step->arg[0])) {
		at = open_below(h, step->arg[0], path, false);
		if (at < 0)
			return at;
		path[0] = '\0';
	}
	tree = mount_clone_tree(at >= 0 ? at : AT_FDCWD, path, recursive);
	if (tree < 0)
		return host_failed(h, __NR_open_tree, tree);
	host_set_fd(h, step->out, tree);
	return 0;
}

/* A tree that did not get its options must not be attached without them: on failure it is gone. */
int host_tree_attributes(struct host *h, const struct plan_step *step)
{
	struct mount_attr attributes = {
		.attr_set = step->arg[0],
		.attr_clr = step->arg[1],
		.propagation = step->arg[2],
	};
	int r;

	if (is_given(step->arg[4])) {
		const int user_ns = host_fd(h, (unsigned)step->arg[4]);

		if (user_ns < 0)
			return host_note(h, -EBADF, "the user namespace of the id map is not open");
		attributes.attr_set |= MOUNT_ATTR_IDMAP;
		attributes.userns_fd = (uint64_t)user_ns;
	}
	r = mount_set_attributes(host_fd(h, step->in), "", step->arg[3] == 1, &attributes);
	if (r == 0)
		return 0;
	host_clear(h, step->in);
	return host_failed(h, __NR_mount_setattr, r);
}

int host_tree_attach(struct host *h, const struct plan_step *step)
{
	const char *path = host_text(h, step, 1);
	autoclose int target = -EBADF;
	int r;

	if (is_given(step->arg[0])) {
		target = open_below(h, step->arg[0], path, step->arg[2] == 1);
		if (target < 0)
			return target;
		path = "";
	}
	r = mount_attach(host_fd(h, step->in), target >= 0 ? target : AT_FDCWD, path);
	if (r < 0)
		return host_failed(h, __NR_move_mount, r);
	host_clear(h, step->in);
	return 0;
}

int host_tree_hand_over(struct host *h, const struct plan_step *step)
{
	int r;

	if (!host_has(h, step->in))
		return 0;
	r = mount_attach(host_fd(h, step->in), AT_FDCWD, host_text(h, step, 0));
	return r < 0 ? host_failed(h, __NR_move_mount, r) : 0;
}
