/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor's address and the writing end of its fifo: fifo(7), unix(7).
 */

#include "run/monitor.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/str.h"

const char monitor_fifo_name[] = "monitor-fifo";
const char monitor_quit_word[] = "quit";

socklen_t monitor_address(const char *lxcpath, struct sockaddr_un *ret)
{
	size_t path = path_length(lxcpath), length;
	uint64_t hash = hash_add(HASH_START, "lxc/", LITERAL_LENGTH("lxc/"));

	hash = hash_add(hash, lxcpath, path);
	hash = hash_add(hash, "/monitor-sock", LITERAL_LENGTH("/monitor-sock"));
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	length = (size_t)snprintf(ret->sun_path + 1, MONITOR_ADDRESS_MAX + 1, "lxc/%016llx/%.*s",
				  (unsigned long long)hash, (int)path, lxcpath);
	if (length > MONITOR_ADDRESS_MAX)
		length = MONITOR_ADDRESS_MAX;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

int monitor_publish(const char *run_directory, size_t length, const char *lxcpath, const char *name,
		    enum wire_message_type type, int value)
{
	struct wire_message message = {.type = type, .value = value};
	autoclose int fd = -EBADF;
	char path[PATH_MAX];
	struct stat status;
	int written;

	written = snprintf(path, sizeof(path), "%.*s/lxc/%.*s/%s", (int)length, run_directory,
			   (int)path_length(lxcpath), lxcpath, monitor_fifo_name);
	if (written < 0 || (size_t)written >= sizeof(path))
		return -ENAMETOOLONG;
	/* A reader, too: so there always is one, and no SIGPIPE. What nobody else has read is gone
	 * when we close it. */
	fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISFIFO(status.st_mode))
		return -EINVAL;
	memcpy(message.name, name, strnlen(name, sizeof(message.name) - 1));
	return write(fd, &message, sizeof(message)) < 0 ? -errno : 0;
}
