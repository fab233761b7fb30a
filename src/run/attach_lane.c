/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Executing an attach plan: setns(2) for what only children can enter, then both lanes.
 */

#include "run/attach.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "sys/kernel.h"
#include "sys/process.h"
#include "sys/syscall.h"

static int register_fd(const struct run *r, uint16_t n)
{
	const struct record_register *registers = record_registers(r->record);

	if (n >= PLAN_REGISTERS_MAX || atomic_load(&registers[n].state) != VALUE_SET)
		return -EBADF;
	return registers[n].fd;
}

static int enter(const struct run *r, const struct attach_launch *launch, struct run_failure *ret)
{
	int result;

	if (launch->enter == 0)
		return 0;
	result = sys_setns(register_fd(r, launch->pidfd_register), launch->enter);
	if (result == 0)
		return 0;
	*ret = (struct run_failure){.step = UINT32_MAX, .call = __NR_setns, .errnum = -result};
	snprintf(ret->note, sizeof(ret->note), "namespaces of the container's init");
	return result;
}

int attach_run_lane(struct run *r, const struct attach_launch *launch, struct run_failure *ret)
{
	int child, result = enter(r, launch, ret);

	if (result < 0)
		return result;
	result = run_host(r, SECTION_START, 0, ret);
	if (result == 0)
		result = run_wait_exec(r, ret);
	child = register_fd(r, launch->child_register);
	if (result < 0 && child >= 0)
		(void)process_signal(child, SIGKILL);
	return result < 0 ? result : 0;
}

int attach_exit_status(const struct plan *plan, const struct run_failure *failure)
{
	const struct plan_step *step;

	if (failure->section != SECTION_START ||
	    failure->step >= plan->sections[SECTION_START].count)
		return ATTACH_FAILED;
	step = &plan_steps(plan, SECTION_START)[failure->step];
	if (step->op != OP_EXEC || failure->call != __NR_execve)
		return ATTACH_FAILED;
	return failure->errnum == ENOENT || failure->errnum == ENOTDIR ? ATTACH_NOT_FOUND
								       : ATTACH_NOT_EXECUTABLE;
}
