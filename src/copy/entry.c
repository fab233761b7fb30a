/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One file. It is held by an O_PATH descriptor first, which does nothing to a device or pipe, then
 * looked at, and only a regular file is opened, by the way of that very descriptor: what somebody
 * puts in its place meanwhile is not what we look at.
 */

#include "copy/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/macros.h"

static int open_held(struct worker *w, int place)
{
	char number[16];
	int fd;

	snprintf(number, sizeof(number), "%d", place);
	fd = openat(w->job->numbers_fd, number, O_RDONLY | O_NOATIME | O_CLOEXEC);
	if (fd < 0 && errno == EPERM)
		fd = openat(w->job->numbers_fd, number, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? node_failed(w, "open") : fd;
}

static int make_regular(const struct scan *s, const char *name, mode_t mode)
{
	int fd = openat(s->target_fd, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
			mode & 0777);

	return fd < 0 ? node_failed(s->worker, "make the copy of") : fd;
}

static int copy_regular(const struct scan *s, const char *name, int place,
			const struct stat *status)
{
	struct worker *w = s->worker;
	autoclose int from = open_held(w, place);
	const struct subject source = {.fd = from};
	struct subject copy = {};
	int r;

	if (from < 0)
		return from;
	copy.fd = make_regular(s, name, status->st_mode);
	if (copy.fd < 0)
		return copy.fd;
	r = data_copy(w, from, copy.fd, status);
	if (r == 0)
		r = attributes_copy(s, name, source, copy, status);
	/* Some file systems tell here that there was no room. */
	if (close(copy.fd) < 0 && r == 0 && errno != EINTR)
		r = node_failed(w, "write the copy of");
	return r;
}

static int make_special(const struct scan *s, const char *name, int place,
			const struct stat *status)
{
	struct worker *w = s->worker;
	ssize_t length;

	if (!S_ISLNK(status->st_mode))
		return mknodat(s->target_fd, name, status->st_mode & (S_IFMT | 0777),
			       status->st_rdev) < 0
			       ? node_failed(w, "make the copy of")
			       : 0;
	length = readlinkat(place, "", w->buffer, COPY_BUFFER - 1);
	if (length < 0)
		return node_failed(w, "read");
	w->buffer[length] = '\0';
	return symlinkat(w->buffer, s->target_fd, name) < 0 ? node_failed(w, "make the copy of")
							    : 0;
}

static int open_made(const struct scan *s, const char *name, mode_t type)
{
	int fd = node_open_entry(s->worker, s->target_fd, name, O_PATH);
	struct stat status;

	s->worker->what = "open the copy of";
	if (fd < 0)
		return fd;
	/* Nobody else gets in there. If somebody has, all the same, it is not ours to change. */
	if (fstat(fd, &status) < 0 || (status.st_mode & S_IFMT) != (type & S_IFMT) ||
	    status.st_nlink != 1) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

static int copy_special(const struct scan *s, const char *name, int place,
			const struct stat *status)
{
	const struct subject source = {.fd = place, .is_path = true};
	struct subject copy = {.is_path = true};
	autoclose int to = -EBADF;
	int r = make_special(s, name, place, status);

	if (r < 0)
		return r;
	to = open_made(s, name, status->st_mode);
	if (to < 0)
		return to;
	copy.fd = to;
	return attributes_copy(s, name, source, copy, status);
}

static int copy_single(const struct scan *s, const char *name, int place, const struct stat *status)
{
	return S_ISREG(status->st_mode) ? copy_regular(s, name, place, status)
					: copy_special(s, name, place, status);
}

static int link_to(const struct scan *s, const char *name, const struct link_entry *entry)
{
	struct worker *w = s->worker;
	autoclose int other = -EBADF;
	int from = s->target_fd;

	if (entry->directory != s->node) {
		other = node_open_for_link(w, entry->directory, s->node);
		if (other < 0)
			return other;
		from = other;
	}
	return linkat(from, entry->name, s->target_fd, name, 0) < 0
		       ? node_failed(w, "make the hard link")
		       : 0;
}

static int copy_linked(const struct scan *s, const char *name, int place, const struct stat *status)
{
	struct link_table *links = &s->worker->job->links;
	struct link_entry *entry = NULL;
	int r = links_claim(links, status->st_dev, status->st_ino, s->node, name, &entry);

	if (r <= 0) {
		s->worker->what = "remember the hard link";
		return r < 0 ? r : link_to(s, name, entry);
	}
	r = copy_single(s, name, place, status);
	links_settle(links, entry, r == 0 ? LINK_THERE : LINK_ABSENT);
	return r;
}

int entry_copy(const struct scan *s, const char *name)
{
	struct worker *w = s->worker;
	autoclose int place = node_open_entry(w, s->source_fd, name, O_PATH);
	struct stat status;
	int r;

	w->what = "open";
	w->hint = NULL;
	/* Of all that can be missing only this is not the target's fault. */
	if (place < 0)
		return place == -ENOENT ? ENTRY_VANISHED : place;
	if (fstat(place, &status) < 0)
		return node_failed(w, "look at");
	if (S_ISDIR(status.st_mode))
		return ENTRY_DIRECTORY;
	r = status.st_nlink > 1 ? copy_linked(s, name, place, &status)
				: copy_single(s, name, place, &status);
	if (r == 0)
		atomic_fetch_add_explicit(&w->job->files, 1, memory_order_relaxed);
	return r;
}

int entry_stand_in(const struct scan *s, const char *name, const struct stat *status)
{
	struct worker *w = s->worker;
	autoclose int fd = make_regular(s, name, status->st_mode);
	struct subject copy = {};
	struct stat made;

	if (fd < 0)
		return fd;
	if (fstat(fd, &made) < 0)
		return node_failed(w, "look at the copy of");
	copy.fd = fd;
	return attributes_set_plain(w, copy, status, &made);
}
