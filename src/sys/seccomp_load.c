/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp(2). What it answers for SECCOMP_FILTER_FLAG_TSYNC (a thread's id) does not arise: the
 * INIT lane has one thread. INIT lane rules: see the header.
 */

#include "sys/seccomp_load.h"

#include <linux/filter.h>

#include "sys/kernel.h"
#include "sys/syscall.h"

int seccomp_load(const void *program, size_t length, uint32_t flags)
{
	const struct sock_fprog filter = {
		.len = (unsigned short)(length / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)program,
	};

	if (length == 0 || length % sizeof(struct sock_filter) != 0 ||
	    length / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return -EINVAL;
	return (int)sys_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, (long)flags, (long)&filter);
}
