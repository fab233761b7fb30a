/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In this order: shared blocks (FICLONE, ioctl_ficlonerange(2)); copy_file_range(2) for what is
 * large, which spares a way through our memory; read and write. Holes, as lseek(2) with SEEK_DATA
 * shows them, are left out of all but the first, which keeps them itself.
 */

#include "copy/engine.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	LARGE = 1 << 20,
	BLOCK_MIN = 4096, /* nothing smaller is a hole */
};

uint64_t data_size(const struct stat *status)
{
	const uint64_t size = (uint64_t)status->st_size, blocks = (uint64_t)status->st_blocks * 512;

	return size < blocks ? size : blocks;
}

static void count_bytes(struct worker *w, off_t bytes)
{
	atomic_fetch_add_explicit(&w->job->written_bytes, (uint64_t)bytes, memory_order_relaxed);
}

/* 0: done; 1: to be copied. */
static int share(struct worker *w, int from_fd, int to_fd, const struct stat *status)
{
	struct job *job = w->job;
	const uint64_t device = (uint64_t)status->st_dev + 1;
	bool is_never;

	if (job->options->reflink == COPY_REFLINK_NEVER ||
	    atomic_load_explicit(&job->unshared_device, memory_order_relaxed) == device)
		return 1;
	if (ioctl(to_fd, FICLONE, from_fd) == 0) {
		atomic_fetch_add_explicit(&job->shared_bytes, data_size(status),
					  memory_order_relaxed);
		return 0;
	}
	is_never = errno == EOPNOTSUPP || errno == EXDEV || errno == ENOTTY || errno == ENOSYS;
	if (job->options->reflink == COPY_REFLINK_ALWAYS) {
		if (is_never)
			w->hint = "source and target must be on one file system that shares blocks";
		return node_failed(w, "share the blocks of");
	}
	/* Others (EINVAL: a file that is copied on write and one that is not) are about this file.
	 */
	if (is_never)
		atomic_store_explicit(&job->unshared_device, device, memory_order_relaxed);
	return 1;
}

static int write_all(struct worker *w, int fd, size_t length, off_t at)
{
	for (size_t done = 0; done < length;) {
		ssize_t n = pwrite(fd, w->buffer + done, length - done, at + (off_t)done);

		if (n < 0 && errno != EINTR)
			return node_failed(w, "write the copy of");
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* From *at to `end`, which may have come nearer: *at says how far it went. */
static int copy_by_memory(struct worker *w, int from_fd, int to_fd, off_t *at, off_t end)
{
	while (*at < end) {
		size_t want = end - *at < COPY_BUFFER ? (size_t)(end - *at) : COPY_BUFFER;
		ssize_t n = pread(from_fd, w->buffer, want, *at);
		int r = pool_check(w);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return node_failed(w, "read");
		if (n == 0)
			break;
		if (r == 0)
			r = write_all(w, to_fd, (size_t)n, *at);
		if (r < 0)
			return r;
		*at += n;
		count_bytes(w, n);
	}
	return 0;
}

/* The same in the kernel. 0: go on by memory from *at on; that tells what is wrong, if anything. */
static int copy_by_kernel(struct worker *w, int from_fd, int to_fd, off_t *at, off_t end)
{
	off_t to = *at;

	while (*at < end) {
		off_t before = *at;
		size_t want = end - *at < COPY_PIECE ? (size_t)(end - *at) : COPY_PIECE;
		ssize_t n = copy_file_range(from_fd, at, to_fd, &to, want, 0);
		int r = pool_check(w);

		if (r < 0)
			return r;
		if (n <= 0) {
			*at = before;
			break;
		}
		count_bytes(w, n);
	}
	return 0;
}

static int copy_range(struct worker *w, int from_fd, int to_fd, off_t *at, off_t end)
{
	int r = 0;

	/* It would share blocks where it can. */
	if (end - *at >= LARGE && w->job->options->reflink != COPY_REFLINK_NEVER)
		r = copy_by_kernel(w, from_fd, to_fd, at, end);
	return r < 0 ? r : copy_by_memory(w, from_fd, to_fd, at, end);
}

/* Where the next data begin and end; false: there are none, or no longer. */
static bool find_data(int fd, off_t at, off_t size, off_t *ret_begin, off_t *ret_end)
{
	off_t begin = lseek(fd, at, SEEK_DATA);
	off_t end;

	*ret_begin = at;
	*ret_end = size;
	if (begin < 0)
		return errno != ENXIO; /* a file system that knows no holes */
	if (begin >= size)
		return false;
	end = lseek(fd, begin, SEEK_HOLE);
	if (end < 0 && errno == ENXIO)
		return false;
	*ret_begin = begin;
	*ret_end = end < 0 || end > size ? size : end;
	return true;
}

/* A hole at the end has no data. The file may have become shorter, too. */
static int set_size(struct worker *w, int from_fd, int to_fd, off_t size)
{
	struct stat now;

	if (fstat(from_fd, &now) < 0)
		return node_failed(w, "look at");
	if (now.st_size < size)
		size = now.st_size;
	return ftruncate(to_fd, size) < 0 ? node_failed(w, "set the size of the copy of") : 0;
}

int data_copy(struct worker *w, int from_fd, int to_fd, const struct stat *status)
{
	const off_t size = status->st_size;
	/* A single block that is there has no hole. */
	bool is_whole = size <= BLOCK_MIN && status->st_blocks > 0;
	off_t at = 0, begin, end;
	int r = size > 0 ? share(w, from_fd, to_fd, status) : 0;

	if (r <= 0)
		return r;
	if (is_whole)
		return copy_by_memory(w, from_fd, to_fd, &at, size);
	r = 0;
	while (r == 0 && at < size && find_data(from_fd, at, size, &begin, &end)) {
		at = begin;
		r = copy_range(w, from_fd, to_fd, &at, end);
		if (at < end)
			break; /* it is shorter now */
	}
	return r == 0 && at < size ? set_size(w, from_fd, to_fd, size) : r;
}
