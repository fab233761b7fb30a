/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of the lane: a program, our own init, or the callback of an attaching application. HOST
 * is told first that the next call is the exec; the gate then closes by itself, by close-on-exec. A
 * failure behind that is told like any other, and HOST takes it for one. execve(2), execvp(3).
 */

#include "run/init.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "sys/kernel.h"
#include "sys/syscall.h"

enum { SIGNALS = 64 };

static const char default_path[] = "/bin:/usr/bin";

/* Handlers are left: exec makes defaults of them, and a callback may want its application's. */
void init_restore_signals(const struct run *run)
{
	const struct kernel_sigaction standard = {.handler = SIG_DFL}, ignored = {SIG_IGN};

	for (int i = 1; i <= SIGNALS; i++) {
		const bool shall_be = run->caller_ignored >> (i - 1) & 1;
		struct kernel_sigaction now;

		if (sys_sigaction_read(i, &now) == 0 && (now.handler == SIG_IGN) != shall_be)
			sys_sigaction(i, shall_be ? &ignored : &standard);
	}
	sys_sigmask(SIG_SETMASK, &run->caller_mask, NULL);
}

/* What the kernel does not know as a program is given to the shell, as execvp(3) does. */
static int exec_at(const char *path, const char *const *argv, const char *const *environment)
{
	const char *shell_argv[256] = {"/bin/sh", path};
	size_t count = 0;
	int r = sys_execve(path, argv, environment);

	if (r != -ENOEXEC)
		return r;
	while (argv[count])
		count++;
	if (count + 2 > sizeof(shell_argv) / sizeof(shell_argv[0]))
		return r;
	if (count > 1)
		memcpy(shell_argv + 2, argv + 1, (count - 1) * sizeof(char *));
	sys_execve(shell_argv[0], shell_argv, environment);
	return r;
}

static const char *find_path(const char *const *environment)
{
	static const char name[] = "PATH=";

	for (; *environment; environment++) {
		size_t i = 0;

		while (name[i] && (*environment)[i] == name[i])
			i++;
		if (!name[i])
			return *environment + i;
	}
	return default_path;
}

/* Failures behind which the search goes on, as in the C libraries. */
static bool is_elsewhere(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -EACCES || r == -ESTALE || r == -ENODEV ||
	       r == -ETIMEDOUT;
}

int init_exec(const char *program, const char *const *argv, const char *const *environment)
{
	const size_t length = init_text_length(program);
	const char *at, *end;
	char path[PATH_MAX];
	int result = -ENOENT;

	if (memchr(program, '/', length))
		return exec_at(program, argv, environment);
	if (length == 0)
		return -ENOENT;
	for (at = find_path(environment);; at = end + 1) {
		size_t used;
		int r;

		for (end = at; *end && *end != ':'; end++)
			;
		used = (size_t)(end - at);
		if (used + length + 2 <= sizeof(path)) {
			memcpy(path, at, used);
			/* An empty part of PATH is the current directory. */
			if (used > 0)
				path[used++] = '/';
			memcpy(path + used, program, length + 1);
			r = exec_at(path, argv, environment);
			if (!is_elsewhere(r))
				return r;
			if (r == -EACCES)
				result = r;
		}
		if (!*end)
			return result;
	}
}

static int finish_with_callback(struct init_lane *l)
{
	init_umask_restore(l);
	init_restore_signals(l->run);
	init_tell(l, MESSAGE_EXEC_NEXT, 0, -EBADF);
	sys_close(l->gate_fd);
	sys_exit(l->run->callback(l->run->payload));
}

int init_finish(struct init_lane *l)
{
	if (l->run->callback)
		return finish_with_callback(l);
	init_note(l, "the plan names no program to run");
	return -ENOEXEC;
}

/* argv and environment of the step, from its first two arguments. */
static int collect(struct init_lane *l, struct init_words *argv, struct init_words *environment,
		   bool copies)
{
	const uint64_t argv_list[3] = {l->step->arg[0]}, environment_list[3] = {l->step->arg[1]};
	int r = init_words_open(l, argv, copies, argv_list, NULL);

	if (r == 0)
		r = init_words_open(l, environment, copies, environment_list, NULL);
	if (r == 0)
		r = init_words_add_list(l, argv, argv_list[0]);
	if (r == 0)
		r = init_words_add_environment(l, environment, environment_list[0]);
	if (r == 0 && argv->count == 0)
		r = -EINVAL;
	return r;
}

int init_op_exec(struct init_lane *l)
{
	struct init_words argv, environment;
	const char *program = plan_text(l->plan, l->step->arg[2]);
	int r;

	if (l->run->callback)
		return finish_with_callback(l);
	r = collect(l, &argv, &environment, false);
	if (r != 0)
		return r;
	init_umask_restore(l);
	init_restore_signals(l->run);
	init_tell(l, MESSAGE_EXEC_NEXT, 0, -EBADF);
	l->call = __NR_execve;
	return init_exec(program[0] ? program : argv.words[0], argv.words, environment.words);
}

/*
 * From here on container processes may look at this one: what belongs to the host goes first. The
 * record is a shared mapping of a file of the host's, which /proc/1/map_files would lead to; what
 * the supervisor's command line and environment held would be seen in /proc/1/cmdline and environ.
 * The program itself is the starter's care (a sealed memfd, CVE-2019-5736).
 */
static void forget_host(struct init_lane *l)
{
	static const char title[] = "init";
	const struct run *run = l->run;

	for (size_t i = 0; run->environment && run->environment[i]; i++)
		memset(run->environment[i], 0, init_text_length(run->environment[i]));
	if (run->title_room >= sizeof(title)) {
		memset(run->title, 0, run->title_room);
		memcpy(run->title, title, sizeof(title));
		/* No NUL at the end of the arguments: the kernel shows what stands before the first
		 * one, and no row of empty arguments. */
		if (run->title_arguments > sizeof(title))
			run->title[run->title_arguments - 1] = ' ';
	}
	sys_munmap(run->record, RECORD_SIZE_MAX);
}

int init_op_run_init(struct init_lane *l)
{
	struct init_words argv, environment;
	int r = collect(l, &argv, &environment, true);

	if (r != 0)
		return r;
	init_umask_restore(l);
	init_restore_signals(l->run);
	init_tell(l, MESSAGE_EXEC_NEXT, 0, -EBADF);
	sys_close(l->gate_fd);
	forget_host(l);
	run_init_program((char *const *)argv.words, (char *const *)environment.words);
}
