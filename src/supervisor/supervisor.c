/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Roles of registers, and signals for init.
 */

#include "supervisor/supervisor.h"

#include <errno.h>
#include <signal.h>

#include "sys/process.h"

struct record_register *supervisor_role(const struct supervisor *s, enum plan_role role)
{
	const struct plan *p = supervisor_plan(s);
	struct record_register *value;

	if (!p || p->roles[role] == PLAN_NO_REGISTER || p->roles[role] >= p->registers.count ||
	    p->roles[role] >= PLAN_REGISTERS_MAX)
		return NULL;
	value = &record_registers(s->record)[p->roles[role]];
	return atomic_load(&value->state) == VALUE_SET ? value : NULL;
}

int supervisor_role_fd(const struct supervisor *s, enum plan_role role)
{
	const struct record_register *value = supervisor_role(s, role);

	return value && value->fd >= 0 ? value->fd : -EBADF;
}

const char *supervisor_role_name(const struct supervisor *s, enum plan_role role)
{
	const struct record_register *value = supervisor_role(s, role);

	return value ? value->name : "";
}

bool supervisor_is_to_retry(const struct supervisor *s, const struct run_failure *failure)
{
	const unsigned forgiven = STEP_OPTIONAL | STEP_WARN | STEP_LIVE;
	const struct plan *p = supervisor_plan(s);

	return p && failure->section != SECTION_START && failure->section < SECTION_COUNT &&
	       failure->step < p->sections[failure->section].count &&
	       !(plan_steps(p, failure->section)[failure->step].flags & forgiven);
}

int supervisor_signal_init(struct supervisor *s, int signal)
{
	int fd = supervisor_role_fd(s, ROLE_INIT_PIDFD);

	return fd < 0 ? -ESRCH : process_signal(fd, signal);
}

int supervisor_kill_init(struct supervisor *s)
{
	int signal = (int)supervisor_plan(s)->signal_stop;
	int r = supervisor_signal_init(s, signal ? signal : SIGKILL);

	if (r < 0 && r != -ESRCH)
		return r;
	s->stop_requested = true;
	/* Frozen tasks don't die, and don't see signals. */
	freezer_release(s);
	return 0;
}
