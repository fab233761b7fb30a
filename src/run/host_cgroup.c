/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroups of the HOST lane (spec/cgroup1.md §2, §3, §5): making, entering, leaving and removing
 * directories in all hierarchies of the plan together. Limits and files of one hierarchy are in
 * host_cgroup_set.c.
 *
 * A register's name is the path below the bases; its number tells how many directories above the
 * last we have made in each hierarchy, a few bits for each, so that these go too when empty.
 */

#include "run/host_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/cgroup.h"
#include "sys/cgroup1.h"

enum { SUFFIX_MAX = 999 };

int host_cgroup_base(struct host *h, uint32_t hierarchy)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	int fd;

	if (hierarchy >= h->plan->hierarchies.count)
		return host_note(h, -EINVAL, "the plan has no hierarchy %u", hierarchy);
	fd = cgroup_open(plan_text(h->plan, row->mount), plan_text(h->plan, row->base), "");
	return fd < 0 ? host_note(h, host_failed(h, __NR_openat, fd), "%s/%s",
				  plan_text(h->plan, row->mount), plan_text(h->plan, row->base))
		      : fd;
}

int host_cgroup_failed(struct host *h, uint32_t call, int r, uint32_t hierarchy, const char *path)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	const char *base = plan_text(h->plan, row->base);

	return host_note(h, host_failed(h, call, r), "%s%s%s/%s", plan_text(h->plan, row->mount),
			 base[0] ? "/" : "", base, path);
}

/* Bits of the register's number for one hierarchy. */
static unsigned made_bits(const struct host *h)
{
	const unsigned bits = 64 / (h->plan->hierarchies.count ? h->plan->hierarchies.count : 1);

	return bits < 8 ? bits : 8;
}

static unsigned made_of(const struct host *h, uint64_t number, uint32_t hierarchy)
{
	const unsigned bits = made_bits(h);

	return (unsigned)(number >> bits * hierarchy & ((UINT64_C(1) << bits) - 1));
}

static uint64_t with_made(const struct host *h, uint64_t number, uint32_t hierarchy, unsigned made)
{
	const unsigned bits = made_bits(h);
	const uint64_t mask = (UINT64_C(1) << bits) - 1;

	return number | (made < mask ? made : mask) << bits * hierarchy;
}

/* An existing directory that only we use may be taken when nothing is in it. */
static int take_existing(int base_fd, const char *path)
{
	autoclose int fd = cgroup_open_at(base_fd, path);
	int r = fd < 0 ? fd : cgroup_is_empty(fd);

	return r < 0 ? r : r == 0 ? -EEXIST : 0;
}

static void unmake_in(struct host *h, struct record_register *reg, uint32_t hierarchy)
{
	autoclose int base = host_cgroup_base(h, hierarchy);

	if (base >= 0)
		cgroup_unmake(base, reg->name, made_of(h, reg->number, hierarchy));
}

/* One name in all hierarchies, or in none: -EEXIST when one of them has it. */
static int make_everywhere(struct host *h, struct record_register *reg, bool is_fixed)
{
	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		autoclose int base = host_cgroup_base(h, i);
		unsigned made = 0;
		int r;

		if (base < 0) {
			while (i-- > 0)
				unmake_in(h, reg, i);
			return base;
		}
		r = cgroup_make(base, reg->name, &made);
		reg->number = with_made(h, reg->number, i, made);
		if (r == -EEXIST && is_fixed)
			r = take_existing(base, reg->name);
		if (r == 0)
			continue;
		if (made > 0 && r != -EEXIST)
			unmake_in(h, reg, i);
		host_cgroup_failed(h, __NR_mkdirat, r, i, reg->name);
		while (i-- > 0)
			unmake_in(h, reg, i);
		return r;
	}
	return 0;
}

static int intend(struct host *h, const struct plan_step *step, const char *path, unsigned suffix)
{
	char name[RECORD_NAME_MAX];
	int length = suffix ? snprintf(name, sizeof(name), "%s-%u", path, suffix)
			    : snprintf(name, sizeof(name), "%s", path);

	if (length >= (int)sizeof(name) || host_intend_name(h, step->out, name) < 0)
		return host_note(h, -ENAMETOOLONG, "%s", path);
	return 0;
}

int host_cgroup_create(struct host *h, const struct plan_step *step)
{
	const bool is_fixed = (step->arg[1] & CGROUP_FIXED) != 0;
	struct record_register *reg = host_register(h, step->out);
	int r = -EEXIST;

	if (!reg)
		return -EINVAL;
	for (unsigned suffix = 0; r == -EEXIST && suffix <= (is_fixed ? 0 : SUFFIX_MAX); suffix++) {
		r = intend(h, step, host_text(h, step, 0), suffix);
		if (r == 0)
			r = make_everywhere(h, reg, is_fixed);
	}
	if (r < 0) {
		/* Nothing of it is left. */
		host_clear(h, step->out);
		return r;
	}
	host_set_name(h, step->out, reg->number);
	return 0;
}

int host_cgroup_create_inner(struct host *h, const struct plan_step *step)
{
	struct record_register *reg = host_register(h, step->out);
	char path[RECORD_NAME_MAX];
	int r;

	if (!reg || !host_has(h, step->in))
		return host_note(h, -ENOENT, "the outer cgroup does not exist");
	if (snprintf(path, sizeof(path), "%s/%s", host_name(h, step->in), host_text(h, step, 0)) >=
	    (int)sizeof(path))
		return host_note(h, -ENAMETOOLONG, "%s", host_text(h, step, 0));
	r = intend(h, step, path, 0);
	if (r == 0)
		r = make_everywhere(h, reg, true);
	if (r < 0) {
		host_clear(h, step->out);
		return r;
	}
	host_set_name(h, step->out, reg->number);
	return 0;
}

