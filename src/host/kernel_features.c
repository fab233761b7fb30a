/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Probes of the kernel. What each relies on is said beside it; the order in which the kernel checks
 * arguments is stable, because programs that feel their way as this one does depend on it.
 */

#include "host/kernel_features.h"

#include <errno.h>
#include <limits.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/names.h"

enum { KERNEL_AT_EMPTY_PATH = 0x1000, CAPABILITIES_MAX = 64 };

bool kernel_has_time_namespace(void)
{
	return access("/proc/self/ns/time_for_children", F_OK) == 0;
}

/*
 * A kernel that doesn't know the member `cgroup` refuses a structure in which it is set (E2BIG);
 * one that does looks at the flags next, of which this combination is refused (EINVAL).
 */
bool kernel_has_clone_into_cgroup(void)
{
	struct clone_args arguments = {
		.flags = CLONE_PARENT,
		.exit_signal = SIGCHLD,
		.cgroup = 1,
	};

	return syscall(SYS_clone3, &arguments, sizeof(arguments)) < 0 && errno == EINVAL;
}

/* The user namespace is looked at before the path. */
bool kernel_has_idmapped_mounts(void)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = INT_MAX, /* beyond any limit on descriptors */
	};

	return syscall(SYS_mount_setattr, -1, "", KERNEL_AT_EMPTY_PATH, &attributes,
		       sizeof(attributes)) < 0 &&
	       errno == EBADF;
}

bool kernel_has_core_sched(void)
{
	unsigned long cookie;

	return syscall(SYS_prctl, PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, PR_SCHED_CORE_SCOPE_THREAD,
		       &cookie) == 0;
}

/* Where nothing can be seen it counts as there: what is missing then fails where it is used. */
bool kernel_has_sysrq(void)
{
	return access("/proc/sysrq-trigger", F_OK) == 0 || errno != ENOENT ||
	       access("/proc/sys", F_OK) < 0;
}

uint64_t kernel_capabilities(void)
{
	unsigned count = CAPABILITY_COUNT;

	while (count > 0 && syscall(SYS_prctl, PR_CAPBSET_READ, count - 1, 0, 0, 0) < 0)
		count--;
	while (count < CAPABILITIES_MAX && syscall(SYS_prctl, PR_CAPBSET_READ, count, 0, 0, 0) >= 0)
		count++;
	return count == CAPABILITIES_MAX ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}
