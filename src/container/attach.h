/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parts of an attach: what is found out about the container and asked of the new process
 * (attach_gather.c, attach_cgroup.c, attach_environment.c, attach_terminal.c), the bytes that the
 * lanes work on (attach_record.c), and who runs them (attach.c, attach_exec.c).
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <lxc/attach_options.h>

#include "base/arena.h"
#include "container/container.h"
#include "container/runs.h"
#include "plan/compile.h"
#include "run/attach.h"

struct attach {
	struct container *c;
	struct lxc_attach_options_t *options;
	struct arena arena;   /* of everything below that is a text or a list */
	struct run_view view; /* the container's record, looked up once */
	bool has_view;
	struct attach_request request;
	struct attach_facts facts;
	uint32_t namespaces;     /* CLONE_NEW* to enter, all of them */
	struct attach_launch at; /* but its descriptors: those are set with the record */
	bool shares_host_root;   /* the host's root exists inside */
	const char *monitor;     /* the supervisor's cgroup below the bases; NULL = unknown */
	pid_t init;
	/* Owned; -EBADF = none. */
	int pidfd, leaf_fd, terminal_fd, peer_fd, log_fd;
};

/* The defaults of LXC. */
void attach_init_options(struct lxc_attach_options_t *options);

void attach_init(struct attach *a, struct container *c, struct lxc_attach_options_t *options);
void attach_finish(struct attach *a);

/* Everything but the terminal; fills facts and most of the request. The options' namespaces of -1
 * are replaced. */
int attach_gather(struct attach *a, struct err *e);

/* Where the new process goes: facts.hierarchies, facts.payload, leaf_fd. */
int attach_find_cgroups(struct attach *a, struct err *e);

/* The calling process, which attaches and nothing else, goes to where an ordinary user may clone
 * into the container's cgroup from. */
int attach_enter_unit(struct attach *a, struct err *e);

/* Which of facts.hierarchies are crowded. */
void attach_find_crowded(struct attach *a);

/* request.environment. */
int attach_make_environment(struct attach *a, struct err *e);

/* A pseudo terminal of the container's (of the host's, when that can't be had) whose peer belongs
 * to the new process's user. */
int attach_open_terminal(struct attach *a, struct err *e);

/* Compile, and make the record from it: heap of *ret_size bytes. */
int attach_make_record(struct attach *a, const char *comm, char **ret, size_t *ret_size,
		       struct err *e);

/* The login shell of a user inside, in the arena; "/bin/sh" when nobody knows. */
const char *attach_find_shell(struct attach *a);

/* A user's line of a passwd(5) file: the shell, heap, or NULL. */
char *attach_shell_of(const char *passwd, uint32_t uid);

/* An id inside as the host sees it, by the maps of a process; ID_INVALID when it has none. */
uint32_t attach_map_out(pid_t pid, const char *map, uint32_t inside);
uint32_t attach_map_in(pid_t pid, const char *map, uint32_t outside);

/*
 * Whether security labels (/proc/PID/attr/current) say that a process of ours would run less
 * confined than init: another label than ours, and not the one of what is not confined. NULL: no
 * module has a label for it.
 */
bool attach_label_confines(const char *of_init, const char *own);
