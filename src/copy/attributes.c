/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order matters: a new owner takes set-id bits and capabilities away, an access list changes
 * the mode, and everything the times (chown(2), acl(5)). What a new file has already is not set
 * again: most belong to us and are made with the right mode, and each call is a transaction of the
 * file system.
 *
 * Extended attributes of what must not be opened are reached through /proc/self/fd: xattr(7) has no
 * call that takes an O_PATH descriptor before Linux 6.13.
 */

#include "copy/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/str.h"
#include "copy/shift.h"

static void write_proc_path(int fd, char ret[COPY_PROC_PATH])
{
	snprintf(ret, COPY_PROC_PATH, "/proc/self/fd/%d", fd);
}

static ssize_t list_names(struct worker *w, struct subject from)
{
	char path[COPY_PROC_PATH];
	ssize_t n;

	write_proc_path(from.fd, path);
	n = from.is_path ? listxattr(path, w->names, COPY_VALUE_ROOM)
			 : flistxattr(from.fd, w->names, COPY_VALUE_ROOM);
	if (n < 0 && errno == EOPNOTSUPP)
		return 0;
	return n < 0 ? node_failed(w, "list the extended attributes of") : n;
}

/* The value, with its ids shifted. -ENODATA: somebody has removed it meanwhile. */
static ssize_t read_value(struct worker *w, struct subject from, const char *name)
{
	const struct copy_options *options = w->job->options;
	char path[COPY_PROC_PATH];
	uint32_t id = ID_INVALID;
	ssize_t n;

	write_proc_path(from.fd, path);
	n = from.is_path ? getxattr(path, name, w->value, COPY_VALUE_ROOM)
			 : fgetxattr(from.fd, name, w->value, COPY_VALUE_ROOM);
	if (n < 0)
		return node_failed(w, "read an extended attribute of");
	n = shift_attribute(&options->uids, &options->gids, name, w->value, (size_t)n, &id);
	if (n == -EOVERFLOW)
		w->hint = "an id in its access list, or its capabilities' root, has no counterpart "
			  "in the id map";
	w->what = "shift the ids in an extended attribute of";
	return n;
}

/* What an ordinary file system, or whoever is root of a user namespace only, does not take. */
static bool can_be_lost(const char *name, int errnum)
{
	return errnum == EOPNOTSUPP || (errnum == EPERM && text_starts(name, "security.") &&
					strcmp(name, "security.capability") != 0);
}

static void note_lost(struct worker *w, const struct node *node, const char *file, const char *name)
{
	struct copy_result *result = w->job->result;

	node_note(w, node, file, &result->lost);
	pthread_mutex_lock(&w->job->lock);
	if (!result->lost_name[0])
		snprintf(result->lost_name, sizeof(result->lost_name), "%s", name);
	pthread_mutex_unlock(&w->job->lock);
}

/* Of a file in the directory `node`, or, without a name, of that itself. */
static int set_value(struct worker *w, const struct node *node, const char *file, struct subject to,
		     const char *name, const void *value, size_t length)
{
	char path[COPY_PROC_PATH];
	int r;

	write_proc_path(to.fd, path);
	r = to.is_path ? setxattr(path, name, value, length, 0)
		       : fsetxattr(to.fd, name, value, length, 0);
	if (r < 0 && can_be_lost(name, errno)) {
		note_lost(w, node, file, name);
		return 0;
	}
	if (r < 0 && errno == ENOSPC)
		w->hint = "the target's file system is full, or takes fewer attributes of one file "
			  "(ext4: one block)";
	return r < 0 ? node_failed(w, "set an extended attribute of the copy of") : 0;
}

/* What xfs shows of its access lists beside system.posix_acl_*, ids included as they were. */
static bool is_shadow(const char *name)
{
	return text_starts(name, "trusted.SGI_ACL_");
}

/* The next of the names that are listed, with its value in w->value, whose length is returned. One
 * that is gone meanwhile is passed over; -ENODATA: there is no more. */
static ssize_t next_value(struct worker *w, struct subject from, ssize_t size, ssize_t *at,
			  const char **ret_name)
{
	if (size < 0)
		return size;
	while (*at < size) {
		const char *name = w->names + *at;
		ssize_t length = is_shadow(name) ? -ENODATA : read_value(w, from, name);

		*at += (ssize_t)strlen(name) + 1;
		*ret_name = name;
		if (length != -ENODATA)
			return length;
	}
	return -ENODATA;
}

static int copy_values(const struct scan *s, const char *file, struct subject from,
		       struct subject to)
{
	struct worker *w = s->worker;
	ssize_t size = list_names(w, from), at = 0, length;
	const char *name;

