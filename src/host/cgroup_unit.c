/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of units end in what kind they are: systemd.unit(5). Slices hold units and no processes.
 */

#include "host/cgroup_unit.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"

enum { PROC_SIZE_MAX = 1 << 20 };

static bool ends_unit(const char *path, size_t length)
{
	static const char *const kinds[] = {".scope", ".service"};

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		size_t kind = strlen(kinds[i]);

		if (length > kind && path[length - kind - 1] != '/' &&
		    memcmp(path + length - kind, kinds[i], kind) == 0)
			return true;
	}
	return false;
}

size_t cgroup_unit_length(const char *path)
{
	size_t length = strlen(path);

	while (length > 0 && !ends_unit(path, length)) {
		while (length > 0 && path[length - 1] != '/')
			length--;
		length -= length > 0;
	}
	return length;
}

const char *cgroup_unit_name(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return path + length;
}

bool cgroup_unit_is_needed(void)
{
	struct statfs status;

	return geteuid() != 0 && access("/run/systemd/system", F_OK) == 0 &&
	       statfs("/sys/fs/cgroup", &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

/* How much of both is the same directory. */
static size_t common_length(const char *a, const char *b)
{
	size_t common = 0;

	for (size_t i = 0;; i++) {
		bool ends_a = a[i] == '\0' || a[i] == '/' || a[i] == '\n';
		bool ends_b = b[i] == '\0' || b[i] == '/' || b[i] == '\n';

		if (ends_a && ends_b)
			common = i;
		if (a[i] != b[i] || a[i] == '\0' || a[i] == '\n')
			return common;
	}
}

bool cgroup_unit_is_reachable(const char *mount, const char *path)
{
	autofree char *text = NULL;
	char file[PATH_MAX];
	const char *own;
	int n;

	if (file_read_all(AT_FDCWD, "/proc/self/cgroup", PROC_SIZE_MAX, &text, NULL) < 0)
		return true;
	own = text_starts(text, "0::/") ? text : strstr(text, "\n0::/");
	if (!own)
		return true;
	own += strcspn(own, "/") + 1;
	n = snprintf(file, sizeof(file), "%s/%.*s/cgroup.procs", mount,
		     (int)common_length(own, path), path);
	return n >= (int)sizeof(file) || faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) == 0;
}
