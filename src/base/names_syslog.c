/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of the syslog facilities that LXC's configuration accepts: those meant for daemons. The
 * others of syslog(3) are refused on purpose.
 */

#include "base/names.h"

#include <errno.h>
#include <syslog.h>

#include "base/macros.h"
#include "base/words.h"

static const char *const names[] = {
	"daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
};

static const int facilities[] = {
	LOG_DAEMON, LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3,
	LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7,
};

int syslog_facility_parse(const char *name)
{
	int i = words_find(names, ARRAY_LENGTH(names), name, false);

	return i >= 0 ? facilities[i] : -EINVAL;
}

const char *syslog_facility_name(int facility)
{
	for (size_t i = 0; i < ARRAY_LENGTH(facilities); i++) {
		if (facilities[i] == facility)
			return names[i];
	}
	return NULL;
}

const char *const *syslog_facility_words(size_t *count)
{
	*count = ARRAY_LENGTH(names);
	return names;
}
