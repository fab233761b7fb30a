/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a copy will have to do: a walk of its own through the source, which opens directories only
 * and looks at regular files, whose sizes nothing else tells.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/macros.h"
#include "copy/engine.h"

static int is_first_name(const struct scan *s, const struct stat *status)
{
	struct link_table *links = &s->worker->job->links;
	struct link_entry *entry = NULL;
	int r;

	if (status->st_nlink == 1)
		return 1;
	r = links_claim(links, status->st_dev, status->st_ino, NULL, "", &entry);
	if (r == 1)
		links_settle(links, entry, LINK_THERE);
	return r;
}

/* 0, ENTRY_DIRECTORY, ENTRY_VANISHED or -errno. */
static int count_bytes(const struct scan *s, const char *name)
{
	struct worker *w = s->worker;
	struct stat status;
	int r;

	if (fstatat(s->source_fd, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT ? ENTRY_VANISHED : node_failed(w, "look at");
	if (S_ISDIR(status.st_mode))
		return ENTRY_DIRECTORY;
	/* Of what is mounted an empty file will be made. */
	if (!S_ISREG(status.st_mode) ||
	    (w->job->options->one_file_system && status.st_dev != s->node->status.st_dev))
		return 0;
	r = is_first_name(s, &status);
	w->what = "remember the hard link";
	if (r == 1)
		atomic_fetch_add_explicit(&w->job->written_bytes, data_size(&status),
					  memory_order_relaxed);
	return r < 0 ? r : 0;
}

static int count_entry(const struct scan *s, const struct directory_entry *entry)
{
	struct worker *w = s->worker;
	int r = pool_check(w);

	if (r < 0)
		return r;
	if (entry->type == DT_DIR)
		r = ENTRY_DIRECTORY;
	else if (entry->type == DT_REG || entry->type == DT_UNKNOWN)
		r = count_bytes(s, entry->name);
	if (r == ENTRY_DIRECTORY)
		return walk_put_directory(s, entry->name);
	if (r == 0)
		atomic_fetch_add_explicit(&w->job->files, 1, memory_order_relaxed);
	return r < 0 ? r : 0;
}

static int begin(struct worker *w, struct node *node, struct scan *ret, bool *ret_is_mount)
{
	int fd = walk_open_source(w, node, ret_is_mount);

	if (fd < 0)
		return fd;
	if (fstat(fd, &node->status) < 0) {
		close(fd);
		return node_failed(w, "look at");
	}
	*ret = (struct scan){.worker = w, .node = node, .source_fd = fd, .target_fd = -EBADF};
	node_keep_open(w->job, node, fd, -EBADF);
	return 0;
}

static void count_directory(struct worker *w, struct node *node)
{
	struct scan s = {
		.worker = w, .node = node, .source_fd = node->source_fd, .target_fd = -EBADF};
	bool is_mount = false;
	int r;

	w->hint = NULL;
	r = node->parent ? begin(w, node, &s, &is_mount) : 0;
	if (r < 0 && !walk_is_gone(r)) {
		node_fail(w, node, NULL, r);
		return;
	}
	if (r == 0 && node->parent)
		atomic_fetch_add_explicit(&w->job->directories, 1, memory_order_relaxed);
	r = r < 0 || is_mount ? 0 : walk_entries(&s, count_entry);
	if (s.source_fd >= 0 && node->source_fd < 0)
		node_hold_last(w, node, s.source_fd, -EBADF);
	if (r >= 0)
		node_settle(w, node);
}

static int open_top(int source_fd)
{
	int fd = openat(source_fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);

	if (fd < 0 && errno == EPERM)
		fd = openat(source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* For the first worker to take. Takes the descriptor. */
static int put_top(struct job *job, struct worker *w, int source_fd)
{
	job->top = node_new(w, NULL, "");
	if (!job->top)
		return -ENOMEM;
	if (fstat(source_fd, &job->top->status) < 0)
		return -errno;
	node_keep_open(job, job->top, source_fd, -EBADF);
	pool_put(job, job->top);
	return 0;
}

/* Takes the descriptor in any case. */
static int prepare(struct job *job, struct crew *crew, int source_fd)
{
	int r;

	job->visit = count_directory;
	job->only_counts = true;
	*crew = (struct crew){};
	r = job_init(job);
	if (r == 0) {
		r = crew_init(crew, job);
		if (r == 0)
			r = put_top(job, &crew->workers[0], source_fd);
		if (r < 0) {
			crew_finish(crew);
			job_finish(job);
		}
	}
	if (r < 0)
		close(source_fd);
	return r;
}

static void finish(struct job *job, struct crew *crew)
{
	node_close_all(job);
	crew_finish(crew);
	job_finish(job);
}

int copy_count(int source_fd, const struct copy_options *options, struct copy_progress *ret,
	       struct err *e)
{
	/* What is told is how far copies are. */
	struct copy_options silent = *options;
	struct copy_result result = {};
	struct job job = {.options = &silent, .result = &result, .err = e};
	struct crew crew;
	int r;

	silent.progress = NULL;
	*ret = (struct copy_progress){};
	r = open_top(source_fd);
	if (r >= 0)
		r = prepare(&job, &crew, r);
	if (r == 0) {
		r = crew_run(&crew, &job);
		finish(&job, &crew);
	}
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot count the files to be copied");
	job_take_progress(&job, ret);
	return job.failure;
}

static void *count_meanwhile(void *data)
{
	struct counting *c = data;

	worker_run(&c->crew.workers[0]);
	if (c->job.failure)
		return NULL;
	atomic_store(&c->copy->total_files, atomic_load(&c->job.files));
	atomic_store(&c->copy->total_bytes, atomic_load(&c->job.written_bytes));
	return NULL;
}

void count_prepare(struct counting *c, struct job *copy)
{
	c->source_fd = open_top(copy->top->source_fd);
	if (c->source_fd < 0)
		return;
	c->copy = copy;
	c->options = (struct copy_options){
		.threads = 1,
		.one_file_system = copy->options->one_file_system,
		.cancel = &c->is_over,
	};
	c->job.options = &c->options;
	c->job.result = &c->result;
	copy->counting = c;
}

void count_begin(struct counting *c)
{
	if (c->source_fd < 0)
		return;
	if (prepare(&c->job, &c->crew, take_fd(c->source_fd)) < 0)
		return;
	c->is_running = thread_start(&c->thread, count_meanwhile, c) == 0;
	if (!c->is_running)
		finish(&c->job, &c->crew);
}

void count_end(struct counting *c)
{
	if (c->source_fd >= 0)
		close(c->source_fd);
	if (!c->is_running)
		return;
	atomic_store(&c->is_over, true);
	pthread_join(c->thread, NULL);
	finish(&c->job, &c->crew);
}
