/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What listing shows of a run: read from its record, without talking to anybody.
 *
 * Monitors of genuine LXC have no record and are asked over the control socket; their containers'
 * addresses stay empty (that takes entering network namespaces).
 */

#include <stdatomic.h>
#include <string.h>

#include "container/control.h"
#include "container/runs.h"

enum { ADDRESS_TRIES = 1000 };

/* Those that are gone leave unused rows among the others. */
static void close_gaps(struct container_run *run)
{
	for (size_t i = 0; i < RECORD_ADDRESSES_MAX; i++)
		if (run->addresses[i].family != 0)
			run->addresses[run->address_count++] = run->addresses[i];
}

/* Copy the addresses as they were at one moment: the supervisor makes the sequence odd while it
 * writes. After many tries (it died while writing) there are none. */
static void copy_addresses(const struct record_header *record, struct container_run *ret)
{
	for (int i = 0; i < ADDRESS_TRIES; i++) {
		uint32_t before =
			atomic_load_explicit(&record->address_sequence, memory_order_acquire);

		memcpy(ret->addresses, record->addresses, sizeof(ret->addresses));
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 && atomic_load_explicit(&record->address_sequence,
							    memory_order_relaxed) == before) {
			close_gaps(ret);
			return;
		}
	}
	memset(ret->addresses, 0, sizeof(ret->addresses));
}

void look_at_view(const struct run_view *view, struct container_run *ret)
{
	enum container_state state = runs_view_state(view);

	*ret = (struct container_run){
		.state = state < STATE_COUNT ? state : STATE_STOPPED,
	};
	if (runs_view_has_our_pids(view)) {
		ret->init_pid = view->record->init_pid;
		ret->supervisor_pid = view->record->supervisor_pid;
	}
	copy_addresses(view->record, ret);
}

int container_look(const struct container *c, struct container_run *ret, struct err *e)
{
	struct container_run run = {0};
	struct run_view view;
	int r;

	if (control_view(c, &view) == 0) {
		look_at_view(&view, &run);
		runs_view_close(&view);
	} else {
		r = control_read_state(c, 0, &run.state, e);
		if (r < 0)
			return r;
		if (run.state != STATE_STOPPED) {
			r = container_init_pid((struct container *)c, &run.init_pid, e);
			if (r < 0)
				return r;
		}
	}
	if (run.state == STATE_STOPPED)
		return 1;
	*ret = run;
	return 0;
}
