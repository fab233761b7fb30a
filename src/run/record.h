/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The run record: one file per run, RUNDIR/lxc/runs/<16 hex digits: FNV-1a-64 of lxcpath>/<name>,
 * mode 0600 (directories 0700 but for RUNDIR/lxc, 0755). It is mapped shared by the supervisor for
 * the run's whole life and holds what others may want to know or must undo.
 *
 *	struct record_header   published state, launch parameters, offsets         (page 0)
 *	struct record_register PLAN_REGISTERS_MAX of them                 RECORD_REGISTERS_AT
 *	launch texts, configuration, prelude, plan (of a reboot: behind all)        RECORD_PARTS_AT
 *
 * The starter makes the file (O_TMPFILE, then linked under its name), locks it with an OFD write
 * lock on byte 0 and hands the descriptor to the supervisor: the lock belongs to the open file and
 * lives as long as the supervisor. A record that is not locked and not finished belongs to a run
 * that died: whoever finds it takes the lock, marks it as dead, so that nobody takes the lock for a
 * sign of life, and runs `lxc-supervisor-N --undo FD`. A supervisor that could not give everything
 * back leaves such a record, too.
 *
 * Before the run's address is given back and STOPPED is said for good, the supervisor moves the
 * file to ".ended/<name>.<pid>" there, so that the next start may use the name, and unlinks it at
 * its end. Few are there at any time: who looks for a name's runs reads that directory alone.
 *
 * Readers map it read-only. Everything in it is written by processes of the same user; readers
 * still check magic, format, sizes and offsets (record_check()).
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/container_state.h"
#include "plan/plan.h"
#include "sys/boot.h"

#define RECORD_MAGIC "TARERUN"
/* Directory, beside the others, of the records of runs that have given their address back. */
#define RECORD_ENDED ".ended"

enum {
	/* Raised with every change of layout or meaning of what stands here. */
	RECORD_FORMAT = 2,
	/* The number in the name of the program that knows both formats: lxc-supervisor-N. */
	SUPERVISOR_NUMBER = 1,
	RECORD_VERSION_MAX = 24,
	RECORD_OWED_MAX = 400,
	RECORD_REGISTERS_AT = 8192,
	RECORD_NAME_MAX = PLAN_NAME_MAX,
	RECORD_RUN_NAME_MAX = 240, /* of a container: the file's name has more than that in it */
	RECORD_ADDRESSES_MAX = 32,
	RECORD_SIZE_MAX = 16 << 20, /* bytes: what the supervisor maps, so that the file may grow */
};

enum record_register_state {
	VALUE_EMPTY,
	VALUE_INTENDED, /* is about to be made: may exist or not */
	VALUE_SET,
};

struct record_register {
	_Atomic uint32_t state; /* enum record_register_state */
	int32_t fd;             /* of the supervisor; meaningless to others */
	uint64_t number;
	/* Of what is intended and has several parts: so many of them have been made for sure, the
	 * next may have been, the others have not. */
	_Atomic uint32_t parts;
	_Atomic uint32_t gone;      /* of what is set: bit n when part n has been given back */
	char name[RECORD_NAME_MAX]; /* NUL-terminated */
};

enum record_flag {
	RECORD_DAEMONISED = 1 << 0,
	RECORD_FOREGROUND = 1 << 1, /* the terminal is the starter's */
	RECORD_CLOSE_FDS = 1 << 2,  /* close what was inherited (want_close_all_fds, daemonised) */
	RECORD_QUIET = 1 << 3,
	RECORD_EPHEMERAL = 1 << 4,
	RECORD_TRACE = 1 << 5,    /* steps note their times; printed on stderr or into the log */
	RECORD_EXPLAINS = 1 << 6, /* the supervisor itself prints errors (foreground commands) */
	RECORD_COMMAND_STATUS = 1 << 7, /* exit as init did (lxc-execute, lxc-start -F -- CMD) */
	RECORD_HAS_PRELUDE = 1 << 8,
	RECORD_APPLICATION = 1 << 9,
};

