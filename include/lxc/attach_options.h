/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How to attach to a container: the options of lxc_container's attach members. Names, numbers and
 * layouts are those of LXC 7.0, so that programs written for it compile and run unchanged.
 */

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Where the new process gets its environment from. */
typedef enum lxc_attach_env_policy_t {
	LXC_ATTACH_KEEP_ENV = 0,  /* the caller's */
	LXC_ATTACH_CLEAR_ENV = 1, /* empty, but for extra_keep_env and PATH */
} lxc_attach_env_policy_t;

enum {
	/* On by default. */
	LXC_ATTACH_MOVE_TO_CGROUP = 0x00000001,    /* enter the container's cgroup */
	LXC_ATTACH_DROP_CAPABILITIES = 0x00000002, /* bounding set of its init */
	LXC_ATTACH_SET_PERSONALITY = 0x00000004,
	LXC_ATTACH_LSM_EXEC = 0x00000008, /* the container's security label, on execution */

	/* Off by default. */
	LXC_ATTACH_REMOUNT_PROC_SYS = 0x00010000,
	LXC_ATTACH_LSM_NOW = 0x00020000, /* the label at once */
	LXC_ATTACH_NO_NEW_PRIVS = 0x00040000,
	LXC_ATTACH_TERMINAL = 0x00080000,  /* a new pseudo terminal; the caller relays */
	LXC_ATTACH_LSM_LABEL = 0x00100000, /* lsm_label instead of the container's */
	LXC_ATTACH_SETGROUPS = 0x00200000, /* groups; else supplementary ones are dropped */

	LXC_ATTACH_DEFAULT = 0x0000FFFF
};

/* Also for #ifdef. */
#define LXC_ATTACH_KEEP_ENV          LXC_ATTACH_KEEP_ENV
#define LXC_ATTACH_CLEAR_ENV         LXC_ATTACH_CLEAR_ENV
#define LXC_ATTACH_MOVE_TO_CGROUP    LXC_ATTACH_MOVE_TO_CGROUP
#define LXC_ATTACH_DROP_CAPABILITIES LXC_ATTACH_DROP_CAPABILITIES
#define LXC_ATTACH_SET_PERSONALITY   LXC_ATTACH_SET_PERSONALITY
#define LXC_ATTACH_LSM_EXEC          LXC_ATTACH_LSM_EXEC
#define LXC_ATTACH_REMOUNT_PROC_SYS  LXC_ATTACH_REMOUNT_PROC_SYS
#define LXC_ATTACH_LSM_NOW           LXC_ATTACH_LSM_NOW
#define LXC_ATTACH_NO_NEW_PRIVS      LXC_ATTACH_NO_NEW_PRIVS
#define LXC_ATTACH_TERMINAL          LXC_ATTACH_TERMINAL
#define LXC_ATTACH_LSM_LABEL         LXC_ATTACH_LSM_LABEL
#define LXC_ATTACH_SETGROUPS         LXC_ATTACH_SETGROUPS
#define LXC_ATTACH_DEFAULT           LXC_ATTACH_DEFAULT

/* Any of the flags that are about security labels. */
#define LXC_ATTACH_LSM (LXC_ATTACH_LSM_EXEC | LXC_ATTACH_LSM_NOW | LXC_ATTACH_LSM_LABEL)

/* A personality: that of the container. */
#define LXC_ATTACH_DETECT_PERSONALITY ~0L

/* What runs in the new process; what it returns is the exit status. */
typedef int (*lxc_attach_exec_t)(void *payload);

typedef struct lxc_groups_t {
	size_t size;
	gid_t *list;
} lxc_groups_t;

typedef struct lxc_attach_options_t {
	int attach_flags; /* LXC_ATTACH_* */

	/* CLONE_NEW* of the namespaces to enter, or -1: those that the container has of its own.
	 * They are stored here then. */
	int namespaces;

	long personality;  /* of personality(2), or LXC_ATTACH_DETECT_PERSONALITY */
	char *initial_cwd; /* NULL: the caller's; "/" when it isn't there */
	uid_t uid;         /* inside; -1: root, or who init is when root isn't mapped */
	gid_t gid;
	lxc_attach_env_policy_t env_policy;
	char **extra_env_vars; /* "NAME=VALUE", ends in NULL; or NULL */
	char **extra_keep_env; /* names, with LXC_ATTACH_CLEAR_ENV; ends in NULL; or NULL */
	int stdin_fd;
	int stdout_fd;
	int stderr_fd;
	int log_fd;          /* not used */
	char *lsm_label;     /* with LXC_ATTACH_LSM_LABEL */
	lxc_groups_t groups; /* with LXC_ATTACH_SETGROUPS */
} lxc_attach_options_t;

/* clang-format off */
#define LXC_ATTACH_OPTIONS_DEFAULT                    \
	{                                             \
		LXC_ATTACH_DEFAULT,                   \
		-1,                                   \
		LXC_ATTACH_DETECT_PERSONALITY,        \
		NULL,                                 \
		(uid_t)-1,                            \
		(gid_t)-1,                            \
		LXC_ATTACH_KEEP_ENV,                  \
		NULL,                                 \
		NULL,                                 \
		0,                                    \
		1,                                    \
		2,                                    \
		-EBADF,                               \
		NULL,                                 \
		{ 0, NULL },                          \
	}
/* clang-format on */

typedef struct lxc_attach_command_t {
	char *program; /* searched in PATH when it has no slash */
	char **argv;   /* argv[0] included; ends in NULL */
} lxc_attach_command_t;

/* For attach(): execute an lxc_attach_command_t. Returns only on failure: 126 when the program
 * can't be executed, 127 when there is none, -1 otherwise. */
int lxc_attach_run_command(void *payload);

/* For attach(): execute the user's login shell. The payload is not used. */
int lxc_attach_run_shell(void *payload);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
