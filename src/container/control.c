/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions about a running container: state, init, descriptors, running configuration.
 *
 * The run record answers without a round trip. Its state is not used while it is STARTING: genuine
 * tools wait for RUNNING there, and callers count on it (wire.md §14).
 */

#include "container/control.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/init_status.h"
#include "sys/process.h"

#define LOG_CATEGORY "commands"
#include "base/log.h"

/* Even a deadline that has passed leaves time for an answer that comes at once. */
enum { CONTROL_SHORTEST = 100 }; /* milliseconds */

int control_view(const struct container *c, struct run_view *ret)
{
	struct run_view view;
	struct err problem = {0};
	int r;

	r = runs_view(c->lxcpath, c->name, &view, &problem);
	if (r < 0)
		log_info("%s: %s", c->name, err_cause(&problem));
	if (r != 0)
		return 1;
	if (!view.is_alive) {
		runs_view_close(&view);
		return 1;
	}
	*ret = view;
	return 0;
}

static bool is_starting(const struct container *c)
{
	struct run_view view;
	bool starting;

	if (control_view(c, &view) != 0)
		return false;
	starting = runs_view_state(&view) == STATE_STARTING;
	runs_view_close(&view);
	return starting;
}

int control_not_running(const struct container *c, int errnum, struct err *e)
{
	/* The number is for callers; as words ("Connection refused") it would tell nobody more. */
	(void)err_set(e, ERR_NOT_RUNNING, 0, "container \"%s\" is not running", c->name);
	return -errnum;
}

int control_denied(const struct container *c, struct err *e)
{
	int r = err_set(e, ERR_PERMISSION, EPERM, "container \"%s\" belongs to another user",
			c->name);

	err_hint(e, "only root and the user and group that started it may talk to it, from its "
		    "PID namespace");
	return r;
}

/* The socket is not here, but it is somewhere. 0, or -EHOSTUNREACH. */
static int check_network(const struct container *c, struct err *e)
{
	struct run_view view;
	bool is_here;
	int pid, r;

	if (control_view(c, &view) != 0)
		return 0;
	is_here = runs_view_has_our_network(&view);
	pid = runs_view_has_our_pids(&view) ? view.record->supervisor_pid : 0;
	runs_view_close(&view);
	if (is_here)
		return 0;
	r = err_set(e, ERR_NO_ANSWER, EHOSTUNREACH,
		    "container \"%s\" was started in another network namespace, where its control "
		    "socket is",
		    c->name);
	if (pid)
		err_hint(e, "run the command there: nsenter --net=/proc/%d/ns/net …", pid);
	return r;
}

int control_call(const struct container *c, const struct control_request *q,
		 struct client_answer *answer, struct err *e)
{
	usec_t deadline = q->deadline ? q->deadline : USEC_INFINITY;

	for (;;) {
		int timeout = q->timeout ? q->timeout : CONTROL_TIMEOUT;
		usec_t left = time_left(deadline) / USEC_PER_MSEC;
		int r;

		if (deadline != USEC_INFINITY && (timeout < 0 || left < (usec_t)timeout))
			timeout = left < CONTROL_SHORTEST ? CONTROL_SHORTEST : (int)left;
		r = client_call(c->lxcpath, c->name, q->command, q->data, q->payload, q->length,
				timeout, answer, q->ret_fd, e);
		if (r == CLIENT_STOPPED && check_network(c, e) < 0)
			return -EHOSTUNREACH;
		if (r != -ETIMEDOUT || time_left(deadline) == 0 || !is_starting(c))
			return r;
	}
}

/* Answers of the commands whose -1 is no errno are theirs to explain. */
static bool is_denied(const struct client_answer *answer)
{
	return answer->ret == -EPERM;
}

usec_t control_deadline(int seconds)
{
	return seconds < 0 ? USEC_INFINITY : time_deadline((usec_t)seconds * USEC_PER_SEC);
}

static int ask_state(const struct container *c, int timeout, enum container_state *ret,
		     struct err *e)
{
	const struct control_request q = {.command = WIRE_GET_STATE, .timeout = timeout};
	struct client_answer answer;
	int r = control_call(c, &q, &answer, e);

	if (r < 0)
		return r;
	if (r > 0) { /* a connection that ends without an answer: gone meanwhile */
		*ret = STATE_STOPPED;
		return 0;
	}
	client_answer_finish(&answer);
	if (is_denied(&answer))
		return control_denied(c, e);
	if (answer.ret < 0 || (uint32_t)answer.data >= STATE_COUNT)
		return err_set(e, ERR_PROTOCOL, EPROTO,
			       "container \"%s\" answered with a state that does not exist: %d",
			       c->name, (int)answer.data);
	*ret = (enum container_state)(uint32_t)answer.data;
	return 0;
}

