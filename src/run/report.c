/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From where a lane stopped to what a person reads (DESIGN.md §5): the intent, the step with its
 * number, lane, sentence and origin, the call and its errno, what was found, and a hint.
 */

#include "run/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "plan/print.h"
#include "sys/kernel.h"

/* "open_tree: No such file or directory", as the innermost line. */
static void print_cause(const struct run_failure *failure, char *ret, size_t room)
{
	const char *call = run_call_name(failure->call);
	char unknown[ERRNO_TEXT_MAX];
	const char *text = errno_text(failure->errnum, unknown);

	if (call)
		snprintf(ret, room, "%s: %s", call, text);
	else if (failure->call != 0)
		snprintf(ret, room, "system call %u: %s", failure->call, text);
	else
		snprintf(ret, room, "%s", text);
}

static void report_cause(enum err_id id, const struct run_failure *failure, struct err *e)
{
	char cause[256];

	if (failure->errnum == 0) {
		err_set(e, id, 0, "%s", failure->note[0] ? failure->note : "it did not say why");
		return;
	}
	print_cause(failure, cause, sizeof(cause));
	err_set(e, id, failure->errnum, "%s", cause);
	if (failure->note[0])
		err_object(e, failure->note);
}

/* The first one is the outermost. */
static void report_printed(const char *lines, struct err *e)
{
	size_t end = lines ? strlen(lines) : 0;

	while (end > 0) {
		size_t begin = --end;

		while (begin > 0 && lines[begin - 1] != '\n')
			begin--;
		err_wrap(e, -EIO, "it printed: %.*s", (int)(end - begin), lines + begin);
		end = begin;
	}
}

static const char *place_of(const struct plan *plan, const struct plan_step *step,
			    const struct run_failure *failure)
{
	if (step->lane == LANE_JOIN)
		return plan->flags & PLAN_IS_ATTACH ? "on the way into the container"
						    : "on the way into shared namespaces";
	if (step->lane == LANE_INIT || (step->lane == LANE_BOTH && failure->is_in_child))
		return "inside the container";
	return "on the host";
}

static bool is_exec(const struct plan_step *step, const struct run_failure *failure)
{
	return step->op == OP_EXEC && (failure->call == 0 || failure->call == __NR_execve);
}

/* What the op's hints can't tell: an attached program is nobody's init. */
static const char *hint_of(const struct plan *plan, const struct plan_step *step,
			   const struct run_failure *failure)
{
	if (is_exec(step, failure) && failure->errnum == ENOENT && !(plan->flags & PLAN_IS_ATTACH))
		return "the program, or the interpreter it names, does not exist inside the "
		       "container; of an init: install one, or set lxc.init.cmd";
	return plan_hint_for(step, failure->errnum);
}

void run_report(const struct plan *plan, const struct run_failure *failure, const char *intent,
		struct err *e)
{
	const struct plan_step *step = NULL;
	char sentence[512];
	const char *hint;

	if (failure->section < SECTION_COUNT &&
	    failure->step < plan->sections[failure->section].count)
		step = plan_steps(plan, failure->section) + failure->step;
	if (!step) {
		report_cause(ERR_STEP_FAILED, failure, e);
		err_wrap(e, -EIO, "%s", intent);
		return;
	}

	report_cause(plan_error_for(step, failure->errnum), failure, e);
	report_printed(failure->printed, e);
	/* LXC's own words, which programs look for. */
	if (is_exec(step, failure))
		err_wrap(e, -EIO, "Failed to exec \"%s\"",
			 plan_list_count(plan, step->arg[0]) ? plan_list_first(plan, step->arg[0])
							     : plan_text(plan, step->object));
	plan_print_sentence(plan, step, sentence, sizeof(sentence));
	err_wrap(e, -EIO, "step %u of %u, %s: %s", failure->step + 1,
		 plan->sections[failure->section].count, place_of(plan, step, failure), sentence);
	err_step(e, (int)failure->step + 1);
	if (step->origin)
		err_origin(e, "%s", plan_text(plan, step->origin));
	hint = hint_of(plan, step, failure);
	if (hint)
		err_hint(e, "%s", hint);
	err_wrap(e, -EIO, "%s", intent);
}
