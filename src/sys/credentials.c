/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setgroups(2), setresgid(2), setresuid(2), prctl(2). INIT lane rules: see the header.
 */

#include "sys/credentials.h"

#include <linux/prctl.h>

#include "sys/syscall.h"

int credentials_set_groups(size_t count, const uint32_t *gids)
{
	return (int)sys_call3(__NR_setgroups, (long)count, (long)gids, 0);
}

int credentials_set_gid(uint32_t gid)
{
	return (int)sys_call3(__NR_setresgid, (long)gid, (long)gid, (long)gid);
}

int credentials_set_uid(uint32_t uid)
{
	return (int)sys_call3(__NR_setresuid, (long)uid, (long)uid, (long)uid);
}

int credentials_set_dumpable(unsigned dumpable)
{
	return sys_prctl(PR_SET_DUMPABLE, dumpable, 0, 0);
}
