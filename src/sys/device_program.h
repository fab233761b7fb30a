/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Device rules on cgroup version 2: a BPF program of type BPF_PROG_TYPE_CGROUP_DEVICE that is
 * attached to a directory. The program dies with the directory; nothing needs to be kept. Nothing
 * here uses the heap.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

enum {
	DEVICE_RULES_MAX = 400,
	DEVICE_PROGRAM_MAX = 3 + DEVICE_RULES_MAX * 9, /* instructions */
	DEVICE_READ = 1,
	DEVICE_WRITE = 2,
	DEVICE_MKNOD = 4,
};

struct device_rule {
	int64_t major, minor; /* -1 = any */
	uint8_t type;         /* 'b', 'c' */
	uint8_t access;       /* DEVICE_* */
	uint8_t unused[6];
};

struct device_rules {
	const struct device_rule *rows;
	size_t count;
	/*
	 * As version 1 has it. False: an access is allowed when one row grants all of it. True: it
	 * is refused when any row names any part of it.
	 */
	bool allow_by_default;
};

/* The program: its number of instructions, or -E2BIG. `ret` has room for DEVICE_PROGRAM_MAX. */
int device_program_build(const struct device_rules *rules, struct bpf_insn *ret);

/*
 * Put a program in force on a directory besides those of others (BPF_F_ALLOW_MULTI: an access must
 * be allowed by all of them). One that this function attached there before is replaced at once,
 * with no moment without rules (Linux 5.5). 0 or -errno: -EPERM without CAP_BPF or CAP_SYS_ADMIN,
 * or when one above refuses others; -ENOSYS, -EINVAL: the kernel lacks CONFIG_CGROUP_BPF.
 */
int device_program_attach(int cgroup_fd, const struct device_rules *rules);
