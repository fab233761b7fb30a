/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroups of the HOST lane (spec/cgroup1.md §2, §3): making and entering directories in all
 * hierarchies of the plan together. Their end is in host_cgroup_end.c, limits and files of one
 * hierarchy are in host_cgroup_set.c.
 *
 * A register's name is the path below the bases; its number tells how many directories above the
 * last we have made in each hierarchy, a few bits for each, so that these go too when empty.
 */

#include "run/host_cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/cgroup.h"

enum { SUFFIX_MAX = 999, DIRECTORY_MODE = 0755 };

static bool is_identical(int fd, uint64_t identity)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_ino == identity;
}

int host_cgroup_base(struct host *h, uint32_t hierarchy)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	int *kept = h->run->cgroup_bases + hierarchy;
	int fd;

	if (hierarchy >= h->plan->hierarchies.count)
		return host_note(h, -EINVAL, "the plan has no hierarchy %u", hierarchy);
	if (*kept > 0)
		return *kept - 1;
	fd = cgroup_open(plan_text(h->plan, row->mount), plan_text(h->plan, row->base), "");
	if (fd >= 0 && row->identity && !is_identical(fd, row->identity)) {
		close(fd);
		fd = -ENOENT;
	}
	if (fd < 0)
		return host_note(h, host_failed(h, __NR_openat, fd), "%s/%s",
				 plan_text(h->plan, row->mount), plan_text(h->plan, row->base));
	*kept = fd + 1;
	return fd;
}

void host_cgroup_close_bases(struct host *h)
{
	for (unsigned i = 0; i < PLAN_HIERARCHIES_MAX; i++) {
		int *kept = h->run->cgroup_bases + i;

		if (*kept > 0)
			close(*kept - 1);
		*kept = 0;
	}
}

int host_cgroup_open_below(struct host *h, uint32_t hierarchy, const char *path)
{
	int base = host_cgroup_base(h, hierarchy);
	int fd = base < 0 ? base : cgroup_open_at(base, path);

	return base < 0 || fd >= 0 ? fd : host_cgroup_failed(h, __NR_openat, fd, hierarchy, path);
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

unsigned host_cgroup_made(const struct host *h, uint64_t number, uint32_t hierarchy)
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

mode_t host_cgroup_mark(const struct host *h)
{
	return S_ISVTX | S_IRWXU | ((mode_t)h->run->record->supervisor_pid & (S_IRWXG | S_IRWXO));
}

void host_cgroup_unmake(struct host *h, struct record_register *reg, uint32_t count)
{
	while (count-- > 0) {
		int base = host_cgroup_base(h, count);

		/* Once it is gone the name may be another's. */
		atomic_store(&reg->parts, count);
		if (base >= 0)
			cgroup_unmake(base, reg->name, host_cgroup_made(h, reg->number, count));
	}
}

/* One name in all hierarchies, or in none: -EEXIST when one of them has it. *ret_taken: bit n is
 * set for what was there, empty, in hierarchy n. */
static int make_everywhere(struct host *h, struct record_register *reg, bool is_fixed,
			   uint32_t *ret_taken)
{
	int r = 0;

	*ret_taken = 0;
	for (uint32_t i = 0; r == 0 && i < h->plan->hierarchies.count; i++) {
		int base = host_cgroup_base(h, i);
		unsigned made = 0;

		atomic_store(&reg->parts, i);
		r = base < 0 ? base : cgroup_make_as(base, reg->name, host_cgroup_mark(h), &made);
		reg->number = with_made(h, reg->number, i, made);
		if (r == -EEXIST && is_fixed) {
			r = take_existing(base, reg->name);
			*ret_taken |= r == 0 ? UINT32_C(1) << i : 0;
		}
		if (r == 0)
			continue;
		if (base >= 0)
			host_cgroup_failed(h, __NR_mkdirat, r, i, reg->name);
		/* Those above it that were made before it failed. */
		if (base >= 0)
			cgroup_unmake_marked(base, reg->name, host_cgroup_mark(h));
		host_cgroup_unmake(h, reg, i);
	}
	if (r == 0)
		atomic_store(&reg->parts, h->plan->hierarchies.count);
	return r;
}

/* From now on they are like anybody's. */
static int settle_everywhere(struct host *h, const struct record_register *reg, uint32_t taken,
			     mode_t mode)
{
	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		int base = host_cgroup_base(h, i), r = 0;

		if (!(taken >> i & 1))
			r = base < 0 ? base
				     : cgroup_settle(base, reg->name,
						     host_cgroup_made(h, reg->number, i), mode);
		if (r < 0)
			return host_cgroup_failed(h, __NR_fchmodat, r, i, reg->name);
	}
	return 0;
}

