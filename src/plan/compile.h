/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The compiler: configuration and facts become a plan. Pure: no system calls, no globals, the same
 * bytes for the same input. A key whose effect is not built yet, and which a start would need, is
 * an error of ERR_CONFIG_UNSUPPORTED that names key and line, never silence.
 *
 * All functions append the plan's bytes to `ret` (8-aligned when it was empty) and return 0, or a
 * negative number with e set, `ret` being untouched then.
 */

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "plan/facts.h"

struct plan_request {
	const char *name;
	const char *lxcpath;
	const char *config_file; /* LXC_CONFIG_FILE, or NULL */
	const char *const *argv; /* the command, NULL = what the configuration says */
	bool is_application;     /* lxc-execute, start(useinit): our own init is PID 1 */
	bool is_foreground;      /* not daemonised: the caller's terminal is the console's peer */
	bool needs_scope;        /* an ordinary user's: systemd is to delegate a cgroup */
	const char *pid_file;    /* or NULL */
	uint32_t listen_fds;     /* descriptors 3 … 2+n that init gets */
	const char *log_level;   /* upper-case word for LXC_LOG_LEVEL */
};

/* Whether a start needs a prelude: a scope of systemd's, pre-start hooks or a mount namespace of
 * the supervisor's own. */
bool plan_needs_prelude(const struct plan_request *request, const struct config *config);

/* Pre-start hooks and unsharing, then OP_COMPILE; STOP and UNDO: state changes, post-stop hooks. */
int plan_compile_prelude(const struct plan_request *request, const struct config *config,
			 struct str *ret, struct err *e);

/* The plan proper. With a prelude its START has no STARTING state and no pre-start hooks. */
int plan_compile(const struct plan_request *request, const struct config *config,
		 const struct facts *facts, struct str *ret, struct err *e);

/* Restoring a checkpoint: clone is criu's. For the format's sake; nothing runs such plans yet. */
int plan_compile_restore(const struct plan_request *request, const struct config *config,
			 const struct facts *facts, const char *directory, struct str *ret,
			 struct err *e);

/* What is known about the container that a command is to run in. */
struct attach_facts {
	uint32_t namespaces;     /* CLONE_NEW* that the plan enters, not those entered before it */
	bool has_user_namespace; /* the container has one of its own */
	bool caller_is_root;     /* euid 0 in the initial user namespace */
	uint64_t bounding;       /* CapBnd of its init */
	bool root_is_mapped;     /* id 0 exists inside */
	uint32_t init_uid, init_gid;          /* inside, of its init */
	struct facts_hierarchies hierarchies; /* whose payload directories are entered */
	const char *payload;   /* cgroup path below the bases; NULL: unknown, don't move */
	const void *seccomp;   /* filter to load, or NULL */
	uint32_t seccomp_size; /* bytes */
	/* Init's number in the new process's pid namespace, when init has a core scheduling cookie;
	 * else 0. */
	uint32_t cookie_pid;
};

struct attach_request {
	const char *name, *lxcpath;
	const char *const *argv; /* NULL: the lane ends before exec (API callback, shell) */
	int flags;               /* LXC_ATTACH_* */
	int32_t personality;     /* or -1 */
	const char *cwd;         /* path to try; "/" when it is not there */
	uint32_t uid, gid;       /* inside; ID_INVALID = default */
	const uint32_t *groups;  /* NULL = none were given */
	size_t group_count;
	const char *const *environment; /* complete, of the new process; ends in NULL */
	bool has_terminal; /* a pty of ours takes the place of the streams that are terminals */
	uint32_t terminal_streams; /* mask 1, 2, 4 of these */
	bool no_new_privs;
	const struct config *config; /* its lxc.proc and lxc.prlimit are applied, or NULL */
};

/*
 * An attach. The lanes know registers by these fixed numbers: ATTACH_REGISTER_*; the caller puts
 * the descriptors there before it runs the plan.
 */
enum {
	ATTACH_REGISTER_PIDFD,    /* of the container's init */
	ATTACH_REGISTER_CHILD,    /* FD: pidfd of the new process */
	ATTACH_REGISTER_PID,      /* NUMBER */
	ATTACH_REGISTER_TERMINAL, /* FD: peer of the pty, when there is one */
	ATTACH_REGISTER_CGROUP,   /* NAME: payload path */
	ATTACH_REGISTER_LEAF,     /* FD: cgroup2 directory to be born in, or empty */
	ATTACH_REGISTER_COUNT,
};
int plan_compile_attach(const struct attach_request *request, const struct attach_facts *facts,
			struct str *ret, struct err *e);
