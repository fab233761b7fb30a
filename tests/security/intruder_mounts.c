/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts: taking flags away that somebody else has set, by each way that there is, and getting at
 * what lies under a mount; device nodes. mount_setattr(2), mount(2), move_mount(2), mknod(2).
 */

#include "intruder.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

enum {
	PATH_SIZE = 8192,
	RECURSIVE = 0x8000 /* AT_RECURSIVE */,
	NO_SYMLINKS = 0x2000 /* statvfs(2) */
};

static const struct flag {
	const char *name;
	unsigned long shown;     /* in statvfs.f_flag */
	unsigned long attribute; /* of mount_setattr(2) */
	unsigned long classic;   /* of mount(2) */
} flags[] = {
	{"ro", ST_RDONLY, MOUNT_ATTR_RDONLY, MS_RDONLY},
	{"nosuid", ST_NOSUID, MOUNT_ATTR_NOSUID, MS_NOSUID},
	{"nodev", ST_NODEV, MOUNT_ATTR_NODEV, MS_NODEV},
	{"noexec", ST_NOEXEC, MOUNT_ATTR_NOEXEC, MS_NOEXEC},
	{"noatime", ST_NOATIME, MOUNT_ATTR__ATIME, MS_NOATIME},
	{"nodiratime", ST_NODIRATIME, MOUNT_ATTR_NODIRATIME, MS_NODIRATIME},
	{"nosymfollow", NO_SYMLINKS, MOUNT_ATTR_NOSYMFOLLOW, 256},
};
enum { FLAG_COUNT = sizeof(flags) / sizeof(flags[0]) };

static unsigned long shown_flags(const char *path)
{
	struct statvfs status;

	return statvfs(path, &status) == 0 ? status.f_flag : 0;
}

static int set_attributes(int fd, const char *path, unsigned at, struct mount_attr *attributes)
{
	return (int)syscall(SYS_mount_setattr, fd, path, at, attributes, sizeof(*attributes));
}

static void clear_attribute(const char *path, const struct flag *flag, unsigned at)
{
	struct mount_attr attributes = {.attr_clr = flag->attribute};

	/* Of the times one must be set: the kernel's default. */
	set_attributes(AT_FDCWD, path, at, &attributes);
}

static void remount(const char *path, const struct flag *flag, unsigned long now)
{
	unsigned long wanted = MS_REMOUNT | MS_BIND;

	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (&flags[i] != flag && now & flags[i].shown)
			wanted |= flags[i].classic;
	mount(NULL, path, NULL, wanted, NULL);
	/* Everything away at once, in case it is the combination that is looked at. */
	mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_STRICTATIME, NULL);
	mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL);
	mount(NULL, path, NULL, MS_REMOUNT, NULL);
}

static void report(const char *path, const struct flag *flag, const char *way)
{
	printf("%s %s %s %s\n", path, flag->name, shown_flags(path) & flag->shown ? "kept" : "GONE",
	       way);
	fflush(stdout);
}

/* A clone of the mount, changed while it is nowhere, and put on top. */
static void replace_by_clone(const char *path, const struct flag *flag)
{
	struct mount_attr attributes = {.attr_clr = flag->attribute};
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path,
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RECURSIVE);

	if (tree < 0)
		return;
	set_attributes(tree, "", AT_EMPTY_PATH | RECURSIVE, &attributes);
	set_attributes(tree, "", AT_EMPTY_PATH, &attributes);
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0) {
		report(path, flag, "clone");
		umount2(path, MNT_DETACH);
	}
	close(tree);
}

