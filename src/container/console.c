/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console and the ttys of a running container, for somebody who looks at them (runtime.md §10,
 * wire.md §5: GET_TTY_FD, CONSOLE_LOG).
 *
 * A tty is leased: it is ours as long as the connection is open on which we asked for it, whose end
 * also tells that the container is gone. Its pty's master stays with the supervisor, too: nobody
 * inside notices who comes and goes.
 */

#include "container/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/relay.h"
#include "sys/pty.h"

#define LOG_CATEGORY "terminal"
#include "base/log.h"

enum {
	RESIZE_TIMEOUT = 1000, /* milliseconds: nobody types meanwhile */
	CONTROL_LETTER = 'a' - 1,
	TAKING_PAUSE = 5, /* milliseconds */
	TAKING_PAUSES = 200,
};

/* What the plan of the run knows. */
struct known {
	bool has_record;
	bool has_console;
	uint32_t tty_count;
};

static struct known look(const struct container *c)
{
	struct known known = {0};
	struct run_view view;
	const struct plan *plan;

	if (control_view(c, &view) != 0)
		return known;
	plan = runs_view_plan(&view);
	if (plan) {
		known.has_record = true;
		known.has_console = plan->roles[ROLE_CONSOLE_MASTER] != PLAN_NO_REGISTER;
		known.tty_count = plan->tty_count;
	}
	runs_view_close(&view);
	return known;
}

static int explain_console(const struct container *c, const struct known *known, struct err *e)
{
	int r;

	if (known->has_record && !known->has_console) {
		r = err_set(e, ERR_TTY_DENIED, ENXIO, "container \"%s\" has no console", c->name);
		err_hint(e, "it was started with lxc.console.path = none");
		return r;
	}
	r = err_set(e, ERR_TTY_DENIED, EBUSY, "the console of container \"%s\" is in use", c->name);
	err_hint(e, "another lxc-console has it, the terminal of lxc-start -F, or what "
		    "lxc.console.path names");
	return r;
}

/* The supervisor says no, and not why. */
static int explain_denied(const struct container *c, int tty, struct err *e)
{
	const struct known known = look(c);
	int r;

	if (tty == 0)
		return explain_console(c, &known, e);
	if (known.has_record && known.tty_count == 0) {
		r = err_set(e, ERR_TTY_DENIED, ENXIO, "container \"%s\" has no ttys", c->name);
		err_hint(e, "lxc.tty.max says how many; its console is number 0");
		return r;
	}
	if (known.has_record && tty > 0 && (uint32_t)tty > known.tty_count) {
		r = err_set(e, ERR_TTY_DENIED, ENXIO, "container \"%s\" has no tty %d", c->name,
			    tty);
		err_hint(e, "it has the ttys 1 to %u, as lxc.tty.max says; its console is number 0",
			 known.tty_count);
		return r;
	}
	if (tty < 0)
		r = err_set(e, ERR_TTY_DENIED, EBUSY, "no tty of container \"%s\" is free",
			    c->name);
	else
		r = err_set(e, ERR_TTY_DENIED, EBUSY, "tty %d of container \"%s\" is in use%s", tty,
			    c->name, known.has_record ? "" : ", or does not exist");
	err_hint(e, "another lxc-console has it: leave that, or take another tty (-t)");
	return r;
}

/* The monitor gives everybody the same descriptor: who had it before may have been killed while it
 * did not wait. Monitors neither read nor write it. */
static void wait_on_reads(int master_fd)
{
	int flags = fcntl(master_fd, F_GETFL);

	if (flags >= 0 && flags & O_NONBLOCK)
		(void)fcntl(master_fd, F_SETFL, flags & ~O_NONBLOCK);
}

int container_console_fd(struct container *c, int *tty, int *ret_master_fd, struct err *e)
{
	autoclose int lease_fd = -EBADF;
	const struct control_request q = {
		.command = WIRE_GET_TTY_FD, .data = (uint64_t)(int64_t)*tty, .ret_fd = &lease_fd};
	struct client_answer answer;
	int r;

	if (*tty < -1)
		return err_set(e, ERR_USAGE, EINVAL,
			       "%d is no number of a tty: 0 is the console, -1 the first free tty",
			       *tty);
	r = control_call(c, &q, &answer, e);
	if (r == CLIENT_STOPPED)
		return control_not_running(c, ESRCH, e);
	if (r == CLIENT_UNSUPPORTED) /* monitors before LXC 4 say no by closing */
		return explain_denied(c, *tty, e);
	if (r < 0)
		return r;
	if (answer.ret == -EPERM) {
		client_answer_finish(&answer);
		return control_denied(c, e);
	}
	if (answer.ret < 0 || answer.fd_count != 1) {
		client_answer_finish(&answer);
		return explain_denied(c, *tty, e);
	}
	if (!isatty(answer.fds[0])) {
		client_answer_finish(&answer);
		return err_set(e, ERR_PROTOCOL, EPROTO,
			       "container \"%s\" answered with something else than a terminal",
			       c->name);
	}
	wait_on_reads(answer.fds[0]);
	*tty = (int)(int32_t)answer.data;
	*ret_master_fd = answer.fds[0];
	answer.fd_count = 0;
	client_answer_finish(&answer);
	return take_fd(lease_fd);
}

/* What the relay's callbacks get. */
struct looking {
	struct container *container;
	const struct console_look *how;
	int tty;
};

