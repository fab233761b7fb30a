/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ops about the process itself: namespaces, ids, capabilities, filters, limits of what an exec
 * keeps. Each is what its manual page says; what is forgiven stands at the op. INIT lane rules: see
 * init.h.
 */

#include "run/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/statfs.h>

#include "sys/capability.h"
#include "sys/credentials.h"
#include "sys/kernel.h"
#include "sys/resolve.h"
#include "sys/seccomp_load.h"
#include "sys/syscall.h"

int init_op_death_signal(struct init_lane *l)
{
	l->call = __NR_prctl;
	return sys_prctl(PR_SET_PDEATHSIG, (unsigned long)l->step->arg[0], 0, 0);
}

/* The socket for network requests belongs to the network namespace that it was opened in. */
static void leave_network(struct init_lane *l, uint64_t namespaces)
{
	if (!l->netlink || !(namespaces & CLONE_NEWNET))
		return;
	netlink_close(l->netlink);
	l->netlink = NULL;
}

int init_op_unshare(struct init_lane *l)
{
	leave_network(l, l->step->arg[0]);
	l->call = __NR_unshare;
	return sys_unshare((unsigned long)l->step->arg[0]);
}

int init_op_enter(struct init_lane *l)
{
	int fd, r = init_get_fd(l, l->step->in, &fd);

	if (r != 0)
		return r;
	leave_network(l, l->step->arg[0]);
	l->call = __NR_setns;
	return sys_setns(fd, (unsigned long)l->step->arg[0]);
}

/*
 * EPERM of an empty list is forgiven: an ordinary user who maps his own ids alone must deny
 * setgroups first (user_namespaces(7)), and then keeps the groups that he has anyway.
 */
static int set_groups(struct init_lane *l, size_t count, const uint32_t *gids)
{
	int r;

	l->call = __NR_setgroups;
	r = credentials_set_groups(count, gids);
	return r == -EPERM && count == 0 ? 0 : r;
}

int init_op_become_root(struct init_lane *l)
{
	int r = set_groups(l, 0, NULL);

	if (r < 0)
		return r;
	l->call = __NR_setresgid;
	r = credentials_set_gid((uint32_t)l->step->arg[1]);
	if (r < 0)
		return r;
	l->call = __NR_setresuid;
	r = credentials_set_uid((uint32_t)l->step->arg[0]);
	if (r < 0)
		return r;
	l->call = __NR_prctl;
	return credentials_set_dumpable(l->step->arg[2] ? 0 : 1);
}

/*
 * Something of our own in procfs. In a mount namespace that is shared /proc may be anything: its
 * owners choose no file that we write to, and none that we wait for.
 */
static int open_own(struct init_lane *l, const char *path, int flags)
{
	struct statfs file_system;
	int proc, r;

	l->call = __NR_openat;
	proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (proc < 0)
		return proc;
	l->call = __NR_fstatfs;
	r = sys_fstatfs(proc, &file_system);
	if (r == 0 && file_system.f_type != KERNEL_PROC_MAGIC)
		r = -EXDEV;
	if (r == 0) {
		l->call = __NR_openat2;
		r = resolve_open_same_mount_by_links(proc, path, flags);
	}
	sys_close(proc);
	return r;
}

int init_op_time_offsets(struct init_lane *l)
{
	const char *offsets = plan_text(l->plan, l->step->arg[0]);
	ssize_t written;
	int fd, directory, r;

	fd = open_own(l, "self/timens_offsets", O_WRONLY);
	if (fd < 0)
		return fd;
	l->call = __NR_write;
	written = sys_write(fd, offsets, init_text_length(offsets));
	sys_close(fd);
	if (written < 0)
		return (int)written;
	directory = open_own(l, "self/ns", O_RDONLY | O_DIRECTORY);
	if (directory < 0)
		return directory;
	l->call = __NR_openat;
	fd = sys_openat(directory, "time_for_children", O_RDONLY | O_NONBLOCK, 0);
	sys_close(directory);
	if (fd < 0)
		return fd;
	l->call = __NR_setns;
	r = sys_setns(fd, CLONE_NEWTIME);
	sys_close(fd);
	return r;
}

int init_op_hostname(struct init_lane *l)
{
	const char *name = plan_text(l->plan, l->step->arg[0]);

	l->call = __NR_sethostname;
	return (int)sys_call3(__NR_sethostname, (long)name, (long)init_text_length(name), 0);
}

