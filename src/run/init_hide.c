/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Before programs of the container's run beside the lane: what it has of the host goes. Root of a
 * privileged container may look into any process that it sees, whatever is said about it; others
 * are kept off by its not being dumpable (CVE-2016-8649; ptrace(2), proc(5)).
 *
 * The record is mapped shared until then, and whoever could write to it would tell the supervisor
 * what to do. The times of later steps are only in this process's copy. INIT lane rules: see
 * init.h.
 */

#include "run/init.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/credentials.h"
#include "sys/syscall.h"

/* Of the registers those that this lane has filled and the step's, or all. */
static bool is_kept(const struct init_lane *l, int fd, bool all)
{
	if (fd == l->gate_fd || fd <= STDERR_FILENO + (int)l->run->record->listen_fds)
		return true;
	for (uint32_t i = 0; i < PLAN_REGISTERS_MAX; i++)
		if (l->fds[i] == fd && (all || l->is_own[i] || i == l->step->in))
			return true;
	return false;
}

/* The next one from `first` on that is kept, or -EBADF: only those in registers, and the gate. */
static int next_kept(const struct init_lane *l, int first, bool all)
{
	int next = l->gate_fd >= first ? l->gate_fd : -EBADF;

	for (uint32_t i = 0; i < PLAN_REGISTERS_MAX; i++)
		if (l->fds[i] >= first && (next < 0 || l->fds[i] < next) &&
		    is_kept(l, l->fds[i], all))
			next = l->fds[i];
	return next;
}

static int close_others(struct init_lane *l, bool all)
{
	int first = STDERR_FILENO + 1 + (int)l->run->record->listen_fds, next, r = 0;

	l->call = __NR_close_range;
	while (r == 0 && (next = next_kept(l, first, all)) >= 0) {
		if (next > first)
			r = sys_close_range((unsigned)first, (unsigned)next - 1);
		first = next + 1;
	}
	return r < 0 ? r : sys_close_range((unsigned)first, ~0U);
}

static int close_inherited(struct init_lane *l)
{
	int r = close_others(l, false);

	for (uint32_t i = 0; i < PLAN_REGISTERS_MAX; i++)
		if (l->fds[i] >= 0 && !is_kept(l, l->fds[i], false))
			l->fds[i] = -EBADF;
	l->netlink = NULL;
	return r;
}

void init_leave_connections(struct init_lane *l)
{
	(void)close_others(l, true);
}

static long map_memory(void *at, size_t size, int flags)
{
	return sys_call6(__NR_mmap, (long)at, (long)size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* The same bytes at the same place, ours alone. The plan is the record's last part. */
static int own_record(struct init_lane *l)
{
	struct record_header *record = l->run->record;
	size_t size = (size_t)record->plan.offset + record->plan.size;
	long address, r;
	void *copy;

	if (size < RECORD_PARTS_AT)
		size = RECORD_PARTS_AT;
	if (size > RECORD_SIZE_MAX)
		return -EFBIG;
	l->call = __NR_mmap;
	address = map_memory(NULL, size, 0);
	if (address < 0 && address > -4096)
		return (int)address;
	memcpy(&copy, &address, sizeof(copy));
	memcpy(copy, record, size);
	r = map_memory(record, RECORD_SIZE_MAX, MAP_FIXED);
	if (r < 0 && r > -4096)
		return (int)r;
	memcpy(record, copy, size);
	sys_munmap(copy, size);
	return 0;
}

int init_hide(struct init_lane *l)
{
	int r;

	if (l->is_hidden)
		return 0;
	r = own_record(l);
	if (r == 0)
		r = close_inherited(l);
	if (r == 0) {
		l->call = __NR_prctl;
		r = credentials_set_dumpable(0);
	}
	l->is_hidden = r == 0;
	return r;
}
