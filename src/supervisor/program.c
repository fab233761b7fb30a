/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spawning lxc-compile and lxc-ephemeral, and putting a new plan into the record.
 *
 * The record's plan counts from the moment on in which its size is set: a crash before that leaves
 * a record whose prelude is what has to be undone.
 */

#include "supervisor/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_CATEGORY "start"
#include "base/log.h"
#include "base/macros.h"
#include "run/programs.h"
#include "supervisor/supervisor.h"
#include "sys/process.h"

enum { NUMBER_MAX = 12, ARGUMENTS_MAX = 4 };

static int set_inherited(int fd, bool on)
{
	return fcntl(fd, F_SETFD, on ? 0 : FD_CLOEXEC) < 0 ? -errno : 0;
}

/* Run a program with arguments, NULL behind the last, and wait for its end. 0 with the wait status,
 * or -errno. `death_signal`: what it gets when we die; 0 = it goes on. */
static int run_program(struct supervisor *s, const char *name, const char *const *arguments,
		       int death_signal, int *ret_status)
{
	char path[PATH_MAX];
	char *argv[ARGUMENTS_MAX + 2] = {path};
	const struct process_program program = {
		.path = path,
		.argv = argv,
		.environment = s->run.environment,
		.input = -1,
		.output = -1,
		.error_output = -1,
		.blocked_signals = s->run.caller_mask,
		.ignored_signals = s->run.caller_ignored,
		.descriptor_limit = s->run.caller_descriptors,
		.death_signal = death_signal,
	};
	autoclose int pidfd = -EBADF;
	pid_t pid;
	int r;

	for (int i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
		argv[i + 1] = (char *)arguments[i];
	r = snprintf(path, sizeof(path), "%s/%s", record_text(s->record, s->record->helper), name);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	pidfd = process_spawn(&program, &pid);
	if (pidfd < 0)
		return pidfd;
	r = loop_wait_readable(s, pidfd);
	if (r < 0) {
		process_signal(pidfd, SIGKILL);
		process_wait(pidfd, ret_status);
		return r;
	}
	return process_wait(pidfd, ret_status);
}

/* With all descriptors under the numbers that they have here: the log's stands in the record. */
static int run_compiler(struct supervisor *s, int out_fd, int *ret_status)
{
	char record_number[NUMBER_MAX], out_number[NUMBER_MAX];
	const char *const arguments[] = {record_number, out_number, NULL};
	const int log_fd = s->record->log_fd;
	int r;

	snprintf(record_number, sizeof(record_number), "%d", s->record_fd);
	snprintf(out_number, sizeof(out_number), "%d", out_fd);
	r = set_inherited(s->record_fd, true);
	if (r == 0)
		r = set_inherited(out_fd, true);
	if (r == 0 && log_fd >= 0)
		r = set_inherited(log_fd, true);
	if (r == 0)
		r = run_program(s, PROGRAM_COMPILE, arguments, SIGKILL, ret_status);
	if (log_fd >= 0)
		set_inherited(log_fd, false);
	set_inherited(s->record_fd, false);
	set_inherited(out_fd, false);
	return r;
}

/* What lxc-compile says about its failure, or that it said nothing. */
static int take_failure(int fd, int status, struct err *e)
{
	struct err told;

	if (pread(fd, &told, sizeof(told), 0) == (ssize_t)sizeof(told) && err_is_valid(&told) &&
	    err_is_set(&told)) {
		*e = told;
		return e->code;
	}
	if (WIFSIGNALED(status))
		return err_set(e, ERR_CHILD_DIED, 0, "%s was killed by signal %d", PROGRAM_COMPILE,
			       WTERMSIG(status));
	return err_set(e, ERR_CHILD_DIED, 0, "%s ended with status %d and did not say why",
		       PROGRAM_COMPILE, WEXITSTATUS(status));
}

static size_t align_up(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/*
 * Readers have mapped the plan in force and looked at it: it stays as it is, and the new one takes
 * the place of the one before, when that is large enough, else one behind everything. 0 or -errno.
 */
static int find_place(struct supervisor *s, size_t size, struct record_part **ret)
{
	const struct record_part in_force = s->record->plan;
	struct record_part *places = s->plan_places, *place;
	struct stat status;
	size_t at;

	if (places[0].offset == 0)
		places[0] = in_force;
	place = &places[places[0].offset == in_force.offset && in_force.offset != 0];
	*ret = place;
	if (place->size >= size)
		return 0;
	if (fstat(s->record_fd, &status) < 0)
		return -errno;
	at = align_up((size_t)status.st_size);
	if (at + size > RECORD_SIZE_MAX)
		return -EFBIG;
	/* A hole would be filled when it is written to: a full disk must not be met then. */
	if (fallocate(s->record_fd, 0, (off_t)at, (off_t)size) < 0 &&
	    (errno == ENOSPC || errno == EDQUOT || errno == EFBIG ||
	     ftruncate(s->record_fd, (off_t)(at + size)) < 0))
		return -errno;
	*place = (struct record_part){.offset = (uint32_t)at, .size = (uint32_t)size};
	return 0;
}

/* As in container/runs.c: a full disk must not be met as SIGBUS. Some file systems can't. */
static int reserve_registers(struct supervisor *s, const struct plan *plan)
{
	off_t size = (off_t)(plan->registers.count * sizeof(struct record_register));

	if (size == 0 || fallocate(s->record_fd, 0, RECORD_REGISTERS_AT, size) == 0)
		return 0;
	return errno == ENOSPC || errno == EDQUOT ? -errno : 0;
}

/* Fill the plan's place in the record from the file, as it is. */
static int copy_plan(struct supervisor *s, int fd, size_t at, size_t size)
{
	char *to = (char *)s->record + at;
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, to + done, size - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		done += (size_t)got;
	}
	return 0;
}

static int adopt_plan(struct supervisor *s, int fd, struct err *e)
{
	struct record_header *record = s->record;
	struct record_part *place;
	const char *problem;
	struct stat status;
	size_t size;
	int r;

	if (fstat(fd, &status) < 0)
		return err_set(e, ERR_SYSTEM, errno, "the new plan can't be read");
	size = (size_t)status.st_size;
	if (size > PLAN_SIZE_MAX)
		return err_set(e, ERR_PLAN_INVALID, 0,
			       "the new plan is too large: it has %zu bytes", size);
	r = find_place(s, size, &place);
	record->plan.size = 0;
	s->run.plan = NULL;
	if (r == 0)
		r = copy_plan(s, fd, place->offset, size);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "the new plan found no room in the run record");
	problem = plan_check((const char *)record + place->offset, size);
	if (problem)
		return err_set(e, ERR_PLAN_INVALID, 0, "the new plan is unusable: %s", problem);
	r = reserve_registers(s, (const struct plan *)((const char *)record + place->offset));
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "the run record can't grow");
	record_publish_plan(record, place->offset, (uint32_t)size);
	s->run.plan = record_plan(record);
	return 0;
}

