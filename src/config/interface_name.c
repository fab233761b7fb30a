/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names for network interfaces, looked at before the kernel does.
 */

#include "config/interface_name.h"

#include <string.h>

const char *interface_name_problem(const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return "is a directory's name";
	if (name[strcspn(name, "/:")])
		return "has a slash or a colon in it";
	if (name[strcspn(name, " \t\n\v\f\r\xa0")])
		return "has a blank in it";
	return strchr(name, '%') ? "has a percent sign in it" : NULL;
}

bool interface_name_is_template(const char *name)
{
	const char *percent = strchr(name, '%');

	return percent && percent[1] == 'd' && !strchr(percent + 1, '%');
}

bool interface_name_is_random(const char *name)
{
	static const char random[] = "XXXXXX";
	const size_t length = strlen(name), part = sizeof(random) - 1;

	return length >= part && strcmp(name + length - part, random) == 0;
}
