/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading /proc/PID/status and /proc/self/fdinfo (proc(5)).
 */

#include "container/init_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "sys/file.h"

enum { STATUS_FILE_MAX = 64 << 10 };

/* The text behind "NAME:" and blanks in the lines of a file of /proc, or NULL. */
static const char *find_field(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

pid_t init_of_pidfd(int pidfd)
{
	autofree char *text = NULL;
	char path[64];
	const char *at;
	uint64_t pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (file_read_all(AT_FDCWD, path, STATUS_FILE_MAX, &text, NULL) < 0)
		return 0;
	at = find_field(text, "Pid");
	if (!at || num_take_u64(&at, &pid) < 0 || pid > INT32_MAX)
		return 0;
	return (pid_t)pid;
}

static int take_hex(const char *at, uint64_t *ret)
{
	char digits[17];
	size_t len = at ? strspn(at, "0123456789abcdef") : 0;

	if (len == 0 || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, at, len);
	digits[len] = '\0';
	return num_parse_u64(digits, 16, ret);
}

/* The second number of a "Uid:" line: the effective id. */
static int take_effective(const char *at, uint32_t *ret)
{
	uint64_t real, effective;

	if (!at || num_take_u64(&at, &real) < 0)
		return -EINVAL;
	at += strspn(at, " \t");
	if (num_take_u64(&at, &effective) < 0 || effective > UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)effective;
	return 0;
}

int init_read_status(pid_t pid, struct init_status *ret)
{
	autofree char *text = NULL;
	struct init_status status;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	r = file_read_all(AT_FDCWD, path, STATUS_FILE_MAX, &text, NULL);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	if (take_effective(find_field(text, "Uid"), &status.uid) < 0 ||
	    take_effective(find_field(text, "Gid"), &status.gid) < 0 ||
	    take_hex(find_field(text, "CapBnd"), &status.bounding) < 0 ||
	    take_hex(find_field(text, "SigBlk"), &status.blocked) < 0)
		return -EINVAL;
	*ret = status;
	return 0;
}
