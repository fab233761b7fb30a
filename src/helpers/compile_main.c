/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-compile RECORD_FD OUT_FD: make the plan of a run whose record is open as RECORD_FD.
 * lxc-compile --filter POLICY_FD OUT_FD CACHE FILE: make the program of a seccomp policy.
 * lxc-compile --scope OUT_FD NAME PID: have systemd put a process into a new scope NAME-N.scope.
 * lxc-compile --scope OUT_FD UNIT PID DIRECTORY: or into a directory of a unit.
 *
 * The supervisor runs it behind pre-start hooks and on every reboot, in its own mount namespace:
 * the supervisor itself knows neither the configuration nor the host. Filters and scopes are made
 * here because this program can load libseccomp and libsystemd. What was made goes to OUT_FD and
 * the exit status is 0; after a failure OUT_FD gets a struct err and the status is 1. Warnings
 * about a plan go where the supervisor's would: into its log, which is open under the number that
 * the record has for it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/utf8.h"
#include "config/config.h"
#include "config/freeze.h"
#include "container/gather.h"
#include "host/scope.h"
#include "host/seccomp_filter.h"
#include "plan/compile.h"
#include "run/programs.h"
#include "run/record.h"
#include "sys/file.h"

enum { POLICY_SIZE_MAX = 16 << 20 };

struct job {
	const struct record_header *record;
	struct config config;
	struct plan_request request;
	struct facts facts;
	struct str plan;
};

static int read_fd_number(const char *text)
{
	int32_t fd;

	return num_parse_i32(text, 10, &fd) == 0 && fd >= 0 ? fd : -EBADF;
}

static int map_record(struct job *job, int fd, struct err *e)
{
	const char *problem;
	struct stat status;
	void *bytes;

	if (fstat(fd, &status) < 0)
		return err_set(e, ERR_RECORD, errno, "Cannot look at the run record");
	if (status.st_size < (off_t)sizeof(struct record_header) ||
	    status.st_size > RECORD_SIZE_MAX)
		return err_set(e, ERR_RECORD, 0, "The run record has a size that none can have");
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return err_set(e, ERR_RECORD, errno, "Cannot map the run record");
	problem = record_check(bytes, (size_t)status.st_size);
	if (problem)
		return err_set(e, ERR_RECORD, 0, "The run record is damaged: %s", problem);
	job->record = bytes;
	return 0;
}

/* As the supervisor logs: from here on in its place. */
static void adopt_log(const struct record_header *r)
{
	struct log_handover log = {
		.fd = r->log_fd >= 0 && fcntl(r->log_fd, F_GETFD) >= 0 ? r->log_fd : -EBADF,
		.level = (enum log_level)r->log_level,
		.quiet = (r->flags & (RECORD_QUIET | RECORD_DAEMONISED)) != 0,
	};

	utf8_copy_visible(log.program, sizeof(log.program), record_text(r, r->log_prefix));
	utf8_copy_visible(log.stderr_word, sizeof(log.stderr_word), record_text(r, r->log_word));
	log_adopt(&log, record_text(r, r->name));
}

static const char *text_of(const struct record_header *r, uint32_t offset)
{
	return offset ? record_text(r, offset) : NULL;
}

/* The command as an array, in the arena of the facts. */
static int read_argv(struct job *job, struct err *e)
{
	const struct record_header *r = job->record;
	const char *at = (const char *)r + r->argv;
	const char **argv;
	uint32_t count;

	if (r->argv == 0)
		return 0;
	memcpy(&count, at, sizeof(count));
	argv = arena_alloc(&job->facts.arena, (count + 1) * sizeof(*argv));
	if (!argv)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "No memory for the command");
	at += sizeof(count);
	for (uint32_t i = 0; i < count; i++) {
		argv[i] = at;
		at += strlen(at) + 1;
	}
	job->request.argv = argv;
	return 0;
}

