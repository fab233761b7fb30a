/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of the copy engine share; nobody else includes it.
 *
 *	copy.c        copy_tree(): checks, what is told
 *	count.c       copy_count(), and counting while a copy runs
 *	threads.c     who works, who waits; progress
 *	pool.c        the directories that wait, and who takes one
 *	node.c        a directory of both trees: opening, ending
 *	walk.c        the entries of one directory
 *	entry.c       one entry that is no directory
 *	data.c        a regular file's content
 *	attributes.c  owner, mode, times, extended attributes
 *	links.c       names of the same file
 *
 * The unit of work is a directory: the thread that takes one makes it, copies what is in it and
 * puts its subdirectories where threads take them, last in, first out. Whoever ends the last thing
 * below a directory gives it its attributes and goes on with its parent. Plain functions in the
 * sense of docs/STYLE.md, but for node_fail() and copy_tree().
 */

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "copy/copy.h"
#include "copy/links.h"
#include "copy/memory.h"

enum {
	COPY_THREADS_MAX = 64,
	COPY_BUFFER = 256 << 10,    /* of file content */
	COPY_PIECE = 8 << 20,       /* between looks at *cancel */
	COPY_OPEN_MAX = 100,        /* directories, two descriptors each */
	COPY_DEPTH_MAX = 10000,     /* looking up names of deeper trees takes too long */
	COPY_VALUE_ROOM = 64 << 10, /* XATTR_SIZE_MAX, XATTR_LIST_MAX */
	COPY_PROC_PATH = sizeof("/proc/self/fd/") + 12,
};

/* An extended attribute that waits for its directory to be done. */
struct kept_attribute {
	struct kept_attribute *next;
	const char *name;
	size_t length;
	unsigned char value[];
};

/* A directory. Lives to the end: links are found by the names that lead to it. */
struct node {
	struct node *parent; /* NULL: the top */
	struct node *next;   /* the one that waits below it */
	unsigned depth;
	atomic_uint pending; /* itself while it is read, and each directory in it */
	/* Of both trees, while something below is pending; -EBADF: there were too many. */
	int source_fd, target_fd;
	struct stat status; /* the source's, before it was read */
	struct kept_attribute *attributes;
	size_t length; /* of its name */
	char name[];
};

struct worker;
struct counting;

struct job {
	const struct copy_options *options;
	void (*visit)(struct worker *w, struct node *node); /* of each directory; settles it */
	bool only_counts;
	struct counting *counting; /* NULL: nobody shall count */
	struct node *top;
	int numbers_fd; /* /proc/self/fd */
	bool has_lost_found;
	struct stat target; /* the top */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* something waits, or it is over */
	pthread_cond_t over;    /* for the caller's thread; of the monotonic clock */
	struct node *waiting;
	unsigned idle;
	bool is_done;
	atomic_bool stopped; /* it failed */
	struct err *err;
	int failure;
	struct copy_result *result; /* its notes, under the lock */
	int sync_fd, sync_errnum;
	bool is_synced;

	struct link_table links;
	struct node *open[COPY_OPEN_MAX];  /* directories that stay open, under the lock */
	_Atomic(uint64_t) unshared_device; /* a source device + 1 that shares no blocks with us */
	_Atomic(uint64_t) written_bytes, shared_bytes, files, directories;
	_Atomic(uint64_t) total_bytes, total_files;
};

struct worker {
	struct job *job;
	pthread_t thread;
	struct memory memory;
	char *buffer;         /* COPY_BUFFER */
	char *names;          /* of attributes, COPY_VALUE_ROOM */
	unsigned char *value; /* of one, COPY_VALUE_ROOM and SHIFT_CAPABILITY_GROWS */
	char *entries;        /* of a directory, COPY_BUFFER */
	/* The directory that it has read last, when it is none of those that stay open: what is in
	 * it comes next, usually. Owns the descriptors. */
	struct {
		const struct node *node; /* NULL: none */
		int source_fd, target_fd;
	} last;
	char path[PATH_MAX];
	const char *what; /* the call that failed, as a phrase: "read", "set the owner of" */
	const char *hint; /* what helps, when its errno does not say it */
};

/* A directory while it is read. */
struct scan {
	struct worker *worker;
	struct node *node;
	int source_fd, target_fd;
};

/* All who work on one job. */
struct crew {
	struct memory memory;
	struct worker *workers;
	unsigned count;
};

/* Somebody who counts meanwhile. */
struct counting {
	struct job job;
	struct job *copy;
	struct copy_options options;
	struct copy_result result;
	struct crew crew;
	int source_fd; /* the top */
	pthread_t thread;
	atomic_bool is_over;
	bool is_running;
};

/* getdents64(2). */
struct directory_entry {
	uint64_t inode;
	int64_t next;
	uint16_t length;
	uint8_t type;
	char name[];
};

/* -- threads.c */