/* A bind of the old kind: source and target are the same. */
static void replace_by_bind(const char *path, const struct flag *flag, unsigned long now)
{
	if (mount(path, path, NULL, MS_BIND, NULL) < 0 &&
	    mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return;
	remount(path, flag, now);
	report(path, flag, "bind");
	umount2(path, MNT_DETACH);
}

static void try_here(const char *path, const struct flag *flag, unsigned long now)
{
	replace_by_clone(path, flag);
	replace_by_bind(path, flag, now);
	clear_attribute(path, flag, 0);
	clear_attribute(path, flag, RECURSIVE);
	clear_attribute("/", flag, RECURSIVE);
	remount(path, flag, now);
}

/* In namespaces of its own, made inside the container. */
static void try_apart(const char *path, const struct flag *flag, unsigned long now, int namespaces,
		      const char *way)
{
	pid_t child = fork();

	if (child == 0) {
		if (unshare(namespaces) == 0) {
			try_here(path, flag, now);
			report(path, flag, way);
		}
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

int intruder_clear(char *const *arguments)
{
	for (; *arguments; arguments++) {
		const unsigned long before = shown_flags(*arguments);

		for (size_t i = 0; i < FLAG_COUNT; i++) {
			if (!(before & flags[i].shown))
				continue;
			try_apart(*arguments, &flags[i], before, CLONE_NEWNS, "mnt");
			try_apart(*arguments, &flags[i], before, CLONE_NEWNS | CLONE_NEWUSER,
				  "user+mnt");
			try_here(*arguments, &flags[i], before);
			report(*arguments, &flags[i], "here");
		}
	}
	return 0;
}

static bool is_there(const char *directory, const char *name)
{
	char path[PATH_SIZE];
	struct stat status;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return false;
	return lstat(path, &status) == 0;
}

/* The mount's own tree without what is mounted below it, in a place of ours. */
static void clone_alone(const char *above, const char *below, const char *name)
{
	char path[PATH_SIZE];

	mkdir("/tmp/reveal", 0755);
	if (mount(above, "/tmp/reveal", NULL, MS_BIND, NULL) == 0) {
		snprintf(path, sizeof(path), "/tmp/reveal/%s", below);
		printf("bind %s\n", is_there(path, name) ? "REVEALED" : "hidden");
		umount2("/tmp/reveal", MNT_DETACH);
	} else {
		printf("bind refused\n");
	}
}

static void read_from_clone(const char *above, const char *below, const char *name)
{
	char path[PATH_SIZE];
	struct stat status;
	int tree =
		(int)syscall(SYS_open_tree, AT_FDCWD, above, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0) {
		printf("clone refused\n");
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", below, name);
	printf("clone %s\n",
	       fstatat(tree, path, &status, AT_SYMLINK_NOFOLLOW) == 0 ? "REVEALED" : "hidden");
	close(tree);
}

int intruder_reveal(char *const *arguments)
{
	const char *above = arguments[0], *below = arguments[1], *name = arguments[2];
	char path[PATH_SIZE];

	if (!above || !below || !name)
		return 2;
	snprintf(path, sizeof(path), "%s/%s", above, below);
	clone_alone(above, below, name);
	read_from_clone(above, below, name);
	printf("umount %s\n", umount2(path, 0) == 0 ? "DONE" : "refused");
	printf("detach %s\n", umount2(path, MNT_DETACH) == 0 ? "DONE" : "refused");
	mkdir("/tmp/moved", 0755);
	printf("move %s\n",
	       mount(path, "/tmp/moved", NULL, MS_MOVE, NULL) == 0 ? "DONE" : "refused");
	printf("sight %s\n", is_there(path, name) ? "REVEALED" : "hidden");
	return 0;
}

int intruder_swap(char *const *arguments)
{
	time_t end;

	if (!arguments[0] || !arguments[1] || !arguments[2])
		return 2;
	end = time(NULL) + strtol(arguments[0], NULL, 10);
	while (time(NULL) < end)
		syscall(SYS_renameat2, AT_FDCWD, arguments[1], AT_FDCWD, arguments[2],
			2 /* RENAME_EXCHANGE */);
	return 0;
}

int intruder_nodes(char *const *arguments)
{
	static const struct {
		const char *name;
		unsigned type, major, minor;
	} nodes[] = {
		{"null", S_IFCHR, 1, 3},   {"mem", S_IFCHR, 1, 1},  {"kmsg", S_IFCHR, 1, 11},
		{"loop0", S_IFBLK, 7, 0},  {"disk", S_IFBLK, 8, 0}, {"virtio", S_IFBLK, 254, 0},
		{"random", S_IFCHR, 1, 8},
	};

	(void)arguments;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		char path[PATH_SIZE];
		int fd, made;

		snprintf(path, sizeof(path), "/tmp/node-%s", nodes[i].name);
		unlink(path);
		made = mknod(path, nodes[i].type | 0600, makedev(nodes[i].major, nodes[i].minor));
		printf("%s %s", nodes[i].name, made == 0 ? "made" : "refused");
		fd = made == 0 ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
		/* A device that does not exist was allowed to be looked for. */
		printf(" %s\n", fd >= 0 || (made == 0 && errno == ENXIO) ? "OPEN" : "closed");
		if (fd >= 0)
			close(fd);
		unlink(path);
	}
	return 0;
}