/* Move a process (0 = us) into a directory below a base. */
static int move_into(struct host *h, uint32_t hierarchy, const char *path, pid_t pid)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	autoclose int fd =
		cgroup_open(plan_text(h->plan, row->mount), plan_text(h->plan, row->base), path);
	int r;

	if (fd < 0)
		return host_cgroup_failed(h, __NR_openat, fd, hierarchy, path);
	r = cgroup_move(fd, pid);
	return r < 0 ? host_cgroup_failed(h, __NR_write, r, hierarchy, path) : 0;
}

int host_cgroup_enter(struct host *h, const struct plan_step *step)
{
	if (!host_has(h, step->in))
		return host_note(h, -ENOENT, "the cgroup does not exist");
	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		int r = move_into(h, i, host_name(h, step->in), 0);

		if (r < 0)
			return r;
	}
	return 0;
}

int host_cgroup_move(struct host *h, const struct plan_step *step)
{
	if (!host_has(h, step->in))
		return host_note(h, -ENOENT, "the cgroup does not exist");
	if (h->run->child <= 0)
		return host_note(h, -ESRCH, "there is no process to move");
	if (step->arg[0] >= h->plan->hierarchies.count)
		return -EINVAL;
	return move_into(h, (uint32_t)step->arg[0], host_name(h, step->in), h->run->child);
}

static int enter_pivot(struct host *h, uint32_t hierarchy, const char *pivot)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	autoclose int base = host_cgroup_base(h, hierarchy);
	unsigned made;
	int r;

	if (base < 0)
		return base;
	r = cgroup_make(base, pivot, &made);
	if (r < 0 && r != -EEXIST)
		return host_cgroup_failed(h, __NR_mkdirat, r, hierarchy, pivot);
	if (row->version == 1 && row->is_cpuset) {
		r = cgroup1_prepare_cpuset(base, pivot);
		if (r < 0)
			return host_cgroup_failed(h, __NR_write, r, hierarchy, pivot);
	}
	return move_into(h, hierarchy, pivot, 0);
}

int host_cgroup_leave(struct host *h, const struct plan_step *step)
{
	int result = 0;

	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		int r = step->arg[1] == 1 ? -EBUSY : move_into(h, i, "", 0);

		/* Version 2 holds no process beside directories with controllers. */
		if (r < 0)
			r = enter_pivot(h, i, host_text(h, step, 0));
		if (r < 0)
			result = r;
	}
	return result;
}

static bool list_has(const char *list, const char *word)
{
	const size_t length = strlen(word);

	while (*list) {
		const size_t part = strcspn(list, ",");

		if (part == length && strncmp(list, word, length) == 0)
			return true;
		list += part + (list[part] == ',');
	}
	return false;
}

/* All processes at once where the kernel can; what escapes is met again when its directory is
 * removed. */
static void kill_in(struct host *h, uint32_t hierarchy, const char *path)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	autoclose int fd =
		cgroup_open(plan_text(h->plan, row->mount), plan_text(h->plan, row->base), path);
	const bool is_freezer = row->version == 1 &&
				list_has(plan_text(h->plan, row->controllers), "freezer");

	if (fd < 0 || (row->version == 1 && !is_freezer))
		return;
	if (is_freezer)
		cgroup1_kill_all(fd);
	else
		cgroup_kill_all(fd);
}

/* What hooks have left running in the supervisor's cgroup is the host's. */
static int move_out(int base, const char *path)
{
	autoclose int from = cgroup_open_at(base, path);
	autoclose int to = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (from < 0 || to < 0)
		return -EBADF;
	return cgroup_move_all(from, to);
}

static int remove_in(struct host *h, uint32_t hierarchy, const struct record_register *reg,
		     bool is_set, bool kill)
{
	autoclose int base = host_cgroup_base(h, hierarchy);
	const unsigned made = made_of(h, reg->number, hierarchy);
	int r;

	if (base < 0)
		return base == -ENOENT ? 0 : base;
	/* What was only intended may be somebody else's: nothing more than an empty directory. */
	if (!is_set) {
		if (unlinkat(base, reg->name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			cgroup_unmake(base, reg->name, made);
		return 0;
	}
	r = cgroup_remove(base, reg->name, made, kill);
	if (r == -EBUSY && !kill && move_out(base, reg->name) == 0)
		r = cgroup_remove(base, reg->name, made, false);
	return r < 0 ? host_cgroup_failed(h, __NR_unlinkat, r, hierarchy, reg->name) : 0;
}

/* Whether a first try removes it everywhere: then nothing has to be killed. */
static bool is_gone(struct host *h, const struct record_register *reg)
{
	bool gone = true;

	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		autoclose int base = host_cgroup_base(h, i);

		if (base < 0 || (unlinkat(base, reg->name, AT_REMOVEDIR) < 0 && errno != ENOENT))
			gone = false;
	}
	return gone;
}

int host_cgroup_remove(struct host *h, const struct plan_step *step)
{
	struct record_register *reg = host_register(h, step->in);
	const uint32_t state = reg ? atomic_load(&reg->state) : VALUE_EMPTY;
	const bool is_set = state == VALUE_SET, kill = step->arg[0] == 1;
	int result = 0;

	if (state == VALUE_EMPTY || memchr(reg->name, '\0', sizeof(reg->name)) == NULL)
		return 0;
	if (is_set && kill && !is_gone(h, reg)) {
		for (uint32_t i = 0; i < h->plan->hierarchies.count; i++)
			kill_in(h, i, reg->name);
	}
	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		int r = remove_in(h, i, reg, is_set, kill);

		if (r < 0)
			result = r;
	}
	if (result == 0)
		host_clear(h, step->in);
	return result;
}
