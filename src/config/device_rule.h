/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Device rules: the values of devices.allow and devices.deny (of cgroup v1 and v2 keys alike), and
 * what a list of them amounts to: a default and exceptions. The device program, the v1 files and
 * lxc-cgroup's devices.list are made from that.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

enum device_access {
	DEVICE_READ = 1 << 0,
	DEVICE_WRITE = 1 << 1,
	DEVICE_MKNOD = 1 << 2,
	DEVICE_ALL = DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD,
};

enum { DEVICE_ANY = -1 }; /* `*` for a device number */

struct device_rule {
	bool allow;         /* from devices.allow; else from devices.deny */
	char type;          /* 'a', 'b', 'c'; '\0' while `path` is not resolved */
	uint8_t access;     /* enum device_access, at least one */
	int64_t major;      /* 0 … 2^32-1 or DEVICE_ANY */
	int64_t minor;      /* the same */
	const char *path;   /* device node to look at, borrowed from the parsed text; or NULL */
	size_t path_length; /* bytes; the path is not terminated */
};

/*
 * Read the value of a key that ends with "devices.allow" or "devices.deny":
 *
 *	a
 *	a|b|c MAJOR|*:MINOR|* ACCESS	one blank between the fields
 *	/dev/PATH ACCESS		what follows is ignored, as LXC does
 *
 * ACCESS is one to three of r, w, m in any order. `value` must outlive a rule with a path.
 * 0, or -EINVAL with LXC's `Failed to parse device rule <key>=<value>`.
 */
int device_rule_parse(const char *key, const char *value, struct device_rule *ret, struct err *e);

/*
 * Complete a rule with a path from what stat(2) says about it. 0, or -ENODEV when that is neither a
 * block nor a character device. The path stays in the rule for messages.
 */
int device_rule_resolve(struct device_rule *rule, const struct stat *status);

/* Append the form of devices.list: "c 1:3 rwm"; "/dev/PATH rw" while not resolved. */
void device_rule_print(const struct device_rule *rule, struct str *out);

/* All devices of type and numbers, without a verdict: it is the opposite of the default. */
struct device_exception {
	char type; /* 'b' or 'c' */
	uint8_t access;
	int64_t major;
	int64_t minor;
};

/*
 * What rules amount to. All zero: no rule was given, nothing is restricted (is_set false), and the
 * first rule starts from "everything is forbidden", as LXC does on cgroup v2.
 */
struct device_rules {
	bool is_set;           /* at least one rule was applied: a device program is due */
	bool allow_by_default; /* exceptions are then what is forbidden */
	struct {
		VEC_OF(struct device_exception)
	} exceptions; /* in the order of addition; heap */
};

void device_rules_finish(struct device_rules *rules);

/*
 * Apply one more rule, in the order of the configuration. As the kernel's v1 controller does it
 * (cgroup-v1/devices.rst), which is also what LXC's rules on v2 amount to:
 *
 * - a global rule sets the default and forgets all exceptions;
 * - a rule against the default adds its access to the exception of the same type and numbers;
 * - a rule along the default takes its access away from that exception, and does nothing else:
 *   it can't cut a hole into an exception of other numbers.
 *
 * 0, -ENOMEM, or -EINVAL for a rule with an unresolved path.
 */
int device_rules_apply(struct device_rules *rules, const struct device_rule *rule);
