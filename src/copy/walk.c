/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One directory: it is opened in the source, made in the target, and what is in it is copied or,
 * when it is a directory, waits to be taken. Others may change the source meanwhile: what is gone
 * is left out and counted.
 */

#include "copy/engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char existing_hint[] =
	"the target is not empty, or takes names for the same that differ in case";

bool walk_is_gone(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ESTALE;
}

static void note_vanished(const struct scan *s, const char *name)
{
	node_note(s->worker, s->node, name, &s->worker->job->result->vanished);
}

int walk_put_directory(const struct scan *s, const char *name)
{
	struct worker *w = s->worker;
	struct node *node;

	if (s->node->depth >= COPY_DEPTH_MAX) {
		w->what = "go so deep as";
		w->hint = "directories may be nested 10000 times";
		return -ELOOP;
	}
	node = node_new(w, s->node, name);
	if (!node) {
		w->what = "remember";
		return -ENOMEM;
	}
	pool_put(w->job, node);
	return 0;
}

/* Something is mounted there that the options leave out. */
static int leave_out(const struct scan *s, const char *name)
{
	struct worker *w = s->worker;
	struct stat status;
	int r;

	if (fstatat(s->source_fd, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return node_failed(w, "look at");
	if (S_ISDIR(status.st_mode))
		return walk_put_directory(s, name);
	node_note(w, s->node, name, &w->job->result->mounts);
	r = entry_stand_in(s, name, &status);
	atomic_fetch_add(&w->job->files, r == 0);
	return r;
}

static int copy_entry(const struct scan *s, const struct directory_entry *entry)
{
	struct worker *w = s->worker;
	int r = pool_check(w);

	if (r < 0)
		return r;
	w->hint = NULL;
	r = entry->type == DT_DIR ? ENTRY_DIRECTORY : entry_copy(s, entry->name);
	if (r == ENTRY_DIRECTORY)
		return walk_put_directory(s, entry->name);
	if (r == -EXDEV && w->job->options->one_file_system)
		return leave_out(s, entry->name);
	if (r == ENTRY_VANISHED || (r == -EEXIST && node_was_changed(s->node, s->source_fd))) {
		note_vanished(s, entry->name);
		return 0;
	}
	if (r == -EEXIST)
		w->hint = existing_hint;
	return r;
}

int walk_entries(const struct scan *s,
		 int (*function)(const struct scan *s, const struct directory_entry *entry))
{
	struct worker *w = s->worker;

	for (;;) {
		long n = syscall(SYS_getdents64, s->source_fd, w->entries, COPY_BUFFER);
		const struct directory_entry *entry;

		/* A directory that was removed is empty, and says so. */
		if (n < 0 && errno != ENOENT)
			return node_fail(w, s->node, NULL, node_failed(w, "read"));
		if (n <= 0)
			return 0;
		for (long at = 0; at < n; at += entry->length) {
			int r;

			entry = (const struct directory_entry *)(w->entries + at);
			if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
				continue;
			r = function(s, entry);
			if (r < 0)
				return node_fail(w, s->node, entry->name, r);
		}
	}
}

int walk_open_source(struct worker *w, struct node *node, bool *ret_is_mount)
{
	int fd = node_open_source(w, node, O_RDONLY);

	*ret_is_mount = fd == -EXDEV && w->job->options->one_file_system;
	if (!*ret_is_mount)
		return fd;
	node_note(w, node, NULL, &w->job->result->mounts);
	return node_open_source(w, node, O_PATH);
}

static bool has_changed_above(struct worker *w, const struct node *node)
{
	int fd = node->source_fd >= 0 ? node->source_fd : node_open_source(w, node, O_PATH);
	bool is_changed = fd >= 0 && node_was_changed(node, fd);

	if (fd >= 0 && fd != node->source_fd)
		close(fd);
	return is_changed;
}

/* 1: it is there, because the source has shown it twice. */
static int make_target(struct worker *w, struct node *node, int *ret_fd)
{
	int fd = node_make_target(w, node);

	if (fd == -EEXIST && has_changed_above(w, node->parent))
		return 1;
	if (fd == -EEXIST) {
		w->what = "make the copy of";
		w->hint = existing_hint;
	}
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int look(struct worker *w, struct node *node, int fd)
{
	const struct job *job = w->job;

	if (fstat(fd, &node->status) < 0)
		return node_failed(w, "look at");
	if (node->status.st_dev != job->target.st_dev || node->status.st_ino != job->target.st_ino)
		return 0;
	w->what = "copy a tree into itself, below";
	w->hint = "the target lies inside the source: choose another place";
	return -EINVAL;
}

/* Both directories. 1: the source's is gone. */
static int begin(struct worker *w, struct node *node, struct scan *ret, bool *ret_is_mount)
{
	int source = walk_open_source(w, node, ret_is_mount);
	int target = -EBADF;
	int r;

	if (source < 0)
		return walk_is_gone(source) ? 1 : source;
	r = look(w, node, source);
	if (r == 0)
		r = make_target(w, node, &target);
	if (r != 0) {
		node->status.st_mode = 0;
		close(source);
		return r;
	}
	*ret = (struct scan){.worker = w, .node = node, .source_fd = source, .target_fd = target};
	node_keep_open(w->job, node, source, target);
	return 0;
}

static int fill(const struct scan *s)
{
	int r = attributes_keep(s->worker, s->node, s->source_fd);

	return r < 0 ? node_fail(s->worker, s->node, NULL, r) : walk_entries(s, copy_entry);
}

void walk_directory(struct worker *w, struct node *node)
{
	struct scan s = {
		.worker = w,
		.node = node,
		.source_fd = node->source_fd,
		.target_fd = node->target_fd,
	};
	bool is_mount = false;
	int r;

	w->hint = NULL;
	r = node->parent ? begin(w, node, &s, &is_mount) : 0;
	if (r < 0) {
		node_fail(w, node, NULL, r);
		return;
	}
	if (r == 0 && node->parent)
		atomic_fetch_add_explicit(&w->job->directories, 1, memory_order_relaxed);
	if (r == 1)
		node_note(w, node, NULL, &w->job->result->vanished);
	else if (!is_mount)
		r = fill(&s);
	if (s.source_fd >= 0 && node->source_fd < 0)
		node_hold_last(w, node, s.source_fd, s.target_fd);
	if (r >= 0)
		node_settle(w, node);
}
