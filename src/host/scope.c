/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interface is org.freedesktop.systemd1(5) on the user's bus. A scope is there when the job
 * that makes it has ended; systemd tells so to whoever began it. It is told to forget the scope as
 * soon as that is empty, whatever became of its processes.
 */

#include "host/scope.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "base/time.h"
#include "host/library.h"

#define MANAGER "org.freedesktop.systemd1.Manager"
#define SERVICE "org.freedesktop.systemd1"
#define OBJECT  "/org/freedesktop/systemd1"

enum {
	ANSWER_TIME = 5, /* seconds */
	NUMBER_MAX = 98,
	WORD_MAX = 64,
	REASON_MAX = 128,
	UNIT_MAX = 256,
};

struct connection {
	const struct library_systemd *library;
	sd_bus *bus;
};

/* The job that makes a scope. */
struct job {
	const struct library_systemd *library;
	const char *path; /* NULL: systemd has not said yet */
	char ended[UNIT_MAX];
	char result[WORD_MAX]; /* "done", "failed" …; "" = it has not ended */
};

static int no_bus(int r, const char *address, struct err *e)
{
	char reason[REASON_MAX];

	err_set(e, ERR_CGROUP_FAILED, -r, "cannot reach the user's systemd on the bus \"%s\": %s",
		address, strerror_r(-r, reason, sizeof(reason)));
	err_hint(e,
		 "log in as this user (su alone does not), or let the user's systemd always run: "
		 "loginctl enable-linger %u; it needs the packages dbus-user-session and "
		 "libpam-systemd",
		 (unsigned)geteuid());
	return r;
}

/* Where the session says that its bus is, else where systemd has it. */
static void find_address(struct str *out)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *directory = getenv("XDG_RUNTIME_DIR");

	if (address && *address)
		str_add(out, address);
	else if (directory && *directory)
		str_addf(out, "unix:path=%s/bus", directory);
	else
		str_addf(out, "unix:path=/run/user/%u/bus", (unsigned)geteuid());
}

static void disconnect(struct connection *c)
{
	if (c->bus)
		c->library->bus_flush_close_unref(c->bus);
	c->bus = NULL;
}

static int join_bus(struct connection *c, const char *address)
{
	int r = c->library->bus_new(&c->bus);

	if (r >= 0)
		r = c->library->bus_set_address(c->bus, address);
	if (r >= 0)
		r = c->library->bus_set_bus_client(c->bus, 1);
	return r < 0 ? r : c->library->bus_start(c->bus);
}

static int reach(struct connection *c, struct err *e)
{
	autostr address = {};
	int r;

	*c = (struct connection){.library = library_systemd(e)};
	if (!c->library)
		return -ENOENT;
	find_address(&address);
	r = str_failed(&address) ? -ENOMEM : join_bus(c, str_text(&address));
	if (r >= 0)
		return 0;
	disconnect(c);
	return no_bus(r, str_text(&address), e);
}

/* A call and its answer. The error is systemd's, to be freed. */
static int call(const struct connection *c, sd_bus_message *m, sd_bus_error *error,
		sd_bus_message **ret)
{
	return c->library->bus_call(c->bus, m, ANSWER_TIME * USEC_PER_SEC, error, ret);
}

static int refused(const struct connection *c, const char *what, const char *unit, int r,
		   sd_bus_error *error, struct err *e)
{
	char reason[REASON_MAX];

	err_set(e, ERR_CGROUP_FAILED, -r, "the user's systemd does not %s %s: %s", what, unit,
		error->message ? error->message : strerror_r(-r, reason, sizeof(reason)));
	if (r == -EACCES || r == -EPERM)
		err_hint(e, "systemd may move a user's own processes only: is this one run with "
			    "another user's rights?");
	else
		err_hint(e, "systemctl --user status and journalctl --user tell more");
	c->library->bus_error_free(error);
	return r;
}

/* Whether the process is in a unit that is its own to use. What can't be found out is none. */
static bool is_delegated(const struct connection *c, pid_t pid)
{
	static const char *const interfaces[] = {SERVICE ".Scope", SERVICE ".Service"};
	const struct library_systemd *l = c->library;
	sd_bus_message *m = NULL, *answer = NULL;
	sd_bus_error error = {0};
	const char *path = NULL;
	int delegated = 0;
	int r = l->message_new_method_call(c->bus, &m, SERVICE, OBJECT, MANAGER, "GetUnitByPID");

	if (r >= 0)
		r = l->message_append(m, "u", (uint32_t)pid);
	if (r >= 0)
		r = call(c, m, &error, &answer);
	if (r >= 0)
		r = l->message_read(answer, "o", &path);
	for (size_t i = 0; r >= 0 && !delegated && i < ARRAY_LENGTH(interfaces); i++)
		if (l->bus_get_property_trivial(c->bus, SERVICE, path, interfaces[i], "Delegate",
						NULL, 'b', &delegated) < 0)
			delegated = 0;
	l->bus_error_free(&error);
	l->message_unref(answer);
	l->message_unref(m);
	return delegated;
}