	while ((length = next_value(w, from, size, &at, &name)) >= 0) {
		int r = set_value(w, s->node, file, to, name, w->value, (size_t)length);

		if (r < 0)
			return r;
	}
	return length == -ENODATA ? 0 : (int)length;
}

static int keep_value(struct worker *w, struct node *node, const char *name, size_t length)
{
	size_t size = strlen(name) + 1;
	struct kept_attribute *kept = memory_take(&w->memory, sizeof(*kept) + length + size);

	if (!kept) {
		w->what = "keep an extended attribute of";
		return -ENOMEM;
	}
	memcpy(kept->value, w->value, length);
	memcpy(kept->value + length, name, size);
	kept->name = (char *)kept->value + length;
	kept->length = length;
	kept->next = node->attributes;
	node->attributes = kept;
	return 0;
}

int attributes_keep(struct worker *w, struct node *node, int source_fd)
{
	const struct subject from = {.fd = source_fd};
	ssize_t size = list_names(w, from), at = 0, length;
	const char *name;

	while ((length = next_value(w, from, size, &at, &name)) >= 0) {
		int r = keep_value(w, node, name, (size_t)length);

		if (r < 0)
			return r;
	}
	return length == -ENODATA ? 0 : (int)length;
}

/* 1: the owner was changed. */
static int set_owner(struct worker *w, struct subject to, const struct stat *status,
		     const struct stat *made)
{
	const struct copy_options *options = w->job->options;
	uint32_t uid, gid;

	if (!shift_id(&options->uids, status->st_uid, &uid) ||
	    !shift_id(&options->gids, status->st_gid, &gid)) {
		w->what = "shift the owner of";
		w->hint = "its user or group has no counterpart in the id map";
		return -EOVERFLOW;
	}
	if (made->st_uid == uid && made->st_gid == gid)
		return 0;
	return fchownat(to.fd, "", uid, gid, AT_EMPTY_PATH) < 0
		       ? node_failed(w, "set the owner of the copy of")
		       : 1;
}

/* A symbolic link's mode is nothing. */
static int set_mode(struct worker *w, struct subject to, mode_t mode)
{
	char path[COPY_PROC_PATH];
	int r = 0;

	write_proc_path(to.fd, path);
	if (!S_ISLNK(mode))
		r = to.is_path ? chmod(path, mode & 07777) : fchmod(to.fd, mode & 07777);
	return r < 0 ? node_failed(w, "set the mode of the copy of") : 0;
}

static int set_times(struct worker *w, struct subject to, const struct stat *status)
{
	const struct timespec times[2] = {status->st_atim, status->st_mtim};
	int r = to.is_path ? utimensat(to.fd, "", times, AT_EMPTY_PATH) : futimens(to.fd, times);

	return r < 0 ? node_failed(w, "set the times of the copy of") : 0;
}

static bool has_mode(const struct stat *status, const struct stat *made, bool was_given)
{
	return (status->st_mode & 07777) == (made->st_mode & 07777) &&
	       !(was_given && (status->st_mode & (S_ISUID | S_ISGID)));
}

int attributes_copy(const struct scan *s, const char *name, struct subject from, struct subject to,
		    const struct stat *status)
{
	struct worker *w = s->worker;
	struct stat made;
	int given, r;

	if (fstat(to.fd, &made) < 0)
		return node_failed(w, "look at the copy of");
	given = set_owner(w, to, status, &made);
	r = given < 0 ? given : copy_values(s, name, from, to);
	if (r == 0 && !has_mode(status, &made, given))
		r = set_mode(w, to, status->st_mode);
	return r < 0 ? r : set_times(w, to, status);
}

int attributes_set_plain(struct worker *w, struct subject to, const struct stat *status,
			 const struct stat *made)
{
	int given = set_owner(w, to, status, made);
	int r = given < 0 ? given : 0;

	if (r == 0 && !has_mode(status, made, given))
		r = set_mode(w, to, status->st_mode);
	return r < 0 ? r : set_times(w, to, status);
}

int attributes_end(struct worker *w, struct node *node, int target_fd)
{
	const struct subject to = {.fd = target_fd};
	struct stat made;
	int given;

	if (fstat(target_fd, &made) < 0)
		return node_failed(w, "look at the copy of");
	given = set_owner(w, to, &node->status, &made);
	if (given < 0)
		return given;
	for (struct kept_attribute *kept = node->attributes; kept; kept = kept->next) {
		int r = set_value(w, node, NULL, to, kept->name, kept->value, kept->length);

		if (r < 0)
			return r;
	}
	if (!has_mode(&node->status, &made, given)) {
		int r = set_mode(w, to, node->status.st_mode);

		if (r < 0)
			return r;
	}
	return set_times(w, to, &node->status);
}
