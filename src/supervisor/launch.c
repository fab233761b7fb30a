/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Becoming the supervisor (spec/runtime.md §3, steps 4 and 11). The starter has forked already when
 * it had to. Descriptors that nobody told us about are closed in a daemon, and reported else.
 */

#include "supervisor/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_CATEGORY "start"
#include "base/log.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "base/utf8.h"
#include "supervisor/supervisor.h"
#include "sys/cgroup.h"
#include "sys/kernel.h"
#include "sys/process.h"
#include "sys/syscall.h"

enum {
	KEPT_MAX = 5, /* descriptors of the record */
	SIGNAL_MAX = 64,
};

void launch_hold_streams(void)
{
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		/* The lowest that is free, that is this one. */
		if (fcntl(stream, F_GETFD) < 0 &&
		    open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY) == stream)
			fcntl(stream, F_SETFD, 0);
	}
}

const char *launch_map_record(int fd, struct record_header **ret)
{
	struct record_header *record;
	const char *problem;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return "there is no run record";
	if ((uint64_t)status.st_size < RECORD_PARTS_AT ||
	    (uint64_t)status.st_size > RECORD_SIZE_MAX)
		return "the run record has a wrong size";
	record = mmap(NULL, RECORD_SIZE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (record == MAP_FAILED)
		return "the run record can't be mapped";
	problem = record_check(record, (size_t)status.st_size);
	if (problem) {
		munmap(record, RECORD_SIZE_MAX);
		return problem;
	}
	*ret = record;
	return NULL;
}

int launch_take_variable(char **environment, const char *variable)
{
	int fd = -EBADF;

	for (char **at = environment; *at;) {
		const char *value = text_after(*at, variable);
		int32_t number;

		if (!value) {
			at++;
			continue;
		}
		if (num_parse_i32(value, 10, &number) == 0)
			fd = number;
		for (char **rest = at; *rest; rest++)
			rest[0] = rest[1];
	}
	return fd;
}

/* What the child gets back, and hooks: as the starter had it. */
static void read_signals(struct supervisor *s)
{
	sys_sigmask(SIG_BLOCK, NULL, &s->run.caller_mask);
	s->run.caller_ignored = process_ignored_signals();
}

/* An ignored SIGCHLD would take our children's end away; others would never be forwarded. By the
 * kernel's own calls: C libraries keep some signals to themselves. */
static void take_signals(struct supervisor *s)
{
	const struct kernel_sigaction standard = {.handler = SIG_DFL};
	const uint64_t mask = LOOP_SIGNALS;

	sys_sigmask(SIG_SETMASK, &mask, NULL);
	for (int n = 1; n <= SIGNAL_MAX; n++) {
		if (n == SIGCHLD || s->run.caller_ignored >> (n - 1) & 1)
			sys_sigaction(n, &standard);
	}
}

static bool is_kept(const struct supervisor *s, int fd)
{
	const struct record_header *r = s->record;

	return fd <= STDERR_FILENO || fd < STDERR_FILENO + 1 + (int)r->listen_fds ||
	       fd == s->record_fd || fd == r->listener_fd || fd == r->result_fd ||
	       fd == r->log_fd || fd == r->caller_pidfd;
}

/* The gaps between those that are kept, in ascending order. */
static void close_others(const struct supervisor *s)
{
	const struct record_header *r = s->record;
	const int kept[KEPT_MAX] = {s->record_fd, r->listener_fd, r->result_fd, r->log_fd,
				    r->caller_pidfd};
	unsigned from = STDERR_FILENO + 1 + r->listen_fds;

	for (;;) {
		unsigned next = UINT32_MAX;

		for (int i = 0; i < KEPT_MAX; i++) {
			if (kept[i] >= 0 && (unsigned)kept[i] >= from && (unsigned)kept[i] < next)
				next = (unsigned)kept[i];
		}
		if (next > from)
			syscall(SYS_close_range, from, next == UINT32_MAX ? next : next - 1, 0);
		if (next == UINT32_MAX)
			return;
		from = next + 1;
	}
}

struct entry_head { /* struct linux_dirent64, getdents64(2) */
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

/* Not closed: the one who starts a container in the foreground may want the container to have them
 * (that is, it may not know). */
static void report_others(const struct supervisor *s)
{
	_Alignas(struct entry_head) char buffer[1024];
	autoclose int fd = -EBADF;
	long got;

	if (!log_is_enabled(LOG_LEVEL_INFO))
		return;
	fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	while ((got = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < got;) {
			const struct entry_head *entry = (const void *)(buffer + at);
			int32_t number;

			at += entry->length;
			if (num_parse_i32(entry->name, 10, &number) == 0 && number != fd &&
			    !is_kept(s, number))
				log_info("Inherited fd %d", number);
		}
	}
}

static void use_null_streams(void)
{
	autoclose int fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
}

static void become_daemon(struct supervisor *s)
{
	/* Fails for the leader of a group only: then we have a session or a shell's job. */
	setsid();
	if (chdir("/") < 0)
		log_warn_errno(errno, "Failed to change to the directory /");
	if (s->record->flags & RECORD_TRACE)
		s->trace_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	use_null_streams();
}

void launch_keep_from_programs(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void adopt_log(struct supervisor *s)
{
	struct record_header *r = s->record;
	struct log_handover log = {
		.fd = r->log_fd >= 0 ? r->log_fd : -EBADF,
		.level = (enum log_level)r->log_level,
		.quiet = (r->flags & (RECORD_QUIET | RECORD_DAEMONISED)) != 0,
	};

	utf8_copy_visible(log.program, sizeof(log.program), record_text(r, r->log_prefix));
	utf8_copy_visible(log.stderr_word, sizeof(log.stderr_word), record_text(r, r->log_word));
	log_adopt(&log, record_text(r, r->name));
}

/* 1: we are another process now, born in the base of version 2. 0: nobody asked for it. */
static int leave_cgroup(const struct record_header *r)
{
	const struct plan *p = record_prelude(r) ? NULL : record_plan(r);
	struct process_clone how = {.cgroup_fd = -EBADF, .exit_signal = SIGCHLD};
	int pidfd = -EBADF;
	pid_t pid;

	if (!p || !(p->flags & PLAN_LEAVES_CGROUP))
		return 0;
	for (uint32_t i = 0; i < p->hierarchies.count; i++) {
		const struct plan_hierarchy *h = plan_hierarchies(p) + i;

		if (h->version == 2)
			how.cgroup_fd =
				cgroup_open(plan_text(p, h->mount), plan_text(p, h->base), "");
	}
	if (how.cgroup_fd < 0)
		return how.cgroup_fd;
	pid = process_clone(&how, &pidfd);
	close(how.cgroup_fd);
	if (pid > 0)
		_exit(0);
	return pid < 0 ? pid : 1;
}

const char *launch_adopt(struct supervisor *s, int record_fd, char **environment)
{
	struct record_header *r;
	const char *problem;

	read_signals(s);
	take_signals(s);
	problem = launch_map_record(record_fd, &s->record);
	if (problem)
		return problem;
	r = s->record;
	s->is_in_callers_cgroup = leave_cgroup(r) < 0;
	s->record_fd = record_fd;
	s->trace_fd = -EBADF;
	s->result_fd = r->result_fd >= 0 ? r->result_fd : -EBADF;
	s->caller_fd = r->caller_pidfd >= 0 ? r->caller_pidfd : -EBADF;
	r->supervisor_pid = getpid();
	launch_keep_from_programs(s->record_fd);
	launch_keep_from_programs(r->listener_fd);
	launch_keep_from_programs(r->result_fd);
	launch_keep_from_programs(r->log_fd);
	launch_keep_from_programs(r->caller_pidfd);
	if (r->comm)
		prctl(PR_SET_NAME, record_text(r, r->comm), 0, 0, 0);
	if (r->flags & (RECORD_DAEMONISED | RECORD_CLOSE_FDS))
		close_others(s);
	adopt_log(s);
	if (r->flags & RECORD_DAEMONISED)
		become_daemon(s);
	else if (!(r->flags & RECORD_CLOSE_FDS))
		report_others(s);
	s->run.record = r;
	s->run.environment = environment;
	s->run.gate_fd = -EBADF;
	s->run.child_fd = -EBADF;
	s->run.context = s;
	return NULL;
}
