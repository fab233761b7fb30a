/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Last in, first out: what waits stays near to what was just done, and few directories are begun
 * and not ended.
 */

#include "copy/engine.h"

#include <errno.h>

void pool_put(struct job *job, struct node *node)
{
	pthread_mutex_lock(&job->lock);
	node->next = job->waiting;
	job->waiting = node;
	if (job->idle > 0)
		pthread_cond_signal(&job->changed);
	pthread_mutex_unlock(&job->lock);
}

struct node *pool_take(struct job *job)
{
	struct node *node = NULL;

	pthread_mutex_lock(&job->lock);
	job->idle++;
	while (!job->waiting && !job->is_done)
		pthread_cond_wait(&job->changed, &job->lock);
	job->idle--;
	if (!job->is_done) {
		node = job->waiting;
		job->waiting = node->next;
	}
	pthread_mutex_unlock(&job->lock);
	return node;
}

void pool_end(struct job *job)
{
	pthread_mutex_lock(&job->lock);
	job->is_done = true;
	pthread_cond_broadcast(&job->changed);
	pthread_cond_broadcast(&job->over);
	pthread_mutex_unlock(&job->lock);
}

int pool_fail(struct job *job, const struct err *e)
{
	int code = e->code;

	pthread_mutex_lock(&job->lock);
	if (job->failure == 0) {
		job->failure = code;
		if (job->err)
			*job->err = *e;
	}
	atomic_store(&job->stopped, true);
	job->is_done = true;
	pthread_cond_broadcast(&job->changed);
	pthread_cond_broadcast(&job->over);
	pthread_mutex_unlock(&job->lock);
	links_wake(&job->links);
	return code;
}

int pool_check(struct worker *w)
{
	const atomic_bool *cancel = w->job->options->cancel;

	if (!atomic_load_explicit(&w->job->stopped, memory_order_relaxed) &&
	    !(cancel && atomic_load_explicit(cancel, memory_order_relaxed)))
		return 0;
	w->what = "go on with";
	return -ECANCELED;
}
