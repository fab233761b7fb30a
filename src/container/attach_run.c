/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two functions that the library has for attach(): they run in the new process, inside the
 * container, and return only when they could not execute anything (api.md §8).
 */

#include <lxc/attach_options.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/attach.h"
#include "container/spawn.h"
#include "sys/file.h"

#define LOG_CATEGORY "attach"
#include "base/log.h"
#include "sys/process.h"

enum { PASSWD_MAX = 1 << 20, ANSWER_MAX = 4096, RUN_FAILED = -1 };

static int run_failed(int errnum)
{
	if (errnum == EACCES || errnum == ENOEXEC)
		return ATTACH_NOT_EXECUTABLE;
	return errnum == ENOENT ? ATTACH_NOT_FOUND : RUN_FAILED;
}

int lxc_attach_run_command(void *payload)
{
	const lxc_attach_command_t *command = payload;
	int errnum;

	execvp(command->program, command->argv);
	errnum = errno;
	log_error_errno(errnum, "Failed to exec \"%s\"", command->program);
	return run_failed(errnum);
}

/* What name services say of the current user; they may not be loaded into the caller's program. */
static char *ask_getent(uid_t uid)
{
	char program[] = "getent", database[] = "passwd";
	char number[16];
	char *const argv[] = {program, database, number, NULL};
	autofree char *answer = NULL;
	int fds[2];
	pid_t child;

	snprintf(number, sizeof(number), "%u", (unsigned)uid);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return NULL;
	child = fork();
	if (child == 0) {
		if (dup2(fds[1], STDOUT_FILENO) >= 0)
			execvp(program, argv);
		_exit(ATTACH_NOT_FOUND);
	}
	close(fds[1]);
	if (child > 0) {
		(void)file_read_fd(fds[0], ANSWER_MAX, &answer, NULL);
		(void)process_reap(child);
	}
	close(fds[0]);
	return answer ? attach_shell_of(answer, uid) : NULL;
}

static int execute_shell(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *const argv[] = {slash ? slash + 1 : path, NULL};

	/* As the program's own name, so that no shell takes itself for a login shell. */
	execv(path, (char *const *)argv);
	return errno;
}

int lxc_attach_run_shell(void *payload)
{
	autofree char *passwd = NULL;
	autofree char *shell = NULL;
	uid_t uid = getuid();
	int errnum;

	if (file_read_all(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &passwd, NULL) == 0)
		shell = attach_shell_of(passwd, uid);
	if (!shell)
		shell = ask_getent(uid);
	if (shell)
		(void)execute_shell(shell);
	errnum = execute_shell("/bin/sh");
	log_error_errno(errnum, "Failed to execute a shell");
	return run_failed(errnum);
}
