/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Warnings about lines that were understood but are of another time: what was written, where, and
 * what it is today.
 */

#include "config/access.h"

#include <limits.h>
#include <string.h>

#include "config/cgroup_translate.h"

static void report(const struct config *c, struct origin origin, struct err *warning)
{
	char place[PATH_MAX];

	if (!c->effects.report)
		return;
	err_origin(warning, "%s", config_origin(c, origin, place, sizeof(place)));
	c->effects.report(c->effects.context, CONFIG_WARNING, warning);
}

void config_report_old_name(const struct config *c, struct origin origin, const char *old,
			    const char *now)
{
	struct err warning = {};

	if (now) {
		err_set(&warning, ERR_CONFIG_DEPRECATED, 0, "%s is the old name of %s", old, now);
		err_hint(&warning, "lxc-update-config rewrites old names");
	} else {
		err_set(&warning, ERR_CONFIG_IGNORED, 0, "%s has no effect any more", old);
		err_hint(&warning, "remove the line");
	}
	report(c, origin, &warning);
}

void config_report_cgroup_v1(const struct config *c, struct origin origin, const char *file,
			     const char *value)
{
	const struct cgroup_setting setting = {.key = file, .value = value};
	struct cgroup_translation_list list = {};
	struct arena arena = {};
	struct err warning = {};
	const char *v2 = cgroup_v2_name(file);
	const struct cgroup_translation *first = NULL;

	if (!c->effects.report)
		return;
	if (cgroup_translate(&setting, 1, &arena, &list) == 0 && list.count > 0)
		first = &list.items[0];
	/* What the value is worth is config_check()'s matter: it sees all settings together. */
	if (first && first->exactness == CGROUP_INVALID)
		err_set(&warning, ERR_CONFIG_DEPRECATED, 0, "lxc.cgroup.%s is for cgroup v1", file);
	else if (first && first->key)
		err_set(&warning, ERR_CONFIG_DEPRECATED, 0,
			"lxc.cgroup.%s = %s is for cgroup v1; for v2 it is lxc.cgroup2.%s = %s",
			file, value, first->key, first->value);
	else if (first && first->exactness == CGROUP_DROPPED)
		err_set(&warning, ERR_CONFIG_DEPRECATED, 0,
			"lxc.cgroup.%s = %s is for cgroup v1; v2 always does so", file, value);
	else if (v2)
		err_set(&warning, ERR_CONFIG_DEPRECATED, 0,
			"lxc.cgroup.%s = %s is for cgroup v1; for v2 it becomes a part of "
			"lxc.cgroup2.%s",
			file, value, v2);
	else
		err_set(&warning, ERR_CONFIG_NO_COUNTERPART, 0,
			"lxc.cgroup.%s = %s is for cgroup v1 and has no counterpart on v2", file,
			value);
	report(c, origin, &warning);
	arena_finish(&arena);
}
