/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The names of one file in the source become names of one file in the target: a table of the files
 * that have several names, by device and inode, for many threads.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/types.h>

#include "copy/memory.h"

struct node;

enum link_state {
	LINK_COPYING, /* somebody is at it */
	LINK_THERE,   /* in the target, by the entry's name */
	LINK_ABSENT,  /* whoever was at it found nothing */
};

struct link_entry {
	struct link_entry *next;
	dev_t device;
	ino_t inode;
	enum link_state state;
	const struct node *directory;
	const char *name;
};

struct link_table {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct memory memory;
	struct link_entry **buckets;
	size_t count, room;
	const atomic_bool *stopped;
};

/* `stopped`: nobody waits any longer; links_wake() after it was set. 0 or -errno. */
int links_init(struct link_table *t, const atomic_bool *stopped);
void links_finish(struct link_table *t);

/*
 * 1: the caller copies the file as `name` in `directory`, and says how that went by links_settle().
 * 0: it is there, by the name in *ret, which does not change any more. Waits while somebody else
 * copies it. -ECANCELED: stopped; -ENOMEM.
 */
int links_claim(struct link_table *t, dev_t device, ino_t inode, const struct node *directory,
		const char *name, struct link_entry **ret);
void links_settle(struct link_table *t, struct link_entry *entry, enum link_state state);
void links_wake(struct link_table *t);
