/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command table (spec/wire.md §4, §5) and the commands that need nothing but the record. What
 * is not here stands in the other control_*.c.
 */

#include "supervisor/control.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_CATEGORY "commands"
#include "base/log.h"
#include "base/macros.h"
#include "supervisor/cgroup.h"
#include "supervisor/supervisor.h"

static void answer_data(struct supervisor *s, struct connection *c, int64_t data)
{
	const struct answer answer = {.data = (uint64_t)data};

	connection_answer(s, c, &answer, VERDICT_CLOSE);
}

/* With its NUL. */
static void answer_text(struct supervisor *s, struct connection *c, const char *text)
{
	const struct answer answer = {
		.payload[0] = {.iov_base = (char *)text, .iov_len = strlen(text) + 1}};

	connection_answer(s, c, &answer, VERDICT_CLOSE);
}

static void answer_role_fd(struct supervisor *s, struct connection *c, enum plan_role role)
{
	int fd = supervisor_role_fd(s, role);
	const struct answer answer = {.fds = &fd, .fd_count = 1};

	if (fd < 0)
		connection_answer_code(s, c, -EBADF);
	else
		connection_answer(s, c, &answer, VERDICT_CLOSE);
}

/* Ours tell so that the window of the console's client has changed. Nobody waits for an answer. */
static void terminal_winch(struct supervisor *s, struct connection *c)
{
	console_resize(s);
	connection_keep(s, c, VERDICT_CLOSE);
}

/* EOF at the end of everything is the answer. */
static void stop(struct supervisor *s, struct connection *c)
{
	int r = supervisor_kill_init(s);

	if (r < 0)
		connection_answer_code(s, c, r);
	else
		connection_keep(s, c, VERDICT_KEEP);
}

static void get_state(struct supervisor *s, struct connection *c)
{
	answer_data(s, c, atomic_load(&s->record->state));
}

static void get_init_pid(struct supervisor *s, struct connection *c)
{
	answer_data(s, c, s->record->init_pid);
}

static void get_clone_flags(struct supervisor *s, struct connection *c)
{
	answer_data(s, c, supervisor_plan(s)->clone_flags);
}

static void get_config_item(struct supervisor *s, struct connection *c)
{
	const char *key = c->buffer;
	const char *value;
	char number[RECORD_NUMBER_MAX];

	if (c->length == 0 || memchr(key, '\0', c->length) != key + c->length - 1) {
		connection_answer_code(s, c, -EINVAL);
		return;
	}
	value = record_find_running_item(s->record, supervisor_plan(s), key, number);
	if (!value || value[0] == '\0')
		connection_answer_code(s, c, -1);
	else
		answer_text(s, c, value);
}

static void get_name(struct supervisor *s, struct connection *c)
{
	answer_text(s, c, record_text(s->record, s->record->name));
}

static void get_lxcpath(struct supervisor *s, struct connection *c)
{
	answer_text(s, c, record_text(s->record, s->record->lxcpath));
}

/* No container has a proxy for seccomp's notifications yet. The descriptor is read with the byte
 * that it came with, so that the client gets to know. */
static void add_seccomp_listener(struct supervisor *s, struct connection *c)
{
	connection_answer_code(s, c, -EINVAL);
}

static void get_init_pidfd(struct supervisor *s, struct connection *c)
{
	answer_role_fd(s, c, ROLE_INIT_PIDFD);
}

static void get_devpts_fd(struct supervisor *s, struct connection *c)
{
	answer_role_fd(s, c, ROLE_DEVPTS);
}

static void get_seccomp_fd(struct supervisor *s, struct connection *c)
{
	answer_role_fd(s, c, ROLE_SECCOMP_LISTENER);
}

#define SCOPE_SUFFIX ".scope"

/* The scope of an ordinary user that our cgroups are in; a directory that is neither's has none. */
static void get_systemd_scope(struct supervisor *s, struct connection *c)
{
	const struct plan_hierarchy *h = cgroup_find_unified(s);
	const char *base = h ? plan_text(supervisor_plan(s), h->base) : "";
	const char *slash = strrchr(base, '/');
	const char *name = slash ? slash + 1 : base;
	size_t length = strlen(name);

	if (h && h->identity && length > sizeof(SCOPE_SUFFIX) - 1 &&
	    strcmp(name + length - (sizeof(SCOPE_SUFFIX) - 1), SCOPE_SUFFIX) == 0)
		answer_text(s, c, name);
	else
		connection_answer_code(s, c, -EINVAL);
}

