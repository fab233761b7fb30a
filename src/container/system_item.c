/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.conf for the library and its callers. Each thread reads the file once and keeps it until it
 * ends, because callers may keep the texts that they were given that long; a program that changes
 * its user before it starts threads gets each user's own values in them.
 */

#include "container/system_item.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/system_config.h"
#include "container/container.h"

/* Named writable globals (docs/STYLE.md): where each thread's own pointer is found. */
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;
static pthread_key_t cache_key;
static int cache_errnum = EAGAIN; /* 0 once the key exists */

static void free_cached(void *cached)
{
	struct system_config *config = cached;

	system_config_finish(config);
	free(config);
}

static void make_cache_key(void)
{
	cache_errnum = pthread_key_create(&cache_key, free_cached);
}

static struct system_config_where caller(void)
{
	return (struct system_config_where){.euid = geteuid(), .home = getenv("HOME")};
}

/* Make `config` the thread's own; it is emptied. */
static int keep(struct system_config *config, const struct system_config **ret, struct err *e)
{
	struct system_config *kept = malloc(sizeof(*kept));
	int errnum = kept ? pthread_setspecific(cache_key, kept) : ENOMEM;

	if (errnum) {
		free(kept);
		system_config_finish(config);
		return err_set(e, ERR_NO_MEMORY, errnum, "cannot keep lxc.conf in memory");
	}
	*kept = *config;
	*config = (struct system_config){0};
	*ret = kept;
	return 0;
}

/*
 * The thread's lxc.conf, read if it was not yet. With `defaults`, a file that can't be read counts
 * as an empty one.
 */
static int thread_config(bool defaults, const struct system_config **ret, struct err *e)
{
	struct system_config_where where = caller();
	struct system_config config;
	int r;

	pthread_once(&cache_once, make_cache_key);
	if (cache_errnum)
		return err_set(e, ERR_SYSTEM, cache_errnum, "cannot keep lxc.conf in memory");
	*ret = pthread_getspecific(cache_key);
	if (*ret)
		return 0;

	r = system_config_load(&where, &config, e);
	if (r && defaults)
		r = system_config_parse(&where, "lxc.conf", "", 0, &config, e);
	if (r)
		return r;
	return keep(&config, ret, e);
}

int system_item(const char *key, bool defaults, const char **ret, struct err *e)
{
	const struct system_config *config = NULL;
	int r = thread_config(defaults, &config, e);

	if (r)
		return r;
	r = system_config_get(config, key, ret);
	return r < 0 ? 2 : r;
}

bool system_item_at(size_t at, const char **ret_name, const char **ret_summary)
{
	if (at >= SYSTEM_CONFIG_KEY_COUNT)
		return false;
	*ret_name = system_config_items[at].name;
	*ret_summary = system_config_items[at].doc;
	return true;
}

const char *container_system_item(const char *key)
{
	const char *value = NULL;

	return system_item(key, true, &value, NULL) == 0 ? value : NULL;
}
