/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroups of the HOST lane: what is set in one hierarchy. Limits are the compiler's; here they are
 * values for files. Device rules: spec/cgroup1.md §4.
 */

#include "run/host_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/cgroup.h"
#include "sys/cgroup1.h"
#include "sys/device_program.h"

enum {
	RULE_TRIES = 10, /* of "a", which an earlier directory may still forbid for half a second */
	DIRECTORY_MODE = 0775,
	FILE_MODE = 0664,
};

_Static_assert(sizeof(struct device_rule) == sizeof(struct plan_device), "the same rows");
_Static_assert(offsetof(struct device_rule, minor) == offsetof(struct plan_device, minor), "rows");
_Static_assert(offsetof(struct device_rule, type) == offsetof(struct plan_device, type), "rows");
_Static_assert(offsetof(struct device_rule, access) == offsetof(struct plan_device, access),
	       "rows");

/* The directory that a step is about, in the hierarchy of its first argument. */
static int open_directory(struct host *h, const struct plan_step *step)
{
	if (step->arg[0] >= h->plan->hierarchies.count)
		return host_note(h, -EINVAL, "the plan has no such hierarchy");
	if (!host_has(h, step->in))
		return host_note(h, -ENOENT, "the cgroup does not exist");
	return host_cgroup_open_below(h, (uint32_t)step->arg[0], host_name(h, step->in));
}

static int write_failed(struct host *h, const struct plan_step *step, int r, const char *file,
			const char *value)
{
	const struct plan_hierarchy *row = plan_hierarchies(h->plan) + step->arg[0];

	return host_note(h, host_failed(h, r == -ENOENT ? __NR_openat : __NR_write, r),
			 "\"%s\" into %s of %s", value, file, plan_text(h->plan, row->mount));
}

int host_cgroup_cpuset(struct host *h, const struct plan_step *step)
{
	int base = host_cgroup_base(h, (uint32_t)step->arg[0]);
	int r;

	if (base < 0)
		return base;
	if (!host_has(h, step->in))
		return host_note(h, -ENOENT, "the cgroup does not exist");
	r = cgroup1_prepare_cpuset(base, host_name(h, step->in));
	return r < 0 ? host_cgroup_failed(h, __NR_write, r, (uint32_t)step->arg[0],
					  host_name(h, step->in))
		     : 0;
}

/* All at once; where that is refused one by one, so that one controller spoils it for none. */
static int enable(struct host *h, int directory, const char *words)
{
	char word[64];
	int result = cgroup_write(directory, "cgroup.subtree_control", words);

	if (result == 0 || !strchr(words, ' '))
		return result;
	result = 0;
	while (*words) {
		const size_t length = strcspn(words, " ");
		int r = length < sizeof(word) ? 0 : -ENAMETOOLONG;

		if (r == 0 && length > 0) {
			memcpy(word, words, length);
			word[length] = '\0';
			r = cgroup_write(directory, "cgroup.subtree_control", word);
		}
		if (r < 0 && result == 0)
			result = host_note(h, r, "\"%.*s\" into cgroup.subtree_control",
					   (int)length, words);
		words += length;
		words += strspn(words, " ");
	}
	return result;
}

int host_cgroup_controllers(struct host *h, const struct plan_step *step)
{
	int base = host_cgroup_base(h, (uint32_t)step->arg[0]);
	const char *words = host_text(h, step, 1);
	char path[RECORD_NAME_MAX];
	int result;

	if (base < 0)
		return base;
	if (!host_has(h, step->in))
		return host_note(h, -ENOENT, "the cgroup does not exist");
	memcpy(path, host_name(h, step->in), sizeof(path));
	path[sizeof(path) - 1] = '\0';
	result = enable(h, base, words);
	/* Every level above the last. */
	for (char *at = strchr(path, '/'); result == 0 && at; at = strchr(at + 1, '/')) {
		int directory;

		*at = '\0';
		directory = cgroup_open_at(base, path);
		result = directory < 0 ? directory : enable(h, directory, words);
		if (directory >= 0)
			close(directory);
		*at = '/';
	}
	if (result < 0 && !h->failure->note[0])
		host_note(h, result, "\"%s\" into cgroup.subtree_control", words);
	return result < 0 ? host_failed(h, __NR_write, result) : 0;
}

