/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Terminals: faking their input (CVE-2016-10124, CVE-2017-5226). ioctl_tty(2): TIOCSTI works on the
 * controlling terminal, and for those with CAP_SYS_ADMIN on any.
 */

#include "intruder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { FDS_TRIED = 64 };

/* A descriptor under a number that the command gets. */
static int put_at(int fd, int number)
{
	return dup3(fd, number, O_CLOEXEC) < 0 ? -1 : fcntl(number, F_SETFD, 0);
}

_Noreturn static void become_command(int terminal, int is_streams, char *const *command)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0)
		_exit(3);
	for (int i = 0; i < 3; i++)
		if (put_at(is_streams || i == 2 ? terminal : null, i) < 0)
			_exit(3);
	/* "none": nothing but the session leads to the terminal. */
	if (!is_streams && put_at(null, 2) < 0)
		_exit(3);
	execvp(command[0], command);
	_exit(127);
}

int intruder_terminal(char *const *arguments)
{
	struct termios settings;
	int master, terminal, status, bytes = 0;
	pid_t child;

	if (!arguments[0] || !arguments[1])
		return 2;
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return 3;
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0 || tcgetattr(terminal, &settings) < 0)
		return 3;
	/* Byte by byte, so that all of them count; whoever relays may set it otherwise. */
	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(terminal, TCSANOW, &settings);
	child = fork();
	if (child == 0)
		become_command(terminal, strcmp(arguments[0], "all") == 0, arguments + 1);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 3;
	tcsetattr(terminal, TCSANOW, &settings);
	ioctl(terminal, FIONREAD, &bytes);
	printf("status %d injected %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1, bytes);
	return 0;
}

static void inject(int fd)
{
	const char byte = 'x';

	ioctl(fd, TIOCSTI, &byte);
}

int intruder_inject(char *const *arguments)
{
	static const char *const paths[] = {"/dev/tty", "/dev/console", "/dev/stdin",
					    "/dev/stderr"};

	(void)arguments;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = open(paths[i], O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0) {
			inject(fd);
			close(fd);
		}
	}
	for (int fd = 0; fd < FDS_TRIED; fd++)
		inject(fd);
	return 0;
}