int control_read_state(const struct container *c, int timeout, enum container_state *ret,
		       struct err *e)
{
	struct run_view view;
	enum container_state state = STATE_STARTING;

	bool can_ask = true;

	if (control_view(c, &view) == 0) {
		state = runs_view_state(&view);
		can_ask = state != STATE_STARTING || runs_view_has_our_network(&view);
		runs_view_close(&view);
	}
	if (state < STATE_COUNT && (state != STATE_STARTING || !can_ask)) {
		*ret = state;
		return 0;
	}
	return ask_state(c, timeout, ret, e);
}

int container_state(struct container *c, int timeout, enum container_state *ret, struct err *e)
{
	int milliseconds = timeout > 0 && timeout < INT32_MAX / 1000 ? timeout * 1000 : 0;

	return control_read_state(c, milliseconds, ret, e);
}

int container_init_pid(struct container *c, pid_t *ret, struct err *e)
{
	const struct control_request q = {.command = WIRE_GET_INIT_PID};
	struct client_answer answer;
	struct run_view view;
	bool has_our_pids;
	pid_t pid = 0;
	int r;

	if (control_view(c, &view) == 0) {
		if (atomic_load(&view.record->state) != STATE_STARTING)
			pid = view.record->init_pid;
		has_our_pids = runs_view_has_our_pids(&view);
		runs_view_close(&view);
		if (!has_our_pids)
			return err_set(
				e, ERR_UNSUPPORTED, ESRCH,
				"container \"%s\" runs in another PID namespace: its process "
				"numbers mean nothing here",
				c->name);
		if (pid > 0) {
			*ret = pid;
			return 0;
		}
	}
	r = control_call(c, &q, &answer, e);
	if (r < 0)
		return r;
	if (r == 0) {
		client_answer_finish(&answer);
		if (is_denied(&answer))
			return control_denied(c, e);
		if (answer.ret >= 0 && (int32_t)answer.data > 0)
			pid = (int32_t)answer.data;
	}
	*ret = pid;
	return 0;
}

int control_open_recorded(const struct run_view *view, int *ret_pidfd)
{
	const struct record_header *record = view->record;
	autoclose int fd = -EBADF;
	uint64_t start_time;
	int r;

	if (record->init_pid <= 0 || !runs_view_has_our_pids(view))
		return -ESRCH;
	fd = process_open(record->init_pid);
	if (fd < 0)
		return fd;
	/* The descriptor first: after that the number can't be given to anybody else. */
	r = process_start_time(record->init_pid, &start_time);
	if (r < 0)
		return r;
	if (start_time != record->init_start_time)
		return -ESRCH;
	*ret_pidfd = take_fd(fd);
	return 0;
}

/* One descriptor of an answer, checked to be of the kind: 0, or negative with e set. */
static int take_answer_fd(const struct container *c, int command, struct client_answer *answer,
			  bool (*is_right)(int fd), struct err *e)
{
	int fd;

	if (is_denied(answer))
		return control_denied(c, e);
	if (answer->ret < 0 || answer->fd_count == 0)
		return err_set(e, ERR_UNSUPPORTED, EBADF,
			       "container \"%s\" has no such descriptor to give", c->name);
	fd = answer->fds[0];
	if (!is_right(fd))
		return err_set(
			e, ERR_PROTOCOL, EPROTO,
			"container \"%s\" answered command %d with a descriptor of a wrong kind",
			c->name, command);
	answer->fd_count = 0;
	return fd;
}

static bool is_pidfd(int fd)
{
	int r = process_signal(fd, 0);

	return r == 0 || r == -ESRCH;
}

static bool is_devpts(int fd)
{
	struct statfs s;

	return fstatfs(fd, &s) == 0 && s.f_type == DEVPTS_SUPER_MAGIC;
}

static bool is_seccomp_listener(int fd)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strcmp(target, "anon_inode:seccomp notify") == 0;
}

