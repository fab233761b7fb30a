/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The call and nothing else: retrying and the RESOLVE_ flags are resolve.c's.
 */

#include "sys/openat2.h"

#include "sys/syscall.h"

int openat2_call(int dirfd, const char *path, const struct open_how *how)
{
	return sys_openat2(dirfd, path, how);
}
