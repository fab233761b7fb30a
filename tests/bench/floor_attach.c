/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The floor of `lxc-attach -- PROGRAM`: the namespaces of a running container by pidfd, its
 * cgroups, a process in them, exec, wait. See floor.h for what a floor is.
 *
 *	floor-attach [OPTION…] PROGRAM [ARGUMENT…]
 *
 *	-p PID     of the container's init
 *	-n NAME    of the container; its cgroups are lxc.payload.NAME
 *	-c DIR     mount point of a cgroup hierarchy; once for each
 *	-u         the container has a user namespace
 */

#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "floor.h"

/* As the busybox template has them. */
static const unsigned long dropped[] = {CAP_SYS_MODULE, CAP_SYS_TIME, CAP_MAC_OVERRIDE,
					CAP_MAC_ADMIN};

struct options {
	struct floor_cgroups cgroups;
	int pid;
	bool has_user_namespace;
};

static void child(const struct options *o, const int tasks[], char **argv)
{
	for (unsigned i = 0; i < o->cgroups.legacy_count; i++)
		floor_call(write(tasks[i], "0", 1), "tasks");
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		floor_call(prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0), "PR_CAPBSET_DROP");
	floor_call(setgroups(0, NULL), "setgroups");
	if (o->has_user_namespace) {
		floor_call(setresgid(0, 0, 0), "setresgid");
		floor_call(setresuid(0, 0, 0), "setresuid");
	}
	execve(argv[0], argv, (char *[]){"container=lxc", NULL});
	floor_call(-1, argv[0]);
}

static int attach(const struct options *o, char **argv)
{
	const unsigned long all = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
				  CLONE_NEWNET | CLONE_NEWCGROUP |
				  (o->has_user_namespace ? CLONE_NEWUSER : 0);
	int tasks[FLOOR_HIERARCHIES];
	struct floor_clone arguments = {.exit_signal = SIGCHLD};
	int pidfd = (int)floor_must(sys_call3(__NR_pidfd_open, o->pid, 0, 0), "pidfd_open");
	int status = 0;
	pid_t pid;

	for (unsigned i = 0; i < o->cgroups.legacy_count; i++) {
		const char *path = FLOOR_PATH_OF(o->cgroups.legacy[i], "/lxc.payload.",
						 o->cgroups.name, "/tasks");

		tasks[i] = (int)floor_call(open(path, O_WRONLY | O_CLOEXEC), path);
	}
	if (o->cgroups.unified) {
		const char *path =
			FLOOR_PATH_OF(o->cgroups.unified, "/lxc.payload.", o->cgroups.name);

		arguments.cgroup =
			(uint64_t)floor_call(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), path);
		arguments.flags = CLONE_INTO_CGROUP;
	}
	floor_must(sys_setns(pidfd, all), "setns");
	pid = floor_clone(&arguments);
	if (pid == 0)
		child(o, tasks, argv);
	floor_call(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : FLOOR_FAILED;
}

int main(int argc, char **argv)
{
	struct options o = {.cgroups.name = ""};
	int letter;

	while ((letter = getopt(argc, argv, "+p:n:c:u")) >= 0) {
		if (letter == 'p')
			o.pid = (int)strtol(optarg, NULL, 10);
		else if (letter == 'n')
			o.cgroups.name = optarg;
		else if (letter == 'c')
			floor_add_hierarchy(&o.cgroups, optarg);
		else if (letter == 'u')
			o.has_user_namespace = true;
		else
			return FLOOR_FAILED;
	}
	if (o.pid <= 0 || optind >= argc) {
		fprintf(stderr, "usage: floor-attach -p PID [OPTION...] PROGRAM [ARGUMENT...]\n");
		return FLOOR_FAILED;
	}
	return attach(&o, argv + optind);
}
