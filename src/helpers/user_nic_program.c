/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs of the system's that run as root on a caller's behalf: by their absolute paths, with an
 * environment of ours, /dev/null as input, no descriptor but the streams. What they print is
 * collected in memory, so that none can block. Nobody waits longer than half a minute.
 */

#include "helpers/user_nic.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/process.h"

enum { PROGRAM_MILLISECONDS = 30000 };

static char *const clean_environment[] = {
	(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	(char *)"LC_ALL=C",
	NULL,
};

static int wait_for(int pidfd)
{
	bool has_ended = process_poll(pidfd, PROGRAM_MILLISECONDS) == 1;
	int status, r;

	if (!has_ended)
		process_signal(pidfd, SIGKILL);
	r = process_wait(pidfd, &status);
	if (r < 0 || !has_ended)
		return r < 0 ? r : -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

int user_nic_program_run(const char *const *places, const char *const *words, bool is_output,
			 char *ret, size_t room)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
	autoclose int answer = memfd_create("answer", MFD_CLOEXEC);
	struct process_program program = {
		.argv = (char *const *)words,
		.environment = clean_environment,
		.input = null,
		.output = is_output ? answer : null,
		.error_output = is_output ? null : answer,
		.death_signal = SIGKILL,
	};
	int r = -ENOENT, pidfd = -EBADF;
	ssize_t got;
	pid_t pid;

	ret[0] = '\0';
	if (null < 0 || answer < 0)
		return -errno;
	for (size_t i = 0; places[i] && pidfd < 0; i++) {
		program.path = places[i];
		pidfd = process_spawn(&program, &pid);
		if (pidfd < 0 && pidfd != -ENOENT)
			return pidfd;
	}
	if (pidfd < 0)
		return r;
	r = wait_for(pidfd);
	close(pidfd);
	got = pread(answer, ret, room - 1, 0);
	ret[got > 0 ? got : 0] = '\0';
	return r;
}
