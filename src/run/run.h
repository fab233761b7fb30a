/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The lanes: executing a plan's steps, one after the other, without deciding anything.
 *
 * HOST runs in the supervisor (or the process that attaches), INIT in the cloned child. Both walk
 * the same section; each passes over the other's steps and meets it at gates. Nothing here knows
 * the configuration. What needs the supervisor's event loop or state machine is asked of it through
 * struct run_calls.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/ops.h"
#include "run/record.h"

enum { RUN_NOTE_MAX = 112 };

/* What travels between the lanes: SOCK_SEQPACKET, descriptors by SCM_RIGHTS. */
enum gate_kind {
	MESSAGE_ARRIVED,    /* INIT stands at the gate of `step`; its descriptors ride along */
	MESSAGE_PASS,       /* HOST does, too: go on */
	MESSAGE_FAILED,     /* INIT's step failed; it ends now */
	MESSAGE_WARNED,     /* an OPTIONAL or WARN step failed; INIT goes on */
	MESSAGE_DESCRIPTOR, /* a descriptor at once (seccomp listener), no answer */
	MESSAGE_EXEC_NEXT,  /* the next call is exec: EOF after this is success */
};

struct gate_message {
	uint32_t kind;           /* enum gate_kind */
	uint32_t step;           /* index in START, from 0 */
	uint32_t call;           /* __NR_* that failed, or 0 */
	int32_t errnum;          /* positive */
	char note[RUN_NOTE_MAX]; /* which object inside a list, what was found; NUL-terminated */
};
_Static_assert(sizeof(struct gate_message) == 128, "one fixed record");

/* Why a lane stopped. */
struct run_failure {
	uint32_t section, step; /* step from 0; UINT32_MAX: not a step's fault */
	bool is_in_child;
	uint32_t call;
	int32_t errnum;
	char note[512];
	const char *printed; /* by the hook that failed: lines, each with its newline; or NULL */
};

struct run;

/* What the supervisor (or the attaching process) does for the lanes. 0 or -errno; positive where
 * said. A NULL member: the op is an error (ENOSYS). */
struct run_calls {
	/* Serve events until the descriptor is readable (or hung up). */
	int (*wait_readable)(struct run *r, int fd);
	int (*set_state)(struct run *r, enum container_state state);
	int (*exit_event)(struct run *r);
	/* OP_SCOPE_ENTER: have the supervisor moved to a scope. On failure e is set. */
	int (*enter_scope)(struct run *r, const char *name, struct err *e);
	/* OP_COMPILE: get a plan into the record; r->plan is it afterwards. On failure e is set. */
	int (*compile)(struct run *r, struct err *e);
	int (*console_opened)(struct run *r, const struct plan_step *step);
	int (*console_peer)(struct run *r, const struct plan_step *step);
	int (*console_log)(struct run *r, const struct plan_step *step);
	int (*console_buffer)(struct run *r, const struct plan_step *step);
	int (*console_close)(struct run *r);
	int (*destroy)(struct run *r);
	/* Output of a hook, a piece at a time. */
	void (*hook_output)(struct run *r, const char *text, size_t length);
	/* A HOOK_STOPS_REBOOT hook failed. */
	void (*refuse_reboot)(struct run *r);
	/* A step that may fail did, or a hook of the stop section. */
	void (*warn)(struct run *r, const struct run_failure *failure);
};

/*
 * One execution. For starts `record` is the mapped record and registers are the record's; attach
 * has a record in memory of its own. Descriptors of registers: record_register.fd, owned by the
 * run.
 */
struct run {
	struct record_header *record;
	const struct plan *plan;
	const struct run_calls *calls;
	void *context;            /* the supervisor */
	int gate_fd;              /* HOST's end, -EBADF before the clone and after EOF */
	pid_t child;              /* 0 = none */
	int child_fd;             /* its pidfd, borrowed from the register; -EBADF */
	bool child_execs;         /* MESSAGE_EXEC_NEXT has come */
	bool is_after_reboot;     /* run_undo(): the run was another boot's */
	bool is_elsewhere;        /* run_undo(): it began in another network namespace */
	uint32_t target;          /* enum run_target */
	char *const *environment; /* the caller's: hooks get it */
	/* Signal state that the child gets back before PID 1, a hook or an attached program runs,
	 * bit n - 1 for signal n: these are blocked, these ignored, and no others. */
	uint64_t caller_mask;
	uint64_t caller_ignored;
	/* RLIMIT_NOFILE that the child, hooks and helpers get back: soft and hard; NULL: ours is
	 * the caller's. */
	const uint64_t *caller_descriptors;
	/* The memory that ps shows as this process's command line (that much of it) and as its
	 * environment: our own init wipes it in the child. 0 bytes: unknown, stays. */
	char *title;
	size_t title_arguments, title_room;
	/* Attach with a callback: runs instead of OP_EXEC when the lane's last step is done. */
	int (*callback)(void *payload);
	void *payload;
	pid_t between; /* then: the process in between is our parent's to wait for; 0 = none */
	struct err *explained; /* compile and helpers put their chain here; may be NULL */
	/* host_cgroup.c: the base directories of the plan's hierarchies that are open, each + 1. */
	int cgroup_bases[PLAN_HIERARCHIES_MAX];
};

enum run_target { TARGET_STOP, TARGET_REBOOT };

/* host.c: execute HOST's steps (and gates) of a section from `first` on. 0, or negative with the
 * failure filled. STOP and UNDO go on behind failures (each is warned about) and return 0. */
int run_host(struct run *r, enum plan_section section, uint32_t first, struct run_failure *ret);

/* The steps of START that come when the container has run for a while (STEP_LATE): whether there
 * are any, and all of them; each that fails is warned about. */
bool run_has_late(const struct run *r);
void run_late(struct run *r);

/* Undo after a crash: UNDO's steps without STEP_LIVE; descriptors are not there. After a reboot
 * only what outlives one is given back. */
int run_undo(struct run *r, struct run_failure *ret);

/* host_net_pin.c: go to the network namespace that the run began in, when it was kept. 0; -ENOENT;
 * other -errno. */
int run_enter_network(struct run *r);

/* Read INIT's last words: waits for MESSAGE_EXEC_NEXT and EOF. 0 = PID 1 runs. */
int run_wait_exec(struct run *r, struct run_failure *ret);

/* init.c: the child's whole life after clone. `first` = index behind the clone step. Never returns
 * but by exec or _exit. INIT lane: allocates nothing, formats nothing, calls only system calls. */
_Noreturn void run_init_lane(struct run *r, uint32_t first, int gate_fd);

/* init.c: the steps of LANE_JOIN, in a process that stands between HOST and the child, by the rules
 * of the INIT lane. Returns when all are done; a failure goes through the socket as INIT's does,
 * and ends the process. */
void run_join_lane(struct run *r, uint32_t first, int report_fd);

/* init_program.c: our own PID 1: run argv, reap, forward, end (runtime.md §16). Never returns. INIT
 * lane rules hold. */
_Noreturn void run_init_program(char *const *argv, char *const *environment);

/* report.c: a failure as an error chain: outer frame "cannot start the container", then the step
 * (number, lane, sentence, origin), then call and errno, the note, the hint. */
void run_report(const struct plan *plan, const struct run_failure *failure, const char *intent,
		struct err *e);

/* "open_tree" for __NR_open_tree; NULL for others. */
const char *run_call_name(uint32_t call);
