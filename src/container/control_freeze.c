/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Freezing and thawing.
 *
 * Supervisors of ours do it themselves, whatever the host's cgroups are, and track the state. A
 * monitor of genuine LXC is only told: the client works the freezer of the limit directory, v1's
 * freezer.state or v2's cgroup.freeze (wire.md §8, cgroup1.md §5).
 */

#include "container/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "run/monitor.h"
#include "sys/file.h"

enum {
	FREEZER_FILE_MAX = 4096,
	PAUSE_FIRST = 1, /* milliseconds, doubled up to … */
	PAUSE_LAST = 50,
};

struct freezer {
	struct limit_directory at;
	bool freeze;
};

static int freezer_open(const struct container *c, struct limit_directory *ret, struct err *e)
{
	int r = control_open_limits(c, "freezer", LIMIT_V1, ret, e);

	return r == 1 ? control_open_limits(c, "freezer", LIMIT_V2, ret, e) : r;
}

/* Whether the freezer stands where it is to stand: 1, 0, or -errno. */
static int freezer_is_done(const struct freezer *f)
{
	autofree char *text = NULL;
	int r = file_read_all(f->at.dir_fd, f->at.is_v2 ? "cgroup.events" : "freezer.state",
			      FREEZER_FILE_MAX, &text, NULL);

	if (r < 0)
		return r;
	if (f->at.is_v2)
		return (strstr(text, "frozen 1") != NULL) == f->freeze;
	return text_starts(text, f->freeze ? "FROZEN" : "THAWED");
}

/* Ask for it. A v1 freezer wants to be asked again while tasks fork. */
static int freezer_write(const struct freezer *f)
{
	const char *value = f->at.is_v2 ? (f->freeze ? "1" : "0")
					: (f->freeze ? "FROZEN" : "THAWED");
	autoclose int fd = openat(f->at.dir_fd, f->at.is_v2 ? "cgroup.freeze" : "freezer.state",
				  O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : file_write_fd(fd, value, strlen(value));
}

static int freezer_run(const struct freezer *f)
{
	usec_t deadline = time_deadline(CONTROL_FREEZE_TIMEOUT * USEC_PER_MSEC);
	long pause = PAUSE_FIRST;

	for (;;) {
		const struct timespec t = {.tv_nsec = pause * 1000 * 1000};
		int r = freezer_write(f);

		if (r == 0)
			r = freezer_is_done(f);
		if (r != 0)
			return r < 0 ? r : 0;
		if (time_left(deadline) == 0)
			return -ETIMEDOUT;
		nanosleep(&t, NULL);
		pause = pause * 2 < PAUSE_LAST ? pause * 2 : PAUSE_LAST;
	}
}

/* Tell a monitor, and lxc-monitord, which the monitor leaves to us; what they think of it changes
 * nothing. */
static void tell_state(const struct container *c, enum container_state state)
{
	const struct control_request q = {.command = WIRE_SERVE_STATE_CLIENTS, .data = state};
	autofree char *run_directory = NULL;
	struct client_answer answer;

	if (container_run_directory(&run_directory, NULL) == 0)
		(void)monitor_publish(run_directory, strlen(run_directory), c->lxcpath, c->name,
				      WIRE_MESSAGE_STATE, (int)state);
	if (control_call(c, &q, &answer, NULL) == 0)
		client_answer_finish(&answer);
}

/* The way of genuine LXC's clients. */
static int freeze_ourselves(const struct container *c, bool freeze, struct err *e)
{
	struct freezer f = {.freeze = freeze};
	struct freezer back = {.freeze = false};
	int r = freezer_open(c, &f.at, e);

	if (r == 1)
		r = err_set(e, ERR_UNSUPPORTED, ENOENT,
			    "container \"%s\" is in no cgroup with a freezer", c->name);
	if (r < 0)
		return r;
	tell_state(c, freeze ? STATE_FREEZING : STATE_THAWED);
	r = freezer_run(&f);
	if (r < 0 && freeze) {
		back.at = f.at;
		(void)freezer_write(&back);
	}
	close(f.at.dir_fd);
	tell_state(c, freeze && r == 0 ? STATE_FROZEN : STATE_RUNNING);
	if (r < 0)
		return err_set(e, ERR_CGROUP_FAILED, -r, "cannot %s container \"%s\"",
			       freeze ? "freeze" : "thaw", c->name);
	return 0;
}

/* Our supervisor does it. The client waits longer than the supervisor does. */
static int ask_supervisor(const struct container *c, bool freeze, struct err *e)
{
	const struct control_request q = {.command = freeze ? WIRE_FREEZE : WIRE_UNFREEZE,
					  .data = CONTROL_FREEZE_TIMEOUT,
					  .timeout = CONTROL_FREEZE_TIMEOUT + CONTROL_TIMEOUT};
	struct client_answer answer;
	int r = control_call(c, &q, &answer, e);

	if (r != 0)
		return r;
	client_answer_finish(&answer);
	if (answer.ret == -EPERM)
		return control_denied(c, e);
	if (answer.ret >= 0)
		return 0;
	r = err_set(e, ERR_CGROUP_FAILED, -answer.ret, "the supervisor cannot %s container \"%s\"",
		    freeze ? "freeze" : "thaw", c->name);
	if (answer.ret == -ETIMEDOUT)
		err_hint(e, "a process that waits for a device or a network file system can't be "
			    "frozen");
	else if (answer.ret == -ENOENT)
		err_hint(e, "the container is in no cgroup with a freezer");
	return r;
}

static int freeze_or_thaw(struct container *c, bool freeze, struct err *e)
{
	enum container_state state;
	struct run_view view;
	int r;

	if (control_view(c, &view) == 0) {
		runs_view_close(&view);
		r = ask_supervisor(c, freeze, e);
		if (r != CLIENT_UNSUPPORTED && r != CLIENT_STOPPED)
			return r;
	}
	r = control_read_state(c, 0, &state, e);
	if (r < 0)
		return r;
	if (state == STATE_STOPPED)
		return freeze ? control_not_running(c, ECONNREFUSED, e) : 0;
	if (state == (freeze ? STATE_FROZEN : STATE_RUNNING) && control_is_frozen(c) == freeze)
		return 0;
	return freeze_ourselves(c, freeze, e);
}

int container_freeze(struct container *c, struct err *e)
{
	return freeze_or_thaw(c, true, e);
}

int container_unfreeze(struct container *c, struct err *e)
{
	return freeze_or_thaw(c, false, e);
}

bool control_is_frozen(const struct container *c)
{
	struct freezer f = {.freeze = true};
	int r;

	if (freezer_open(c, &f.at, NULL) != 0)
		return false;
	r = freezer_is_done(&f);
	close(f.at.dir_fd);
	return r == 1;
}
