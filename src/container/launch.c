/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Handing a prepared start over to the supervisor: in a new process or in place of this one
 * (DESIGN.md §2), and hearing what became of it (run/result.h).
 */

#include "container/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/time.h"
#include "container/paths.h"
#include "container/runs.h"
#include "container/spawn.h"
#include "run/record.h"
#include "run/result.h"
#include "sys/process.h"

/* Whether somebody in the container has the rights of the user on the host, or of root. */
static bool has_owner(const struct config_idmaps *maps, uid_t uid)
{
	struct container_id inside;

	return maps->count == 0 ||
	       config_container_id(maps, 'u', (struct host_id){uid}, &inside) == 0 ||
	       config_container_id(maps, 'u', (struct host_id){0}, &inside) == 0;
}

enum {
	DEATH_WAIT = 2,        /* seconds */
	DEATH_PAUSE = 1000000, /* nanoseconds between two looks */
};

/*
 * Whether code of ours runs beside processes that the container's root controls: then the program
 * must not be a file of the host that they could write to (CVE-2019-5736). With mapped ids nobody
 * in the container may write to it, unless its owner's is among them.
 */
static bool must_be_sealed(const struct start *s, const char *program)
{
	const struct config_values *values = &s->container->config->values;
	struct stat status = {.st_uid = 0};

	(void)stat(program, &status);
	if (!has_owner(&values->idmaps, status.st_uid))
		return false;
	return s->options->application || values->hooks[HOOK_PRE_MOUNT].count > 0 ||
	       values->hooks[HOOK_MOUNT].count > 0 || values->hooks[HOOK_AUTODEV].count > 0 ||
	       values->hooks[HOOK_START].count > 0 || values->namespaces.share[NAMESPACE_PID];
}

/* The supervisor to be: its parts live here until it was spawned. */
struct program {
	char name[32];
	char variable[48]; /* RECORD_VARIABLE=FD */
	char *path;
	char **environment;
	struct spawn spawn;
};

static void finish_program(struct program *p)
{
	free(p->path);
	free(p->environment);
	cleanup_close(&p->spawn.program_fd);
}

static int make_program(const struct start *s, char *const *argv, struct program *ret,
			struct err *e)
{
	struct program p = {.spawn = {.program_fd = -EBADF, .argv = argv}};
	const int fds[SPAWN_FDS_MAX] = {s->record_fd, s->listener_fd, s->result_fd, s->log.fd,
					s->caller_fd, -EBADF,         -EBADF,       -EBADF};
	int r = 0;

	helper_supervisor_name(SUPERVISOR_NUMBER, p.name, sizeof(p.name));
	p.path = path_join(s->helpers, p.name);
	if (p.path && must_be_sealed(s, p.path)) {
		p.spawn.program_fd = start_move_fd(s, helper_seal(p.path, e));
		r = p.spawn.program_fd < 0 ? p.spawn.program_fd : 0;
	}
	memcpy(p.spawn.fds, fds, sizeof(fds));
	*ret = p;
	snprintf(ret->variable, sizeof(ret->variable), "%s=%d", RECORD_VARIABLE, s->record_fd);
	ret->environment = spawn_environment(ret->variable);
	ret->spawn.path = ret->path;
	ret->spawn.environment = ret->environment;
	if (r == 0 && (!ret->path || !ret->environment))
		r = err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (r < 0)
		finish_program(ret);
	return r;
}

/* Nobody took the record: it goes, and nothing was done. */
static int refuse_exec(const struct start *s, const struct program *p, int errnum, struct err *e)
{
	int r = err_set(e, ERR_EXEC_FAILED, errnum, "cannot run the supervisor \"%s\"", p->path);

	if (errnum == ENOENT)
		err_hint(e, "it is part of this version's package: install it again");
	unlink(s->run_path);
	return r;
}

/* One string, which administrators and programs look for (spec/wire.md §13). */
static char *make_title(const struct container *c)
{
	struct str title = {};

	str_addf(&title, "[lxc monitor] %s %s", c->lxcpath, c->name);
	if (str_failed(&title)) {
		str_finish(&title);
		return NULL;
	}
	return str_take(&title);
}

