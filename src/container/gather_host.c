/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Things of the host that the configuration names: device nodes, the seccomp policy.
 */

#include "container/gather_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "base/str.h"
#include "config/device_rule.h"
#include "config/seccomp_policy.h"
#include "container/filter.h"
#include "sys/file.h"

enum { POLICY_SIZE_MAX = 16 << 20 };

static int look_at_device(struct gathering *g, const struct config_item *item, bool is_v2,
			  size_t index, struct err *e)
{
	struct device_rule rule;
	struct facts_device *device;
	char path[PATH_MAX];
	struct stat status;
	int r;

	/* What is wrong with a rule is told by the compiler, with its key and line. */
	if (!text_starts(item->name, "devices.") || item->text[0] != '/' ||
	    device_rule_parse(item->name, item->text, &rule, NULL) < 0 || !rule.path)
		return 0;
	device = vec_push_in(&g->facts->devices, &g->facts->arena);
	if (!device)
		return gather_no_memory(e);
	device->is_v2 = is_v2;
	device->index = (uint32_t)index;
	if (rule.path_length >= sizeof(path)) {
		device->error = ENAMETOOLONG;
		return 0;
	}
	memcpy(path, rule.path, rule.path_length);
	path[rule.path_length] = '\0';
	r = stat(path, &status) < 0 ? -errno : device_rule_resolve(&rule, &status);
	if (r < 0) {
		device->error = -r;
		return 0;
	}
	device->type = rule.type;
	device->major = (uint32_t)rule.major;
	device->minor = (uint32_t)rule.minor;
	return 0;
}

int gather_devices(struct gathering *g, struct err *e)
{
	const struct config_items *v1 = &g->values->cgroup.v1, *v2 = &g->values->cgroup.v2;
	int r = 0;

	for (size_t i = 0; i < v1->count && r == 0; i++)
		r = look_at_device(g, &v1->items[i], false, i, e);
	for (size_t i = 0; i < v2->count && r == 0; i++)
		r = look_at_device(g, &v2->items[i], true, i, e);
	return r;
}

static int compile_policy(struct gathering *g, const char *file, const char *text, size_t length,
			  struct err *e)
{
	struct facts *facts = g->facts;
	struct seccomp_policy policy;
	int r = seccomp_policy_parse(file, text, length, &facts->arena, &policy, e);

	if (r < 0)
		return r;
	facts->seccomp.has_notify = seccomp_policy_has_notify(&policy);
	return filter_find(file, text, length, &facts->arena, &facts->seccomp.program,
			   &facts->seccomp.size, e);
}

int gather_seccomp(struct gathering *g, struct err *e)
{
	const char *file = g->values->seccomp.profile;
	autofree char *text = NULL;
	size_t length;
	int r;

	if (!file)
		return 0;
	/* A filter that stands already is enough for LXC, which says nothing about it. */
	if (!g->values->seccomp.allow_nesting && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) > 0)
		return 0;
	r = file_read_all(AT_FDCWD, file, POLICY_SIZE_MAX, &text, &length);
	if (r < 0) {
		err_set(e, ERR_FILE_OPEN, -r, "Failed to open seccomp policy file \"%s\"", file);
		err_hint(e, "lxc.seccomp.profile names it");
	} else {
		r = compile_policy(g, file, text, length, e);
	}
	if (r < 0) {
		err_wrap(e, r, "Failed to load the seccomp policy \"%s\"", file);
		err_origin(e, "%s", gather_key_origin(g, "lxc.seccomp.profile"));
	}
	return r < 0 ? r : 0;
}
