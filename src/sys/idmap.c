/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user_namespaces(7). Maps that an ordinary user may not write himself are newuidmap's business,
 * which the lanes run.
 */

#include "sys/idmap.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/kernel.h"
#include "sys/namespace.h"
#include "sys/process.h"
#include "sys/procfs.h"

int idmap_write(pid_t pid, const char *uid_map, const char *gid_map, bool deny_setgroups,
		const char **ret_file)
{
	const struct {
		const char *file, *value;
	} rows[] = {
		{"setgroups", deny_setgroups ? "deny" : NULL},
		{"uid_map", uid_map},
		{"gid_map", gid_map},
	};
	autoclose int directory = procfs_open_pid(pid);

	if (directory < 0)
		return directory;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		int r = rows[i].value ? procfs_write(directory, rows[i].file, rows[i].value) : 0;

		if (r < 0) {
			if (ret_file)
				*ret_file = rows[i].file;
			return r;
		}
	}
	return 0;
}

int idmap_make_namespace(const char *uid_map, const char *gid_map)
{
	const struct process_clone how = {
		.flags = CLONE_NEWUSER,
		.cgroup_fd = -1,
		.exit_signal = SIGCHLD,
	};
	const pid_t parent = getpid();
	autoclose int pidfd = -EBADF;
	pid_t pid = process_clone(&how, &pidfd);
	int fd, r, status;

	if (pid == 0) {
		/* Only there to hold the namespace until its descriptor is taken. */
		while (process_die_with(parent, SIGKILL) == 0)
			syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
		_exit(ESRCH);
	}
	if (pid < 0)
		return pid;
	r = idmap_write(pid, uid_map, gid_map, false, NULL);
	fd = r < 0 ? r : namespace_open(pid, "user");
	process_signal(pidfd, SIGKILL);
	process_wait(pidfd, &status);
	return fd;
}
