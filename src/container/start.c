/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Starting: the caller's part (DESIGN.md §1, spec/runtime.md §3). The control socket is bound
 * first, because its address is the lock of the run; whatever fails behind that gives it back.
 */

#include "container/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/time.h"
#include "container/client.h"
#include "container/gather.h"
#include "container/partial.h"
#include "container/runs.h"
#include "container/spawn.h"

#define LOG_CATEGORY "start"
#include "base/log.h"

enum {
	LISTEN_BACKLOG = 100,
	LISTEN_FDS_MAX = 4096,
	ENDING_WAIT = 10,       /* seconds */
	ENDING_PAUSE = 2000000, /* nanoseconds between two looks */
	ANSWER_WAIT = 500,      /* milliseconds */
};

void start_make_request(const struct container *c, const struct start_options *options,
			struct plan_request *ret)
{
	*ret = (struct plan_request){
		.name = c->name,
		.lxcpath = c->lxcpath,
		.config_file = c->config->first_file,
		.argv = (const char *const *)options->argv,
		.is_application = options->application,
		.is_foreground = !options->daemonise,
		.pid_file = options->pid_file,
	};
}

static int check_startable(const struct container *c, struct err *e)
{
	int r;

	if (!c->config) {
		r = err_set(e, ERR_NOT_DEFINED, 0, "No container config specified");
		err_object(e, c->name);
		err_hint(e, "create the container, or load a configuration file");
		return r;
	}
	if (strchr(c->name, '/') || strlen(c->name) >= RECORD_RUN_NAME_MAX)
		return err_set(e, ERR_USAGE, 0,
			       "a container named \"%s\" can't be started: a name is at most %d "
			       "bytes long and has no slash",
			       c->name, RECORD_RUN_NAME_MAX - 1);
	r = partial_look(c, e);
	if (r == PARTIAL_HELD)
		return partial_refuse(c, e);
	if (r == PARTIAL_ABANDONED) {
		r = err_set(e, ERR_CREATING, 0, "the creation of container %s was interrupted",
			    c->name);
		err_hint(e, "remove it with lxc-destroy and create it again");
	}
	return r;
}

/*
 * Descriptors 3 … that a service manager has handed to us (sd_listen_fds(3)): those that exist. The
 * variables may have been inherited from the one that they were meant for: then LISTEN_PID names
 * it. LXC never looks at that; without it LISTEN_FDS alone counts, as there.
 */
static uint32_t count_listen_fds(void)
{
	const char *text = getenv("LISTEN_FDS"), *meant_for = getenv("LISTEN_PID");
	uint32_t count = 0, pid;

	if (meant_for && (num_parse_u32(meant_for, 10, &pid) < 0 || pid != (uint32_t)getpid()))
		return 0;
	if (!text || num_parse_u32(text, 10, &count) < 0 || count > LISTEN_FDS_MAX)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (fcntl(STDERR_FILENO + 1 + (int)i, F_GETFD) < 0)
			return i;
	return count;
}

int start_move_fd(const struct start *s, int fd)
{
	int lowest = STDERR_FILENO + 1 + (int)s->listen_fds;
	int moved;

	if (fd < 0 || fd >= lowest)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
	if (moved < 0)
		moved = -errno;
	close(fd);
	return moved;
}

