/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The plan: a container's start, stop and clean-up as flat bytes.
 *
 * A header, three sections of fixed-size steps, tables, and a blob area; everything is addressed by
 * offsets from the beginning of the plan, so that the bytes can be mapped, copied and sent as they
 * are. The compiler (compile.h) makes plans, the lanes (run/) execute them, print.h shows them.
 * A plan contains no condition about the container's matters: what it says is what happens.
 *
 * A plan that comes from another process is looked at by plan_check() before use; the accessors
 * below trust it then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PLAN_FORMAT =
		1, /* raised with every change of layout, op numbers or meanings (run/record.h) */
	PLAN_ARGUMENTS = 6,
	PLAN_REGISTERS_MAX = 160,
	PLAN_SIZE_MAX = 4 << 20,      /* bytes */
	PLAN_VISIBLE_MAX = 32 * 1024, /* bytes of an object or origin: two paths, all escaped */
	PLAN_HIERARCHIES_MAX = 24,
	/* Bytes of a NAME register with its NUL: the longest name of a container, 239 bytes, behind
	 * "lxc.payload.", and a suffix of four, are what a file system takes. */
	PLAN_NAME_MAX = 256,
};

#define PLAN_MAGIC       "TAREPLAN"
#define PLAN_NO_REGISTER UINT16_MAX

/* Texts may name registers: this byte, then the register's number as two bytes, 1 + n / 128 and
 * 1 + n % 128 (so that no byte is NUL). A lane puts in the register's value: a name as it is, a
 * number in decimal, a descriptor as "/proc/PID/fd/N" of the supervisor. A byte of this value that
 * is meant as such stands there as PLAN_LITERAL, the reference that no register can have. */
#define PLAN_REFERENCE '\x01'
#define PLAN_LITERAL   256

enum plan_lane {
	LANE_HOST, /* the supervisor (attach: the caller) */
	LANE_INIT, /* the cloned child, which becomes the container's init (attach: the command) */
	LANE_BOTH, /* a gate: each lane runs it when it gets there */
	LANE_JOIN, /* a short-lived process that enters namespaces of others, then clones init */
	LANE_RESTORE, /* criu takes the place of clone */
	LANE_COUNT,
};

enum plan_section { SECTION_START, SECTION_STOP, SECTION_UNDO, SECTION_COUNT };

enum plan_step_flag {
	/* A failure is logged at INFO and leaves the step's register empty. Steps with this flag
	 * that read an empty register are passed over. */
	STEP_OPTIONAL = 1 << 0,
	/* Only a living supervisor does it; left out when a record is undone after a crash. */
	STEP_LIVE = 1 << 1,
	/* A failure is a warning, and the lane goes on (hooks of the stop section, device rules
	 * that an ordinary user may not set). */
	STEP_WARN = 1 << 2,
	/* Of START, but not of the way to RUNNING: the supervisor does it when the container has
	 * run for a while. STOP and UNDO bear that it was not done. */
	STEP_LATE = 1 << 3,
	/* Of STOP and UNDO: nothing new begins under the name until it has been done. */
	STEP_OWED = 1 << 4,
	/* Of UNDO: it works on the network namespace in which the run began. */
	STEP_NETWORK = 1 << 5,
};

/* What a register holds. */
enum register_kind { REGISTER_FD, REGISTER_NUMBER, REGISTER_NAME };

struct plan_register {
	uint32_t name; /* text: for people */
	uint8_t kind;  /* enum register_kind */
	uint8_t unused[3];
};

struct plan_step {
	uint16_t op;     /* enum plan_op */
	uint8_t lane;    /* enum plan_lane */
	uint8_t flags;   /* enum plan_step_flag bits */
	uint16_t out;    /* register that it writes, or PLAN_NO_REGISTER */
	uint16_t in;     /* register that it reads, or PLAN_NO_REGISTER */
	uint32_t object; /* text: what it is about; always printable */
	uint32_t origin; /* text: "FILE:LINE KEY" that asked for it; 0 = nobody but the defaults */
	uint64_t arg[PLAN_ARGUMENTS]; /* as ops.h says for the op */
};
_Static_assert(sizeof(struct plan_step) == 64, "steps are the wire format");

/* A cgroup hierarchy that the plan works with. */
struct plan_hierarchy {
	uint32_t mount;       /* text: where it is mounted, "/sys/fs/cgroup/memory" */
	uint32_t base;        /* text: the directory below it where ours begin, "" = its root */
	uint32_t controllers; /* text: comma list, for people and for GET_CGROUP; "" = none */
	uint8_t version;      /* 1 or 2 */
	uint8_t is_cpuset;    /* v1: new directories need cpus and mems */
	uint8_t unused[2];
	/* Inode of the base, 0 = whatever is there: systemd may have removed it after a crash, and
	 * made one of the same name for somebody else. */
	uint64_t identity;
};
_Static_assert(sizeof(struct plan_hierarchy) == 24, "hierarchies are the wire format");

