/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * While the container runs: the loop, and what is only there in this time: watching init, the
 * addresses, answering the control socket.
 */

#include "supervisor/story.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_CATEGORY "start"
#include "base/log.h"
#include "base/macros.h"
#include "supervisor/outcome.h"
#include "supervisor/supervisor.h"
#include "sys/process.h"

/*
 * A thousand idle connections must not run into the soft limit; as long as they are open nothing
 * else could be opened with the old one. Programs that we run get that back.
 */
static void raise_descriptor_limit(struct supervisor *s)
{
	struct rlimit limit;

	if (s->run.caller_descriptors || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	s->caller_descriptors[0] = limit.rlim_cur;
	s->caller_descriptors[1] = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		s->run.caller_descriptors = s->caller_descriptors;
}

/* The chain of an earlier failure, and what its pages were for. */
static void drop_error(struct supervisor *s)
{
	if (s->error)
		munmap(s->error, sizeof(*s->error));
	s->error = NULL;
	s->run.explained = NULL;
}

static void collect_init(struct supervisor *s)
{
	int fd = supervisor_role_fd(s, ROLE_INIT_PIDFD);
	int status = 0;
	int r = process_wait(fd, &status);

	if (r < 0)
		log_warn_errno(-r, "How init ended is not known");
	s->record->exit_status = status;
	s->record->init_pid = 0;
	s->run.child = 0;
	s->run.child_fd = -EBADF;
	if (WIFSIGNALED(status))
		log_info("Init was killed by signal %d", WTERMSIG(status));
	else
		log_info("Init exited with status %d", WEXITSTATUS(status));
}

/* Long enough for whoever starts the next container, or asks for this one, at once. */
#define LATE_AFTER (1 * USEC_PER_SEC)

void story_do_late(struct supervisor *s)
{
	run_late(&s->run);
	s->loop.has_deep_stack = true;
}

static void begin(struct supervisor *s)
{
	int r = loop_watch(s, WATCH_INIT, supervisor_role_fd(s, ROLE_INIT_PIDFD), EPOLLIN);

	if (r < 0) {
		log_error_errno(-r, "Init can't be watched: killing it");
		supervisor_kill_init(s);
		s->init_ended = true;
	}
	raise_descriptor_limit(s);
	address_begin(s);
	control_serve(s, true);
	if (run_has_late(&s->run))
		loop_set_timer(s, TIMER_LATE, time_deadline(LATE_AFTER));
	if (supervisor_plan(s)->flags & PLAN_FREEZE_AT_START) {
		r = freezer_begin(s, true, true);
		if (r < 0)
			log_warn_errno(-r, "Failed to freeze the container at its start");
	}
	/* The caller, or a signal, came too early for the loop. */
	if (s->stop_requested)
		supervisor_kill_init(s);
	s->loop.has_deep_stack = true;
}

void story_serve(struct supervisor *s)
{
	drop_error(s);
	begin(s);
	while (!s->init_ended)
		loop_serve_one(s);
	loop_set_timer(s, TIMER_LATE, USEC_INFINITY);
	console_drain(s);
	control_serve(s, false);
	freezer_forget(s);
	loop_unwatch(s, WATCH_INIT);
	loop_unwatch(s, WATCH_HOOKS);
	address_end(s);
	collect_init(s);
}