/* 0, START_ALREADY_RUNNING, or negative. */
static int bind_address(struct start *s, struct err *e)
{
	const struct container *c = s->container;
	autoclose int fd = -EBADF;
	struct sockaddr_un address;
	socklen_t length = client_address(c->lxcpath, c->name, &address);
	int on = 1;
	int r;

	fd = start_move_fd(s, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return err_set(e, ERR_SYSTEM, fd == -1 ? errno : -fd,
			       "cannot make the control socket of container %s", c->name);
	r = bind(fd, (const struct sockaddr *)&address, length);
	if (r < 0 && errno == EADDRINUSE)
		return START_ALREADY_RUNNING;
	/* Credentials must come with the first byte of every connection: asked for before that. */
	if (r < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    listen(fd, LISTEN_BACKLOG) < 0)
		return err_set(e, ERR_SYSTEM, errno,
			       "cannot listen on the control socket of container %s", c->name);
	s->listener_fd = take_fd(fd);
	return 0;
}

enum holder { HOLDER_RUNS, HOLDER_ENDS, HOLDER_IS_SILENT, HOLDER_IS_STRANGER };

/* The record's name goes before STOPPED is told, and the address behind that. */
static bool is_ending(uint32_t state)
{
	return state == STATE_STOPPING || state == STATE_ABORTING || state == STATE_STOPPED;
}

/*
 * Without a record it is a monitor of LXC's that has the address, or nobody who answers: a starter
 * that has not written its record yet, or a process that another thread forked while the listener
 * was open there, and that has not got to its exec.
 */
static enum holder ask_holder(const struct container *c, struct err *why)
{
	struct client_answer answer;
	int r = client_call(c->lxcpath, c->name, WIRE_GET_STATE, 0, NULL, 0, ANSWER_WAIT, &answer,
			    NULL, why);

	if (r == -EPERM)
		return HOLDER_IS_STRANGER;
	/* Cut off, too: it was about to close its address. */
	if (r != 0)
		return HOLDER_IS_SILENT;
	client_answer_finish(&answer);
	return answer.ret >= 0 && is_ending((uint32_t)answer.data) ? HOLDER_ENDS : HOLDER_RUNS;
}

/* Who has the address; why a stranger is one. */
static enum holder find_holder(const struct container *c, struct err *why)
{
	struct run_view view = {};
	enum holder holder = HOLDER_RUNS;

	if (runs_view(c->lxcpath, c->name, &view, NULL) == 0) {
		if (is_ending(atomic_load(&view.record->state)))
			holder = HOLDER_ENDS;
	} else {
		holder = ask_holder(c, why);
	}
	runs_view_close(&view);
	return holder;
}

static int refuse_address(const struct container *c, enum holder holder, struct err *e)
{
	int r = err_set(e, ERR_RECORD, EBUSY, "Container \"%s\" appears to be already running",
			c->name);

	if (holder == HOLDER_ENDS)
		err_hint(e, "it is stopping for more than %d seconds: a hook may hang",
			 ENDING_WAIT);
	else
		err_hint(e, "who holds its control socket does not answer; ss -xlp tells which "
			    "process that is");
	return r;
}

/* The address of a run in another network namespace is free here, its name is not. */
static bool runs_elsewhere(const struct container *c)
{
	struct run_view view = {};
	bool is_elsewhere = false;

	if (runs_view(c->lxcpath, c->name, &view, NULL) == 0)
		is_elsewhere = view.is_alive && !is_ending(atomic_load(&view.record->state)) &&
			       !runs_view_has_our_network(&view);
	runs_view_close(&view);
	return is_elsewhere;
}

/* A run that ends will give the address back, and who is silent perhaps: it is waited for. */
static int take_address(struct start *s, struct err *e)
{
	const struct timespec pause = {.tv_nsec = ENDING_PAUSE};
	usec_t deadline = time_deadline(ENDING_WAIT * USEC_PER_SEC);
	int r;

	for (;;) {
		struct err why = {};
		enum holder holder;

		r = bind_address(s, e);
		if (r != START_ALREADY_RUNNING)
			return r;
		holder = find_holder(s->container, &why);
		if (holder == HOLDER_RUNS)
			return r;
		if (holder == HOLDER_IS_STRANGER) {
			if (e)
				*e = why;
			return -EPERM;
		}
		if (time_left(deadline) == 0)
			return refuse_address(s->container, holder, e);
		nanosleep(&pause, NULL);
	}
}

/* Gather and compile, prelude or plan, as plan_needs_prelude() says. */
static int compile_plan(struct start *s, struct err *e)
{
	const struct config *config = s->container->config;
	struct facts facts = {};
	int r;

	s->request.needs_scope = gather_needs_scope(config);
	if (plan_needs_prelude(&s->request, config))
		return plan_compile_prelude(&s->request, config, &s->prelude, e);
	r = gather_facts(&s->request, config, &facts, e);
	if (r == 0)
		r = plan_compile(&s->request, config, &facts, &s->plan, e);
	facts_finish(&facts);
	return r;
}

static int find_helpers(struct start *s, struct err *e)
{
	char program[32];

	helper_supervisor_name(SUPERVISOR_NUMBER, program, sizeof(program));
	return helper_directory(program, &s->helpers, e);
}

const char start_mark[] = "/started";

/* Whoever finds an ephemeral container stopped, behind a crash of the host, must know that it is
 * one that has run, and not one that somebody has made and not started yet. */
static void mark_started(const struct container *c)
{
	autofree char *path = container_path(c, start_mark);
	autoclose int fd = -EBADF;

	if (!c->config->values.ephemeral || !container_is_defined(c) || !path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		log_info("%s: cannot mark the ephemeral container as started", c->name);
}

static int make_record(struct start *s, struct err *e)
{
	const struct container *c = s->container;
	autofree char *directory = NULL;
	autostr bytes = {};
	struct str path = {};
	int r = runs_directory(c->lxcpath, &directory, e);

	if (r < 0)
		return r;
	str_addf(&path, "%s/%s", directory, c->name);
	if (str_failed(&path)) {
		str_finish(&path);
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	}
	s->run_path = str_take(&path);
	r = start_build_record(s, &bytes, e);
	if (r < 0)
		return r;
	s->record_fd = start_move_fd(s, runs_create(c->lxcpath, c->name, bytes.data, bytes.len, e));
	if (s->record_fd < 0)
		return s->record_fd;
	mark_started(c);
	return 0;
}

/* The record's hand-over descriptors must be there before it is written. */
static int prepare(struct start *s, struct err *e)
{
	struct container *c = s->container;
	int r = check_startable(c, e);

	if (r < 0)
		return r;
	r = runs_make_way(c->lxcpath, c->name, e);
	if (r < 0)
		return err_wrap(e, r, "an earlier run of container %s can't be undone", c->name);
	if (runs_elsewhere(c))
		return START_ALREADY_RUNNING;
	s->listen_fds = count_listen_fds();
	r = take_address(s, e);
	if (r != 0)
		return r;
	r = log_hand_over(STDERR_FILENO + 1 + (int)s->listen_fds, &s->log);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot hand the log over");
	start_make_request(c, s->options, &s->request);
	s->request.listen_fds = s->listen_fds;
	s->request.log_level = log_level_name(s->log.level);
	r = find_helpers(s, e);
	return r < 0 ? r : compile_plan(s, e);
}

static void init(struct start *s, struct container *c, const struct start_options *options)
{
	*s = (struct start){
		.container = c,
		.options = options,
		.log = {.fd = -EBADF},
		.record_fd = -EBADF,
		.listener_fd = -EBADF,
		.result_fd = -EBADF,
		.caller_fd = -EBADF,
	};
}

/* Our own copies: the supervisor has its own by now, or there is none. */
static void finish(struct start *s)
{
	cleanup_close(&s->record_fd);
	cleanup_close(&s->listener_fd);
	cleanup_close(&s->result_fd);
	cleanup_close(&s->caller_fd);
	cleanup_close(&s->log.fd);
	str_finish(&s->prelude);
	str_finish(&s->plan);
	free(s->helpers);
	free(s->run_path);
}

/* The supervisor's end of a socket for results; ours is returned. */
static int make_result_socket(struct start *s, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a socket pair");
	s->result_fd = start_move_fd(s, ends[1]);
	if (s->result_fd < 0) {
		close(ends[0]);
		return err_set(e, ERR_SYSTEM, -s->result_fd, "cannot make a socket pair");
	}
	return ends[0];
}

int container_start(struct container *c, const struct start_options *options,
		    struct start_result *ret, struct err *e)
{
	autoclose int our_end = -EBADF;
	struct start s;
	int r;

	init(&s, c, options);
	r = prepare(&s, e);
	if (r == 0) {
		our_end = make_result_socket(&s, e);
		r = our_end < 0 ? our_end : 0;
	}
	if (r == 0 && !options->daemonise) {
		s.caller_fd = start_move_fd(&s, (int)syscall(SYS_pidfd_open, getpid(), 0));
		if (s.caller_fd < 0)
			r = err_set(e, ERR_SYSTEM, errno, "cannot open a pidfd of ourselves");
	}
	if (r == 0)
		r = make_record(&s, e);
	if (r == 0 && options->daemonise)
		r = launch_daemonised(&s, our_end, ret, e);
	else if (r == 0)
		r = launch_attended(&s, our_end, ret, e);
	finish(&s);
	return r;
}

int container_start_exec(struct container *c, const struct start_options *options, struct err *e)
{
	struct start s;
	int r;

	init(&s, c, options);
	s.in_place = true;
	r = prepare(&s, e);
	if (r == 0)
		r = make_record(&s, e);
	if (r == 0)
		r = launch_in_place(&s, e);
	finish(&s);
	return r;
}