static int read_request(struct job *job, struct err *e)
{
	const struct record_header *r = job->record;

	job->request = (struct plan_request){
		.name = record_text(r, r->name),
		.lxcpath = record_text(r, r->lxcpath),
		.config_file = text_of(r, r->config_file),
		.is_application = r->flags & RECORD_APPLICATION,
		.is_foreground = r->flags & RECORD_FOREGROUND,
		/* What there is of a prelude is behind us. */
		.needs_scope = r->prelude.size > 0,
		.pid_file = text_of(r, r->pid_file),
		.listen_fds = r->listen_fds,
		.log_level = log_level_name((enum log_level)r->log_level),
	};
	if (!job->request.log_level)
		job->request.log_level = log_level_name(LOG_LEVEL_NOTSET);
	return read_argv(job, e);
}

static int compile(struct job *job, int record_fd, struct err *e)
{
	const struct record_part *applied;
	int r = map_record(job, record_fd, e);

	if (r < 0 || !job->record)
		return r;
	adopt_log(job->record);
	applied = &job->record->applied;
	if (config_init(&job->config, NULL) < 0)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "No memory for the configuration");
	r = config_thaw(&job->config, (const char *)job->record + applied->offset, applied->size,
			e);
	if (r >= 0)
		r = read_request(job, e);
	if (r >= 0)
		r = gather_facts(&job->request, &job->config, &job->facts, e);
	if (r >= 0)
		r = plan_compile(&job->request, &job->config, &job->facts, &job->plan, e);
	return r;
}

/* What was made, or why it was not. Returns the exit status. */
static int hand_over(int out, int r, const void *bytes, size_t size, struct err *e)
{
	if (r >= 0) {
		r = file_write_fd(out, bytes, size);
		if (r < 0)
			err_set(e, ERR_FILE_WRITE, -r, "Cannot hand over what was compiled");
	}
	if (r >= 0)
		return EXIT_SUCCESS;
	if (!err_is_set(e))
		err_set(e, ERR_SYSTEM, -r, "Cannot compile");
	(void)file_write_fd(out, e, sizeof(*e));
	return EXIT_FAILURE;
}

static int make_plan(int record_fd, int out)
{
	struct job job = {};
	struct err e = {};
	int r = compile(&job, record_fd, &e);

	r = hand_over(out, r, job.plan.data, job.plan.len, &e);
	str_finish(&job.plan);
	facts_finish(&job.facts);
	config_finish(&job.config);
	return r;
}

static int make_filter(int policy_fd, int out, const char *cache, const char *file)
{
	struct seccomp_policy policy;
	autofree char *text = NULL;
	const void *program = NULL;
	struct arena arena = {};
	struct err e = {};
	uint32_t size = 0;
	size_t length;
	int r = file_read_fd(policy_fd, POLICY_SIZE_MAX, &text, &length);

	if (r < 0)
		err_set(&e, ERR_FILE_READ, -r, "Cannot read the policy");
	if (r >= 0)
		r = seccomp_policy_parse(file, text, length, &arena, &policy, &e);
	if (r >= 0)
		r = seccomp_filter_compile(&policy, text, length, *cache ? cache : NULL, &arena,
					   &program, &size, &e);
	r = hand_over(out, r, program, size, &e);
	arena_finish(&arena);
	return r;
}

static int have_moved(int out, const char *name, const char *pid_text, const char *directory)
{
	struct err e = {};
	int32_t pid;
	int r = num_parse_i32(pid_text, 10, &pid);

	if (r < 0 || pid <= 0)
		r = err_set(&e, ERR_USAGE, EINVAL, "\"%s\" is no process", pid_text);
	else
		r = directory ? scope_attach(name, directory, pid, &e) : scope_enter(name, pid, &e);
	return hand_over(out, r, "", 0, &e);
}

int main(int argc, char **argv)
{
	/* Until the record has told where to: what is wrong goes to OUT_FD. */
	const struct log_settings quiet = {.program = "lxc-compile", .file = "none", .quiet = true};

	(void)log_init(&quiet);
	if (argc == 3)
		return make_plan(read_fd_number(argv[1]), read_fd_number(argv[2]));
	if ((argc == 5 || argc == 6) && strcmp(argv[1], PROGRAM_SCOPE_OPTION) == 0)
		return have_moved(read_fd_number(argv[2]), argv[3], argv[4], argv[5]);
	if (argc == 6 && strcmp(argv[1], PROGRAM_FILTER_OPTION) == 0)
		return make_filter(read_fd_number(argv[2]), read_fd_number(argv[3]), argv[4],
				   argv[5]);
	return EXIT_FAILURE;
}