int host_cgroup_write(struct host *h, const struct plan_step *step)
{
	autoclose int directory = open_directory(h, step);
	const char *file = host_text(h, step, 1), *value = host_text(h, step, 2);
	int r;

	if (directory < 0)
		return directory;
	if (strchr(file, '/'))
		return host_note(h, -EINVAL, "\"%s\" is no name of a file in a cgroup", file);
	r = cgroup_write(directory, file, value);
	return r < 0 ? write_failed(h, step, r, file, value) : 0;
}

static bool is_all(const char *rule)
{
	return rule[0] == 'a' && (rule[1] == '\0' || rule[1] == ' ');
}

int host_cgroup_device_rule(struct host *h, const struct plan_step *step)
{
	autoclose int directory = open_directory(h, step);
	const char *file = host_text(h, step, 1), *rule = host_text(h, step, 2);
	int r;

	if (directory < 0)
		return directory;
	r = cgroup_write(directory, file, rule);
	/* A directory below that is removed already counts for a while (cgroup1.md §4). */
	for (unsigned i = 0; r == -EINVAL && is_all(rule) && i < RULE_TRIES; i++) {
		const struct timespec pause = {.tv_nsec = 50 * 1000000L};

		nanosleep(&pause, NULL);
		r = cgroup_write(directory, file, rule);
	}
	if (r == 0)
		return 0;
	write_failed(h, step, r, file, rule);
	if (r != -EPERM && r != -EACCES)
		return r;
	h->failure->errnum = -r;
	host_warn(h, h->failure);
	return 0;
}

int host_cgroup_devices(struct host *h, const struct plan_step *step)
{
	autoclose int directory = open_directory(h, step);
	const struct plan_devices *devices = plan_bytes(h->plan, step->arg[1]);
	const uint32_t length = plan_bytes_length(h->plan, step->arg[1]);
	struct device_rules rules;
	int r;

	if (directory < 0)
		return directory;
	if (length < sizeof(*devices) ||
	    (length - sizeof(*devices)) / sizeof(devices->rows[0]) < devices->count)
		return host_note(h, -EINVAL, "the device rules of the plan are damaged");
	rules = (struct device_rules){
		.rows = (const struct device_rule *)devices->rows,
		.count = devices->count,
		.allow_by_default = devices->allow_by_default != 0,
	};
	r = device_program_attach(directory, &rules);
	if (r == -E2BIG)
		return host_note(h, host_failed(h, __NR_bpf, r), "%u rules, where %d can be",
				 devices->count, DEVICE_RULES_MAX);
	return r < 0 ? host_failed(h, __NR_bpf, r) : 0;
}

static int hand_over(struct host *h, int directory, const char *file, uid_t uid, gid_t gid)
{
	/* Not all kernels have all of them. */
	if (fchownat(directory, file, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 0
			       : host_note(h, host_failed(h, __NR_fchownat, -errno), "%s", file);
	if (fchmodat(directory, file, FILE_MODE, 0) < 0)
		return host_note(h, host_failed(h, __NR_fchmodat, -errno), "%s", file);
	return 0;
}

int host_cgroup_chown(struct host *h, const struct plan_step *step)
{
	autoclose int directory = open_directory(h, step);
	const uid_t uid = (uid_t)step->arg[1];
	const gid_t gid = (gid_t)step->arg[2];
	const char *file = plan_list_first(h->plan, step->arg[3]);
	int r = 0;

	if (directory < 0)
		return directory;
	if (fchownat(directory, "", uid, gid, AT_EMPTY_PATH) < 0)
		return host_failed(h, __NR_fchownat, -errno);
	if (fchmodat(directory, ".", DIRECTORY_MODE, 0) < 0)
		return host_failed(h, __NR_fchmodat, -errno);
	for (uint32_t n = plan_list_count(h->plan, step->arg[3]); r == 0 && n > 0; n--) {
		r = hand_over(h, directory, file, uid, gid);
		file += strlen(file) + 1;
	}
	return r;
}

int host_cgroup_open(struct host *h, const struct plan_step *step)
{
	int directory = open_directory(h, step);

	if (directory < 0)
		return directory;
	host_set_fd(h, step->out, directory);
	return 0;
}
