/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The copy as a whole. The caller's thread looks after the progress; others do the work. Each has a
 * umask of its own (unshare(2) with CLONE_FS), so that files are made with the mode that they are
 * to have, whatever the process's is.
 */

#include "copy/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "copy/engine.h"
#include "copy/shift.h"
#include "sys/procfs.h"

enum {
	THREADS_DEFAULT_MAX = 8,
	STACK_SIZE = 256 << 10,
	INTERVAL = 100 * 1000, /* microseconds */
};

static void *work(void *data)
{
	struct worker *w = data;
	struct node *node;

	/* Without it modes are set where they differ. */
	if (unshare(CLONE_FS) == 0)
		umask(0);
	while ((node = pool_take(w->job)))
		walk_directory(w, node);
	node_hold_last(w, NULL, -EBADF, -EBADF);
	return NULL;
}

static bool worker_init(struct worker *w, struct job *job)
{
	*w = (struct worker){.job = job};
	w->buffer = memory_take(&w->memory, COPY_BUFFER);
	w->names = memory_take(&w->memory, COPY_VALUE_ROOM);
	w->value = memory_take(&w->memory, COPY_VALUE_ROOM + SHIFT_CAPABILITY_GROWS);
	w->entries = memory_take(&w->memory, COPY_BUFFER);
	return w->buffer && w->names && w->value && w->entries;
}

static unsigned count_threads(const struct copy_options *options)
{
	unsigned count = options->threads;

	if (count == 0) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);

		count = online < 1 ? 1 : (unsigned)online;
		if (count > THREADS_DEFAULT_MAX)
			count = THREADS_DEFAULT_MAX;
	}
	return count > COPY_THREADS_MAX ? COPY_THREADS_MAX : count;
}

/* Signals are the application's own threads' business. How many run, or -errno: none does. */
static int start_threads(struct worker *workers, unsigned count)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	unsigned started = 0;
	int r = pthread_attr_init(&attributes);

	if (r != 0)
		return -r;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (started < count && r == 0) {
		r = pthread_create(&workers[started].thread, &attributes, work, &workers[started]);
		if (r == 0)
			started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return started > 0 ? (int)started : -r;
}

static void take_progress(const struct job *job, struct copy_progress *ret)
{
	*ret = (struct copy_progress){
		.bytes = atomic_load(&job->bytes),
		.shared_bytes = atomic_load(&job->shared_bytes),
		.files = atomic_load(&job->files),
		.directories = atomic_load(&job->directories),
		.total_bytes = job->options->total_bytes,
		.total_files = job->options->total_files,
	};
}

/* Until it is over. The lock is not held while somebody else's function runs. */
static void wait_for_end(struct job *job)
{
	const struct copy_options *options = job->options;
	const usec_t interval = options->interval ? options->interval : INTERVAL;
	struct copy_progress progress;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&job->lock);
	while (!job->is_done) {
		int r = 0;

		next.tv_nsec += (long)(interval % USEC_PER_SEC * 1000);
		next.tv_sec += (time_t)(interval / USEC_PER_SEC) + next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		while (!job->is_done && r == 0)
			r = options->progress
				    ? pthread_cond_timedwait(&job->over, &job->lock, &next)
				    : pthread_cond_wait(&job->over, &job->lock);
		if (job->is_done || !options->progress)
			break;
		pthread_mutex_unlock(&job->lock);
		take_progress(job, &progress);
		options->progress(options->progress_data, &progress);
		pthread_mutex_lock(&job->lock);
	}
	pthread_mutex_unlock(&job->lock);
}

static int run(struct job *job, struct worker *workers, unsigned count, struct err *e)
{
	int r = start_threads(workers, count);

	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot start a thread for the copy");
	wait_for_end(job);
	for (int i = 0; i < r; i++)
		pthread_join(workers[i].thread, NULL);
	return job->failure;
}

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

static int copy_with(struct job *job, int source_fd, int target_fd, struct err *e)
{
	unsigned count = count_threads(job->options);
	struct memory memory = {};
	struct worker *workers = memory_take(&memory, count * sizeof(*workers));
	bool has_memory = true;
	int r;

	if (!workers)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for a copy");
	for (unsigned i = 0; i < count; i++)
		has_memory = worker_init(&workers[i], job) && has_memory;
	if (has_memory)
		r = open_top(job, &workers[0], source_fd, target_fd, e);
	else
		r = err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for a copy");
	if (r == 0)
		r = run(job, workers, count, e);
	for (size_t i = 0; i < COPY_OPEN_MAX; i++)
		if (job->open[i])
			node_close(job, job->open[i]);
	for (unsigned i = 0; i < count; i++)
		memory_finish(&workers[i].memory);
	memory_finish(&memory);
	return r;
}

static int init_locks(struct job *job)
{
	pthread_condattr_t clock;
	int r = -pthread_condattr_init(&clock);

	if (r < 0)
		return r;
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->changed, NULL);
	pthread_cond_init(&job->over, &clock);
	pthread_condattr_destroy(&clock);
	r = links_init(&job->links, &job->stopped);
	return r;
}

static void finish_locks(struct job *job)
{
	links_finish(&job->links);
	pthread_cond_destroy(&job->over);
	pthread_cond_destroy(&job->changed);
	pthread_mutex_destroy(&job->lock);
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

static int copy_and_sync(struct job *job, int source_fd, int target_fd, struct err *e)
{
	autoclose int target = -EBADF;
	int r;

	/* Now: who is not root may have no right to open it once it has its mode. */
	if (job->options->sync) {
		target = open_again(target_fd, "target", e);
		if (target < 0)
			return target;
	}
	r = copy_with(job, source_fd, target_fd, e);
	if (r < 0 || !job->options->sync)
		return r;
	return syncfs(target) < 0 ? err_set(e, ERR_STORAGE, errno,
					    "cannot write the copy to its disk (syncfs)")
				  : 0;
}

int copy_tree(int source_fd, int target_fd, const struct copy_options *options,
	      struct copy_result *ret, struct err *e)
{
	struct job job = {.options = options, .result = ret, .err = e};
	autoclose int numbers = -EBADF;
	int r;

	*ret = (struct copy_result){};
	r = check_options(options, e);
	if (r < 0)
		return r;
	numbers = open_numbers(e);
	if (numbers < 0)
		return numbers;
	job.numbers_fd = numbers;
	r = init_locks(&job);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot prepare a copy");
	r = copy_and_sync(&job, source_fd, target_fd, e);
	finish_locks(&job);
	take_progress(&job, &ret->done);
	if (options->progress)
		options->progress(options->progress_data, &ret->done);
	return r;
}