/* The console's pty is another than the one that we have: the supervisor passes its size on. */
static void tell_size(void *context)
{
	const struct control_request q = {.command = WIRE_TERMINAL_WINCH,
					  .timeout = RESIZE_TIMEOUT};
	const struct looking *l = context;
	struct client_answer answer;
	struct err problem = {0};

	/* Nobody answers this, and genuine monitors do nothing. */
	if (control_call(l->container, &q, &answer, &problem) == 0)
		client_answer_finish(&answer);
}

/*
 * The console's proxy ends with us, and what it has not passed on with it: the last words that were
 * typed are waited for. pty(7): poll(2) first moves on what was written to the other side.
 */
static void await_taken(int master_fd)
{
	const struct timespec pause = {.tv_nsec = TAKING_PAUSE * 1000 * 1000};
	autoclose int peer_fd = pty_open_peer(master_fd);
	struct pollfd p = {.fd = peer_fd, .events = POLLIN};

	for (int i = 0; peer_fd >= 0 && i < TAKING_PAUSES; i++) {
		if (poll(&p, 1, 0) != 1 || p.revents != POLLIN)
			return;
		nanosleep(&pause, NULL);
	}
}

/* What LXC's client would get no events of. */
static int check_input(int fd, struct err *e)
{
	struct stat status;
	int r;

	if (fstat(fd, &status) == 0 && (isatty(fd) || S_ISFIFO(status.st_mode) ||
					S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode)))
		return 0;
	r = err_set(e, ERR_USAGE, EPERM, "Failed to add stdin handler");
	err_hint(e, "the standard input is neither a terminal nor a file or pipe");
	return r;
}

/* As LXC has it, to the byte. */
static void greet(void *context)
{
	const struct looking *l = context;
	char letter = (char)(CONTROL_LETTER + l->how->escape);
	autostr text = {0};

	str_addf(&text,
		 "\nConnected to tty %d\n"
		 "Type <Ctrl+%c q> to exit the console, "
		 "<Ctrl+%c Ctrl+%c> to enter Ctrl+%c itself\n",
		 l->tty, letter, letter, letter, letter);
	if (!str_failed(&text))
		(void)!write(l->how->message_fd, text.data, text.len);
}

static bool is_escape(int escape)
{
	return escape >= 1 && escape <= CONSOLE_ESCAPE_MAX;
}

int container_console(struct container *c, const struct console_look *how, struct err *e)
{
	autoclose int lease_fd = -EBADF, master_fd = -EBADF;
	struct relay relay = {
		.input_fd = how->input_fd,
		.output_fd = how->output_fd,
		.log_fd = -EBADF,
		.owns_process = how->owns_process,
		.ends_on_term = true,
		.escape = is_escape(how->escape) ? (char)how->escape : '\0',
		.ends_with_input = how->input_fd >= 0,
	};
	struct looking looking = {.container = c, .how = how, .tty = how->tty};
	int r;

	relay.context = &looking;
	lease_fd = container_console_fd(c, &looking.tty, &master_fd, e);
	if (lease_fd < 0)
		return lease_fd;
	r = how->input_fd >= 0 ? check_input(how->input_fd, e) : 0;
	if (r < 0)
		return r;
	relay.master_fd = master_fd;
	relay.child_fd = lease_fd;
	relay_fit(master_fd, isatty(how->input_fd) ? how->input_fd : how->output_fd);
	if (looking.tty == 0) {
		relay.resized = tell_size;
		tell_size(&looking);
	}
	if (relay.escape && how->message_fd >= 0)
		relay.begun = greet;
	r = relay_run(&relay);
	if (looking.tty == 0)
		await_taken(master_fd);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot relay the terminal of container \"%s\"",
			       c->name);
	return r;
}

int container_console_log(struct container *c, const struct console_log_query *query,
			  struct str *out, struct err *e)
{
	const struct wire_console_log wire = {
		.clear = query->clear, .read = query->read, .read_max = query->max};
	const struct control_request q = {
		.command = WIRE_CONSOLE_LOG, .payload = &wire, .length = sizeof(wire)};
	struct client_answer answer;
	int r = control_call(c, &q, &answer, e);

	if (r == CLIENT_STOPPED)
		return control_not_running(c, ESRCH, e);
	if (r == CLIENT_UNSUPPORTED)
		return err_set(e, ERR_UNSUPPORTED, ENOSYS,
			       "the monitor of container \"%s\" keeps no console buffer", c->name);
	if (r < 0)
		return r;
	if (answer.ret == -EFAULT) {
		r = err_set(e, ERR_UNSUPPORTED, EFAULT, "container \"%s\" has no console buffer",
			    c->name);
		err_hint(e, "set lxc.console.buffer.size, and start it again");
	} else if (answer.ret == -ENODATA) {
		r = err_set(e, ERR_UNSUPPORTED, ENODATA,
			    "the console buffer of container \"%s\" is empty", c->name);
	} else if (answer.ret == -EPERM) {
		r = control_denied(c, e);
	} else if (answer.ret < 0) {
		r = err_set(e, ERR_PROTOCOL, -answer.ret,
			    "container \"%s\" does not give its console buffer", c->name);
	} else {
		str_add_bytes(out, str_text(&answer.payload), answer.payload.len);
		if (str_failed(out))
			r = err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for a console buffer");
	}
	client_answer_finish(&answer);
	return r;
}
