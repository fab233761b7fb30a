/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The policy file that `lxc.seccomp.profile` names, as a typed model.
 *
 * The model keeps what the file says: system calls by name (which of them exist is known to
 * libseccomp, later), every rule with the section it stands in. seccomp_arch_set() tells which
 * architectures of a host a section means.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct arena;
struct err;

/* One row each: constant, name of the section header. */
#define SECCOMP_ARCHES(X)                          \
	X(SECCOMP_ARCH_X86, "x86")                 \
	X(SECCOMP_ARCH_X32, "x32")                 \
	X(SECCOMP_ARCH_X86_64, "x86_64")           \
	X(SECCOMP_ARCH_ARM, "arm")                 \
	X(SECCOMP_ARCH_ARM64, "arm64")             \
	X(SECCOMP_ARCH_PPC, "ppc")                 \
	X(SECCOMP_ARCH_PPC64, "ppc64")             \
	X(SECCOMP_ARCH_PPC64LE, "ppc64le")         \
	X(SECCOMP_ARCH_MIPS, "mips")               \
	X(SECCOMP_ARCH_MIPS64, "mips64")           \
	X(SECCOMP_ARCH_MIPS64N32, "mips64n32")     \
	X(SECCOMP_ARCH_MIPSEL, "mipsel")           \
	X(SECCOMP_ARCH_MIPSEL64, "mipsel64")       \
	X(SECCOMP_ARCH_MIPSEL64N32, "mipsel64n32") \
	X(SECCOMP_ARCH_S390, "s390")               \
	X(SECCOMP_ARCH_S390X, "s390x")             \
	X(SECCOMP_ARCH_LOONGARCH64, "loongarch64")

#define SECCOMP_ARCH_CONSTANT(id, name) id,
enum seccomp_arch {
	SECCOMP_ARCH_ALL,    /* [all], and the rules before the first header */
	SECCOMP_ARCH_NATIVE, /* the numbers of a version 1 policy */
	SECCOMP_ARCHES(SECCOMP_ARCH_CONSTANT) SECCOMP_ARCH_COUNT,
};
#undef SECCOMP_ARCH_CONSTANT

enum seccomp_style {
	SECCOMP_ALLOWLIST,
	SECCOMP_DENYLIST,
};

enum seccomp_action_kind {
	SECCOMP_KILL, /* the thread */
	SECCOMP_ERRNO,
	SECCOMP_ALLOW,
	SECCOMP_TRAP,
	SECCOMP_NOTIFY,
};

struct seccomp_action {
	enum seccomp_action_kind kind;
	unsigned errnum; /* of SECCOMP_ERRNO: 0 … SECCOMP_ERRNO_MAX */
};

enum seccomp_compare {
	SECCOMP_NE,
	SECCOMP_LT,
	SECCOMP_LE,
	SECCOMP_EQ,
	SECCOMP_GE,
	SECCOMP_GT,
	SECCOMP_MASKED_EQ, /* (argument & mask) == value */
};

enum {
	SECCOMP_ERRNO_MAX = 4095, /* MAX_ERRNO of the kernel, which cuts larger ones to it */
	SECCOMP_ARGUMENTS_MAX = 6,
};

/* A condition on one argument of the call; all conditions of a rule must hold. */
struct seccomp_argument {
	unsigned index; /* 0 … 5, at most once in a rule */
	enum seccomp_compare compare;
	uint64_t value;
	uint64_t mask; /* of SECCOMP_MASKED_EQ, else 0 */
};

struct seccomp_rule {
	enum seccomp_arch section;
	const char *syscall; /* version 2: its name, known or not; NULL in version 1 */
	int number;          /* version 1: its native number; -1 in version 2 */
	struct seccomp_action action;
	unsigned argument_count;
	const struct seccomp_argument *arguments;
	unsigned line; /* in the file, from 1 */
};

struct seccomp_rule_list {
	VEC_OF(struct seccomp_rule)
};

struct seccomp_policy {
	unsigned version; /* 1 or 2 */
	enum seccomp_style style;
	struct seccomp_action default_action; /* for system calls without a rule */
	struct seccomp_action listed_action;  /* for rules that name no action */
	struct seccomp_rule_list rules;       /* in the order of the file */
};

/*
 * Read a policy. `file` is its name for messages ("FILE:LINE" is the origin of an error). Lines end
 * in LF or CR LF; blanks around a line do not count. What the result points to is the arena's or
 * constant.
 * Returns 0; -EINVAL with LXC's words for what is wrong; -ENOMEM.
 */
int seccomp_policy_parse(const char *file, const char *text, size_t len, struct arena *arena,
			 struct seccomp_policy *ret, struct err *e);

/* Whether a rule or the default hands calls to a listener, which the container then needs. */
bool seccomp_policy_has_notify(const struct seccomp_policy *policy);

#define SECCOMP_ARCH_BIT(arch) (UINT32_C(1) << (arch))

/*
 * The architectures that a section means on a host whose kernel is `native` (a concrete one), as
 * SECCOMP_ARCH_BIT()s: `native` and those that such a kernel also runs, or the one of them that the
 * section names. 0: the section does not concern this host.
 */
uint32_t seccomp_arch_set(enum seccomp_arch section, enum seccomp_arch native);
