/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes of the HOST lane: cloning init, with or without a process in between that joins shared
 * namespaces, killing it, and what is set on it from outside. clone3(2), setns(2), prlimit(2).
 * Restoring by criu is not built yet.
 */

#include "run/host.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/host_cgroup.h"
#include "sys/namespace.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/syscall.h"

enum {
	THAW_TIMEOUT = 50,    /* milliseconds, of what may be frozen */
	KILL_TIMEOUT = 30000, /* milliseconds: a process in the kernel's hands dies late */
};

struct cloning {
	struct process_clone how;
	int gate[2]; /* [0] ours, [1] init's */
};

static int prepare(struct host *h, const struct plan_step *step, struct cloning *ret)
{
	int r;

	ret->how = (struct process_clone){
		.flags = step->arg[2],
		.cgroup_fd = -1,
		.exit_signal = SIGCHLD,
	};
	/* Attaching with a callback: we stand in between, the new process is our parent's child. */
	if (h->run->callback) {
		ret->how.flags |= CLONE_PARENT;
		ret->how.exit_signal = 0;
	}
	if (step->arg[1] != PLAN_NO_REGISTER) {
		ret->how.cgroup_fd = host_fd(h, (unsigned)step->arg[1]);
		if (ret->how.cgroup_fd < 0)
			return host_note(h, -EBADF, "the cgroup to be born in is not open");
	}
	r = gate_open(ret->gate);
	return r < 0 ? host_failed(h, __NR_socketpair, r) : 0;
}

/* In the child: from here on INIT lane rules hold. */
_Noreturn static void become_init(struct host *h, struct cloning *c)
{
	/* Its end must be the only one, so that we see each other's end. */
	sys_close(c->gate[0]);
	/* A directory of the host's, which container processes could already reach through us. */
	if (c->how.cgroup_fd >= 0)
		sys_close(c->how.cgroup_fd);
	run_init_lane(h->run, h->index + 1, c->gate[1]);
}

static void adopt(struct host *h, const struct plan_step *step, struct cloning *c, pid_t pid,
		  int pidfd)
{
	struct run *run = h->run;

	run->child = pid;
	run->child_fd = pidfd;
	run->child_execs = false;
	if (run->gate_fd >= 0)
		close(run->gate_fd);
	run->gate_fd = take_fd(c->gate[0]);
	host_set_number(h, (unsigned)step->arg[0], (uint64_t)pid);
	host_set_fd(h, step->out, pidfd);
	/* Before lxc.prlimit.nofile is. When it is dead already, the next gate tells. */
	if (run->caller_descriptors)
		(void)syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, run->caller_descriptors, NULL);
}

static int clone_plainly(struct host *h, const struct plan_step *step, struct cloning *c)
{
	int pidfd = -EBADF;
	pid_t pid = process_clone(&c->how, &pidfd);

	if (pid == 0)
		become_init(h, c);
	if (pid < 0)
		return host_failed(h, __NR_clone3, pid);
	adopt(h, step, c, pid, pidfd);
	return 0;
}

/* -- joining: a process that enters cgroups and namespaces and clones init as its sibling. Our
 * sibling, too, when the new process is to be our parent's child. */

/*
 * Who attaches is seen by the container's processes from its first moment: the directory of the
 * cgroup is for the process in between, and the new one inherits the place, not the descriptor.
 * (An init is alone in its cgroup, whose limit may be one process.)
 */
static bool is_born_outside(const struct host *h)
{
	return h->plan->flags & PLAN_IS_ATTACH;
}

_Noreturn static void join(struct host *h, struct cloning *c, int report_fd)
{
	struct gate_message message = {.kind = MESSAGE_DESCRIPTOR, .step = h->index};
	struct gate_fds fds = {.count = 0};
	pid_t pid;

	/* Processes of the other container may see us and our child. An ordinary user's supervisor
	 * could not look at its own child any more. */
	if (geteuid() == 0)
		sys_prctl(PR_SET_DUMPABLE, 0, 0, 0);
	if (is_born_outside(h) && c->how.cgroup_fd >= 0) {
		sys_close(c->how.cgroup_fd);
		c->how.cgroup_fd = -1;
	}
	run_join_lane(h->run, h->index + 1, report_fd);
	/* A sibling of ours: its exit signal is then that of ours. */
	c->how.flags |= CLONE_PARENT;
	c->how.exit_signal = 0;
	pid = process_clone(&c->how, &fds.fds[0]);
	if (pid == 0) {
		sys_close(report_fd);
		become_init(h, c);
	}
	if (pid < 0) {
		message.kind = MESSAGE_FAILED;
		message.call = __NR_clone3;
		message.errnum = -pid;
	} else {
		message.errnum = pid;
		fds.count = 1;
	}
	sys_exit(gate_send(report_fd, &message, &fds) < 0 || pid < 0);
}

