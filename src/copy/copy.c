/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The copy as a whole: what is asked for is checked, both trees' tops are opened, others do the
 * work.
 */

#include "copy/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/macros.h"
#include "copy/engine.h"
#include "copy/shift.h"
#include "sys/procfs.h"

static int open_again(int fd, const char *which, struct err *e)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);

	/* Only owners may look without leaving a trace. */
	if (again < 0 && errno == EPERM)
		again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return again < 0 ? err_set(e, ERR_STORAGE, errno, "cannot open the copy's %s", which)
			 : again;
}

/* But for lost+found, which a new ext file system has. */
static int check_empty(int fd, bool *ret_has_lost_found, struct err *e)
{
	int again = open_again(fd, "target", e);
	const struct dirent *entry;
	DIR *directory;
	int r = 0;

	if (again < 0)
		return again;
	directory = fdopendir(again);
	if (!directory) {
		r = err_set(e, ERR_STORAGE, errno, "cannot read the copy's target");
		close(again);
		return r;
	}
	*ret_has_lost_found = false;
	while (r == 0 && (entry = readdir(directory))) {
		const char *name = entry->d_name;

		if (strcmp(name, "lost+found") == 0)
			*ret_has_lost_found = true;
		else if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			r = err_set(e, ERR_STORAGE, ENOTEMPTY, "the copy's target has \"%s\" in it",
				    name);
	}
	closedir(directory);
	if (r < 0)
		err_hint(e, "choose another target, or remove what is there");
	return r;
}

/* Nobody else gets in, and what we make there inherits nothing. */
static int close_target(int fd, struct err *e)
{
	static const char *const lists[] = {
		"system.posix_acl_access",
		"system.posix_acl_default",
	};

	if (fchown(fd, geteuid(), getegid()) < 0 || fchmod(fd, 0700) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot take the copy's target");
	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
		if (fremovexattr(fd, lists[i]) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return err_set(e, ERR_STORAGE, errno,
				       "cannot remove the access list of the copy's target");
	return 0;
}

/* The top is open for as long as the job lasts. */
static int open_top(struct job *job, struct worker *w, int source_fd, int target_fd, struct err *e)
{
	autoclose int source = open_again(source_fd, "source", e);
	autoclose int target = source < 0 ? source : open_again(target_fd, "target", e);
	int r = target < 0 ? target : 0;

	if (r < 0)
		return r;
	job->top = node_new(w, NULL, "");
	if (!job->top)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for a copy");
	if (fstat(source, &job->top->status) < 0 || fstat(target, &job->target) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot look at the copy's source or target");
	if (job->top->status.st_dev == job->target.st_dev &&
	    job->top->status.st_ino == job->target.st_ino)
		return err_set(e, ERR_STORAGE, EINVAL, "source and target are the same directory");
	r = check_empty(target, &job->has_lost_found, e);
	if (r < 0)
		return r;
	r = close_target(target, e);
	if (r < 0)
		return r;
	node_keep_open(job, job->top, take_fd(source), take_fd(target));
	pool_put(job, job->top);
	return 0;
}

static int check_options(const struct copy_options *options, struct err *e)
{
	if (shift_is_valid(&options->uids) && shift_is_valid(&options->gids))
		return 0;
	return err_set(e, ERR_ID_MAP, EINVAL,
		       "the id map of the copy has empty ranges, or some that overlap");
}

/* In a thread of its own, so that progress is told meanwhile. */
static void *flush(void *data)
{
	struct job *job = data;
	int errnum = syncfs(job->sync_fd) < 0 ? errno : 0;

	pthread_mutex_lock(&job->lock);
	job->sync_errnum = errnum;
	job->is_synced = true;
	pthread_cond_broadcast(&job->over);
	pthread_mutex_unlock(&job->lock);
	return NULL;
}

static int sync_all(struct job *job, struct err *e)
{
	pthread_t thread;

	if (thread_start(&thread, flush, job) == 0) {
		job_wait(job, &job->is_synced);
		pthread_join(thread, NULL);
	} else {
		flush(job);
	}
	if (job->sync_errnum == 0)
		return 0;
	err_set(e, ERR_STORAGE, job->sync_errnum, "cannot write the copy to its disk (syncfs)");
	err_hint(e, "the disk, or what is below it, is full or broken: look at the kernel's log "
		    "(dmesg)");
	return -job->sync_errnum;
}

static int run(struct job *job, struct crew *crew, struct err *e)
{
	int r = crew_run(crew, job);

	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot start a thread for the copy");
	return job->failure || !job->options->sync ? job->failure : sync_all(job, e);
}

static int copy_with(struct job *job, int source_fd, int target_fd, struct err *e)
{
	struct counting counting = {.source_fd = -EBADF};
	struct crew crew;
	int r;

	if (crew_init(&crew, job) < 0)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for a copy");
	r = open_top(job, &crew.workers[0], source_fd, target_fd, e);
	if (r == 0) {
		if (job->options->count && !job->options->total_bytes)
			count_prepare(&counting, job);
		r = run(job, &crew, e);
		count_end(&counting);
	}
	node_close_all(job);
	crew_finish(&crew);
	return r;
}

/* The descriptors of our own process, by their numbers; from a procfs that is one. */
static int open_numbers(struct err *e)
{
	autoclose int own = procfs_open_pid(0);
	int fd = own < 0 ? own : openat(own, "fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return err_set(e, ERR_SYSTEM, own < 0 ? -own : errno, "a copy needs /proc");
}

int copy_tree(int source_fd, int target_fd, const struct copy_options *options,
	      struct copy_result *ret, struct err *e)
{
	struct job job = {
		.options = options,
		.result = ret,
		.err = e,
		.visit = walk_directory,
		.total_bytes = options->total_bytes,
		.total_files = options->total_files,
	};
	autoclose int numbers = -EBADF, target = -EBADF;
	int r;

	*ret = (struct copy_result){};
	r = check_options(options, e);
	if (r < 0)
		return r;
	numbers = open_numbers(e);
	if (numbers < 0)
		return numbers;
	/* Now: who is not root may have no right to open it once it has its mode. */
	if (options->sync) {
		target = open_again(target_fd, "target", e);
		if (target < 0)
			return target;
	}
	job.numbers_fd = numbers;
	job.sync_fd = target;
	r = job_init(&job);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot prepare a copy");
	r = copy_with(&job, source_fd, target_fd, e);
	job_finish(&job);
	job_take_progress(&job, &ret->done);
	if (options->progress)
		options->progress(options->progress_data, &ret->done);
	return r;
}