int program_compile(struct run *r, struct err *e)
{
	struct supervisor *s = supervisor_of(r);
	autoclose int fd = memfd_create("plan", MFD_CLOEXEC);
	int status = 0;
	int result;

	if (fd < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a file in memory");
	result = run_compiler(s, fd, &status);
	if (result < 0) {
		err_set(e, ERR_EXEC_FAILED, -result, "cannot run %s/%s",
			record_text(s->record, s->record->helper), PROGRAM_COMPILE);
		if (result == -ENOENT)
			err_hint(e, "it is part of this version's package: install it again");
		return result;
	}
	if (status != 0)
		return take_failure(fd, status, e);
	return adopt_plan(s, fd, e);
}

int program_enter_scope(struct run *r, const char *name, struct err *e)
{
	struct supervisor *s = supervisor_of(r);
	autoclose int fd = memfd_create("scope", MFD_CLOEXEC);
	char out_number[NUMBER_MAX], pid[NUMBER_MAX];
	const char *const arguments[] = {PROGRAM_SCOPE_OPTION, out_number, name, pid, NULL};
	int status = 0;
	int result;

	if (fd < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a file in memory");
	snprintf(out_number, sizeof(out_number), "%d", fd);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	result = set_inherited(fd, true);
	if (result == 0)
		result = run_program(s, PROGRAM_COMPILE, arguments, SIGKILL, &status);
	if (result < 0)
		return err_set(e, ERR_EXEC_FAILED, -result, "cannot run %s/%s",
			       record_text(s->record, s->record->helper), PROGRAM_COMPILE);
	return status == 0 ? 0 : take_failure(fd, status, e);
}

int program_destroy(struct run *r)
{
	struct supervisor *s = supervisor_of(r);
	const char *const arguments[] = {
		record_text(s->record, s->record->lxcpath),
		record_text(s->record, s->record->name),
		NULL,
	};
	int status = 0;
	int result;

	if (r->target == TARGET_REBOOT)
		return 0;
	result = run_program(s, PROGRAM_DESTROY, arguments, 0, &status);
	if (result < 0)
		return result;
	return status == 0 ? 0 : -EIO;
}
