/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ending a container: stop, shutdown, reboot (runtime.md §18).
 *
 * Signals to init go by pidfd, and a frozen container is thawed first: it would not see them
 * (cgroup1.md §5).
 */

#include "container/control.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/init_status.h"
#include "sys/process.h"

#define LOG_CATEGORY "lxccontainer"
#include "base/log.h"

enum { SYSTEMD_HALT = 3 }; /* systemd(1): SIGRTMIN+3 halts */

/* A signal of the plan that runs, 0 = it names none. */
static uint32_t planned_signal(const struct container *c, bool reboot)
{
	struct run_view view;
	const struct plan *plan;
	uint32_t signal = 0;

	if (control_view(c, &view) != 0)
		return 0;
	plan = runs_view_plan(&view);
	if (plan)
		signal = reboot ? plan->signal_reboot : plan->signal_halt;
	runs_view_close(&view);
	return signal;
}

/* Of the caller's own configuration, 0 = it names none. */
static uint32_t configured_signal(const struct container *c, bool reboot)
{
	if (!c->config)
		return 0;
	return reboot ? c->config->values.signal.reboot : c->config->values.signal.halt;
}

/* As LXC, the caller's own configuration (`wanted`) goes first. */
static int choose_signal(const struct container *c, uint32_t wanted, bool reboot)
{
	uint32_t signal = wanted ? wanted : planned_signal(c, reboot);

	return signal <= (uint32_t)SIGRTMAX ? (int)signal : 0;
}

int control_halt_signal(const struct container *c, uint32_t wanted, pid_t init)
{
	struct init_status status;
	int signal = choose_signal(c, wanted, false);

	if (signal)
		return signal;
	/* systemd waits for its signals with them blocked. */
	signal = SIGRTMIN + SYSTEMD_HALT;
	if (init_read_status(init, &status) == 0 && (status.blocked & UINT64_C(1) << (signal - 1)))
		return signal;
	return SIGPWR;
}

int control_reboot_signal(const struct container *c, uint32_t wanted)
{
	int signal = choose_signal(c, wanted, true);

	return signal ? signal : SIGINT;
}

/* What is frozen would not see a signal. */
static void thaw(struct container *c)
{
	enum container_state state;
	struct err problem = {0};
	int r = control_read_state(c, 0, &state, &problem);

	if (r == 0 && (state == STATE_FROZEN || state == STATE_FREEZING || control_is_frozen(c)))
		r = container_unfreeze(c, &problem);
	if (r < 0)
		log_warn("%s: cannot thaw it before it is signalled: %s", c->name,
			 err_cause(&problem));
}

/* 0 also when init is gone. */
static int send_signal(const struct container *c, int pidfd, int signal, struct err *e)
{
	int r = process_signal(pidfd, signal);

	if (r < 0 && r != -ESRCH) {
		r = err_set(e, ERR_SYSTEM, -r, "cannot send signal %d to init of container \"%s\"",
			    signal, c->name);
		if (r == -EINVAL)
			err_hint(e, "lxc.signal.halt and lxc.signal.reboot take a signal's name or "
				    "number");
		return r;
	}
	return 0;
}

int container_stop(struct container *c, struct err *e)
{
	/* The answer is the end of the connection, when the supervisor has tidied up. */
	const struct control_request q = {.command = WIRE_STOP, .timeout = -1};
	struct client_answer answer;
	int r = control_call(c, &q, &answer, e);

	if (r != 0)
		return r < 0 ? r : 0;
	client_answer_finish(&answer);
	if (answer.ret == -EPERM)
		return control_denied(c, e);
	if (answer.ret < 0)
		return err_set(e, ERR_SYSTEM, -answer.ret,
			       "the supervisor of container \"%s\" cannot stop it", c->name);
	return 0;
}

static int wait_stopped(const struct container *c, int fd, usec_t deadline, struct err *e)
{
	int state = control_watch_wait(c, fd, deadline, e);

	if (state == -ETIMEDOUT)
		return 1;
	return state < 0 ? state : 0;
}

int container_shutdown(struct container *c, int timeout, struct err *e)
{
	static const int32_t interest[WIRE_STATES] = {[STATE_STOPPED] = 1};
	usec_t deadline = control_deadline(timeout);
	autoclose int fd = -EBADF;
	uint32_t wanted = configured_signal(c, false);
	autoclose int pidfd = -EBADF;
	unsigned state = STATE_COUNT;
	pid_t init;
	int r;

	container_release(c);
	err_clear(e);
	thaw(c);
	if (timeout != 0) {
		r = control_watch(c, interest, deadline, &fd, &state, e);
		if (r == -ETIMEDOUT && time_left(deadline) == 0)
			return 1;
		if (r != 0)
			return r < 0 ? r : 0;
		if (state == STATE_STOPPED)
			return 0;
	}
	r = control_open_init(c, &pidfd, &init, e);
	if (r == -ECONNREFUSED) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	r = send_signal(c, pidfd, control_halt_signal(c, wanted, init), e);
	if (r < 0 || timeout == 0)
		return r;
	return wait_stopped(c, fd, deadline, e);
}

static int wait_running(const struct container *c, int fd, usec_t deadline, struct err *e)
{
	int state = control_watch_wait(c, fd, deadline, e);
	int r;

	if (state == -ETIMEDOUT)
		return 1;
	if (state != STATE_STOPPED)
		return state < 0 ? state : 0;
	r = err_set(e, ERR_NOT_RUNNING, 0, "container \"%s\" stopped instead of starting again",
		    c->name);
	err_hint(e, "its init took the reboot signal (lxc.signal.reboot) for something else, the "
		    "new start failed, or a post-stop hook did; see the log");
	return r;
}

int container_reboot(struct container *c, bool wait, int timeout, struct err *e)
{
	/* 2: only the next time that it is entered. */
	static const int32_t interest[WIRE_STATES] = {[STATE_RUNNING] = 2};
	usec_t deadline = control_deadline(timeout);
	autoclose int fd = -EBADF;
	uint32_t wanted = configured_signal(c, true);
	autoclose int pidfd = -EBADF;
	unsigned state;
	int r;

	container_release(c);
	err_clear(e);
	/* Before the watch: a thawed container enters RUNNING, too. */
	thaw(c);
	if (wait) {
		r = control_watch(c, interest, deadline, &fd, &state, e);
		if (r == -ETIMEDOUT && time_left(deadline) == 0)
			return 1;
		if (r != 0)
			return r < 0 ? r : 2;
	}
	r = control_open_init(c, &pidfd, NULL, e);
	if (r == -ECONNREFUSED) {
		err_clear(e);
		return 2;
	}
	if (r < 0)
		return r;
	r = send_signal(c, pidfd, control_reboot_signal(c, wanted), e);
	if (r < 0 || !wait)
		return r;
	return wait_running(c, fd, deadline, e);
}
