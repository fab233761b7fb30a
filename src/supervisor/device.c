/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules: on version 1 a line for the kernel, on the unified hierarchy a new program for the
 * whole list, which the supervisor keeps from the first change on.
 */

#include "supervisor/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "supervisor/cgroup.h"
#include "supervisor/supervisor.h"
#include "sys/cgroup.h"
#include "sys/device_program.h"

_Static_assert(sizeof(struct device_rule) == sizeof(struct plan_device), "the same rows");
_Static_assert(offsetof(struct device_rule, type) == offsetof(struct plan_device, type),
	       "the same rows");

enum { LIST_SIZE = sizeof(struct plan_devices) + DEVICE_RULES_MAX * sizeof(struct plan_device) };

static struct plan_device *find(struct plan_devices *rules, const struct plan_device *like)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		struct plan_device *row = &rules->rows[i];

		if (row->type == like->type && row->major == like->major &&
		    row->minor == like->minor)
			return row;
	}
	return NULL;
}

int device_list_apply(struct device_list *list, const struct device_change *change)
{
	struct plan_devices *rules = list->rules;
	struct plan_device *row = find(rules, &change->rule);
	uint8_t access;

	if (change->is_mode) {
		bool same = rules->count == 0 && rules->allow_by_default == change->allow;

		rules->allow_by_default = change->allow;
		rules->count = 0;
		return same ? 0 : 1;
	}
	access = row ? row->access : 0;
	/* A rule in the sense of the mode takes an exception back. */
	if (change->allow == (rules->allow_by_default != 0)) {
		if (!row || (access & change->rule.access) == 0)
			return 0;
		row->access = (uint8_t)(access & ~change->rule.access);
		if (row->access == 0) {
			size_t behind = rules->count - (size_t)(row - rules->rows) - 1;

			memmove(row, row + 1, behind * sizeof(*row));
			rules->count--;
		}
		return 1;
	}
	if (row) {
		row->access = (uint8_t)(access | change->rule.access);
		return row->access != access;
	}
	if (rules->count == list->room)
		return -E2BIG;
	rules->rows[rules->count++] = change->rule;
	return 1;
}

/* A list of our own: what the plan said, or the kernel's beginning, in which all is allowed. */
static int make_list(struct supervisor *s)
{
	const struct plan *p = supervisor_plan(s);
	struct plan_devices *rules;

	if (s->devices)
		return 0;
	rules = mmap(NULL, LIST_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (rules == MAP_FAILED)
		return -errno;
	rules->allow_by_default = 1;
	if (p->devices && plan_bytes_length(p, p->devices) <= LIST_SIZE)
		memcpy(rules, plan_bytes(p, p->devices), plan_bytes_length(p, p->devices));
	s->devices = rules;
	return 0;
}

/* Readers retry while the number is odd or has changed. `rules` NULL: the plan's are in force. */
static void publish(struct record_header *record, const struct plan_devices *rules)
{
	atomic_fetch_add_explicit(&record->device_sequence, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	if (rules)
		memcpy((char *)record + record->devices.offset, rules,
		       sizeof(*rules) + rules->count * sizeof(rules->rows[0]));
	record->devices.size = rules ? LIST_SIZE : 0;
	atomic_fetch_add_explicit(&record->device_sequence, 1, memory_order_release);
}

/* Room for the list behind the plan, which may have become larger with a reboot. */
static int reserve(struct supervisor *s)
{
	struct record_header *record = s->record;
	uint32_t plan_end = record->plan.offset + record->plan.size;
	struct stat status;
	off_t at;

	if (record->devices.offset >= plan_end && record->devices.offset > 0)
		return 0;
	if (fstat(s->record_fd, &status) < 0)
		return -errno;
	at = (status.st_size + 7) / 8 * 8;
	if (at + LIST_SIZE > RECORD_SIZE_MAX)
		return -ENOSPC;
	/* A full disk must not be met as SIGBUS. Some file systems can't reserve. */
	if (fallocate(s->record_fd, 0, at, LIST_SIZE) < 0 &&
	    (errno == ENOSPC || errno == EDQUOT || ftruncate(s->record_fd, at + LIST_SIZE) < 0))
		return -errno;
	record->devices.offset = (uint32_t)at;
	return 0;
}

void device_forget(struct supervisor *s)
{
	if (!s->devices)
		return;
	publish(s->record, NULL);
	munmap(s->devices, LIST_SIZE);
	s->devices = NULL;
}

static int attach(const struct plan_devices *rules, int cgroup_fd)
{
	const struct device_rules program = {
		.rows = (const struct device_rule *)rules->rows,
		.count = rules->count,
		.allow_by_default = rules->allow_by_default,
	};

	return device_program_attach(cgroup_fd, &program);
}

static int change_program(struct supervisor *s, const struct device_change *change, int cgroup_fd)
{
	struct device_list list = {.room = DEVICE_RULES_MAX};
	struct plan_devices *before;
	int r = make_list(s);

	if (r == 0)
		r = reserve(s);
	if (r < 0)
		return r;
	/* What is not in force is not to be believed: kept until the kernel has taken it. */
	before = mmap(NULL, LIST_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (before == MAP_FAILED)
		return -errno;
	memcpy(before, s->devices,
	       sizeof(*before) + s->devices->count * sizeof(s->devices->rows[0]));
	list.rules = s->devices;
	r = device_list_apply(&list, change);
	if (r > 0)
		r = attach(s->devices, cgroup_fd);
	if (r < 0) {
		munmap(s->devices, LIST_SIZE);
		s->devices = before;
		return r;
	}
	munmap(before, LIST_SIZE);
	publish(s->record, s->devices);
	return 0;
}

static void print_number(int64_t number, char *buf, size_t room)
{
	if (number < 0)
		snprintf(buf, room, "*");
	else
		snprintf(buf, room, "%lld", (long long)number);
}

static int write_line(const struct device_change *change, int cgroup_fd)
{
	const struct plan_device *rule = &change->rule;
	char major_text[24], minor_text[24], line[64];

	print_number(rule->major, major_text, sizeof(major_text));
	print_number(rule->minor, minor_text, sizeof(minor_text));
	snprintf(line, sizeof(line), "%c %s:%s %s%s%s", change->is_mode ? 'a' : rule->type,
		 major_text, minor_text, rule->access & DEVICE_READ ? "r" : "",
		 rule->access & DEVICE_WRITE ? "w" : "", rule->access & DEVICE_MKNOD ? "m" : "");
	return cgroup_write(cgroup_fd, change->allow ? "devices.allow" : "devices.deny", line);
}

int device_add(struct supervisor *s, const struct device_change *change)
{
	const struct plan_hierarchy *h = cgroup_find_controller(s, "devices");
	autoclose int fd = -EBADF;

	if (!h)
		return -ENOENT;
	fd = cgroup_open_place(s, h, PLACE_LIMIT);
	if (fd < 0)
		return fd;
	return h->version == 1 ? write_line(change, fd) : change_program(s, change, fd);
}
