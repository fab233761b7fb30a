/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table with chains under one lock. Whoever copies a file waits for nobody else's, so that
 * nobody waits in a circle.
 */

#include "copy/links.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"

enum { ROOM_FIRST = 1024 };

int links_init(struct link_table *t, const atomic_bool *stopped)
{
	int r;

	*t = (struct link_table){.stopped = stopped};
	r = pthread_mutex_init(&t->lock, NULL);
	if (r == 0) {
		r = pthread_cond_init(&t->changed, NULL);
		if (r != 0)
			pthread_mutex_destroy(&t->lock);
	}
	return -r;
}

void links_finish(struct link_table *t)
{
	memory_finish(&t->memory);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
}

static size_t bucket_of(size_t room, dev_t device, ino_t inode)
{
	uint64_t hash = hash_add(HASH_START, &device, sizeof(device));

	hash = hash_add(hash, &inode, sizeof(inode));
	return (size_t)hash % room;
}

/* The old buckets stay until the end: together they are no larger than the new ones. */
static bool grow(struct link_table *t)
{
	size_t room = t->room ? t->room * 2 : ROOM_FIRST;
	struct link_entry **buckets = memory_take(&t->memory, room * sizeof(struct link_entry *));

	if (!buckets)
		return false;
	for (size_t i = 0; i < t->room; i++)
		while (t->buckets[i]) {
			struct link_entry *entry = t->buckets[i];
			size_t at = bucket_of(room, entry->device, entry->inode);

			t->buckets[i] = entry->next;
			entry->next = buckets[at];
			buckets[at] = entry;
		}
	t->buckets = buckets;
	t->room = room;
	return true;
}

static struct link_entry *find(const struct link_table *t, dev_t device, ino_t inode)
{
	struct link_entry *entry = t->room ? t->buckets[bucket_of(t->room, device, inode)] : NULL;

	while (entry && (entry->device != device || entry->inode != inode))
		entry = entry->next;
	return entry;
}

static struct link_entry *add(struct link_table *t, dev_t device, ino_t inode)
{
	struct link_entry *entry;
	size_t at;

	if (t->count >= t->room && !grow(t))
		return NULL;
	entry = memory_take(&t->memory, sizeof(*entry));
	if (!entry)
		return NULL;
	at = bucket_of(t->room, device, inode);
	*entry = (struct link_entry){
		.next = t->buckets[at], .device = device, .inode = inode, .state = LINK_ABSENT};
	t->buckets[at] = entry;
	t->count++;
	return entry;
}

static const char *keep_name(struct link_table *t, const char *name)
{
	size_t size = strlen(name) + 1;
	char *kept = memory_take(&t->memory, size);

	return kept ? memcpy(kept, name, size) : NULL;
}

static int claim_locked(struct link_table *t, struct link_entry *entry,
			const struct node *directory, const char *name)
{
	const char *kept;

	while (entry->state == LINK_COPYING && !atomic_load(t->stopped))
		pthread_cond_wait(&t->changed, &t->lock);
	if (entry->state == LINK_THERE)
		return 0;
	if (entry->state == LINK_COPYING)
		return -ECANCELED;
	kept = keep_name(t, name);
	if (!kept)
		return -ENOMEM;
	entry->state = LINK_COPYING;
	entry->directory = directory;
	entry->name = kept;
	return 1;
}

int links_claim(struct link_table *t, dev_t device, ino_t inode, const struct node *directory,
		const char *name, struct link_entry **ret)
{
	struct link_entry *entry;
	int r = -ENOMEM;

	pthread_mutex_lock(&t->lock);
	entry = find(t, device, inode);
	if (!entry)
		entry = add(t, device, inode);
	if (entry)
		r = claim_locked(t, entry, directory, name);
	if (r >= 0)
		*ret = entry;
	pthread_mutex_unlock(&t->lock);
	return r;
}

void links_settle(struct link_table *t, struct link_entry *entry, enum link_state state)
{
	pthread_mutex_lock(&t->lock);
	entry->state = state;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void links_wake(struct link_table *t)
{
	pthread_mutex_lock(&t->lock);
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}
