/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The value of --fssize.
 */

#include "tools/size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static int refuse(const char *argument, struct err *e)
{
	return err_set(e, ERR_USAGE, 0, "invalid size '%s'", argument);
}

static int refuse_unit(const char *argument, const char *unit, struct err *e)
{
	int r = err_set(e, ERR_USAGE, 0, "Invalid blockdev unit \"%s\" in the size '%s'", unit,
			argument);

	err_hint(e, "units are b, k, m, g and t; without one, MiB are meant");
	return r;
}

int size_take(void *member, const char *argument, struct arena *arena, struct err *e)
{
	static const char units[] = "bkmgt";
	char *end = NULL;
	unsigned long long n;
	unsigned shift = 20;

	errno = 0;
	n = strtoull(argument, &end, 10);
	/* strtoull() skips blanks, and takes a minus sign behind them. */
	if (errno || end == argument || argument[0] < '0' || argument[0] > '9')
		return refuse(argument, e);
	if (*end) {
		const char *unit = strchr(units, text_lower(*end));

		if (!unit || end[1])
			return refuse_unit(argument, end, e);
		shift = 10 * (unsigned)(unit - units);
	}
	if (n == 0 || n > UINT64_MAX >> shift)
		return refuse(argument, e);
	*(uint64_t *)member = n << shift;
	return 0;
}
