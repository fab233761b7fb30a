/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs of other people: their first line of complaint is kept, the rest of what they say is
 * not. Programs that are looked for in PATH are run by sh, which does just that and executes them.
 *
 * One that hangs must not keep a run from ending: who waits for the end of a run, or undoes one,
 * has nobody who could stop it.
 */

#include "run/host_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/process.h"

enum {
	PATIENCE = 15,     /* seconds, at the end of a run */
	DEATH_WAIT = 1000, /* milliseconds */
};

void host_command_init(struct host_command *command)
{
	memset(command, 0, sizeof(*command));
	command->pidfd = command->said_fd = -EBADF;
}

void host_command_finish(struct host_command *command)
{
	int status;

	if (command->pidfd >= 0) {
		/* A setuid one may be beyond our reach. */
		if (process_signal(command->pidfd, SIGKILL) == 0 &&
		    process_poll(command->pidfd, DEATH_WAIT) == 1)
			process_wait(command->pidfd, &status);
		close(command->pidfd);
	}
	if (command->said_fd >= 0)
		close(command->said_fd);
	arguments_close(&command->arguments);
}

int host_command_start(struct host *h, struct host_command *command)
{
	char *const nothing[] = {NULL};
	struct process_program program = {
		.argv = arguments_vector(&command->arguments),
		.environment = h->run->environment ? h->run->environment : nothing,
		.input = -1,
		.output = -1,
		.blocked_signals = h->run->caller_mask,
		.ignored_signals = h->run->caller_ignored,
		.descriptor_limit = h->run->caller_descriptors,
	};
	int pipes[2], r;
	pid_t pid;

	if (!program.argv)
		return host_note(h, -E2BIG, "the arguments of %s are too long",
				 command->name ? command->name : "newuidmap or newgidmap");
	program.path = command->path ? command->path : program.argv[0];
	if (!command->name)
		command->name = program.path;
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		return host_failed(h, __NR_pipe2, -errno);
	command->said_fd = pipes[0];
	program.error_output = pipes[1];
	if (command->hears_output)
		program.output = pipes[1];
	r = process_spawn(&program, &pid);
	close(pipes[1]);
	if (r < 0)
		return host_note(h, host_failed(h, __NR_execve, r), "%s", command->name);
	command->pidfd = r;
	return 0;
}

/* Until it has ended. */
static int await(struct host *h, const struct host_command *command)
{
	int r;

	if (h->section == SECTION_START)
		return host_wait(h, command->pidfd);
	r = host_wait_for(h, command->pidfd, PATIENCE * 1000);
	return r == 0 ? -ETIMEDOUT : r < 0 ? r : 0;
}

int host_command_hear(struct host *h, struct host_command *command, char *said, size_t room,
		      size_t *ret_length, int *ret_status)
{
	int r = await(h, command);
	ssize_t got;

	if (r == -ETIMEDOUT)
		return host_note(h, host_failed(h, __NR_waitid, r),
				 "%s has not ended within %d seconds, and was killed",
				 command->name, PATIENCE);
	if (r == 0)
		r = process_wait(command->pidfd, ret_status);
	if (r < 0)
		return host_note(h, host_failed(h, __NR_waitid, r), "%s", command->name);
	close(take_fd(command->pidfd));
	got = read(command->said_fd, said, room - 1);
	*ret_length = got > 0 ? (size_t)got : 0;
	said[*ret_length] = '\0';
	return 0;
}

int host_command_judge(struct host *h, const struct host_command *command, char *said, int status)
{
	char ending[64];

	said[strcspn(said, "\n")] = '\0';
	process_print_status(status, ending, sizeof(ending));
	return host_explain(h, "%s %s%s%s", command->name, ending, said[0] ? ": " : "", said);
}

int host_command_wait(struct host *h, struct host_command *command)
{
	char words[256];
	size_t length;
	int status = 0, r = host_command_hear(h, command, words, sizeof(words), &length, &status);

	return r < 0 || status == 0 ? r : host_command_judge(h, command, words, status);
}

int host_command_fill(struct host *h, struct host_command *command, const char *const *words)
{
	int r = arguments_open(&command->arguments, h->plan, h->run->record);

	if (r < 0)
		return host_failed(h, __NR_mmap, r);
	command->name = words[0];
	arguments_add(&command->arguments, "/bin/sh");
	arguments_add(&command->arguments, "-c");
	arguments_add(&command->arguments, "exec \"$@\"");
	arguments_add(&command->arguments, "sh");
	for (; *words; words++)
		arguments_add(&command->arguments, *words);
	return 0;
}

int host_command_run(struct host *h, const char *const *words)
{
	struct host_command command;
	int r;

	host_command_init(&command);
	r = host_command_fill(h, &command, words);
	if (r == 0)
		r = host_command_start(h, &command);
	if (r == 0)
		r = host_command_wait(h, &command);
	host_command_finish(&command);
	return r;
}
