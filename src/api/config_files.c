/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Configuration files for the commands that work on files, not on containers: checking and
 * updating. All of it is done in config/; here it gets the types of the private header.
 */

#include <tare/tare.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "config/check.h"
#include "config/update.h"

_Static_assert((int)TARE_NOTE == (int)CONFIG_NOTE && (int)TARE_WARNING == (int)CONFIG_WARNING &&
		       (int)TARE_ERROR == (int)CONFIG_ERROR,
	       "severities are handed through");

/* A report function of the caller behind the signature that config/ calls. */
struct reporter {
	tare_report_fn report;
	void *context;
};

static void hand_on(void *context, enum config_severity severity, const struct err *problem)
{
	const struct reporter *reporter = context;

	if (reporter->report)
		reporter->report(reporter->context, (enum tare_severity)severity, problem);
}

int tare_config_check(const char *path, tare_report_fn report, void *context, struct err *e)
{
	struct reporter reporter = {report, context};
	struct config_effects effects = {.report = hand_on, .context = &reporter};
	struct config c;
	unsigned errors;
	int r;

	if (config_init(&c, &effects) < 0)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	c.keep_going = true;
	r = config_load(&c, path, e);
	errors = c.errors_skipped;
	if (r == 0)
		errors += config_check(&c, CONFIG_CHECK_FILES, hand_on, &reporter);
	config_finish(&c);
	if (r < 0)
		return r;
	return errors > INT_MAX ? INT_MAX : (int)errors;
}

int tare_config_update(const char *path, tare_report_fn report, void *context, struct str *text,
		       struct str *differences, struct tare_config_update *ret, struct err *e)
{
	struct reporter reporter = {report, context};
	struct config_update counts;
	int r = config_update_file(path, hand_on, &reporter, text, differences, &counts, e);

	if (r < 0)
		return r;
	*ret = (struct tare_config_update){
		.renamed = counts.renamed,
		.translated = counts.translated,
		.commented = counts.commented,
		.changed = counts.changed,
	};
	return 0;
}

int tare_config_replace(const char *path, const struct str *text, char **ret_backup, struct err *e)
{
	return config_replace_file(path, text, ret_backup, e);
}

int tare_config_each(const char *lxcpath, int (*take)(void *context, const char *path),
		     void *context, struct err *e)
{
	return config_each_file(lxcpath, take, context, e);
}
