/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory of both trees. Those that are begun stay open, so that what is in them is opened
 * from there; when there are very many, the later ones are found again by their names below the
 * next one that is open, piece by piece, because the way may be longer than a path can be.
 */

#include "copy/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"

static int open_within(int dirfd, const char *path, int flags, uint64_t resolve)
{
	const struct open_how how = {
		.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

int node_open_entry(const struct worker *w, int dirfd, const char *name, int flags)
{
	return open_within(dirfd, name, flags,
			   w->job->options->one_file_system ? RESOLVE_NO_XDEV : 0);
}

int node_failed(struct worker *w, const char *what)
{
	w->what = what;
	return -errno;
}

struct node *node_new(struct worker *w, struct node *parent, const char *name)
{
	size_t length = strlen(name);
	struct node *node = memory_take(&w->memory, sizeof(*node) + length + 1);

	if (!node)
		return NULL;
	node->parent = parent;
	node->depth = parent ? parent->depth + 1 : 0;
	atomic_init(&node->pending, 1);
	node->source_fd = node->target_fd = -EBADF;
	node->length = length;
	memcpy(node->name, name, length + 1);
	if (parent)
		atomic_fetch_add_explicit(&parent->pending, 1, memory_order_relaxed);
	return node;
}

/* The names from below `above` to `below`, between slashes, at the end of w->path. */
static const char *write_way(struct worker *w, const struct node *above, const struct node *below)
{
	char *at = w->path + sizeof(w->path) - 1;

	*at = '\0';
	for (; below != above; below = below->parent) {
		if (*at)
			*--at = '/';
		at -= below->length;
		memcpy(at, below->name, below->length);
	}
	return at;
}

/* The deepest directory on the way down that one path leads to. */
static const struct node *find_stop(const struct node *above, const struct node *below)
{
	size_t length = 0;

	for (const struct node *node = below; node != above; node = node->parent) {
		length += node->length + 1;
		while (length > PATH_MAX - 1) {
			length -= below->length + 1;
			below = below->parent;
		}
	}
	return below;
}

/* O_PATH for all but the last piece. `from_fd` is `above`'s. */
static int open_way(struct worker *w, int from_fd, const struct node *above,
		    const struct node *below, int flags, uint64_t resolve)
{
	autoclose int held = -EBADF;

	for (;;) {
		const struct node *stop = find_stop(above, below);
		int last = stop == below;
		int fd = open_within(held >= 0 ? held : from_fd, write_way(w, above, stop),
				     (last ? flags : O_PATH) | O_DIRECTORY, resolve);

		if (fd < 0 || last)
			return fd;
		cleanup_close(&held);
		held = fd;
		above = stop;
	}
}

/* A directory that is open, and stays so while we look. */
struct held {
	const struct node *node;
	int source_fd, target_fd;
};

/* It or the next one above it. */
static struct held find_open(const struct worker *w, const struct node *node)
{
	while (node->source_fd < 0 && node != w->last.node)
		node = node->parent;
	if (node->source_fd < 0)
		return (struct held){node, w->last.source_fd, w->last.target_fd};
	return (struct held){node, node->source_fd, node->target_fd};
}

static uint64_t mounts(const struct worker *w)
{
	return w->job->options->one_file_system ? RESOLVE_NO_XDEV : 0;
}

int node_open_source(struct worker *w, const struct node *node, int flags)
{
	const struct held open = find_open(w, node->parent);
	int r;

	if (flags & O_PATH) {
		r = open_way(w, open.source_fd, open.node, node, flags, 0);
	} else {
		r = open_way(w, open.source_fd, open.node, node, flags | O_NOATIME, mounts(w));
		/* Only owners may look without leaving a trace. */
		if (r == -EPERM)
			r = open_way(w, open.source_fd, open.node, node, flags, mounts(w));
	}
	w->what = "open";
	return r;
}

bool node_was_changed(const struct node *node, int source_fd)
{
	struct stat now;

	return fstat(source_fd, &now) == 0 && (now.st_ctim.tv_sec != node->status.st_ctim.tv_sec ||
					       now.st_ctim.tv_nsec != node->status.st_ctim.tv_nsec);
}

static bool is_lost_found(const struct worker *w, const struct node *node)
{
	return node->depth == 1 && w->job->has_lost_found && strcmp(node->name, "lost+found") == 0;
}

int node_make_target(struct worker *w, struct node *node)
{
	const struct held open = find_open(w, node->parent);
	autoclose int found = -EBADF;
	int parent = open.target_fd;

	w->what = "open the copy of";
	if (open.node != node->parent) {
		found = open_way(w, parent, open.node, node->parent, O_PATH, RESOLVE_NO_XDEV);
		if (found < 0)
			return found;
		parent = found;
	}
	if (mkdirat(parent, node->name, 0700) < 0 && !(errno == EEXIST && is_lost_found(w, node)))
		return node_failed(w, "make the copy of");
	return open_within(parent, node->name, O_RDONLY | O_DIRECTORY, RESOLVE_NO_XDEV);
}

/* The deepest directory that both are in, or are. */
static const struct node *find_common(const struct node *a, const struct node *b)
{
	while (a != b)
		if (a->depth > b->depth)
			a = a->parent;
		else
			b = b->parent;
	return a;
}

int node_open_for_link(struct worker *w, const struct node *node, const struct node *here)
{
	/* `node` may be closed at any moment, what `here` is in stays. */
	const struct held open = find_open(w, find_common(node, here));

	w->what = "find the first name of";
	if (open.node == node)
		return open_within(open.target_fd, ".", O_PATH | O_DIRECTORY, 0);
	return open_way(w, open.target_fd, open.node, node, O_PATH, RESOLVE_NO_XDEV);
}

/* The place below the top for a message; a long one loses its beginning. */
static void write_place(const struct node *node, const char *name, char *ret, size_t room)
{
	static const char cut[] = "…";
	char *at = ret + room - 1;
	size_t length = name ? strlen(name) : 0;

	*at = '\0';
	if (!name) {
		name = node->name;
		length = node->length;
		node = node->parent;
	}
	for (;;) {
		if (length + sizeof(cut) + 1 > (size_t)(at - ret)) {
			at -= sizeof(cut) - 1;
			memcpy(at, cut, sizeof(cut) - 1);
			break;
		}
		at -= length;
		memcpy(at, name, length);
		if (!node || !node->parent)
			break;
		*--at = '/';
		name = node->name;
		length = node->length;
		node = node->parent;
	}
	memmove(ret, at, (size_t)(ret + room - at));
}

void node_note(struct worker *w, const struct node *node, const char *name, struct copy_note *note)
{
	pthread_mutex_lock(&w->job->lock);
	if (note->count++ == 0)
		write_place(node, name, note->path, sizeof(note->path));
	pthread_mutex_unlock(&w->job->lock);
}

static const char *hint_of(int errnum)
{
	switch (errnum) {
	case ENOSPC:
		return "the target's file system is full: make room there, or choose a larger one";
	case EDQUOT:
		return "the owner's quota on the target's file system is used up";
	case EROFS:
		return "the target's file system is read-only";
	case EIO:
		return "a disk, or the way to it, is broken: look at the kernel's log (dmesg)";
	case EPERM:
		return "owners, device nodes and trusted attributes need root's rights";
	case EACCES:
		return "only root, or root of its user namespace, can read all of a tree";
	case EMLINK:
		return "the target's file system allows fewer hard links to one file";
	case ENAMETOOLONG:
		return "the target's file system wants shorter names";
	case EMFILE:
	case ENFILE:
		return "raise the limit of open files (ulimit -n)";
	default:
		return NULL;
	}
}

int node_fail(struct worker *w, const struct node *node, const char *name, int r)
{
	char place[ERR_TEXT_LONGEST / 2];
	const char *hint = w->hint ? w->hint : hint_of(-r);
	struct err e = {};

	/* Others stopped us, or the caller did. */
	if (r == -ECANCELED) {
		err_set(&e, ERR_STORAGE, ECANCELED, "the copy was cancelled");
		return pool_fail(w->job, &e);
	}
	write_place(node, name, place, sizeof(place));
	err_set(&e, r == -EOVERFLOW ? ERR_ID_MAP : ERR_STORAGE, -r, "cannot %s \"%s\"",
		w->what ? w->what : "copy", place[0] ? place : ".");
	if (hint)
		err_hint(&e, "%s", hint);
	return pool_fail(w->job, &e);
}

void node_keep_open(struct job *job, struct node *node, int source_fd, int target_fd)
{
	pthread_mutex_lock(&job->lock);
	for (size_t i = 0; i < COPY_OPEN_MAX && node->source_fd < 0; i++)
		if (!job->open[i]) {
			job->open[i] = node;
			node->source_fd = source_fd;
			node->target_fd = target_fd;
		}
	pthread_mutex_unlock(&job->lock);
}

void node_close(struct job *job, struct node *node)
{
	if (node->source_fd < 0)
		return;
	pthread_mutex_lock(&job->lock);
	for (size_t i = 0; i < COPY_OPEN_MAX; i++)
		if (job->open[i] == node)
			job->open[i] = NULL;
	pthread_mutex_unlock(&job->lock);
	close(node->source_fd);
	if (node->target_fd >= 0)
		close(node->target_fd);
	node->source_fd = node->target_fd = -EBADF;
}

void node_close_all(struct job *job)
{
	for (size_t i = 0; i < COPY_OPEN_MAX; i++)
		if (job->open[i])
			node_close(job, job->open[i]);
}

void node_hold_last(struct worker *w, struct node *node, int source_fd, int target_fd)
{
	if (w->last.node) {
		close(w->last.source_fd);
		if (w->last.target_fd >= 0)
			close(w->last.target_fd);
	}
	w->last.node = node;
	w->last.source_fd = source_fd;
	w->last.target_fd = target_fd;
}

static int end_directory(struct worker *w, struct node *node)
{
	const struct held open = find_open(w, node);
	autoclose int found = -EBADF;
	int r;

	if (w->job->only_counts) {
		node_close(w->job, node);
		return 0;
	}
	w->hint = NULL;
	w->what = "open the copy of";
	if (open.node != node)
		found = open_way(w, open.target_fd, open.node, node, O_RDONLY, RESOLVE_NO_XDEV);
	if (open.node != node && found < 0)
		return found;
	r = attributes_end(w, node, open.node == node ? open.target_fd : found);
	node_close(w->job, node);
	return r;
}

void node_settle(struct worker *w, struct node *node)
{
	while (atomic_fetch_sub(&node->pending, 1) == 1) {
		struct node *parent = node->parent;
		int r = 0;

		/* One whose source has vanished was never made. */
		if (node->status.st_mode && !atomic_load(&w->job->stopped))
			r = end_directory(w, node);
		if (r < 0) {
			node_fail(w, node, NULL, r);
			return;
		}
		if (!parent) {
			pool_end(w->job);
			return;
		}
		node = parent;
	}
}
