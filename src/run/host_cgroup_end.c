/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroups of the HOST lane: leaving and removing directories (spec/cgroup1.md §5), also those that
 * were only half made when the supervisor died, and those with processes in them that a hook left.
 */

#include "run/host_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/cgroup.h"
#include "sys/cgroup1.h"

static int make_pivot(struct host *h, uint32_t hierarchy, const char *pivot)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	int base = host_cgroup_base(h, hierarchy);
	unsigned made;
	int r;

	if (base < 0)
		return base;
	r = cgroup_make(base, pivot, &made);
	if (r < 0 && r != -EEXIST)
		return host_cgroup_failed(h, __NR_mkdirat, r, hierarchy, pivot);
	r = row->version == 1 && row->is_cpuset ? cgroup1_prepare_cpuset(base, pivot) : 0;
	return r < 0 ? host_cgroup_failed(h, __NR_write, r, hierarchy, pivot) : 0;
}

int host_cgroup_leave(struct host *h, const struct plan_step *step)
{
	const struct record_register *entered = host_register(h, step->in);
	const uint64_t mask = entered && host_has(h, step->in) ? entered->number : 0;
	const char *pivot = host_text(h, step, 0);
	int result = 0;

	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		int r;

		if (!(mask >> i & 1))
			continue;
		r = step->arg[1] == 1 ? -EBUSY : host_cgroup_enter_place(h, i, "");
		/* Version 2 holds no process beside directories with controllers. */
		if (r < 0) {
			r = make_pivot(h, i, pivot);
			if (r == 0)
				r = host_cgroup_enter_place(h, i, pivot);
		}
		if (r < 0)
			result = r;
	}
	host_clear(h, step->in);
	return result;
}

static bool has_freezer(const struct plan *p, const struct plan_hierarchy *row)
{
	static const char word[] = "freezer";

	return text_list_has(plan_text(p, row->controllers), word, LITERAL_LENGTH(word));
}

/* All processes at once where the kernel can; what escapes is met again when its directory is
 * removed. */
static void kill_in(struct host *h, uint32_t hierarchy, const char *path)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	autoclose int fd = host_cgroup_open_below(h, hierarchy, path);
	const bool is_freezer = row->version == 1 && has_freezer(h->plan, row);

	if (fd < 0 || (row->version == 1 && !is_freezer))
		return;
	if (is_freezer)
		cgroup1_kill_all(fd);
	else
		cgroup_kill_all(fd);
}

void host_cgroup_thaw(struct host *h, uint16_t number)
{
	for (uint32_t i = 0; host_has(h, number) && i < h->plan->hierarchies.count; i++) {
		const struct plan_hierarchy *row = plan_hierarchies(h->plan) + i;
		autoclose int fd = -EBADF;

		if (row->version != 1 || !has_freezer(h->plan, row))
			continue;
		fd = host_cgroup_open_below(h, i, host_name(h, number));
		if (fd >= 0)
			(void)cgroup1_thaw_all(fd);
	}
}

/* A crash came while they were being made: which of them are ours? */
static void unmake_intended(struct host *h, struct record_register *reg)
{
	const uint32_t parts = atomic_load(&reg->parts);
	int base = parts < h->plan->hierarchies.count ? host_cgroup_base(h, parts) : -EINVAL;

	if (base >= 0)
		cgroup_unmake_marked(base, reg->name, host_cgroup_mark(h));
	host_cgroup_unmake(h, reg,
			   parts < h->plan->hierarchies.count ? parts : h->plan->hierarchies.count);
}

/* What a hook left running: to the base, or else to the pivot, as we ourselves went. */
static int evacuate(struct host *h, uint32_t hierarchy, const char *path, const char *pivot)
{
	int base = host_cgroup_base(h, hierarchy);
	autoclose int directory = cgroup_open_at(base, path);
	autoclose int to = -EBADF;
	int r;

	if (directory < 0)
		return directory;
	(void)cgroup_evacuate(base, path, base);
	if (cgroup_is_empty(directory) == 1)
		return 0;
	r = make_pivot(h, hierarchy, pivot);
	if (r < 0)
		return r;
	to = host_cgroup_open_below(h, hierarchy, pivot);
	return to < 0 ? to : cgroup_evacuate(base, path, to);
}

/* From now on the name may be another's there. */
static void note_gone(struct record_register *reg, uint32_t hierarchy)
{
	atomic_fetch_or(&reg->gone, UINT32_C(1) << hierarchy);
}

static bool is_gone(struct record_register *reg, uint32_t hierarchy)
{
	return atomic_load(&reg->gone) >> hierarchy & 1;
}

static int remove_in(struct host *h, uint32_t hierarchy, struct record_register *reg,
		     const struct plan_step *step)
{
	const unsigned made = host_cgroup_made(h, reg->number, hierarchy);
	int base = host_cgroup_base(h, hierarchy);
	int r;

	if (base < 0)
		return base == -ENOENT ? 0 : base;
	r = cgroup_remove(base, reg->name, made, step->arg[0] == 1);
	if (r == -EBUSY && step->arg[1] &&
	    evacuate(h, hierarchy, reg->name, host_text(h, step, 1)) >= 0)
		r = cgroup_remove(base, reg->name, made, false);
	if (r < 0)
		return host_cgroup_failed(h, __NR_unlinkat, r, hierarchy, reg->name);
	note_gone(reg, hierarchy);
	return 0;
}

/* Most often they are empty by now: then nothing has to be killed. */
static void remove_empty(struct host *h, struct record_register *reg)
{
	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		int base = is_gone(reg, i) ? -ENOENT : host_cgroup_base(h, i);

		if (base < 0 || (unlinkat(base, reg->name, AT_REMOVEDIR) < 0 && errno != ENOENT))
			continue;
		note_gone(reg, i);
		cgroup_unmake_above(base, reg->name, host_cgroup_made(h, reg->number, i));
	}
}

int host_cgroup_remove(struct host *h, const struct plan_step *step)
{
	struct record_register *reg = host_register(h, step->in);
	const uint32_t state = reg ? atomic_load(&reg->state) : VALUE_EMPTY;
	int result = 0;

	if (state == VALUE_EMPTY || memchr(reg->name, '\0', sizeof(reg->name)) == NULL)
		return 0;
	if (state == VALUE_INTENDED) {
		unmake_intended(h, reg);
		host_clear(h, step->in);
		return 0;
	}
	remove_empty(h, reg);
	for (uint32_t i = 0; step->arg[0] == 1 && i < h->plan->hierarchies.count; i++)
		if (!is_gone(reg, i))
			kill_in(h, i, reg->name);
	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		int r = is_gone(reg, i) ? 0 : remove_in(h, i, reg, step);

		if (r < 0)
			result = r;
	}
	if (result == 0)
		host_clear(h, step->in);
	return result;
}
