/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Overlays: LOWER[:LOWER …]:UPPER, split where a slash follows the colon. What belongs to the
 * volume is UPPER and the work directory beside it; the lower directories are other containers', or
 * the container's own directory, which goes with it.
 */

#include "storage/driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "child/userns.h"
#include "copy/copy.h"
#include "storage/place.h"
#include "storage/removal.h"

/* The upper directory: the last part. */
static const char *upper_of(const char *path)
{
	const char *upper = path;

	for (const char *at = path; (at = strstr(at, ":/")); at++)
		upper = at + 1;
	return upper;
}

/* All lower parts, with their colons but the last one. */
static size_t lower_length(const char *path)
{
	const char *upper = upper_of(path);

	return upper > path ? (size_t)(upper - path) - 1 : 0;
}

/* Every ":/" ends a part: a directory of which a part ends with a colon can't be named. */
static int check_parts(const char *path, struct err *e)
{
	int r;

	if (!strstr(path, ":/") && !text_ends(path, ":"))
		return 0;
	r = err_set(e, ERR_USAGE, EINVAL,
		    "\"%s\" can't be part of an overlay: a colon ends one of its names", path);
	err_hint(e, "choose another name or lxcpath (-P), or another kind of storage (-B)");
	return r;
}

static int name(const struct storage_wish *wish, const struct storage_volume *source, bool snapshot,
		struct str *ret, struct err *e)
{
	int r = check_parts(wish->directory, e);

	if (r == 0 && snapshot && (source->type == ROOTFS_DIR || source->type == ROOTFS_BTRFS))
		r = check_parts(source->path, e);
	if (r < 0)
		return r;
	if (!snapshot)
		str_addf(ret, "%s/rootfs", wish->directory);
	else if (source->type == ROOTFS_OVERLAY && lower_length(source->path) > 0)
		str_add_bytes(ret, source->path, lower_length(source->path));
	else if (source->type == ROOTFS_DIR || source->type == ROOTFS_BTRFS)
		str_add(ret, source->path);
	else
		return place_refuse_snapshot(
			source->type, "overlay clone of @ container is not yet supported", e);
	str_addf(ret, ":%s/overlay/delta", wish->directory);
	return 0;
}

static int exists(const struct storage_volume *volume, struct err *e)
{
	return place_is_there(upper_of(volume->path), e);
}

/* What stands beside the upper directory, heap; NULL: memory is out, or it has none. */
static char *beside_upper(const char *path, const char *base)
{
	const char *upper = upper_of(path);
	const char *slash = strrchr(upper, '/');
	autostr text = {};

	if (!slash)
		return NULL;
	str_add_bytes(&text, upper, (size_t)(slash - upper));
	str_add(&text, text.len == 0 && !base[0] ? "/" : base);
	return str_failed(&text) ? NULL : str_take(&text);
}

static int make_upper(const char *path, const struct config_idmaps *maps, struct err *e)
{
	autofree char *parent = beside_upper(path, "");
	int is_there = parent ? place_is_there(parent, e) : place_no_memory(e);
	/* Others but root can't make anything in what belongs to container root already. */
	int r = is_there == 0 ? place_make(parent, NULL, e) : is_there;

	if (r >= 0)
		r = place_make(upper_of(path), maps, e);
	return r == 0 && is_there == 0 ? place_give(parent, maps, e) : r;
}

static int create(const struct storage_volume *volume, const struct storage_wish *wish,
		  uint64_t size, const char *fstype, struct err *e)
{
	autofree char *lower = strndup(volume->path, lower_length(volume->path));
	int r = lower ? place_make_missing(lower, wish->maps, e) : place_no_memory(e);

	return r == 0 ? make_upper(volume->path, wish->maps, e) : r;
}

