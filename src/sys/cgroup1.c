/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documentation/admin-guide/cgroup-v1/cpusets.rst and freezer-subsystem.rst.
 */

#include "sys/cgroup1.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/time.h"
#include "sys/cgroup.h"

enum {
	CPUS_MAX = 8192, /* CONFIG_NR_CPUS of the largest builds */
	LIST_MAX = 4096, /* bytes of a list of processors */
	FREEZE_PAUSE_MAX = 50,
};
/* The caller, who has other things to do, waits meanwhile. */
#define FREEZE_TIMEOUT (USEC_PER_SEC / 4)

struct cpus {
	uint8_t bits[CPUS_MAX / 8];
};

/* "0-3,8": set or clear these. */
static int apply_list(struct cpus *cpus, const char *list, bool set)
{
	while (*list) {
		uint64_t first, last;
		int r = num_take_u64(&list, &first);

		last = first;
		if (r == 0 && *list == '-') {
			list++;
			r = num_take_u64(&list, &last);
		}
		if (r < 0)
			return r;
		if (last >= CPUS_MAX || first > last)
			return -ERANGE;
		for (uint64_t i = first; i <= last; i++) {
			const uint8_t bit = (uint8_t)(1U << i % 8);

			if (set)
				cpus->bits[i / 8] |= bit;
			else
				cpus->bits[i / 8] &= (uint8_t)~bit;
		}
		if (*list == ',')
			list++;
		else if (*list != '\0')
			return -EINVAL;
	}
	return 0;
}

static bool has(const struct cpus *cpus, unsigned i)
{
	return i < CPUS_MAX && cpus->bits[i / 8] >> i % 8 & 1;
}

static int print_list(const struct cpus *cpus, char *ret, size_t room)
{
	size_t used = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < CPUS_MAX; i++) {
		unsigned last = i;
		int n;

		if (!has(cpus, i))
			continue;
		while (has(cpus, last + 1))
			last++;
		n = last > i
			    ? snprintf(ret + used, room - used, "%s%u-%u", used ? "," : "", i, last)
			    : snprintf(ret + used, room - used, "%s%u", used ? "," : "", i);
		if (n < 0 || (size_t)n >= room - used)
			return -EFBIG;
		used += (size_t)n;
		i = last;
	}
	return 0;
}

/* A list without the processors that the kernel keeps for others. */
static int leave_out_isolated(char *list, size_t room)
{
	static const char *const files[] = {"isolated", "offline"};
	autoclose int directory = open("/sys/devices/system/cpu", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cpus cpus = {0};
	char other[LIST_MAX], result[LIST_MAX];
	int r = apply_list(&cpus, list, true);

	for (size_t i = 0; r == 0 && directory >= 0 && i < ARRAY_LENGTH(files); i++) {
		if (cgroup_read(directory, files[i], other, sizeof(other)) > 0)
			r = apply_list(&cpus, other, false);
	}
	if (r == 0)
		r = print_list(&cpus, result, sizeof(result));
	/* A base of isolated processors only is somebody's intention. */
	if (r == 0 && result[0] && strlen(result) < room)
		memcpy(list, result, strlen(result) + 1);
	return r;
}

static int copy_missing(int above, int directory, const char *file, bool is_first)
{
	char value[LIST_MAX];
	int r = cgroup_read(directory, file, value, sizeof(value));

	if (r != 0)
		return r < 0 ? r : 0;
	r = cgroup_read(above, file, value, sizeof(value));
	if (r < 0)
		return r;
	if (is_first && strcmp(file, "cpuset.cpus") == 0) {
		r = leave_out_isolated(value, sizeof(value));
		if (r < 0)
			return r;
	}
	return cgroup_write(directory, file, value);
}

static int prepare_level(int above, int directory, bool is_first)
{
	int r = copy_missing(above, directory, "cpuset.cpus", is_first);

	if (r == 0)
		r = copy_missing(above, directory, "cpuset.mems", is_first);
	return r;
}

int cgroup1_prepare_cpuset(int base_fd, const char *path)
{
	char part[PATH_MAX];
	size_t length = strlen(path);
	autoclose int above = openat(base_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (above < 0)
		return -errno;
	if (length >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, length + 1);
	for (size_t i = 1; i <= length; i++) {
		int directory, r;

		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		directory = cgroup_open_at(base_fd, part);
		if (directory < 0)
			return directory;
		r = prepare_level(above, directory, !strchr(part, '/'));
		if (r == 0 && i == length)
			r = cgroup_write(directory, "cgroup.clone_children", "1");
		close(above);
		above = directory;
		if (r < 0)
			return r;
		part[i] = path[i];
	}
	return 0;
}

/* 0, or -ETIMEDOUT when something can't be frozen; other -errno. */
static int freeze(int cgroup_fd)
{
	const usec_t deadline = time_deadline(FREEZE_TIMEOUT);
	struct timespec pause = {.tv_nsec = 1000000};
	char now[32];

	for (;;) {
		/* Again at each turn: a fork or a stop can hold it in FREEZING. */
		int r = cgroup_write(cgroup_fd, "freezer.state", "FROZEN");

		if (r < 0 && r != -EINVAL)
			return r;
		r = cgroup_read(cgroup_fd, "freezer.state", now, sizeof(now));
		if (r < 0)
			return r;
		if (strcmp(now, "FROZEN") == 0)
			return 0;
		if (time_left(deadline) == 0)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < FREEZE_PAUSE_MAX * 1000000L)
			pause.tv_nsec *= 2;
	}
}

int cgroup1_thaw_all(int cgroup_fd)
{
	return cgroup_write_all(cgroup_fd, "freezer.state", "THAWED");
}

int cgroup1_kill_all(int cgroup_fd)
{
	int r, thawed;

	/* Who can't be frozen, because it waits for a disk, does not fork either. */
	freeze(cgroup_fd);
	r = cgroup_kill_all(cgroup_fd);
	/* Frozen processes die when they are thawed; that is done with the writing. */
	thawed = cgroup1_thaw_all(cgroup_fd);
	return r < 0 ? r : thawed;
}