/* Registers that the supervisor looks at itself: each PLAN_NO_REGISTER when there is none. */
enum plan_role {
	ROLE_INIT_PID,         /* NUMBER */
	ROLE_INIT_PIDFD,       /* FD */
	ROLE_CONSOLE_MASTER,   /* FD */
	ROLE_CONSOLE_INDEX,    /* NUMBER: N of /dev/pts/N in its devpts, mostly the container's */
	ROLE_DEVPTS,           /* FD: root directory of the container's devpts */
	ROLE_TTY_FIRST,        /* FD: masters of tty1 …, one register after the other */
	ROLE_MONITOR_CGROUP,   /* NAME: path below the bases */
	ROLE_LIMIT_CGROUP,     /* NAME: the payload's outer directory: limits */
	ROLE_PAYLOAD_CGROUP,   /* NAME: where processes are (equal to it but for .inner) */
	ROLE_HOOK_OUTPUT,      /* FD: read end of the pipe that hooks of the INIT lane write to */
	ROLE_ADDRESS_SOCKET,   /* FD: rtnetlink socket inside the container's network namespace */
	ROLE_SECCOMP_LISTENER, /* FD */
	ROLE_ROOT_PIN,         /* FD */
	ROLE_OUTER_MOUNTS,     /* FD: mount namespace that lxc.monitor.unshare has left */
	ROLE_COUNT,
};

/*
 * A configuration item whose running value is another than the configured one: a register's
 * ("lxc.net.0.veth.pair"), or what the compiler chose ("lxc.net.0.name").
 */
struct plan_overlay {
	uint32_t key;             /* text */
	uint32_t register_number; /* PLAN_NO_REGISTER: `value` it is */
	uint32_t value;           /* text */
	uint32_t unused;
};

struct plan {
	char magic[8];
	uint32_t format;
	uint32_t size; /* bytes of the whole plan */
	struct {
		uint32_t offset; /* of its first step, 8-aligned */
		uint32_t count;
	} sections[SECTION_COUNT];
	struct {
		uint32_t offset, count;
	} registers, hierarchies, overlays;
	uint32_t
		hook_environment; /* list of "NAME=VALUE" that all hooks get besides the caller's */
	uint32_t clone_flags;     /* CLONE_NEW* of all namespaces that are made: GET_CLONE_FLAGS */
	uint32_t tty_count;
	uint32_t flags; /* enum plan_flag */
	uint32_t signal_halt, signal_reboot,
		signal_stop;        /* 0 = halt, reboot: as runtime.md §18 says */
	uint16_t roles[ROLE_COUNT]; /* registers */
	uint32_t devices; /* bytes (see OP_CGROUP_DEVICES): the rules in force; 0 = none */
	uint32_t blob;    /* offset of the blob area, which ends with the plan */
};

enum plan_flag {
	PLAN_IS_PRELUDE = 1 << 0, /* ends with OP_COMPILE: the plan proper follows */
	PLAN_HAS_USER_NAMESPACE = 1 << 1,
	PLAN_IS_APPLICATION = 1 << 2, /* our own init is PID 1 */
	PLAN_IS_ATTACH = 1 << 3,
	PLAN_HAS_CONSOLE = 1 << 4,
	PLAN_FREEZE_AT_START = 1 << 5, /* lxc.cgroup.freezer.state = FROZEN */
	/* The supervisor begins by making itself anew in the base of version 2. */
	PLAN_LEAVES_CGROUP = 1 << 6,
};

/*
 * Why bytes are no plan: a sentence without the object, or NULL when they are one. Every offset,
 * count, op, lane, register and text is inside its bounds, arguments fit the op's table row, each
 * gate stands in LANE_BOTH, INIT steps come behind the clone. What START makes is given back by
 * UNDO, and by STOP but for the process (gone by then) and in plans for attaching.
 */
const char *plan_check(const void *bytes, size_t size);

static inline const struct plan_step *plan_steps(const struct plan *p, enum plan_section section)
{
	return (const struct plan_step *)((const char *)p + p->sections[section].offset);
}

/* A text; offset 0 is "". */
static inline const char *plan_text(const struct plan *p, uint64_t offset)
{
	return offset ? (const char *)p + offset : "";
}

/* A list: uint32_t count, then that many texts one behind the other, each with its NUL. */
static inline uint32_t plan_list_count(const struct plan *p, uint64_t offset)
{
	return offset ? *(const uint32_t *)((const char *)p + offset) : 0;
}

/* The first text of a list; the next one begins behind its NUL. */
static inline const char *plan_list_first(const struct plan *p, uint64_t offset)
{
	return (const char *)p + offset + sizeof(uint32_t);
}

/* Bytes: uint32_t length, then 4 bytes of zero, then the bytes, 8-aligned. */
static inline uint32_t plan_bytes_length(const struct plan *p, uint64_t offset)
{
	return offset ? *(const uint32_t *)((const char *)p + offset) : 0;
}

static inline const void *plan_bytes(const struct plan *p, uint64_t offset)
{
	return (const char *)p + offset + 2 * sizeof(uint32_t);
}

static inline const struct plan_register *plan_registers(const struct plan *p)
{
	return (const struct plan_register *)((const char *)p + p->registers.offset);
}

static inline const struct plan_hierarchy *plan_hierarchies(const struct plan *p)
{
	return (const struct plan_hierarchy *)((const char *)p + p->hierarchies.offset);
}

static inline const struct plan_overlay *plan_overlays(const struct plan *p)
{
	return (const struct plan_overlay *)((const char *)p + p->overlays.offset);
}