/* What a supervisor, or whoever undid the run last, could not give back. */
enum record_left {
	LEFT_SOMETHING = 1 << 0,
	/* What only somebody in the network namespace of the run could. */
	LEFT_ELSEWHERE = 1 << 1,
	/* What must be given back before anything new begins under the name. */
	LEFT_OWED = 1 << 2,
};

enum fault_place { FAULT_IN_START, FAULT_IN_PRELUDE, FAULT_IN_STOP, FAULT_IN_UNDO };

struct record_address {
	uint8_t family; /* AF_INET, AF_INET6; 0 = unused */
	uint8_t prefix;
	uint8_t scope; /* RT_SCOPE_* */
	uint8_t unused;
	uint32_t ifindex;
	char interface[16];
	uint8_t address[16];
};

struct record_part {
	uint32_t offset, size; /* in the file */
};

struct record_header {
	/* What every format begins with, for ever: whoever finds a record of another one can tell
	 * who wrote it, and which program undoes it. */
	char magic[8];
	uint32_t format;
	uint32_t program;                 /* N of the lxc-supervisor-N that it is made for */
	char version[RECORD_VERSION_MAX]; /* of the package that wrote it */
	char boot_id[BOOT_ID_MAX];        /* of the boot it belongs to; "" = unknown */
	_Atomic uint32_t finished;        /* 1: nothing is left to undo */
	/* 1: its supervisor was found dead by somebody who had the lock. Whoever holds it now
	 * undoes the run. */
	_Atomic uint32_t dead;

	/* Published. The supervisor alone writes it. */
	_Atomic uint32_t state; /* enum container_state */
	uint32_t flags;         /* enum record_flag */
	int32_t supervisor_pid;
	int32_t init_pid;                  /* 0 while there is none */
	uint64_t init_start_time;          /* field 22 of /proc/PID/stat: tells a reused pid */
	uint64_t started;                  /* CLOCK_REALTIME, µs; names the run: never changes */
	int32_t exit_status;               /* wait status of init */
	_Atomic uint32_t address_sequence; /* odd while addresses are being written */
	struct record_address addresses[RECORD_ADDRESSES_MAX];

	/* Progress: section and step (counted from 0) that is being or was last executed. */
	uint32_t in_prelude; /* the cursor is about the prelude */
	uint32_t section;
	_Atomic uint32_t cursor;
	_Atomic uint32_t cursor_done; /* 1: that step has ended */

	/* Launch: descriptor numbers in the supervisor, -1 = none. */
	int32_t listener_fd; /* bound and listening control socket */
	int32_t result_fd;   /* socket that gets one struct run_result */
	int32_t log_fd;
	int32_t caller_pidfd; /* API start that is not daemonised: stop when the caller dies */
	int32_t log_level;    /* enum log_level */
	uint32_t listen_fds;
	/* Tests: this step (from 1; 0 = none) fails with this errno; negative: who gets there dies,
	 * the supervisor by that signal, init (whom its own signals don't kill) by exiting without
	 * a word. That, and a failure at the end of a run, happens once. */
	uint32_t fault_step;
	uint32_t fault_place; /* enum fault_place */
	int32_t fault_errno;

	/* Texts: offsets in the file, 0 = none. */
	uint32_t name, lxcpath, run_path;    /* run_path: of this file */
	uint32_t comm, log_prefix, log_word; /* log_word: PVE-03 */
	uint32_t config_file, pid_file;
	uint32_t argv;   /* list (as in plans, offsets from the file's beginning) or 0 */
	uint32_t helper; /* directory of lxc-compile and the other helpers */

	struct record_part items;   /* struct record_items: running configuration */
	struct record_part applied; /* frozen configuration, for lxc-compile (config/freeze.h) */
	struct record_part prelude; /* plan; size 0 = none */
	struct record_part plan;    /* plan; size 0 = not yet compiled */