static int job_removed(sd_bus_message *m, void *context, sd_bus_error *unused)
{
	struct job *job = context;
	const char *path, *unit, *result;
	uint32_t number;

	(void)unused;
	if (job->library->message_read(m, "uoss", &number, &path, &unit, &result) < 0)
		return 0;
	snprintf(job->ended, sizeof(job->ended), "%s", path);
	/* It may end before we know which one is ours. */
	if (!job->path || strcmp(job->path, path) == 0)
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

static int wait_for_job(const struct connection *c, struct job *job, const char *path)
{
	usec_t deadline = time_deadline(ANSWER_TIME * USEC_PER_SEC);

	job->path = path;
	if (strcmp(job->ended, path) != 0)
		job->result[0] = '\0';
	while (!job->result[0]) {
		int r = c->library->bus_process(c->bus, NULL);

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (time_left(deadline) == 0)
			return -ETIMEDOUT;
		r = c->library->bus_wait(c->bus, time_left(deadline));
		if (r < 0 && r != -EINTR)
			return r;
	}
	return strcmp(job->result, "done") == 0 ? 0 : -ECANCELED;
}

static int fill_request(const struct library_systemd *l, sd_bus_message *m, const char *unit,
			pid_t pid)
{
	int r = l->message_append(m, "ss", unit, "fail");

	if (r >= 0)
		r = l->message_append(m, "a(sv)", 4, "Description", "s", "container of lxc-start",
				      "PIDs", "au", 1, (uint32_t)pid, "Delegate", "b", 1,
				      "CollectMode", "s", "inactive-or-failed");
	return r < 0 ? r : l->message_append(m, "a(sa(sv))", 0);
}

/* -EEXIST without an explanation: the name is taken. */
static int make_scope(const struct connection *c, struct job *job, const char *unit, pid_t pid,
		      struct err *e)
{
	const struct library_systemd *l = c->library;
	sd_bus_message *m = NULL, *answer = NULL;
	sd_bus_error error = {0};
	const char *path;
	int r = l->message_new_method_call(c->bus, &m, SERVICE, OBJECT, MANAGER,
					   "StartTransientUnit");

	if (r >= 0)
		r = fill_request(l, m, unit, pid);
	if (r >= 0)
		r = call(c, m, &error, &answer);
	if (r >= 0)
		r = l->message_read(answer, "o", &path);
	if (r < 0 && error.name && strcmp(error.name, SERVICE ".UnitExists") == 0) {
		l->bus_error_free(&error);
		r = -EEXIST;
	} else if (r < 0) {
		r = refused(c, "make the scope", unit, r, &error, e);
	} else {
		r = wait_for_job(c, job, path);
		if (r < 0)
			r = refused(c, "finish the scope", unit, r, &error, e);
	}
	l->message_unref(answer);
	l->message_unref(m);
	return r;
}

static int make_first_free(const struct connection *c, const char *name, pid_t pid, struct err *e)
{
	struct job job = {.library = c->library};
	char unit[UNIT_MAX];
	int r = c->library->bus_match_signal(c->bus, NULL, SERVICE, OBJECT, MANAGER, "JobRemoved",
					     job_removed, &job);

	if (r < 0)
		return err_set(e, ERR_CGROUP_FAILED, -r, "cannot listen to the user's systemd");
	r = -EEXIST;
	for (int n = 0; r == -EEXIST && n <= NUMBER_MAX; n++) {
		if (snprintf(unit, sizeof(unit), "%s-%d.scope", name, n) >= (int)sizeof(unit))
			return err_set(e, ERR_CGROUP_FAILED, ENAMETOOLONG,
				       "\"%s\" is too long for the name of a scope", name);
		r = make_scope(c, &job, unit, pid, e);
	}
	if (r != -EEXIST)
		return r;
	err_set(e, ERR_CGROUP_FAILED, EEXIST, "the scopes %s-0 to %d of the user exist already",
		name, NUMBER_MAX);
	err_hint(e, "systemctl --user list-units 'lxc-*' shows them; choose another name for the "
		    "container");
	return r;
}

int scope_enter(const char *name, pid_t pid, struct err *e)
{
	struct connection c;
	int r = reach(&c, e);

	if (r < 0)
		return r;
	if (!is_delegated(&c, pid))
		r = make_first_free(&c, name, pid, e);
	disconnect(&c);
	return r < 0 ? r : 0;
}

int scope_attach(const char *unit, const char *directory, pid_t pid, struct err *e)
{
	sd_bus_message *m = NULL, *answer = NULL;
	sd_bus_error error = {0};
	struct connection c;
	int r = reach(&c, e);

	if (r < 0)
		return r;
	r = c.library->message_new_method_call(c.bus, &m, SERVICE, OBJECT, MANAGER,
					       "AttachProcessesToUnit");
	if (r >= 0)
		r = c.library->message_append(m, "ssau", unit, directory, 1, (uint32_t)pid);
	if (r >= 0)
		r = call(&c, m, &error, &answer);
	if (r < 0)
		r = refused(&c, "put a process into", unit, r, &error, e);
	c.library->message_unref(answer);
	c.library->message_unref(m);
	disconnect(&c);
	return r < 0 ? r : 0;
}
