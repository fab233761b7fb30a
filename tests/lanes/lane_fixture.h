/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Plans made by hand and run by the INIT lane in a child with namespaces of its own, as HOST would:
 * what the lane says through the gate is kept for the test. Needs root.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/build.h"
#include "run/gate.h"

#define LANE_NAMESPACES \
	(0x00020000 /* NEWNS */ | 0x20000000 /* NEWPID */ | 0x04000000 /* NEWUTS \
											*/)

enum { LANE_FDS_MAX = 8 };

/* What came of a run. */
struct lane_result {
	int status; /* of the child, as wait(2) has it */
	bool has_failed, will_exec;
	struct gate_message failure; /* MESSAGE_FAILED */
	unsigned warnings;
	struct gate_message warning; /* the last one */
	int fds[LANE_FDS_MAX];       /* that came along, in order */
	size_t fd_count;
	uint32_t fd_kind; /* enum gate_kind of the message that brought the last one */
};

struct lane {
	struct plan_build build;
	struct record_header *record; /* shared with the child; RECORD_SIZE_MAX bytes */
	struct run run;
	struct lane_result result;
	/* Called at every gate, before the lane may go on. */
	void (*at_gate)(struct lane *l, pid_t child);
	/* Called when the child has exec'ed, before it is waited for. */
	void (*when_running)(struct lane *l, pid_t child);
	void *context;
	pid_t child;
	char root[64];    /* a directory for a root file system, "" = none was made */
	char outside[64]; /* a directory beside it, which nothing may reach */
};

int lane_setup(void **state);
int lane_teardown(void **state);

/* Build: registers, steps. Objects and origins are of no interest here. */
uint16_t lane_fd_register(struct lane *l);
uint16_t lane_number_register(struct lane *l, uint64_t value);
/* A descriptor of ours that the lane finds in a register. */
uint16_t lane_given_fd(struct lane *l, int fd);
struct plan_step *lane_step(struct lane *l, enum plan_op op);
/* A step whose first two arguments are base and path. */
struct plan_step *lane_step_at(struct lane *l, enum plan_op op, uint16_t base, const char *path);
uint32_t lane_text(struct lane *l, const char *text);

/* OP_FS_OPEN; `options` ends in NULL, and may be NULL. */
struct plan_step *lane_file_system(struct lane *l, uint16_t out, const char *type,
				   const char *const *options);

/* Steps: the root directory is mounted on itself; the register of its descriptor. */
uint16_t lane_mount_root(struct lane *l);
void lane_pivot(struct lane *l, uint16_t root);

/* Run it; `probe` (may be NULL: the plan has an exec) is called in the child at the plan's end. */
void lane_run(struct lane *l, unsigned long namespaces, int (*probe)(void *));

/* Run and expect success, of the probe too. */
void lane_succeeds(struct lane *l, int (*probe)(void *));
/* Run and expect this failure of the step with this op. */
void lane_fails(struct lane *l, enum plan_op op, int errnum);

/* Write a file below the root directory. */
void lane_put_file(struct lane *l, const char *name, const char *content);
void lane_put_directory(struct lane *l, const char *name);
void lane_put_link(struct lane *l, const char *name, const char *text);

/* In probes: say the line and end. */
#define probe_true(condition)                                  \
	do {                                                   \
		if (!(condition))                              \
			return lane_say(__LINE__, #condition); \
	} while (0)
int lane_say(int line, const char *what);
/* Content of a file, as text; "" when it can't be read. */
const char *lane_content(const char *path, char *buf, size_t len);
