/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads. Those that do the work have a umask of their own each (unshare(2) with CLONE_FS), so
 * that files are made with the mode that they are to have, whatever the process's is. The caller's
 * waits for them and looks after the progress.
 */

#include "copy/engine.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "copy/shift.h"

enum {
	THREADS_DEFAULT_MAX = 8,
	STACK_SIZE = 256 << 10,
	INTERVAL = 100 * 1000, /* microseconds */
};

int job_init(struct job *job)
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
	return links_init(&job->links, &job->stopped);
}

void job_finish(struct job *job)
{
	links_finish(&job->links);
	pthread_cond_destroy(&job->over);
	pthread_cond_destroy(&job->changed);
	pthread_mutex_destroy(&job->lock);
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

int crew_init(struct crew *crew, struct job *job)
{
	bool has_memory = true;

	*crew = (struct crew){.count = count_threads(job->options)};
	crew->workers = memory_take(&crew->memory, crew->count * sizeof(*crew->workers));
	if (!crew->workers)
		return -ENOMEM;
	for (unsigned i = 0; i < crew->count; i++)
		has_memory = worker_init(&crew->workers[i], job) && has_memory;
	if (has_memory)
		return 0;
	crew_finish(crew);
	return -ENOMEM;
}

void crew_finish(struct crew *crew)
{
	if (!crew->workers)
		return;
	for (unsigned i = 0; i < crew->count; i++)
		memory_finish(&crew->workers[i].memory);
	memory_finish(&crew->memory);
	crew->workers = NULL;
}

void worker_run(struct worker *w)
{
	struct node *node;

	while ((node = pool_take(w->job)))
		w->job->visit(w, node);
	node_hold_last(w, NULL, -EBADF, -EBADF);
}

static void *work(void *data)
{
	/* Without it modes are set where they differ. */
	if (unshare(CLONE_FS) == 0)
		umask(0);
	worker_run(data);
	return NULL;
}

/* Signals are the application's own threads' business. */
int thread_start(pthread_t *ret, void *(*function)(void *), void *data)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r = pthread_attr_init(&attributes);

	if (r != 0)
		return -r;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret, &attributes, function, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -r;
}

void job_take_progress(const struct job *job, struct copy_progress *ret)
{
	const uint64_t shared = atomic_load(&job->shared_bytes);

	*ret = (struct copy_progress){
		.bytes = atomic_load(&job->written_bytes) + shared,
		.shared_bytes = shared,
		.files = atomic_load(&job->files),
		.directories = atomic_load(&job->directories),
		.total_bytes = atomic_load(&job->total_bytes),
		.total_files = atomic_load(&job->total_files),
	};
}

static void add_time(struct timespec *at, usec_t time)
{
	at->tv_nsec += (long)(time % USEC_PER_SEC * 1000);
	at->tv_sec += (time_t)(time / USEC_PER_SEC) + at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

/* The lock is not held while somebody else's function runs. */
void job_wait(struct job *job, const bool *is_over)
{
	const struct copy_options *options = job->options;
	struct copy_progress progress;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&job->lock);
	while (!*is_over) {
		int r = 0;

		add_time(&next, options->interval ? options->interval : INTERVAL);
		while (!*is_over && r == 0)
			r = options->progress
				    ? pthread_cond_timedwait(&job->over, &job->lock, &next)
				    : pthread_cond_wait(&job->over, &job->lock);
		if (*is_over || !options->progress)
			break;
		pthread_mutex_unlock(&job->lock);
		if (job->counting)
			count_begin(job->counting);
		job_take_progress(job, &progress);
		options->progress(options->progress_data, &progress);
		pthread_mutex_lock(&job->lock);
	}
	pthread_mutex_unlock(&job->lock);
}

int crew_run(struct crew *crew, struct job *job)
{
	unsigned started = 0;
	int r = 0;

	while (started < crew->count && r == 0) {
		struct worker *w = &crew->workers[started];

		r = thread_start(&w->thread, work, w);
		if (r == 0)
			started++;
	}
	if (started == 0)
		return r;
	job_wait(job, &job->is_done);
	for (unsigned i = 0; i < started; i++)
		pthread_join(crew->workers[i].thread, NULL);
	return 0;
}