	/* With RECORD_TRACE: CLOCK_MONOTONIC nanoseconds at the begin and end of START's steps. */
	struct record_part trace; /* uint64_t [2 * steps] */

	/*
	 * struct plan_devices: the rules in force, since one was changed in this run; size 0 =
	 * those of the plan. Behind everything else, and the supervisor's: who reads checks the
	 * bounds.
	 */
	struct record_part devices;
	_Atomic uint32_t device_sequence; /* odd while they are being written */
	uint32_t unused;

	/* Inode numbers of the supervisor's namespaces, 0 = unknown: elsewhere its numbers of
	 * processes mean others, and its control socket isn't there. */
	uint64_t pid_namespace, net_namespace;

	uint32_t left; /* enum record_left */
	/* Of LEFT_OWED: the first failure, a sentence or "", and its errno or 0. */
	int32_t owed_errno;
	char owed[RECORD_OWED_MAX];
};
_Static_assert(sizeof(struct record_header) <= RECORD_REGISTERS_AT, "the header has its pages");

#define RECORD_HAS_AT(member, at)                                      \
	_Static_assert(offsetof(struct record_header, member) == (at), \
		       "another layout is another RECORD_FORMAT")
RECORD_HAS_AT(format, 8); /* those up to `dead` never change */
RECORD_HAS_AT(program, 12);
RECORD_HAS_AT(version, 16);
RECORD_HAS_AT(boot_id, 40);
RECORD_HAS_AT(finished, 80);
RECORD_HAS_AT(dead, 84);
RECORD_HAS_AT(state, 88);
RECORD_HAS_AT(flags, 92);
RECORD_HAS_AT(supervisor_pid, 96);
RECORD_HAS_AT(init_pid, 100);
RECORD_HAS_AT(init_start_time, 104);
RECORD_HAS_AT(started, 112);
RECORD_HAS_AT(exit_status, 120);
RECORD_HAS_AT(address_sequence, 124);
RECORD_HAS_AT(addresses, 128);
RECORD_HAS_AT(in_prelude, 1408);
RECORD_HAS_AT(section, 1412);
RECORD_HAS_AT(cursor, 1416);
RECORD_HAS_AT(cursor_done, 1420);
RECORD_HAS_AT(listener_fd, 1424);
RECORD_HAS_AT(result_fd, 1428);
RECORD_HAS_AT(log_fd, 1432);
RECORD_HAS_AT(caller_pidfd, 1436);
RECORD_HAS_AT(log_level, 1440);
RECORD_HAS_AT(listen_fds, 1444);
RECORD_HAS_AT(fault_step, 1448);
RECORD_HAS_AT(fault_place, 1452);
RECORD_HAS_AT(fault_errno, 1456);
RECORD_HAS_AT(name, 1460);
RECORD_HAS_AT(lxcpath, 1464);
RECORD_HAS_AT(run_path, 1468);
RECORD_HAS_AT(comm, 1472);
RECORD_HAS_AT(log_prefix, 1476);
RECORD_HAS_AT(log_word, 1480);
RECORD_HAS_AT(config_file, 1484);
RECORD_HAS_AT(pid_file, 1488);
RECORD_HAS_AT(argv, 1492);
RECORD_HAS_AT(helper, 1496);
RECORD_HAS_AT(items, 1500);
RECORD_HAS_AT(applied, 1508);
RECORD_HAS_AT(prelude, 1516);
RECORD_HAS_AT(plan, 1524);
RECORD_HAS_AT(trace, 1532);
RECORD_HAS_AT(devices, 1540);
RECORD_HAS_AT(device_sequence, 1548);
RECORD_HAS_AT(pid_namespace, 1560);
RECORD_HAS_AT(net_namespace, 1568);
RECORD_HAS_AT(left, 1576);
RECORD_HAS_AT(owed_errno, 1580);
RECORD_HAS_AT(owed, 1584);
#undef RECORD_HAS_AT
_Static_assert(sizeof(struct record_register) == 280, "another layout is another RECORD_FORMAT");
_Static_assert(sizeof(struct record_address) == 40, "another layout is another RECORD_FORMAT");
_Static_assert(PLAN_FORMAT == 1 && RECORD_FORMAT == 2 && SUPERVISOR_NUMBER == 1,
	       "another format is another program: raise SUPERVISOR_NUMBER, here and in "
	       "helpers/meson.build");

