/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running an ephemeral copy. Commands are run by lxc-attach, which knows terminals and how to be
 * safe from what is inside; and the console by lxc-console. Both are this same program.
 */

#include "tools/copying.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/interrupt.h"

enum { SHUTDOWN_SECONDS = 60 };

/* Wait for it; signals that would end us are handed on, and end us afterwards. */
static int wait_for(pid_t child, struct interrupt *interrupt)
{
	sigset_t awaited = interrupt->held;
	int status = 0;

	sigaddset(&awaited, SIGCHLD);
	for (;;) {
		pid_t ended = waitpid(child, &status, WNOHANG);
		int number;

		if (ended == child || (ended < 0 && errno != EINTR))
			break;
		number = sigwaitinfo(&awaited, NULL);
		if (number > 0 && number != SIGCHLD) {
			interrupt->signal = number;
			kill(child, number);
		}
	}
	return status;
}

static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Run this program under another name. The exit code, or negative. */
static int run_tool(char **words, struct interrupt *interrupt)
{
	struct sigaction collected = {.sa_handler = SIG_DFL};
	posix_spawnattr_t attributes;
	sigset_t child_signal;
	pid_t child = 0;
	int r = posix_spawnattr_init(&attributes);

	if (r != 0)
		return -r;
	/* Who started us may ignore it: nobody would be told of the child's end. */
	sigaction(SIGCHLD, &collected, NULL);
	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &child_signal, NULL);
	r = posix_spawnattr_setsigmask(&attributes, &interrupt->before);
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	if (r == 0)
		r = posix_spawn(&child, "/proc/self/exe", NULL, &attributes, words, environ);
	(void)posix_spawnattr_destroy(&attributes);
	return r != 0 ? -r : exit_code(wait_for(child, interrupt));
}

static int run_inside(struct session *s, const struct copying_run *run)
{
	char *attach[] = {
		"lxc-attach", "-P", (char *)run->lxcpath, "-n", (char *)run->name, "--uid",
		NULL,         "--"};
	char *console[] = {"lxc-console",     "-P", (char *)run->lxcpath, "-n",
			   (char *)run->name, NULL};
	struct interrupt interrupt;
	size_t count = 0, fixed = 0;
	char **words;
	int code;

	while (run->command && run->command[count])
		count++;
	words = calloc(sizeof(attach) / sizeof(attach[0]) + count + 1, sizeof(*words));
	if (!words)
		return session_say(s, "out of memory");
	for (size_t i = 0; i < sizeof(attach) / sizeof(attach[0]); i++)
		if (i < 5 || i > 6)
			words[fixed++] = attach[i];
		else if (run->uid)
			words[fixed++] = i == 5 ? attach[i] : (char *)run->uid;
	for (size_t i = 0; i < count; i++)
		words[fixed + i] = run->command[i];
	interrupt_hold(&interrupt);
	code = run_tool(run->command ? words : console, &interrupt);
	free(words);
	/* All that is left to do is to stop it. */
	if (code < 0)
		code = session_say(s, "cannot run the command inside: errno %d", -code);
	return code;
}

/* It is gone then, unless its data is kept. */
static void stop(struct lxc_container *c)
{
	if (c->is_running(c) && !c->shutdown(c, SHUTDOWN_SECONDS))
		(void)c->stop(c);
}

static int fail_start(const struct session *s, struct lxc_container *c,
		      const struct copying_run *run, struct err *e)
{
	struct err ignored = {0};

	err_wrap(e, e->code, "cannot start the copy %s", run->name);
	session_fail(s, e);
	/* A run that never was did not end. */
	if (!run->keeps_data && c->is_defined(c))
		(void)tare_destroy(c, &ignored);
	return 1;
}

int copying_run(struct session *s, const struct copying_run *run)
{
	const struct tare_start start = {.title = run->title};
	struct err e = {0};
	struct lxc_container *c = tare_container_new(run->name, run->lxcpath, &e);
	int code = 0;
	int r;

	if (!c)
		return session_fail(s, &e);
	if (run->in_foreground && !run->command)
		r = tare_start_exec(c, &start, &e);
	else
		r = tare_start(c, &start, &e);
	if (r == TARE_ALREADY_RUNNING)
		err_set(&e, ERR_ALREADY_RUNNING, 0, "Container is already running");
	if (r != 0) {
		code = fail_start(s, c, run, &e);
	} else if (run->command || run->opens_console) {
		if (run->tell)
			run->tell(s, c);
		code = run_inside(s, run);
		stop(c);
	}
	lxc_container_put(c);
	return code;
}
