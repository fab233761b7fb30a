/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Running our helper programs from a library: like vfork, so that it costs the same in a process of
 * any size, and safe in programs with several threads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* The directory of helper programs: TARE_HELPERS, unless the process has gained rights by exec,
 * when the program is there; else that of the build. Heap. */
int helper_directory(const char *program, char **ret, struct err *e);

/* "lxc-supervisor-N": SUPERVISOR_NUMBER (run/record.h), or that of another version. */
void helper_supervisor_name(unsigned number, char *buf, size_t len);

/*
 * A sealed copy of a program in memory, which no container can reach the file through
 * (CVE-2019-5736). Returns its descriptor, or negative with a hint.
 */
int helper_seal(const char *path, struct err *e);

/*
 * Run this very program from such a copy, with this argv and environment; `name` is the copy's.
 * Returns 0 when it does so already, the process being called as argv[0] says; or -errno.
 */
int program_run_sealed(const char *name, char *const *argv);

enum { SPAWN_FDS_MAX = 8 };

struct spawn {
	const char *path; /* of the program, for execve … */
	int program_fd;   /* … or a descriptor of it; -EBADF = none */
	char *const *argv;
	char *const *environment;
	int fds[SPAWN_FDS_MAX]; /* to be handed on under the same numbers; -EBADF = none */
	bool detached;          /* the new process is no child of ours, and nobody's to reap */
};

/*
 * The new process starts with our signal mask and ignored signals. Returns its pid (0 when it is
 * detached), or -errno of what failed, exec included.
 */
pid_t spawn_program(const struct spawn *spawn);

/* Execute in place: only on failure does it return, -errno. */
int spawn_in_place(const struct spawn *spawn);

/* Our environment with one more variable in front; heap (the array alone). */
char **spawn_environment(const char *variable);
