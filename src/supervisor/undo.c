/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Undoing a run after a crash: the UNDO section without what only a living supervisor can do. The
 * record goes only when all of it worked: the next command tries again.
 */

#include "supervisor/undo.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_CATEGORY "undo"
#include "base/log.h"
#include "base/macros.h"
#include "base/num.h"
#include "plan/print.h"
#include "supervisor/launch.h"
#include "supervisor/outcome.h"
#include "supervisor/story.h"
#include "supervisor/supervisor.h"
#include "sys/namespace.h"

static int wait_readable(struct run *r, int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	int n;

	do
		n = poll(&polled, 1, -1);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Something is left: it is said on the standard error output, and the exit status tells. */
static void note_failure(struct run *r, const struct run_failure *failure)
{
	const struct plan_step *step = plan_steps(r->plan, SECTION_UNDO) + failure->step;
	char sentence[512];

	plan_print_sentence(r->plan, step, sentence, sizeof(sentence));
	if (step->flags & STEP_OPTIONAL) {
		log_info_errno(failure->errnum, "%s: %s", sentence, failure->note);
		return;
	}
	log_error_errno(failure->errnum, "cannot undo: %s: %s", sentence, failure->note);
	outcome_note_left(r, failure);
}

static const struct run_calls calls = {
	.wait_readable = wait_readable,
	.warn = note_failure,
};

/*
 * Interfaces, addresses and ports are those of the network namespace that we are in. Who undoes the
 * run may be in any: the one of a run that has the host's interfaces was kept; of others what is
 * there is left to somebody who comes from it.
 */
static void enter_network(struct run *r)
{
	const uint64_t wanted = r->record->net_namespace;
	int result;

	if (wanted == 0 || wanted == namespace_number("/proc/self/ns/net"))
		return;
	result = run_enter_network(r);
	r->is_elsewhere = result < 0;
	if (result < 0 && result != -ENOENT)
		log_error_errno(-result, "cannot enter the network namespace of the run");
}

int undo_main(const char *number)
{
	struct supervisor s = {.result_fd = -EBADF, .caller_fd = -EBADF};
	struct run_failure failure;
	char boot_id[BOOT_ID_MAX];
	const char *problem;
	int32_t fd;

	if (num_parse_i32(number, 10, &fd) < 0)
		problem = "this is no descriptor's number";
	else
		problem = launch_map_record(fd, &s.record);
	if (problem) {
		dprintf(STDERR_FILENO, "lxc-supervisor: --undo %s: %s\n", number, problem);
		return 1;
	}
	log_set_container(record_text(s.record, s.record->name));
	/* A program that is run here may outlive this one, and would keep the lock. */
	launch_keep_from_programs(fd);
	s.record_fd = fd;
	s.run = (struct run){
		.record = s.record,
		.calls = &calls,
		.context = &s,
		.gate_fd = -EBADF,
		.child_fd = -EBADF,
		.environment = environ,
	};
	boot_id_read(boot_id);
	s.run.is_after_reboot = record_is_of_other_boot(s.record, boot_id);
	s.run.plan = s.record->in_prelude ? record_prelude(s.record) : record_plan(s.record);
	s.record->left = 0;
	s.record->owed[0] = '\0';
	if (s.run.plan) {
		if (!s.run.is_after_reboot)
			enter_network(&s.run);
		run_undo(&s.run, &failure);
	}
	if (s.is_left_over)
		return 1;
	atomic_store(&s.record->finished, 1);
	story_unlink_record(&s);
	return 0;
}
