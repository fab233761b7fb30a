/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console's log file: appending within a limit, rotation to "FILE.1".
 */

#include "supervisor/console_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/file.h"

/* A FIFO that nobody reads must not hang the start, nor a slow one the console. */
static int open_file(const char *path)
{
	int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

	return fd < 0 ? -errno : fd;
}

int console_log_open(struct console_log *log, const char *path, uint64_t limit, bool rotates)
{
	autoclose int fd = open_file(path);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	console_log_close(log);
	*log = (struct console_log){
		.fd = take_fd(fd),
		.path = path,
		.limit = limit,
		.used = (uint64_t)status.st_size,
		.rotates = rotates,
		.is_regular = S_ISREG(status.st_mode),
	};
	return 0;
}

void console_log_close(struct console_log *log)
{
	cleanup_close(&log->fd);
	*log = (struct console_log){.fd = -EBADF};
}

static int rotate(struct console_log *log)
{
	char older[PATH_MAX];
	int length = snprintf(older, sizeof(older), "%s.1", log->path);
	int fd;

	if (length < 0 || (size_t)length >= sizeof(older))
		return -ENAMETOOLONG;
	if (rename(log->path, older) < 0)
		return -errno;
	fd = open_file(log->path);
	if (fd < 0)
		return fd;
	close(log->fd);
	log->fd = fd;
	return 0;
}

static int begin_again(struct console_log *log)
{
	int r = 0;

	if (log->rotates)
		r = rotate(log);
	else if (ftruncate(log->fd, 0) < 0)
		r = -errno;
	if (r == 0)
		log->used = 0;
	return r;
}

int console_log_add(struct console_log *log, const char *bytes, size_t length)
{
	if (log->fd < 0)
		return 0;
	if (log->limit == 0)
		return file_write_fd(log->fd, bytes, length);
	if (!log->is_regular)
		return -EINVAL;
	while (length > 0) {
		size_t piece = length;
		int r = 0;

		if (log->used >= log->limit)
			r = begin_again(log);
		if (r < 0)
			return r;
		if (piece > log->limit - log->used)
			piece = (size_t)(log->limit - log->used);
		r = file_write_fd(log->fd, bytes, piece);
		if (r < 0)
			return r;
		log->used += piece;
		bytes += piece;
		length -= piece;
	}
	return 0;
}

int console_log_rewrite(struct console_log *log, const struct console_ring *ring)
{
	struct iovec pieces[2];
	size_t skipped = 0;
	size_t length;

	if (log->fd < 0 || !ring->bytes || ring->used == 0 || !log->is_regular)
		return 0;
	if (ftruncate(log->fd, 0) < 0)
		return -errno;
	log->used = 0;
	length = console_ring_look(ring, ring->used, pieces);
	if (log->limit > 0 && length > log->limit)
		skipped = length - (size_t)log->limit;
	for (int i = 0; i < 2; i++) {
		size_t over = skipped < pieces[i].iov_len ? skipped : pieces[i].iov_len;
		int r = file_write_fd(log->fd, (char *)pieces[i].iov_base + over,
				      pieces[i].iov_len - over);

		if (r < 0)
			return r;
		skipped -= over;
	}
	return 0;
}