/* The root of an overlay is its upper directory: it begins as the lower one's. */
static int take_after(const char *upper, const char *lower, struct err *e)
{
	struct stat status;

	if (stat(lower, &status) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", lower);
	if (geteuid() != 0)
		return 0;
	if (lchown(upper, status.st_uid, status.st_gid) < 0 ||
	    chmod(upper, status.st_mode & 07777) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot give \"%s\" to the owner of \"%s\"",
			       upper, lower);
	return 0;
}

/* A copy of an upper directory, shared with the helper process. */
struct job {
	int source_fd, target_fd;
	int result;
	struct err e;
};

static int copy(void *argument)
{
	struct job *job = argument;
	const struct copy_options options = {};
	struct copy_result result;

	job->result = copy_tree(job->source_fd, job->target_fd, &options, &result, &job->e);
	return 0;
}

static int copy_upper(const char *source, const char *target, const struct storage_wish *wish,
		      struct err *e)
{
	struct job *job =
		mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct userns_call call = {copy, job, wish->lock_fd > 0 ? wish->lock_fd : -EBADF};
	autoclose int source_fd = open(source, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int target_fd = open(target, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int status = 0;
	int r = 0;

	if (job == MAP_FAILED)
		return place_no_memory(e);
	/* Never started: there is nothing to copy. */
	if (source_fd < 0 && errno != ENOENT)
		r = err_set(e, ERR_STORAGE, errno, "cannot open \"%s\"", source);
	else if (target_fd < 0)
		r = err_set(e, ERR_STORAGE, errno, "cannot open \"%s\"", target);
	job->source_fd = source_fd;
	job->target_fd = target_fd;
	job->result = -ECHILD;
	if (r == 0 && source_fd >= 0 && wish->maps && wish->maps->count > 0 && geteuid() != 0) {
		r = userns_run(wish->maps, &call, &status, e);
		if (r > 0 || (r == 0 && status != 0))
			r = err_set(e, ERR_STORAGE, 0, "the process that copies \"%s\" has died",
				    source);
	} else if (r == 0 && source_fd >= 0) {
		copy(job);
	}
	if (r == 0 && source_fd >= 0 && job->result < 0) {
		if (e)
			*e = job->e;
		r = err_wrap(e, job->result, "cannot copy \"%s\" to \"%s\"", source, target);
	}
	munmap(job, sizeof(*job));
	return r;
}

static int snapshot(const struct storage_volume *source, const struct storage_volume *volume,
		    const struct storage_wish *wish, struct err *e)
{
	const char *upper = upper_of(volume->path);
	int r = make_upper(volume->path, wish->maps, e);

	if (r < 0)
		return r;
	return source->type == ROOTFS_OVERLAY ? copy_upper(upper_of(source->path), upper, wish, e)
					      : take_after(upper, source->path, e);
}

/* What the kernel leaves in a work directory: "work", a directory without any permission, and
 * "index". Anything else was put there by somebody. */
static bool is_left_by_overlay(int fd, const char *name)
{
	struct stat status;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode))
		return false;
	return (strcmp(name, "work") == 0 && (status.st_mode & 0777) == 0) ||
	       strcmp(name, "index") == 0;
}

/* Elsewhere than where we lay overlays out, "work" may be anybody's. */
static bool is_work_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool is_work = directory != NULL;

	while (is_work && (entry = readdir(directory)))
		is_work = is_left_by_overlay(fd, entry->d_name);
	if (directory)
		closedir(directory);
	else if (fd >= 0)
		close(fd);
	return is_work;
}

/* "work" of today, "olwork" of LXC 1.x. */
static int destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		   const char *mark, struct err *e)
{
	static const char *const work[] = {"/work", "/olwork"};
	const char *upper = upper_of(volume->path);
	autofree char *parent = beside_upper(volume->path, "");
	bool is_ours = parent && text_ends(parent, "/overlay");
	int r = 0;

	if (upper[0] != '/')
		return err_set(e, ERR_STORAGE, EINVAL,
			       "\"%s\" is not removed: it has no upper directory", volume->path);
	r = parent ? place_check_removal(upper, e) : place_no_memory(e);

	for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(work); i++) {
		autofree char *path = beside_upper(volume->path, work[i]);

		if (!path)
			r = place_no_memory(e);
		else if (is_ours || is_work_directory(path))
			r = removal_tree(maps, path, NULL, e);
	}
	if (r == 0)
		r = removal_tree(maps, upper, NULL, e);
	/* Of the container's directory: it goes when nothing else is in it. */
	if (r == 0 && is_ours)
		rmdir(parent);
	return r;
}

/* Every part that lies in the container's directory follows it; those of other containers stay. */
static int rename_parts(const struct storage_volume *volume, const struct storage_wish *wish,
			bool really, struct str *ret, struct err *e)
{
	struct storage_wish follow = *wish;
	const char *upper = upper_of(volume->path);
	const char *slash = strrchr(wish->directory, '/');
	size_t above = slash ? (size_t)(slash - wish->directory) + 1 : 0;
	autofree char *former = NULL;
	int r = check_parts(wish->directory, e);

	if (r < 0)
		return r;
	if (!wish->former && above > 0 && strncmp(upper, wish->directory, above) == 0)
		former = strndup(upper, above + strcspn(upper + above, "/"));
	if (former)
		follow.former = former;
	for (const char *at = volume->path; *at;) {
		const char *colon = strstr(at, ":/");
		size_t len = colon ? (size_t)(colon - at) : strlen(at);

		/* Without a former directory nothing is known to follow. */
		if (follow.former)
			place_follow(at, len, &follow, ret);
		else
			str_add_bytes(ret, at, len);
		at += len;
		if (*at) {
			str_add_char(ret, ':');
			at++;
		}
	}
	return 0;
}

const struct storage_driver storage_overlay = {
	.name = name,
	.exists = exists,
	.create = create,
	.snapshot = snapshot,
	.snapshots_last = true,
	.destroy = destroy,
	.rename = rename_parts,
};