/* What the process in between has to say. */
static int take_report(struct host *h, const struct plan_step *step, struct cloning *c,
		       int report_fd)
{
	struct gate_message message = {.kind = MESSAGE_FAILED};
	struct gate_fds fds = {.count = 0};
	int r = host_wait(h, report_fd);

	if (r == 0)
		r = gate_receive(report_fd, &message, &fds);
	if (r < 0)
		return host_failed(h, __NR_recvmsg, r);
	if (r == 0)
		return host_explain(h, "the process that joins namespaces has died");
	if (message.kind == MESSAGE_DESCRIPTOR && fds.count == 1 && message.errnum > 0) {
		adopt(h, step, c, message.errnum, fds.fds[0]);
		return 0;
	}
	for (size_t i = 0; i < fds.count; i++)
		close(fds.fds[i]);
	if (message.kind != MESSAGE_FAILED ||
	    message.step >= h->plan->sections[SECTION_START].count)
		return -EPROTO;
	return host_take_failure(h, &message);
}

static int clone_joining(struct host *h, const struct plan_step *step, struct cloning *c)
{
	const bool is_sibling = h->run->callback;
	const struct process_clone plain = {
		.flags = is_sibling ? CLONE_PARENT : 0,
		.cgroup_fd = is_born_outside(h) ? c->how.cgroup_fd : -1,
		.exit_signal = is_sibling ? 0 : SIGCHLD,
	};
	autoclose int pidfd = -EBADF;
	int report[2], r, status;
	pid_t pid;

	r = gate_open(report);
	if (r < 0)
		return host_failed(h, __NR_socketpair, r);
	pid = process_clone(&plain, &pidfd);
	if (pid == 0) {
		sys_close(report[0]);
		join(h, c, report[1]);
	}
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return host_failed(h, __NR_clone3, pid);
	}
	r = take_report(h, step, c, report[0]);
	close(report[0]);
	if (r < 0)
		process_signal(pidfd, SIGKILL);
	if (is_sibling)
		h->run->between = pid;
	else
		process_wait(pidfd, &status);
	return r;
}

int host_clone(struct host *h, const struct plan_step *step)
{
	struct cloning c;
	int r;

	if (step->arg[3] == CLONE_RESTORE)
		return host_note(h, -ENOSYS, "restoring a checkpoint cannot be done yet");
	/* Directories of the host, which container processes could reach through the child. */
	host_cgroup_close_bases(h);
	r = prepare(h, step, &c);
	if (r < 0)
		return r;
	r = step->arg[3] == CLONE_JOIN ? clone_joining(h, step, &c) : clone_plainly(h, step, &c);
	/* Init's end is init's alone; ours is the run's when there is an init. */
	close(c.gate[1]);
	if (c.gate[0] >= 0)
		close(c.gate[0]);
	return r;
}

/* After a crash: init by its pid, if that is still the same process. A descriptor or -ESRCH. */
static int find_orphan(const struct host *h)
{
	const struct record_header *record = h->run->record;
	uint64_t started;
	int fd;

	if (record->init_pid <= 1 || record->init_start_time == 0)
		return -ESRCH;
	fd = process_open(record->init_pid);
	if (fd < 0)
		return fd;
	/* The descriptor was taken first: what is looked at now is what it is open to, or gone. */
	if (process_start_time(record->init_pid, &started) < 0 ||
	    started != record->init_start_time) {
		close(fd);
		return -ESRCH;
	}
	return fd;
}

/* What is frozen dies when it is thawed. */
static void thaw_for_death(struct host *h, int pidfd, const struct plan_step *step)
{
	if (process_poll(pidfd, THAW_TIMEOUT) == 0)
		host_cgroup_thaw(h, step->in);
}

