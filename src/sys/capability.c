/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * capget(2), capset(2), prctl(2). Which capabilities there are is the kernel's knowledge: a number
 * behind its last one is EINVAL, which ends the loops. INIT lane rules: see the header.
 */

#include "sys/capability.h"

#include <linux/capability.h>
#include <linux/prctl.h>

#include "sys/syscall.h"

enum { NUMBERS = 64 };

int capability_get(struct capability_sets *ret)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	int r = (int)sys_call3(__NR_capget, (long)&header, (long)data, 0);

	if (r < 0)
		return r;
	ret->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

int capability_set(const struct capability_sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(sets->effective >> 32 * i);
		data[i].permitted = (uint32_t)(sets->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(sets->inheritable >> 32 * i);
	}
	return (int)sys_call3(__NR_capset, (long)&header, (long)data, 0);
}

int capability_bound(uint64_t keep)
{
	for (unsigned i = 0; i < NUMBERS; i++) {
		int r;

		if (keep >> i & 1)
			continue;
		r = sys_prctl(PR_CAPBSET_DROP, i, 0, 0);
		if (r < 0)
			return r == -EINVAL && i > 0 ? 0 : r;
	}
	return 0;
}

int capability_raise_ambient(uint64_t capabilities)
{
	for (unsigned i = 0; i < NUMBERS; i++) {
		int r;

		if (!(capabilities >> i & 1))
			continue;
		r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

int capability_clear_ambient(void)
{
	return sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0);
}
