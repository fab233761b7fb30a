/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names for network interfaces, looked at before the kernel does.
 */

#include "config/interface_name.h"

#include <string.h>

bool interface_name_is_random(const char *name)
{
	static const char random[] = "XXXXXX";
	const size_t length = strlen(name), part = sizeof(random) - 1;

	return length >= part && strcmp(name + length - part, random) == 0;
}