int init_op_keyring(struct init_lane *l)
{
	enum { JOIN_SESSION_KEYRING = 1 }; /* keyctl(2) */
	long r;

	l->call = __NR_keyctl;
	r = sys_call3(__NR_keyctl, JOIN_SESSION_KEYRING, 0, 0);
	if (r >= 0 || r == -ENOSYS || r == -EACCES || r == -EPERM || r == -EDQUOT)
		return 0;
	return (int)r;
}

int init_op_core_join(struct init_lane *l)
{
	const unsigned one_thread = 0; /* PR_SCHED_CORE_SCOPE_THREAD */

	l->call = __NR_prctl;
	return sys_prctl(PR_SCHED_CORE, PR_SCHED_CORE_SHARE_FROM, l->step->arg[0], one_thread);
}

int init_op_personality(struct init_lane *l)
{
	long r;

	l->call = __NR_personality;
	r = sys_call3(__NR_personality, (long)l->step->arg[0], 0, 0);
	return r < 0 ? (int)r : 0;
}

int init_op_caps_bound(struct init_lane *l)
{
	l->call = __NR_prctl;
	return capability_bound(l->step->arg[0]);
}

/*
 * Clearing takes the inheritable set back, too: what was put there to raise the ambient set must
 * not stay for programs with file capabilities (CVE-2022-27650).
 */
int init_op_caps_ambient(struct init_lane *l)
{
	struct capability_sets sets;
	int r;

	l->call = __NR_capget;
	r = capability_get(&sets);
	if (r < 0)
		return r;
	if (!l->step->arg[0]) {
		l->call = __NR_prctl;
		r = capability_clear_ambient();
		if (r < 0)
			return r;
	}
	sets.inheritable = l->step->arg[0] ? sets.permitted : 0;
	l->call = __NR_capset;
	r = capability_set(&sets);
	if (r < 0 || !l->step->arg[0])
		return r;
	l->call = __NR_prctl;
	return capability_raise_ambient(sets.permitted);
}

int init_op_no_new_privs(struct init_lane *l)
{
	l->call = __NR_prctl;
	return sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0);
}

/* A listener goes to HOST at once: the next call may already wait for its answer. */
int init_op_seccomp(struct init_lane *l)
{
	const uint64_t program = l->step->arg[0];
	int r;

	l->call = __NR_seccomp;
	r = seccomp_load(plan_bytes(l->plan, program), plan_bytes_length(l->plan, program),
			 (uint32_t)l->step->arg[1]);
	if (r < 0)
		return r;
	if (l->step->arg[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER) {
		init_tell(l, MESSAGE_DESCRIPTOR, 0, r);
		init_set_fd(l, r);
	}
	return 0;
}

/*
 * CVE-2024-21626: the path may be a link of the container's to /proc/self/fd/N, and what is open
 * here leads to the host. No chdir(2), which would follow it.
 */
int init_op_chdir(struct init_lane *l)
{
	int r, fd;

	l->call = __NR_openat2;
	fd = resolve_open_here(plan_text(l->plan, l->step->arg[0]), O_PATH | O_DIRECTORY);
	r = fd;
	if (fd >= 0) {
		l->call = __NR_fchdir;
		r = sys_fchdir(fd);
		sys_close(fd);
	}
	if (r >= 0 || !l->step->arg[1])
		return r;
	l->call = __NR_chdir;
	return sys_chdir("/");
}

int init_op_groups(struct init_lane *l)
{
	const uint64_t list = l->step->arg[0];
	const size_t count = plan_bytes_length(l->plan, list) / sizeof(uint32_t);

	return set_groups(l, count, count > 0 ? plan_bytes(l->plan, list) : NULL);
}

int init_op_set_gid(struct init_lane *l)
{
	l->call = __NR_setresgid;
	return credentials_set_gid((uint32_t)l->step->arg[0]);
}

int init_op_set_uid(struct init_lane *l)
{
	int r;

	l->call = __NR_setresuid;
	r = credentials_set_uid((uint32_t)l->step->arg[0]);
	if (r < 0 || !l->step->arg[1])
		return r;
	l->call = __NR_prctl;
	return credentials_set_dumpable(1);
}

/*
 * Closed at once, not by the exec: until that is done the program's name, a link of the container's
 * perhaps, could lead through /proc/self/fd, and our own init does not exec at all. The gate alone
 * stays, for what is yet to be told.
 */
int init_op_close_others(struct init_lane *l)
{
	const unsigned first = 3 + (unsigned)l->step->arg[0], gate = (unsigned)l->gate_fd;
	int r = 0;

	leave_network(l, CLONE_NEWNET);
	l->call = __NR_close_range;
	if (gate > first)
		r = sys_close_range(first, gate - 1);
	return r < 0 ? r : sys_close_range(gate >= first ? gate + 1 : first, ~0U);
}
