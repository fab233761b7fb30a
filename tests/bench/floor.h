/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the two floors share: they stop at the first failure, telling which call it was, because a
 * floor that did only part of the work would be a lie; and they go into and out of cgroups.
 *
 * A floor does the kernel's work of a container in the fewest and cheapest calls that lead to the
 * same result, with everything looked up beforehand: no configuration, no plan, no record, no
 * control socket, no care about hostile file systems. What a command needs above it is its own
 * cost. They are linked statically, with musl where it is installed.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/kernel.h"
#include "sys/syscall.h"

enum {
	FLOOR_HIERARCHIES = 24,
	FLOOR_PATH = 512,
	FLOOR_FAILED = 125, /* exit status: something that a container's program hardly returns */
};

/* clone3(2)'s argument as far as Linux 5.7 has it. */
struct floor_clone {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

/* The mount points of the cgroup hierarchies to use; the unified one apart. */
struct floor_cgroups {
	const char *legacy[FLOOR_HIERARCHIES];
	unsigned legacy_count;
	const char *unified; /* NULL = none */
	const char *name;    /* of the container */
};

/* Pass on what a plain call (0 or more, or -errno) returned, or end. */
static inline long floor_must(long result, const char *what)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	perror(what);
	_exit(FLOOR_FAILED);
}

/* As above for a call of the C library. */
static inline long floor_call(long result, const char *what)
{
	return floor_must(result < 0 ? -errno : result, what);
}

/* As above, and whatever it returns is not looked at: an optional step. */
static inline void floor_try(long result)
{
	(void)result;
}

/* clone3(2) as fork: 0 in the child, the pid in the caller. */
static inline pid_t floor_clone(struct floor_clone *arguments)
{
	return (pid_t)floor_must(sys_call3(__NR_clone3, (long)arguments, sizeof(*arguments), 0),
				 "clone3");
}

static inline void floor_write(const char *path, const char *text)
{
	int fd = (int)floor_call(open(path, O_WRONLY | O_CLOEXEC), path);

	floor_call(write(fd, text, strlen(text)), path);
	close(fd);
}

/* A path from up to four parts. */
static inline const char *floor_path(char buf[FLOOR_PATH], const char *const parts[4])
{
	size_t used = 0;

	for (int i = 0; i < 4 && parts[i]; i++) {
		size_t length = strlen(parts[i]);

		if (used + length >= FLOOR_PATH)
			floor_must(-ENAMETOOLONG, parts[i]);
		memcpy(buf + used, parts[i], length);
		used += length;
	}
	buf[used] = '\0';
	return buf;
}

#define FLOOR_PATH_OF(...) floor_path((char[FLOOR_PATH]){}, (const char *const[4]){__VA_ARGS__})

/*
 * The caller moves itself into `folder` ("" = the root, "/lxc.payload.") of a hierarchy. A legacy
 * one takes a single thread by "tasks"; whatever goes through cgroup.procs waits for a grace period
 * of RCU (8 ms and more) when nobody did so shortly before.
 */
static inline void floor_enter(const struct floor_cgroups *cgroups, const char *mount,
			       const char *folder)
{
	const char *name = folder[0] ? cgroups->name : "";
	const char *file = mount == cgroups->unified ? "/cgroup.procs" : "/tasks";

	floor_write(FLOOR_PATH_OF(mount, folder, name, file), "0");
}

/* The argument of an option -c sorted in by its file system. */
static inline void floor_add_hierarchy(struct floor_cgroups *cgroups, const char *mount)
{
	if (access(FLOOR_PATH_OF(mount, "/cgroup.controllers"), F_OK) == 0)
		cgroups->unified = mount;
	else if (cgroups->legacy_count < FLOOR_HIERARCHIES)
		cgroups->legacy[cgroups->legacy_count++] = mount;
	else
		floor_must(-E2BIG, mount);
}