static int kill_orphan(struct host *h, const struct plan_step *step)
{
	autoclose int fd = find_orphan(h);
	int r;

	if (fd < 0)
		return fd == -ESRCH ? 0 : host_failed(h, __NR_pidfd_open, fd);
	r = process_signal(fd, SIGKILL);
	if (r < 0)
		return r == -ESRCH ? 0 : host_failed(h, __NR_pidfd_send_signal, r);
	thaw_for_death(h, fd, step);
	r = process_poll(fd, KILL_TIMEOUT);
	return r == 0 ? host_note(h, -ETIMEDOUT, "init (%d) does not die", h->run->record->init_pid)
		      : r;
}

int host_kill(struct host *h, const struct plan_step *step)
{
	struct run *run = h->run;
	int r, status;

	if (run->child_fd < 0)
		return kill_orphan(h, step);
	r = process_signal(run->child_fd, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return host_failed(h, __NR_pidfd_send_signal, r);
	thaw_for_death(h, run->child_fd, step);
	/* While it dies it may need us: requests of its seccomp filter are answered meanwhile. */
	r = host_wait(h, run->child_fd);
	if (r < 0) {
		r = process_poll(run->child_fd, KILL_TIMEOUT);
		if (r <= 0)
			return host_note(h, r < 0 ? r : -ETIMEDOUT, "init does not die");
	}
	/* The supervisor may have collected it already. */
	r = process_wait(run->child_fd, &status);
	if (r == 0)
		run->record->exit_status = status;
	else if (r != -ECHILD)
		return host_failed(h, __NR_waitid, r);
	run->child = 0;
	if (run->gate_fd >= 0)
		close(take_fd(run->gate_fd));
	return 0;
}

int host_ns_open(struct host *h, const struct plan_step *step)
{
	int fd;

	if (h->run->child <= 0)
		return host_note(h, -ESRCH, "there is no init");
	fd = namespace_open(h->run->child, host_text(h, step, 0));
	if (fd < 0)
		return host_failed(h, __NR_openat, fd);
	host_set_fd(h, step->out, fd);
	return 0;
}

int host_ns_open_path(struct host *h, const struct plan_step *step)
{
	const pid_t pid = (pid_t)step->arg[1];
	int fd = namespace_open_path(host_text(h, step, 0));
	uint64_t started;

	/* Behind the opening: it was the same process all the time. */
	if (fd >= 0 && pid > 0 &&
	    (process_start_time(pid, &started) < 0 || started != step->arg[2])) {
		close(fd);
		return host_note(h, -ESRCH,
				 "process %d has ended since it was looked up: start the container "
				 "again when the one whose namespace it shares runs",
				 (int)pid);
	}
	if (fd == -EINVAL)
		return host_explain(h, "%s is no namespace", host_text(h, step, 0));
	if (fd < 0)
		return host_failed(h, __NR_openat, fd);
	host_set_fd(h, step->out, fd);
	return 0;
}

int host_core_sched(struct host *h, const struct plan_step *step)
{
	const unsigned thread_group = 1; /* PR_SCHED_CORE_SCOPE_THREAD_GROUP */

	int r;

	if (h->run->child <= 0)
		return host_note(h, -ESRCH, "there is no init");
	r = sys_prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, (unsigned long)h->run->child,
		      thread_group);
	return r < 0 ? host_failed(h, __NR_prctl, r) : 0;
}

int host_prlimit(struct host *h, const struct plan_step *step)
{
	/* The kernel's structure, which has 64 bits everywhere. */
	const uint64_t limits[2] = {step->arg[1], step->arg[2]};

	if (h->run->child <= 0)
		return host_note(h, -ESRCH, "there is no init");
	if (syscall(SYS_prlimit64, h->run->child, (int)step->arg[0], limits, NULL) < 0)
		return host_failed(h, __NR_prlimit64, -errno);
	return 0;
}

int host_proc_write(struct host *h, const struct plan_step *step)
{
	const char *name = host_text(h, step, 0), *value = host_text(h, step, 1);
	autoclose int directory = -EBADF;
	int r;

	if (h->run->child <= 0)
		return host_note(h, -ESRCH, "there is no init");
	directory = procfs_open_pid(h->run->child);
	if (directory < 0)
		return host_note(h, host_failed(h, __NR_openat, directory), "/proc/%d",
				 h->run->child);
	r = procfs_write(directory, name, value);
	return r < 0 ? host_note(h, host_failed(h, r == -ENOENT ? __NR_openat2 : __NR_write, r),
				 "\"%s\" into /proc/%d/%s", value, h->run->child, name)
		     : 0;
}
