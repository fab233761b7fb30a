/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: a small plan in which every kind of argument occurs, as a compiler would build
 * it.
 */

#include <sched.h>
#include <stdlib.h>

#include "plan/build.h"

enum { FIXTURE_PIDFD, FIXTURE_PID, FIXTURE_CGROUP, FIXTURE_TREE, FIXTURE_VETH, FIXTURE_TTY };

/* A steps' index in START. */
enum {
	FIXTURE_STATE_AT,
	FIXTURE_CGROUP_AT,
	FIXTURE_DEVICES_AT,
	FIXTURE_CLONE_AT,
	FIXTURE_VETH_AT,
	FIXTURE_GATE_AT,
	FIXTURE_OPEN_AT,
	FIXTURE_ATTACH_AT,
	FIXTURE_GROUPS_AT,
	FIXTURE_SECCOMP_AT,
	FIXTURE_ADDRESS_AT,
	FIXTURE_EXEC_AT,
	FIXTURE_START_COUNT,
};

static inline void fixture_registers(struct plan_build *b)
{
	plan_build_register(b, REGISTER_FD, "init-pidfd");
	plan_build_register(b, REGISTER_NUMBER, "init-pid");
	plan_build_register(b, REGISTER_NAME, "cgroup");
	plan_build_register(b, REGISTER_FD, "tree");
	plan_build_register(b, REGISTER_NAME, "veth0");
	plan_build_register(b, REGISTER_FD, "tty1");
	b->plan.roles[ROLE_INIT_PID] = FIXTURE_PID;
	b->plan.roles[ROLE_INIT_PIDFD] = FIXTURE_PIDFD;
	b->plan.roles[ROLE_TTY_FIRST] = FIXTURE_TTY;
	b->plan.tty_count = 1;
}

static inline uint32_t fixture_devices(struct plan_build *b)
{
	size_t size = sizeof(struct plan_devices) + 2 * sizeof(struct plan_device);
	struct plan_devices *devices = calloc(1, size);
	uint32_t offset;

	if (!devices)
		abort();
	devices->count = 2;
	devices->rows[0] = (struct plan_device){.major = 1, .minor = 3, .type = 'c', .access = 7};
	devices->rows[1] = (struct plan_device){.major = 8, .minor = -1, .type = 'b', .access = 1};
	offset = plan_build_bytes(b, devices, size);
	free(devices);
	return offset;
}

static inline void fixture_host(struct plan_build *b)
{
	struct plan_step *step;

	step = plan_build_step(b, SECTION_START, OP_STATE, "STARTING", NULL);
	step->arg[0] = 1;
	step = plan_build_step(b, SECTION_START, OP_CGROUP_CREATE, "lxc.payload.c1", NULL);
	step->arg[0] = plan_build_text(b, "lxc.payload.c1");
	step->arg[1] = CGROUP_PAYLOAD;
	step->out = FIXTURE_CGROUP;
	step = plan_build_step(b, SECTION_START, OP_CGROUP_DEVICES, "lxc.payload.c1", "config:9");
	step->in = FIXTURE_CGROUP;
	step->arg[1] = fixture_devices(b);
	step = plan_build_step(b, SECTION_START, OP_CLONE, "c1", NULL);
	step->out = FIXTURE_PIDFD;
	step->arg[0] = FIXTURE_PID;
	step->arg[2] = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
	step = plan_build_step(b, SECTION_START, OP_VETH_CREATE, "vethXXXXXX", "config:4");
	step->out = FIXTURE_VETH;
	step->arg[0] = plan_build_text(b, "vethXXXXXX");
	step->arg[1] = plan_build_text(b, "eth0");
	step->arg[3] = UINT64_C(0x010203042a02);
	step->arg[4] = 2 | UINT64_C(3) << 32;
	step = plan_build_step(b, SECTION_START, OP_GATE, "ids", NULL);
	step->arg[1] = FIXTURE_TTY;
	step->arg[2] = 1;
}

