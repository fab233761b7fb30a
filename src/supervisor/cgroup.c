/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's cgroup directories. They are opened when somebody asks: a supervisor that nobody
 * talks to keeps no descriptors of them.
 */

#include "supervisor/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "supervisor/supervisor.h"
#include "sys/cgroup.h"

const char *cgroup_place_name(const struct supervisor *s, enum cgroup_place place)
{
	return supervisor_role_name(s,
				    place == PLACE_LIMIT ? ROLE_LIMIT_CGROUP : ROLE_PAYLOAD_CGROUP);
}

static bool has_controller(const struct plan *p, const struct plan_hierarchy *h, const char *name)
{
	return text_list_has(plan_text(p, h->controllers), name, strlen(name));
}

const struct plan_hierarchy *cgroup_find_unified(const struct supervisor *s)
{
	const struct plan *p = supervisor_plan(s);

	for (uint32_t i = 0; i < p->hierarchies.count; i++) {
		if (plan_hierarchies(p)[i].version == 2)
			return &plan_hierarchies(p)[i];
	}
	return NULL;
}

const struct plan_hierarchy *cgroup_find_controller(const struct supervisor *s, const char *name)
{
	const struct plan *p = supervisor_plan(s);
	const struct plan_hierarchy *unified = cgroup_find_unified(s);

	for (uint32_t i = 0; i < p->hierarchies.count; i++) {
		const struct plan_hierarchy *h = &plan_hierarchies(p)[i];

		if (h->version == 1 && has_controller(p, h, name))
			return h;
	}
	if (!unified || strcmp(name, "devices") == 0 || strcmp(name, "freezer") == 0)
		return unified;
	return has_controller(p, unified, name) ? unified : NULL;
}

int cgroup_place_path(const struct supervisor *s, const struct plan_hierarchy *h,
		      enum cgroup_place place, char *buf, size_t room)
{
	const char *base = plan_text(supervisor_plan(s), h->base);
	const char *name = cgroup_place_name(s, place);
	int length;

	while (*base == '/')
		base++;
	if (name[0] == '\0')
		return -ENOENT;
	length = snprintf(buf, room, "%s%s%s", base, base[0] ? "/" : "", name);
	return length < 0 || (size_t)length >= room ? -ENAMETOOLONG : 0;
}

int cgroup_open_place(const struct supervisor *s, const struct plan_hierarchy *h,
		      enum cgroup_place place)
{
	const struct plan *p = supervisor_plan(s);
	const char *base = plan_text(p, h->base);
	const char *name = cgroup_place_name(s, place);
	autoclose int path_fd = -EBADF;
	int fd;

	while (*base == '/')
		base++;
	if (name[0] == '\0')
		return -ENOENT;
	path_fd = cgroup_open(plan_text(p, h->mount), base, name);
	if (path_fd < 0)
		return path_fd;
	/* Clients get it. LXC's are O_PATH (spec/wire.md §5): what can be done with those can be
	 * done with ours, and they can be listed, too. */
	fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
