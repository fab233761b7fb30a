/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.conf for the library's callers and for lxc-config; container/system_item.c reads and keeps
 * it.
 */

#include <lxc/lxccontainer.h>
#include <tare/tare.h>

#include <errno.h>

#include "base/err.h"
#include "container/system_item.h"

const char *lxc_get_global_config_item(const char *key)
{
	const char *value = NULL;
	int r = key ? system_item(key, true, &value, NULL) : 2;

	if (r == 2)
		errno = EINVAL;
	else
		errno = r < 0 ? -r : 0;
	return r == 0 ? value : NULL;
}

bool tare_system_item_at(size_t at, struct tare_system_item *ret)
{
	return system_item_at(at, &ret->name, &ret->summary);
}

int tare_system_value(const char *name, const char **ret, struct err *e)
{
	int r = system_item(name, false, ret, e);

	if (r < 0)
		return r;
	if (r == 2)
		return TARE_SYSTEM_VALUE_UNKNOWN;
	return r ? TARE_SYSTEM_VALUE_UNSET : TARE_SYSTEM_VALUE_SET;
}
