/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting: prelude, compilation, plan; and what happens when one of them fails.
 *
 * What the supervisor does for the lanes is the table of calls below.
 */

#include "supervisor/story.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LOG_CATEGORY "start"
#include "base/log.h"
#include "base/macros.h"
#include "supervisor/hook_output.h"
#include "supervisor/outcome.h"
#include "supervisor/program.h"
#include "supervisor/state.h"
#include "supervisor/supervisor.h"
#include "sys/process.h"

/* What the lanes have made so far becomes visible and is watched. */
static void adopt_registers(struct supervisor *s)
{
	const struct record_register *pid = supervisor_role(s, ROLE_INIT_PID);
	int hook_fd = supervisor_role_fd(s, ROLE_HOOK_OUTPUT);
	uint64_t start_time;

	if (pid && s->record->init_pid == 0 && s->run.child > 0) {
		if (process_start_time((pid_t)pid->number, &start_time) == 0)
			s->record->init_start_time = start_time;
		s->record->init_pid = (int32_t)pid->number;
	}
	if (hook_fd < 0)
		loop_unwatch(s, WATCH_HOOKS);
	else if (s->loop.watches[WATCH_HOOKS].fd != hook_fd)
		loop_watch(s, WATCH_HOOKS, hook_fd, EPOLLIN);
}

static int wait_readable(struct run *r, int fd)
{
	struct supervisor *s = supervisor_of(r);

	adopt_registers(s);
	return loop_wait_readable(s, fd);
}

static int set_state(struct run *r, enum container_state state)
{
	return state_enter(supervisor_of(r), state);
}

static int exit_event(struct run *r)
{
	state_tell_exit(supervisor_of(r), r->record->exit_status);
	return 0;
}

static void refuse_reboot(struct run *r)
{
	supervisor_of(r)->reboot_refused = true;
}

static const struct run_calls calls = {
	.wait_readable = wait_readable,
	.set_state = set_state,
	.exit_event = exit_event,
	.enter_scope = program_enter_scope,
	.compile = program_compile,
	.console_opened = console_opened,
	.console_peer = console_peer,
	.console_log = console_log,
	.console_buffer = console_buffer,
	.console_close = console_close,
	.destroy = program_destroy,
	.hook_output = hook_output_take,
	.refuse_reboot = refuse_reboot,
	.warn = outcome_warn,
};

int story_open(struct supervisor *s)
{
	int r;

	s->run.calls = &calls;
	console_init(&s->console);
	freezer_init(&s->freezer);
	r = loop_open(s);
	if (r == 0)
		r = control_open(s, s->record->listener_fd);
	if (r == 0 && s->caller_fd >= 0)
		r = loop_watch(s, WATCH_CALLER, s->caller_fd, EPOLLIN);
	return r;
}

static const struct plan_step *step_of(const struct plan *p, const struct run_failure *failure)
{
	if (!p || failure->section >= SECTION_COUNT ||
	    failure->step >= p->sections[failure->section].count)
		return NULL;
	return plan_steps(p, failure->section) + failure->step;
}

static bool failed_in_hook(const struct plan *p, const struct run_failure *failure)
{
	const struct plan_step *step = step_of(p, failure);

	return p->flags & PLAN_IS_PRELUDE && failure->section == SECTION_START && step &&
	       step->op == OP_HOOK;
}

/*
 * The chain is made before anything is undone: what is undone may fail as well, and must not be
 * taken for the cause.
 */
static void explain(struct supervisor *s, struct run_failure *failure)
{
	static const char intent[] = "cannot start the container";
	struct err *e = s->error;

	if (s->loop.watches[WATCH_HOOKS].fd >= 0)
		hook_output_read(s, s->loop.watches[WATCH_HOOKS].fd);
	failure->printed = hook_output_last(s, step_of(s->run.plan, failure));

	if (!e)
		return;
	if (err_is_set(e))
		err_wrap(e, e->code, "%s", intent);
	else if (s->run.plan)
		run_report(s->run.plan, failure, intent, e);
	if (s->interrupted_by)
		err_hint(e, "the supervisor was asked to end by signal %d", s->interrupted_by);
}

static void undo(struct supervisor *s, const struct run_failure *failure)
{
	struct run_failure ignored;

	s->run.target = TARGET_STOP;
	/* LXC says it twice, except when a pre-start hook failed; whoever reads the fifo may count.
	 */
	if (!failed_in_hook(s->run.plan, failure))
		state_enter(s, STATE_ABORTING);
	run_host(&s->run, SECTION_UNDO, 0, &ignored);
}

static int fail(struct supervisor *s, int r, bool is_reboot, struct run_failure *failure)
{
	explain(s, failure);
	outcome_trace(s);
	s->is_starting = false;
	if (s->run.plan)
		undo(s, failure);
	else if (is_reboot)
		story_give_up_reboot(s);
	else
		state_free_address(s);
	return r < 0 ? r : -EIO;
}

/* A plan, one way or another. 0 or -errno. */
static int get_plan(struct supervisor *s, bool is_reboot, struct run_failure *failure)
{
	const struct plan *prelude = record_prelude(s->record);
	int r;

	if (prelude) {
		s->record->in_prelude = 1;
		s->run.plan = prelude;
		r = run_host(&s->run, SECTION_START, 0, failure);
		/* Half a new plan is none: what is undone then is the prelude. */
		if (r < 0)
			s->run.plan = prelude;
		else
			s->record->in_prelude = 0;
		return r;
	}
	if (!is_reboot) {
		s->run.plan = record_plan(s->record);
		return s->run.plan ? 0
				   : err_set(s->error, ERR_RECORD, 0, "the run record has no plan");
	}
	s->run.plan = NULL;
	return program_compile(&s->run, s->error);
}

int story_start(struct supervisor *s, bool is_reboot)
{
	struct run_failure failure = {.section = SECTION_START, .step = UINT32_MAX};
	int r;

	s->run.explained = outcome_error(s);
	s->run.target = TARGET_STOP;
	s->run.child_execs = false;
	s->init_ended = s->reboot_refused = false;
	s->is_starting = true;
	hook_output_forget(s);
	if (s->run.explained)
		err_clear(s->run.explained);
	r = s->run.explained ? get_plan(s, is_reboot, &failure) : -ENOMEM;
	if (r == 0)
		r = run_host(&s->run, SECTION_START, 0, &failure);
	if (r == 0)
		r = run_wait_exec(&s->run, &failure);
	if (r < 0)
		return fail(s, r, is_reboot, &failure);
	s->is_starting = false;
	adopt_registers(s);
	/* What hooks have left running may print on. */
	if (s->loop.watches[WATCH_HOOKS].fd < 0 ||
	    hook_output_read(s, s->loop.watches[WATCH_HOOKS].fd) == 1)
		hook_output_forget(s);
	if (s->is_in_callers_cgroup)
		story_do_late(s);
	s->is_in_callers_cgroup = false;
	return state_enter(s, STATE_RUNNING);
}