/* A descriptor over the wire; -ECONNREFUSED, -EBADF as documented; CLIENT_UNSUPPORTED. */
static int ask_fd(const struct container *c, int command, bool (*is_right)(int fd), struct err *e)
{
	const struct control_request q = {.command = command};
	struct client_answer answer;
	int r = control_call(c, &q, &answer, e);

	if (r == CLIENT_STOPPED)
		return control_not_running(c, ECONNREFUSED, e);
	if (r == CLIENT_UNSUPPORTED)
		return err_set(e, ERR_UNSUPPORTED, EBADF,
			       "the supervisor of container \"%s\" does not know command %d",
			       c->name, command);
	if (r < 0)
		return r;
	r = take_answer_fd(c, command, &answer, is_right, e);
	client_answer_finish(&answer);
	return r;
}

int control_open_init(const struct container *c, int *ret_pidfd, pid_t *ret_pid, struct err *e)
{
	struct run_view view;
	struct err problem = {0};
	pid_t pid = 0;
	int fd = -EBADF;

	if (control_view(c, &view) == 0) {
		if (atomic_load(&view.record->state) != STATE_STARTING &&
		    control_open_recorded(&view, &fd) == 0)
			pid = view.record->init_pid;
		runs_view_close(&view);
	}
	if (fd < 0) {
		fd = ask_fd(c, WIRE_GET_INIT_PIDFD, is_pidfd, &problem);
		if (fd >= 0)
			pid = init_of_pidfd(fd);
	}
	if (fd == -EBADF) { /* a monitor of old: its number */
		int r = container_init_pid((struct container *)c, &pid, e);

		if (r < 0)
			return r;
		fd = pid > 0 ? process_open(pid) : -ESRCH;
		if (fd < 0)
			return control_not_running(c, ECONNREFUSED, e);
	}
	if (fd < 0) {
		if (e)
			*e = problem;
		return fd;
	}
	if (pid <= 0) {
		close(fd);
		return control_not_running(c, ECONNREFUSED, e);
	}
	*ret_pidfd = fd;
	if (ret_pid)
		*ret_pid = pid;
	return 0;
}

int container_init_pidfd(struct container *c, struct err *e)
{
	int fd = -EBADF;
	int r = control_open_init(c, &fd, NULL, e);

	return r < 0 ? r : fd;
}

int container_devpts_fd(struct container *c, struct err *e)
{
	return ask_fd(c, WIRE_GET_DEVPTS_FD, is_devpts, e);
}

int container_seccomp_fd(struct container *c, struct err *e)
{
	return ask_fd(c, WIRE_GET_SECCOMP_NOTIFY_FD, is_seccomp_listener, e);
}

/* 1: no such item. To strangers supervisors answer -EPERM; LXC's use -1 for other failures, too. */
static int ask_item(struct container *c, const char *key, struct str *out, struct err *e)
{
	const struct control_request q = {
		.command = WIRE_GET_CONFIG_ITEM, .payload = key, .length = strlen(key) + 1};
	struct client_answer answer;
	int r = control_call(c, &q, &answer, e);

	if (r != 0)
		return r < 0 ? r : 1;
	if (answer.ret < 0 || answer.payload.len == 0) {
		r = is_denied(&answer) ? container_may_control(c, e) : 0;
		client_answer_finish(&answer);
		return r < 0 ? r : 1;
	}
	if (answer.payload.data[answer.payload.len - 1] != '\0')
		r = err_set(e, ERR_PROTOCOL, EPROTO,
			    "container \"%s\" answered with a value that is not terminated",
			    c->name);
	else
		str_add(out, answer.payload.data);
	client_answer_finish(&answer);
	return r;
}

int container_running_item(struct container *c, const char *key, struct str *out, struct err *e)
{
	char number[RECORD_NUMBER_MAX];
	struct run_view view;
	const char *value;
	bool is_set;

	if (strlen(key) >= WIRE_PAYLOAD_MAX)
		return 1;
	if (control_view(c, &view) != 0)
		return ask_item(c, key, out, e);
	value = record_find_running_item(view.record, runs_view_plan(&view), key, number);
	is_set = value && *value;
	if (is_set)
		str_add(out, value);
	runs_view_close(&view);
	if (str_failed(out))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for \"%s\"", key);
	return is_set ? 0 : 1;
}

int container_may_control(struct container *c, struct err *e)
{
	const struct control_request q = {.command = WIRE_GET_INIT_PID};
	struct client_answer answer;
	struct run_view view;
	int r;

	/* Whoever can read the record is its owner or root: the supervisor will obey. */
	if (control_view(c, &view) == 0) {
		runs_view_close(&view);
		return 0;
	}
	r = control_call(c, &q, &answer, e);
	if (r != 0)
		return r < 0 ? r : 0;
	client_answer_finish(&answer);
	return is_denied(&answer) ? control_denied(c, e) : 0;
}
