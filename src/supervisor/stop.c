/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of a run (spec/runtime.md §18, spec/wire.md §6): the STOP section, and whether a new run
 * follows. What is kept over a reboot: the listener, idle connections, state clients that wait.
 */

#include "supervisor/story.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_CATEGORY "start"
#include "base/log.h"
#include "base/macros.h"
#include "supervisor/device.h"
#include "supervisor/outcome.h"
#include "supervisor/program.h"
#include "supervisor/state.h"
#include "supervisor/supervisor.h"

/* The kernel's way to say that a PID namespace's init has called reboot(2): SIGHUP. */
static bool wants_reboot(const struct supervisor *s)
{
	int status = s->record->exit_status;

	return !s->stop_requested && WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP &&
	       supervisor_plan(s)->clone_flags & CLONE_NEWPID;
}

/* Descriptors are closed. What names something on the host stays while that is to be removed. */
static void clear_registers(struct supervisor *s)
{
	const struct plan *p = supervisor_plan(s);
	struct record_register *rows = record_registers(s->record);

	for (uint32_t i = 0; p && i < p->registers.count && i < PLAN_REGISTERS_MAX; i++) {
		/* The next life has it in the same place. */
		if (s->run.target == TARGET_REBOOT && i == p->roles[ROLE_OUTER_MOUNTS])
			continue;
		if (plan_registers(p)[i].kind == REGISTER_FD &&
		    atomic_load(&rows[i].state) == VALUE_SET && rows[i].fd >= 0)
			close(rows[i].fd);
		if (!s->is_left_over || plan_registers(p)[i].kind == REGISTER_FD)
			memset(&rows[i], 0, sizeof(rows[i]));
		rows[i].fd = -EBADF;
	}
}

void story_give_up_reboot(struct supervisor *s)
{
	int r = 0;

	s->run.target = TARGET_STOP;
	/* Who destroys it must not find it running. */
	state_free_address(s);
	if (s->record->flags & RECORD_EPHEMERAL)
		r = program_destroy(&s->run);
	if (r < 0)
		log_error_errno(-r, "The ephemeral container could not be destroyed: use "
				    "lxc-destroy");
}

int story_stop(struct supervisor *s)
{
	struct run_failure ignored;

	s->run.target = wants_reboot(s) ? TARGET_REBOOT : TARGET_STOP;
	log_info("Container is %s", s->run.target == TARGET_REBOOT ? "rebooting" : "stopping");
	run_host(&s->run, SECTION_STOP, 0, &ignored);
	if (s->run.target == TARGET_REBOOT &&
	    (s->reboot_refused || s->stop_requested || (s->record->left & LEFT_OWED))) {
		log_warn("The reboot becomes a stop");
		story_give_up_reboot(s);
	}
	device_forget(s);
	/* The next life has a plan and registers of its own: what this one leaves was told. */
	if (s->run.target == TARGET_REBOOT) {
		s->is_left_over = false;
		s->record->left = 0;
	}
	clear_registers(s);
	if (s->run.target == TARGET_REBOOT)
		control_close_leases(s);
	return (int)s->run.target;
}

static void unlink_if_ours(const struct stat *ours, const char *path)
{
	struct stat found;

	if (lstat(path, &found) == 0 && found.st_dev == ours->st_dev &&
	    found.st_ino == ours->st_ino)
		unlink(path);
}

/* Where it is: under its own name or, from STOPPED on, among those that have ended. */
void story_unlink_record(struct supervisor *s)
{
	char ended[PATH_MAX];
	struct stat ours;

	if (fstat(s->record_fd, &ours) < 0)
		return;
	unlink_if_ours(&ours, record_text(s->record, s->record->run_path));
	if (record_ended_path(s->record, ended, sizeof(ended)) == 0)
		unlink_if_ours(&ours, ended);
}

void story_end(struct supervisor *s)
{
	state_free_address(s);
	if (s->console.master_fd >= 0)
		console_close(&s->run);
	console_restore_terminal(&s->console);
	if (s->is_left_over) {
		log_error("Not all that the container had on the host could be removed: the next "
			  "start, listing or \"tare repair\" tries again");
		return;
	}
	atomic_store(&s->record->finished, 1);
	story_unlink_record(s);
}
