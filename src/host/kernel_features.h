/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the running kernel can do, probed by doing: each question is one system call that fails
 * before it changes anything, which costs less than reading a cached answer would. So nothing is
 * cached, and a kernel that is replaced under us is never believed to be the old one.
 */

#include <stdbool.h>
#include <stdint.h>

/* time_namespaces(7), Linux 5.6 with CONFIG_TIME_NS. */
bool kernel_has_time_namespace(void);

/* clone3(2) with CLONE_INTO_CGROUP, Linux 5.7. Also false when clone3 itself is filtered. */
bool kernel_has_clone_into_cgroup(void);

/* mount_setattr(2) with MOUNT_ATTR_IDMAP, Linux 5.12. False for callers who may not mount. */
bool kernel_has_idmapped_mounts(void);

/* Core scheduling (prctl(2) PR_SCHED_CORE), Linux 5.14; false without SMT, where it is pointless.
 */
bool kernel_has_core_sched(void);

/* /proc/sysrq-trigger (CONFIG_MAGIC_SYSRQ). True when in doubt. */
bool kernel_has_sysrq(void);

/* One bit per capability that the kernel knows, from bit 0. */
uint64_t kernel_capabilities(void);
