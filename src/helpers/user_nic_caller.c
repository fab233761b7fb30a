/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose errand it is. The caller is the real user id and the groups that the kernel says the
 * process has; nothing that he can write to is asked. Behind user_nic_caller_take() all ids are
 * root's, so that kill(2) and ptrace(2) are refused to him; what he can do still (killing or
 * freezing his own cgroup) may happen at any moment.
 */

#include "helpers/user_nic.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ids.h"

static int read_groups(struct user_nic_caller *caller)
{
	int count = getgroups(0, NULL);

	if (count < 0)
		return -errno;
	caller->groups = calloc((size_t)count + 1, sizeof(*caller->groups));
	if (!caller->groups)
		return -ENOMEM;
	_Static_assert(sizeof(gid_t) == sizeof(*caller->groups), "getgroups() writes gid_t");
	count = getgroups(count, caller->groups);
	if (count < 0)
		return -errno;
	caller->group_count = (size_t)count;
	return 0;
}

int user_nic_caller_take(struct user_nic_caller *ret, struct err *e)
{
	struct user_nic_caller caller = {.uid = getuid(), .gid = getgid()};
	int r;

	if (geteuid() != 0) {
		err_set(e, ERR_PERMISSION, EPERM, "lxc-user-nic has no rights to make interfaces");
		err_hint(e, "it must belong to root and be set-user-ID, on a file system without "
			    "nosuid; a process with no_new_privs can't use it");
		return -EPERM;
	}
	r = read_groups(&caller);
	if (r == 0 && (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		r = -errno;
	if (r < 0) {
		user_nic_caller_finish(&caller);
		return err_set(e, ERR_SYSTEM, -r, "lxc-user-nic can't become root");
	}
	*ret = caller;
	return 0;
}

void user_nic_caller_finish(struct user_nic_caller *caller)
{
	free(caller->groups);
	*caller = (struct user_nic_caller){0};
}

int user_nic_caller_assume(const struct user_nic_caller *caller)
{
	if (setgroups(caller->group_count, caller->groups) < 0 ||
	    setresgid(ID_INVALID, caller->gid, ID_INVALID) < 0 ||
	    setresuid(ID_INVALID, caller->uid, ID_INVALID) < 0)
		return -errno;
	return 0;
}

int user_nic_caller_resume(void)
{
	if (setresuid(ID_INVALID, 0, ID_INVALID) < 0 || setresgid(ID_INVALID, 0, ID_INVALID) < 0 ||
	    setgroups(0, NULL) < 0)
		return -errno;
	return 0;
}