enum { ANY_LENGTH = 0 };

struct command_row {
	command_function run;
	uint32_t length; /* bytes of payload, or ANY_LENGTH */
};

static const struct command_row rows[WIRE_COMMAND_COUNT] = {
	[WIRE_GET_TTY_FD] = {command_get_tty_fd, ANY_LENGTH},
	[WIRE_TERMINAL_WINCH] = {terminal_winch, ANY_LENGTH},
	[WIRE_STOP] = {stop, ANY_LENGTH},
	[WIRE_GET_STATE] = {get_state, ANY_LENGTH},
	[WIRE_GET_INIT_PID] = {get_init_pid, ANY_LENGTH},
	[WIRE_GET_CLONE_FLAGS] = {get_clone_flags, ANY_LENGTH},
	[WIRE_GET_CGROUP] = {command_get_cgroup, ANY_LENGTH},
	[WIRE_GET_CONFIG_ITEM] = {get_config_item, ANY_LENGTH},
	[WIRE_GET_NAME] = {get_name, ANY_LENGTH},
	[WIRE_GET_LXCPATH] = {get_lxcpath, ANY_LENGTH},
	[WIRE_ADD_STATE_CLIENT] = {command_add_state_client, WIRE_STATES * sizeof(int32_t)},
	[WIRE_CONSOLE_LOG] = {command_console_log, sizeof(struct wire_console_log)},
	[WIRE_SERVE_STATE_CLIENTS] = {command_serve_state_clients, ANY_LENGTH},
	[WIRE_SECCOMP_NOTIFY_ADD_LISTENER] = {add_seccomp_listener, ANY_LENGTH},
	[WIRE_ADD_BPF_DEVICE_CGROUP] = {command_add_device, sizeof(struct wire_device)},
	[WIRE_FREEZE] = {command_freeze, ANY_LENGTH},
	[WIRE_UNFREEZE] = {command_freeze, ANY_LENGTH},
	[WIRE_GET_CGROUP2_FD] = {command_get_cgroup2_fd, ANY_LENGTH},
	[WIRE_GET_INIT_PIDFD] = {get_init_pidfd, ANY_LENGTH},
	[WIRE_GET_LIMIT_CGROUP] = {command_get_cgroup, ANY_LENGTH},
	[WIRE_GET_LIMIT_CGROUP2_FD] = {command_get_cgroup2_fd, ANY_LENGTH},
	[WIRE_GET_DEVPTS_FD] = {get_devpts_fd, ANY_LENGTH},
	[WIRE_GET_SECCOMP_NOTIFY_FD] = {get_seccomp_fd, ANY_LENGTH},
	[WIRE_GET_CGROUP_CTX] = {command_get_cgroup_context, ANY_LENGTH},
	[WIRE_GET_CGROUP_FD] = {command_get_cgroup_fd, ANY_LENGTH},
	[WIRE_GET_LIMIT_CGROUP_FD] = {command_get_cgroup_fd, ANY_LENGTH},
	[WIRE_GET_SYSTEMD_SCOPE] = {get_systemd_scope, ANY_LENGTH},
};

int64_t command_payload_length(const struct wire_request *request)
{
	/* These take a negative length for none, and refuse it (wire.md §9). */
	if (request->length < 0)
		return request->command >= WIRE_GET_CGROUP_CTX &&
				       request->command <= WIRE_GET_LIMIT_CGROUP_FD
			       ? 0
			       : -EPROTO;
	if (request->length > WIRE_PAYLOAD_MAX)
		return -EPROTO;
	/* The descriptor comes with a byte of its own, which no length tells about. */
	if (request->command == WIRE_SECCOMP_NOTIFY_ADD_LISTENER && request->length == 0)
		return 1;
	return request->length;
}

void command_run(struct supervisor *s, struct connection *c)
{
	const struct command_row *row;

	/* One message per registration, and none into the middle of other answers. */
	c->flags &= (uint8_t)~CONNECTION_IS_CLIENT;
	if (c->request.command < 0 || c->request.command >= WIRE_COMMAND_COUNT) {
		connection_answer_code(s, c, -ENOSYS);
	} else {
		row = &rows[c->request.command];
		log_trace("Command %d on descriptor %d", c->request.command, c->fd);
		if (row->length != ANY_LENGTH && c->length != row->length)
			connection_answer_code(s, c, -EINVAL);
		else
			row->run(s, c);
	}
	cleanup_close(&s->control.received_fd);
	s->control.received_fd = -EBADF;
}