static inline void fixture_init(struct plan_build *b)
{
	const char *const argv[] = {"/sbin/init", "say \"hi\"", NULL};
	const uint32_t gids[] = {4, 27};
	const uint64_t filter[] = {6, 6};
	const uint8_t address[] = {10, 0, 3, 2};
	autostr reference = {};
	const char *environment[] = {"container=lxc", NULL, NULL};
	struct plan_step *step;

	step = plan_build_step(b, SECTION_START, OP_TREE_OPEN, "/data on mnt",
			       "config:31 lxc.mount.entry");
	step->flags = STEP_OPTIONAL;
	step->arg[1] = plan_build_text(b, "/data");
	step->arg[2] = 1;
	step->out = FIXTURE_TREE;
	step = plan_build_step(b, SECTION_START, OP_TREE_ATTACH, "/data on mnt",
			       "config:31 lxc.mount.entry");
	step->flags = STEP_OPTIONAL;
	step->in = FIXTURE_TREE;
	step->arg[1] = plan_build_text(b, "mnt");
	step = plan_build_step(b, SECTION_START, OP_GROUPS, "4 27", NULL);
	step->arg[0] = plan_build_bytes(b, gids, sizeof(gids));
	step = plan_build_step(b, SECTION_START, OP_SECCOMP, "common.seccomp", NULL);
	step->arg[0] = plan_build_bytes(b, filter, sizeof(filter));
	step = plan_build_step(b, SECTION_START, OP_ADDRESS_ADD, "10.0.3.2/24", NULL);
	step->arg[0] = plan_build_text(b, "eth0");
	step->arg[1] = plan_build_bytes(b, address, sizeof(address));
	step->arg[2] = 24;

	str_add(&reference, "VETH=");
	plan_add_reference(&reference, FIXTURE_VETH);
	environment[1] = str_text(&reference);
	step = plan_build_step(b, SECTION_START, OP_EXEC, "/sbin/init", NULL);
	step->arg[0] = plan_build_list(b, argv);
	step->arg[1] = plan_build_list(b, environment);
}

static inline void fixture_end(struct plan_build *b, enum plan_section section)
{
	struct plan_step *step;

	plan_build_step(b, section, OP_KILL, "init", NULL);
	step = plan_build_step(b, section, OP_LINK_DELETE, "vethXXXXXX", NULL);
	step->in = FIXTURE_VETH;
	step = plan_build_step(b, section, OP_CGROUP_REMOVE, "lxc.payload.c1", NULL);
	step->in = FIXTURE_CGROUP;
	step->arg[0] = 1;
}

/* A builder with all of it; only plan_build_finish() is missing. */
static inline void fixture_build(struct plan_build *b)
{
	const char *const hook_environment[] = {"LXC_NAME=c1", NULL};
	struct plan_hierarchy *hierarchy;
	struct plan_overlay *overlay;

	plan_build_init(b);
	fixture_registers(b);
	hierarchy = vec_push(&b->hierarchies);
	overlay = vec_push(&b->overlays);
	if (!hierarchy || !overlay)
		abort();
	hierarchy->mount = plan_build_text(b, "/sys/fs/cgroup");
	hierarchy->controllers = plan_build_text(b, "cpu,memory");
	hierarchy->version = 2;
	overlay->key = plan_build_text(b, "lxc.net.0.veth.pair");
	overlay->register_number = FIXTURE_VETH;
	b->plan.hook_environment = plan_build_list(b, hook_environment);
	b->plan.clone_flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
	b->plan.flags = PLAN_HAS_CONSOLE;
	b->plan.signal_halt = 30;
	b->plan.devices = fixture_devices(b);
	fixture_host(b);
	fixture_init(b);
	fixture_end(b, SECTION_STOP);
	fixture_end(b, SECTION_UNDO);
}

/* The finished plan; `bytes` is to be finished. */
static inline struct plan *fixture_plan(struct str *bytes)
{
	struct plan_build b;

	fixture_build(&b);
	if (plan_build_finish(&b, bytes, NULL) < 0)
		abort();
	plan_build_free(&b);
	return (struct plan *)bytes->data;
}