/* The directories of a name that is intended. -EEXIST: it is taken. */
static int make_intended(struct host *h, struct record_register *reg, bool is_fixed)
{
	const mode_t mask = umask(0);
	uint32_t taken;
	int r = make_everywhere(h, reg, is_fixed, &taken);

	umask(mask);
	if (r < 0)
		return r;
	r = settle_everywhere(h, reg, taken, DIRECTORY_MODE & ~mask);
	if (r < 0)
		host_cgroup_unmake(h, reg, h->plan->hierarchies.count);
	return r;
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
			r = make_intended(h, reg, is_fixed);
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
		r = make_intended(h, reg, true);
	if (r < 0) {
		host_clear(h, step->out);
		return r;
	}
	host_set_name(h, step->out, reg->number);
	return 0;
}

/* A directory below a base, or the base itself: "". The latter is borrowed. */
static int open_place(struct host *h, uint32_t hierarchy, const char *path)
{
	return path[0] ? host_cgroup_open_below(h, hierarchy, path)
		       : host_cgroup_base(h, hierarchy);
}

static void close_place(int fd, const char *path)
{
	if (path[0])
		close(fd);
}

int host_cgroup_enter_place(struct host *h, uint32_t hierarchy, const char *path)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + hierarchy;
	int fd = open_place(h, hierarchy, path);
	int r;

	if (fd < 0)
		return fd;
	r = cgroup_enter(fd, row->version);
	close_place(fd, path);
	return r < 0 ? host_cgroup_failed(h, __NR_write, r, hierarchy, path) : 0;
}

int host_cgroup_enter(struct host *h, const struct plan_step *step)
{
	struct record_register *entered = host_register(h, step->out);
	uint64_t mask;

	if (!host_has(h, step->in))
		return host_note(h, -ENOENT, "the cgroup does not exist");
	mask = entered && host_has(h, step->out) ? entered->number : 0;
	for (uint32_t i = 0; i < h->plan->hierarchies.count; i++) {
		int r;

		if (step->arg[0] && step->arg[0] != plan_hierarchies(h->plan)[i].version)
			continue;
		/* Before it happens: leaving what was not entered does no harm. */
		mask |= UINT64_C(1) << i;
		host_set_number(h, step->out, mask);
		r = host_cgroup_enter_place(h, i, host_name(h, step->in));
		if (r < 0)
			return r;
	}
	return 0;
}

int host_cgroup_clear(struct host *h, const struct plan_step *step)
{
	const uint32_t hierarchy = (uint32_t)step->arg[0];
	int base = host_cgroup_base(h, hierarchy);
	int fd, r;

	if (base < 0)
		return base;
	if (!host_has(h, step->in))
		return host_note(h, -ENOENT, "the cgroup does not exist");
	fd = host_cgroup_open_below(h, hierarchy, host_name(h, step->in));
	if (fd < 0)
		return fd;
	r = cgroup_clear(base, fd);
	close(fd);
	return r < 0 ? host_cgroup_failed(h, __NR_read, r, hierarchy, "") : 0;
}

int host_cgroup_move(struct host *h, const struct plan_step *step)
{
	const uint32_t hierarchy = (uint32_t)step->arg[0];
	int fd, r;

	if (!host_has(h, step->in))
		return host_note(h, -ENOENT, "the cgroup does not exist");
	if (h->run->child <= 0)
		return host_note(h, -ESRCH, "there is no process to move");
	if (step->arg[0] >= h->plan->hierarchies.count)
		return -EINVAL;
	fd = host_cgroup_open_below(h, hierarchy, host_name(h, step->in));
	if (fd < 0)
		return fd;
	r = cgroup_move(fd, h->run->child);
	close(fd);
	return r < 0 ? host_cgroup_failed(h, __NR_write, r, hierarchy, host_name(h, step->in)) : 0;
}
