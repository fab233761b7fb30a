/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * States: the table, publishing, the monitor fifo (spec/wire.md §12), and giving the address back.
 *
 * The fifo's record is dropped when nobody reads or the reader is slow: whoever listens there must
 * not be able to hold up a container.
 */

#include "supervisor/state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_CATEGORY "state"
#include "base/log.h"
#include "base/macros.h"
#include "run/monitor.h"
#include "supervisor/supervisor.h"

#define FROM(state) [STATE_##state]
#define TO(state)   (1U << STATE_##state)

/* clang-format off */
static const uint16_t allowed[STATE_COUNT] = {
	FROM(STOPPED)  = TO(STARTING) | TO(ABORTING),
	FROM(STARTING) = TO(RUNNING) | TO(ABORTING),
	FROM(RUNNING)  = TO(RUNNING) | TO(FREEZING) | TO(THAWED) | TO(STOPPING) | TO(ABORTING),
	FROM(FREEZING) = TO(FREEZING) | TO(FROZEN) | TO(THAWED) | TO(RUNNING) | TO(STOPPING),
	FROM(FROZEN)   = TO(FROZEN) | TO(THAWED) | TO(RUNNING) | TO(STOPPING),
	FROM(STOPPING) = TO(STOPPED),
	FROM(ABORTING) = TO(ABORTING) | TO(STOPPING),
	FROM(THAWED)   = 0,
};
/* clang-format on */

bool state_may_follow(enum container_state from, enum container_state to)
{
	if (from >= STATE_COUNT || to >= STATE_COUNT)
		return false;
	return (allowed[from] >> to & 1) != 0;
}

/* RUNDIR, from RUNDIR/lxc/runs/HASH/NAME: what stands before its last four names. */
static size_t run_root_length(const char *path)
{
	size_t length = strlen(path);

	for (int level = 0; level < 4; level++) {
		while (length > 0 && path[length - 1] != '/')
			length--;
		while (length > 0 && path[length - 1] == '/')
			length--;
	}
	return length;
}

static void write_fifo(struct supervisor *s, enum wire_message_type type, int value)
{
	const char *run_path = record_text(s->record, s->record->run_path);
	int r;

	if (run_path[0] != '/')
		return;
	r = monitor_publish(run_path, run_root_length(run_path),
			    record_text(s->record, s->record->lxcpath),
			    record_text(s->record, s->record->name), type, value);
	if (r < 0)
		log_debug_errno(-r, "Failed to write to the monitor's fifo: the event is lost");
}

void state_tell_exit(struct supervisor *s, int status)
{
	write_fifo(s, WIRE_MESSAGE_EXIT, status);
}

/* The directory that it goes to is made by the first run of an lxcpath that ends. */
static int move_record(const char *path, char *ended)
{
	char *slash = strrchr(ended, '/');
	int r = 0;

	if (rename(path, ended) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	*slash = '\0';
	if (mkdir(ended, 0700) < 0 && errno != EEXIST)
		r = -errno;
	*slash = '/';
	if (r == 0 && rename(path, ended) < 0)
		r = -errno;
	return r;
}

/* From now on the name belongs to whoever starts next. */
static void make_room_for_record(struct supervisor *s)
{
	const char *path = record_text(s->record, s->record->run_path);
	char ended[PATH_MAX];
	int r;

	if (s->record_has_ended)
		return;
	s->record_has_ended = true;
	r = record_ended_path(s->record, ended, sizeof(ended));
	if (r == -EINVAL)
		return;
	if (r == 0)
		r = move_record(path, ended);
	if (r < 0)
		log_warn_errno(-r,
			       "Failed to move the run record \"%s\" aside: the next start waits "
			       "until this process is gone",
			       path);
}

void state_free_address(struct supervisor *s)
{
	if (s->address_is_free)
		return;
	s->address_is_free = true;
	make_room_for_record(s);
	control_close_listener(s);
}

static int enter(struct supervisor *s, enum container_state to, bool tell_fifo)
{
	enum container_state from = atomic_load(&s->record->state);
	enum container_state stored = to == STATE_THAWED ? STATE_RUNNING : to;
	bool is_final = to == STATE_STOPPED && s->run.target == TARGET_STOP;

	if (!state_may_follow(from, to)) {
		log_error("The state %s can't follow %s", container_state_name(to),
			  container_state_name(from));
		return -EINVAL;
	}
	/* Before it is told: what is STOPPED under its name is about to begin. */
	if (is_final)
		make_room_for_record(s);
	atomic_store(&s->record->state, stored);
	log_info("Container is now %s", container_state_name(to));
	if (tell_fifo)
		write_fifo(s, WIRE_MESSAGE_STATE, (int)to);
	if (is_final)
		state_free_address(s);
	else
		control_tell_state(s, to);
	s->loop.has_deep_stack = true;
	return 0;
}

int state_enter(struct supervisor *s, enum container_state state)
{
	return enter(s, state, true);
}

int state_adopt(struct supervisor *s, enum container_state state)
{
	return enter(s, state, false);
}