static pid_t spawn_supervisor(struct start *s, bool detached, struct err *e)
{
	autofree char *title = make_title(s->container);
	char *argv[] = {title, NULL};
	struct program p;
	pid_t pid;
	int r;

	if (!title)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = make_program(s, argv, &p, e);
	if (r < 0) {
		unlink(s->run_path);
		return r;
	}
	p.spawn.detached = detached;
	pid = spawn_program(&p.spawn);
	if (pid < 0)
		pid = refuse_exec(s, &p, -pid, e);
	finish_program(&p);
	/* As long as we hold copies, the supervisor's death would look like life. */
	close(take_fd(s->result_fd));
	close(take_fd(s->record_fd));
	close(take_fd(s->listener_fd));
	return pid;
}

/* 0, or 1 when the other end is gone. */
static int receive(int fd, struct run_result *ret)
{
	ssize_t len;

	do
		len = recv(fd, ret, sizeof(*ret), 0);
	while (len < 0 && errno == EINTR);
	return len == (ssize_t)sizeof(*ret) ? 0 : 1;
}

/* While it is dying it still holds its lock: then there is nothing to undo yet. */
static int undo_dead(const struct start *s, struct err *e)
{
	const struct timespec pause = {.tv_nsec = DEATH_PAUSE};
	usec_t deadline = time_deadline(DEATH_WAIT * USEC_PER_SEC);
	int r;

	for (;;) {
		r = runs_repair(s->container->lxcpath, s->container->name, e);
		if (r != 0 || time_left(deadline) == 0 || access(s->run_path, F_OK) < 0)
			return r;
		nanosleep(&pause, NULL);
	}
}

/* The supervisor was killed: its leavings are undone at once. */
static int explain_death(const struct start *s, struct err *e)
{
	const struct container *c = s->container;
	struct err undo = {};
	int r = undo_dead(s, &undo);

	if (r < 0) {
		if (e)
			*e = undo;
		return err_wrap(e, r, "the supervisor of container %s died", c->name);
	}
	r = err_set(e, ERR_CHILD_DIED, 0,
		    "the supervisor of container %s died before it could say why", c->name);
	err_hint(e, "somebody killed it, or memory was short: look into the kernel's log");
	return r;
}

static int explain_failure(const struct start *s, const struct run_result *result, struct err *e)
{
	if (result->has_error && err_is_valid(&result->error) && err_is_set(&result->error)) {
		if (e)
			*e = result->error;
		return result->error.code < 0 ? result->error.code : -EIO;
	}
	return err_set(e, ERR_STEP_FAILED, 0, "container %s did not start, and nothing says why",
		       s->container->name);
}

int launch_daemonised(struct start *s, int result_fd, struct start_result *ret, struct err *e)
{
	struct run_result result;
	int r = spawn_supervisor(s, true, e);

	if (r < 0)
		return r;
	container_release(s->container);
	if (receive(result_fd, &result) != 0)
		return explain_death(s, e);
	if (result.state != STATE_RUNNING)
		return explain_failure(s, &result, e);
	if (ret)
		*ret = (struct start_result){.init_pid = result.init_pid};
	return 0;
}

int launch_attended(struct start *s, int result_fd, struct start_result *ret, struct err *e)
{
	struct run_result result;
	pid_t pid = spawn_supervisor(s, false, e);
	pid_t init_pid = 0;
	int r = 0;

	if (pid < 0)
		return pid;
	container_release(s->container);
	if (receive(result_fd, &result) != 0)
		r = explain_death(s, e);
	else if (result.state != STATE_RUNNING)
		r = explain_failure(s, &result, e);
	if (r == 0) {
		init_pid = result.init_pid;
		if (receive(result_fd, &result) != 0)
			r = explain_death(s, e);
		else if (result.has_error)
			r = explain_failure(s, &result, e);
	}
	/* An application that waits for any child may have got it: the socket has told all. */
	process_reap(pid);
	if (r == 0 && ret)
		*ret = (struct start_result){.exit_status = result.exit_status,
					     .init_pid = init_pid};
	return r;
}

int launch_in_place(struct start *s, struct err *e)
{
	struct program p;
	int r = make_program(s, s->options->title, &p, e);

	if (r < 0) {
		unlink(s->run_path);
		return r;
	}
	r = spawn_in_place(&p.spawn);
	r = refuse_exec(s, &p, -r, e);
	finish_program(&p);
	return r;
}
