/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * May the caller change this network namespace? It is opened once, below a proven /proc, with the
 * caller's effective ids: what he can't reach he gets no descriptor for. The user namespace that
 * owns it, or one above that, must be his (ioctl_ns(2)); and whether he may do something there is
 * the kernel's to say (user_namespaces(7)): a child that is the caller, with no more rights than he
 * has, enters the one, and then the other. All that follows is about this descriptor, so that the
 * number of the process may become another's at any moment.
 */

#include "helpers/user_nic.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/capability.h"
#include "sys/credentials.h"
#include "sys/process.h"
#include "sys/procfs.h"

enum { CHECK_MILLISECONDS = 10000 };

/* Found by what it is, without opening it: opening a device or a pipe can do something. */
static int open_found(int directory, const char *name)
{
	autoclose int found = openat(directory, name, O_PATH | O_CLOEXEC);
	char path[32];
	struct statfs fs;
	int fd;

	if (found < 0 || fstatfs(found, &fs) < 0)
		return -errno;
	if ((unsigned long)fs.f_type != NSFS_MAGIC)
		return -EINVAL;
	snprintf(path, sizeof(path), "fd/%d", found);
	directory = procfs_open_pid(0);
	if (directory < 0)
		return directory;
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(directory);
	return fd;
}

/* With the caller's ids. */
static int open_named(const struct user_nic_words *words)
{
	autoclose int directory = procfs_open_pid(words->pid);
	autoclose int fd = -EBADF;
	char name[32] = "ns/net";

	if (directory < 0)
		return directory;
	if (words->fd != USER_NIC_NO_FD)
		snprintf(name, sizeof(name), "fd/%d", words->fd);
	fd = open_found(directory, name);
	if (fd < 0)
		return fd;
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return -EINVAL;
	return take_fd(fd);
}

/* In the child. Whoever has rights over the namespace as he is needs no way through another. */
static bool can_enter(const struct user_nic_caller *caller, int netns)
{
	const struct capability_sets none = {0};
	int owner;

	if (credentials_set_gid(caller->gid) < 0 || credentials_set_uid(caller->uid) < 0)
		return false;
	/* They are gone with the ids, unless somebody has set SECBIT_NO_SETUID_FIXUP for the
	 * caller. */
	if (caller->uid != 0 && capability_set(&none) < 0)
		return false;
	if (setns(netns, CLONE_NEWNET) == 0)
		return true;
	owner = ioctl(netns, NS_GET_USERNS);
	return owner >= 0 && setns(owner, CLONE_NEWUSER) == 0 && setns(netns, CLONE_NEWNET) == 0;
}

static bool caller_can_enter(const struct user_nic_caller *caller, int netns)
{
	const struct process_clone how = {.cgroup_fd = -1, .exit_signal = SIGCHLD};
	autoclose int pidfd = -EBADF;
	int status;
	pid_t pid = process_clone(&how, &pidfd);

	if (pid < 0)
		return false;
	if (pid == 0)
		_exit(can_enter(caller, netns) ? 0 : 1);
	/* The caller may stop it: nobody waits for him, and nothing is locked yet. */
	if (process_poll(pidfd, CHECK_MILLISECONDS) != 1)
		process_signal(pidfd, SIGKILL);
	return process_wait(pidfd, &status) == 0 && status == 0;
}

bool user_nic_netns_belongs_to(int netns, uint32_t uid)
{
	int fd = ioctl(netns, NS_GET_USERNS);

	while (fd >= 0) {
		uid_t owner;
		bool is_his = ioctl(fd, NS_GET_OWNER_UID, &owner) == 0 && owner == uid;
		int parent = is_his ? -1 : ioctl(fd, NS_GET_PARENT);

		close(fd);
		if (is_his)
			return true;
		fd = parent;
	}
	return false;
}

static int open_as_caller(const struct user_nic_words *words, const struct user_nic_caller *caller)
{
	int fd = user_nic_caller_assume(caller);

	if (fd == 0)
		fd = open_named(words);
	/* With half of either's rights nothing may go on. */
	if (user_nic_caller_resume() < 0)
		_exit(EXIT_FAILURE);
	return fd;
}

int user_nic_netns_open(const struct user_nic_words *words, const struct user_nic_caller *caller,
			struct err *e)
{
	autoclose int netns = open_as_caller(words, caller);
	char name[USER_NIC_OWNER_MAX];

	/* The second answer is one that a process of the caller's ids has given: not alone. */
	if (netns >= 0 && user_nic_netns_belongs_to(netns, caller->uid) &&
	    caller_can_enter(caller, netns))
		return take_fd(netns);
	if (user_nic_names_user(caller->uid, name))
		err_set(e, ERR_PERMISSION, 0, "User %s may not modify netns for pid %d", name,
			words->pid);
	else
		err_set(e, ERR_PERMISSION, 0, "User %u may not modify netns for pid %d",
			caller->uid, words->pid);
	err_hint(e, "the network namespace must belong to a user namespace of the same user's: "
		    "lxc-start makes both");
	return -EPERM;
}
