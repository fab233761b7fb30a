/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-supervisor-1: the static program behind every start (run/record.h), every attach
 * (run/attach.h), and the clean-up after a crash. Whoever runs it says by the environment or by
 * --undo which of them it is to be; argv is what ps shows.
 */

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_CATEGORY "start"
#include "base/log.h"
#include "run/attach.h"
#include "run/record.h"
#include "supervisor/launch.h"
#include "supervisor/outcome.h"
#include "supervisor/state.h"
#include "supervisor/story.h"
#include "supervisor/supervisor.h"
#include "supervisor/undo.h"

enum { START_FAILED = 1, SIGNALED = 128 };

/* Of the process (spec/contracts.md PVE-01, spec/cli.md §3.12, §3.18). */
static int exit_code(const struct supervisor *s, bool failed)
{
	int status = s->record->exit_status;

	if (failed)
		return START_FAILED;
	if (!(s->record->flags & RECORD_COMMAND_STATUS))
		return 0;
	return WIFSIGNALED(status) ? SIGNALED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A start that somebody waits for in vain must not keep them waiting. */
static void tell_running(struct supervisor *s)
{
	/* Before the starter ends, whose terminal it is. */
	outcome_trace(s);
	outcome_send(s, STATE_RUNNING, (s->record->flags & RECORD_DAEMONISED) != 0);
}

static int tell_story(struct supervisor *s)
{
	bool is_reboot = false;
	int r;

	for (;;) {
		r = story_start(s, is_reboot);
		if (r < 0)
			break;
		if (!is_reboot)
			tell_running(s);
		story_serve(s);
		if (story_stop(s) != TARGET_REBOOT)
			break;
		is_reboot = true;
	}
	story_end(s);
	if (r < 0)
		outcome_show(s);
	outcome_send(s, r < 0 ? STATE_ABORTING : STATE_STOPPED, true);
	return exit_code(s, r < 0);
}

/* Behind the text when it stands at `end`, where the kernel has put one behind the other. */
static char *extend(char *end, char *text)
{
	return text == end ? text + strlen(text) + 1 : end;
}

/* Where the command line and the environment stand. */
static void find_title(char **argv, char **environment, struct run *ret)
{
	char *end = argv[0];

	if (!end)
		return;
	ret->title = argv[0];
	for (; *argv; argv++)
		end = extend(end, *argv);
	ret->title_arguments = (size_t)(end - ret->title);
	for (; *environment; environment++)
		end = extend(end, *environment);
	ret->title_room = (size_t)(end - ret->title);
}

static int supervise(int record_fd, const struct run *title, char **environment)
{
	struct supervisor s = {.run = *title};
	const char *problem = launch_adopt(&s, record_fd, environment);
	int r;

	if (problem) {
		dprintf(STDERR_FILENO, "lxc-supervisor: %s\n", problem);
		return START_FAILED;
	}
	r = story_open(&s);
	if (r == 0)
		return tell_story(&s);
	if (outcome_error(&s))
		err_set(s.error, ERR_SYSTEM, -r, "the supervisor can't watch events");
	story_end(&s);
	outcome_show(&s);
	outcome_send(&s, STATE_ABORTING, true);
	return START_FAILED;
}

int main(int argc, char **argv, char **environment)
{
	struct run title = {0};
	int fd;

	launch_hold_streams();
	find_title(argv, environment, &title);
	fd = launch_take_variable(environment, RECORD_VARIABLE "=");
	if (fd >= 0)
		return supervise(fd, &title, environment);
	fd = launch_take_variable(environment, ATTACH_VARIABLE "=");
	if (fd >= 0)
		return attach_main(fd, environment);
	if (argc == 3 && strcmp(argv[1], "--undo") == 0)
		return undo_main(argv[2]);
	dprintf(STDERR_FILENO, "lxc-supervisor: this program is run by lxc-start and its like, not "
			       "by hand\n");
	return START_FAILED;
}