enum {
	RECORD_PARTS_AT = RECORD_REGISTERS_AT + PLAN_REGISTERS_MAX * sizeof(struct record_register)
};

/* Items of the running configuration, as command 7 of the control socket answers them. */
struct record_item {
	uint32_t key, value; /* offsets from the beginning of struct record_items; texts with NUL */
};
struct record_items {
	uint32_t count;
	uint32_t unused;
	struct record_item rows[]; /* in ascending order of keys (strcmp) */
};

static inline struct record_register *record_registers(struct record_header *r)
{
	return (struct record_register *)((char *)r + RECORD_REGISTERS_AT);
}

static inline const char *record_text(const struct record_header *r, uint32_t offset)
{
	return offset ? (const char *)r + offset : "";
}

static inline const struct plan *record_plan(const struct record_header *r)
{
	return r->plan.size ? (const struct plan *)((const char *)r + r->plan.offset) : NULL;
}

static inline const struct plan *record_prelude(const struct record_header *r)
{
	return r->prelude.size ? (const struct plan *)((const char *)r + r->prelude.offset) : NULL;
}

/* Whether `size` bytes are a record that can be read: magic, format, parts and texts in bounds, and
 * both plans pass plan_check(). Returns NULL or a sentence. */
const char *record_check(const struct record_header *r, size_t size);
/* The same without the plans: for those who only read what is published. */
const char *record_check_frame(const struct record_header *r, size_t size);

/* Whether it was written in another boot of this machine (or of the container that we are in):
 * then its supervisor and everything that a reboot takes away are gone, and numbers in it (pids,
 * interfaces) are others'. `boot_id`: as boot_id_read() gives it. */
bool record_is_of_other_boot(const struct record_header *r, const char *boot_id);

/*
 * The supervisor replaces the plan on a reboot. It leaves the bytes of the one that is in force as
 * they are, so that readers may go on with what they have looked at; it takes effect with its size.
 */
void record_publish_plan(struct record_header *r, uint32_t offset, uint32_t size);

/*
 * The path of the record's file from when its run has given its address back, into `ret` of `size`
 * bytes. 0; -EINVAL: it has no path; -ENAMETOOLONG. A plain function: `ret` is untouched then.
 */
int record_ended_path(const struct record_header *r, char *ret, size_t size);

/* The plan in force, for a reader that has `size` bytes mapped: in bounds, and passes plan_check().
 * NULL: there is none at the moment, or it lies behind what is mapped. */
const struct plan *record_look_at_plan(const struct record_header *r, size_t size);

/* Value of a configuration item, or NULL. */
const char *record_find_item(const struct record_header *r, const char *key);

/*
 * The same in this run: what it has in the item's place (an overlay of its plan `p`, which may be
 * NULL) comes first. Texts of other processes' records are terminated. `room` is for numbers.
 */
enum { RECORD_NUMBER_MAX = 24 };
const char *record_find_running_item(const struct record_header *r, const struct plan *p,
				     const char *key, char room[RECORD_NUMBER_MAX]);

/*
 * How the supervisor is told where its record is: the environment variable RECORD_VARIABLE, first
 * in its environment, holds the descriptor's number in decimal. It removes the variable before it
 * runs anything. argv is free for what ps should show. `lxc-supervisor --undo FD`: undo that
 * record.
 */
#define RECORD_VARIABLE "TARE_RECORD"