/* Locks and links; what else is in it is the caller's. 0 or -errno. */
int job_init(struct job *job);
void job_finish(struct job *job);
void job_take_progress(const struct job *job, struct copy_progress *ret);
/* Until *is_over, which is set under the lock and told by job->over. Progress is told meanwhile. */
void job_wait(struct job *job, const bool *is_over);
/* 0 or -ENOMEM: then there is nothing to finish. */
int crew_init(struct crew *crew, struct job *job);
void crew_finish(struct crew *crew);
/* Do the job; job->failure says how that went. -errno: no thread can be started. */
int crew_run(struct crew *crew, struct job *job);
/* What each thread of a crew does. */
void worker_run(struct worker *w);
/* A thread with all signals blocked. 0 or -errno. */
int thread_start(pthread_t *ret, void *(*function)(void *), void *data);

/* -- count.c */

/* For a copy that is to be counted while it runs. */
void count_prepare(struct counting *c, struct job *copy);
/* Only the first call does something. What fails is not told: then nobody knows the totals. */
void count_begin(struct counting *c);
void count_end(struct counting *c);

/* -- pool.c */

/* False: there is no memory. */
void pool_put(struct job *job, struct node *node);
/* The next directory; NULL when it is over. */
struct node *pool_take(struct job *job);
void pool_end(struct job *job);
/* Remember what failed first, and stop all. Returns the error's number. */
int pool_fail(struct job *job, const struct err *e);
/* -ECANCELED when nothing more shall be done. */
int pool_check(struct worker *w);

/* -- node.c */

struct node *node_new(struct worker *w, struct node *parent, const char *name);
/* Open the source's directory, with O_PATH over mounts, too; make and open the target's. A
 * descriptor or -errno, with w->what. -EEXIST of the latter: it is there. */
int node_open_source(struct worker *w, const struct node *node, int flags);
int node_make_target(struct worker *w, struct node *node);
/* The target's directory `node`, for whoever works in `here`, which is pending. */
int node_open_for_link(struct worker *w, const struct node *node, const struct node *here);
/* The node owns the descriptors from now on, and node_close() closes them; unless too many do: then
 * it has none. The top's are among them. */
void node_keep_open(struct job *job, struct node *node, int source_fd, int target_fd);
void node_close(struct job *job, struct node *node);
void node_close_all(struct job *job);
/* The worker owns the descriptors of one that has read all of `node`; NULL: it lets go. */
void node_hold_last(struct worker *w, struct node *node, int source_fd, int target_fd);
/* One thing less is pending: ends this directory and those above that have become complete. */
void node_settle(struct worker *w, struct node *node);
/* Tell that w->what failed with `r` on an entry (NULL: the directory itself). Returns it. */
int node_fail(struct worker *w, const struct node *node, const char *name, int r);
void node_note(struct worker *w, const struct node *node, const char *name, struct copy_note *note);
/* Remember the phrase; returns -errno. */
int node_failed(struct worker *w, const char *what);
/* Entries have come or gone since it was opened first: then one may have been shown twice. */
bool node_was_changed(const struct node *node, int source_fd);
/* openat2(2) of one name in a directory, over no link and, if asked for, into no mount. */
int node_open_entry(const struct worker *w, int dirfd, const char *name, int flags);

/* -- walk.c */

/* Make the directory, copy what is in it; then it is settled. Failures are told. */
void walk_directory(struct worker *w, struct node *node);
/* Call the function for each entry but . and .. until it fails, which is told. */
int walk_entries(const struct scan *s,
		 int (*function)(const struct scan *s, const struct directory_entry *entry));
/* Let a subdirectory wait for who takes it. 0 or -errno, with w->what. */
int walk_put_directory(const struct scan *s, const char *name);
/* A mount that is left out has a look, too, but nothing in it. The descriptor or -errno. */
int walk_open_source(struct worker *w, struct node *node, bool *ret_is_mount);
/* It was a directory a moment ago. */
bool walk_is_gone(int r);

/* -- entry.c */

enum {
	ENTRY_DIRECTORY = 1,
	ENTRY_VANISHED = 2,
};

/* One entry: 0, one of these, or -errno with w->what. */
int entry_copy(const struct scan *s, const char *name);
/* An empty file for one that something is mounted on. */
int entry_stand_in(const struct scan *s, const char *name, const struct stat *status);

/* -- data.c */

int data_copy(struct worker *w, int from_fd, int to_fd, const struct stat *status);
/* Of a regular file, as good as one knows without reading it: holes don't count. */
uint64_t data_size(const struct stat *status);

/* -- attributes.c */

/* A file, by its descriptor, or, when that is O_PATH, by its number's path in /proc. */
struct subject {
	int fd;
	bool is_path;
};

/* Copy owner, extended attributes, mode and times. `name` is for notes. 0 or -errno. */
int attributes_copy(const struct scan *s, const char *name, struct subject from, struct subject to,
		    const struct stat *status);
/* Keep a directory's extended attributes. */
int attributes_keep(struct worker *w, struct node *node, int source_fd);
/* Give a directory that is complete its own. */
int attributes_end(struct worker *w, struct node *node, int target_fd);
/* Owner and mode without an extended attribute. */
int attributes_set_plain(struct worker *w, struct subject to, const struct stat *status,
			 const struct stat *made);
