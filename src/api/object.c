/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making, sharing and freeing container objects, and what all members share: locks, the error text
 * and argument lists.
 */

#include "api/object.h"

#include <tare/tare.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"

struct container *object_lock(struct lxc_container *c)
{
	struct object *o = object_of(c);
	char *file;

	pthread_mutex_lock(&o->config);
	/* lxc-execute and others assign configfile directly. */
	if (c->configfile && strcmp(c->configfile, o->container->config_file) != 0) {
		file = strdup(c->configfile);
		if (file) {
			free(o->container->config_file);
			o->container->config_file = file;
		}
	}
	return o->container;
}

/* Make a public text equal to ours. */
static void show(char **shown, const char *ours)
{
	char *copy;

	if (*shown && strcmp(*shown, ours) == 0)
		return;
	copy = strdup(ours);
	if (!copy)
		return;
	free(*shown);
	*shown = copy;
}

void object_unlock(struct lxc_container *c)
{
	struct object *o = object_of(c);

	c->lxc_conf = (struct lxc_conf *)o->container->config;
	show(&c->configfile, o->container->config_file);
	show(&c->config_path, o->container->lxcpath);
	pthread_mutex_unlock(&o->config);
}

static void release(void *context)
{
	struct object_hold *hold = context;

	hold->is_released = true;
	object_unlock(hold->c);
}

struct container *object_hold(struct lxc_container *c, struct object_hold *hold)
{
	struct container *container = object_lock(c);

	*hold = (struct object_hold){.c = c};
	container->release = release;
	container->release_context = hold;
	return container;
}

void object_let_go(struct object_hold *hold)
{
	if (hold->is_released)
		return;
	object_of(hold->c)->container->release = NULL;
	object_unlock(hold->c);
}

void object_explain(struct lxc_container *c, const struct err *e, const char *what)
{
	struct object *o = object_of(c);
	autostr text = {0};
	char *old;

	pthread_mutex_lock(&o->error);
	if (err_is_set(e))
		o->last_error = *e;
	else
		err_set(&o->last_error, ERR_SYSTEM, 0, "%s", what);
	err_render_text(&o->last_error, &text);
	old = c->error_string;
	c->error_string = str_failed(&text) ? NULL : str_take(&text);
	free(old);
	pthread_mutex_unlock(&o->error);
}

void object_explain_usage(struct lxc_container *c, const char *what)
{
	struct err e = {0};

	err_set(&e, ERR_USAGE, 0, "%s", what);
	err_object(&e, c->name);
	object_explain(c, &e, what);
}

bool object_has_config(struct lxc_container *c)
{
	bool has = object_lock(c)->config;
	struct err e = {0};

	object_unlock(c);
	if (has)
		return true;
	err_set(&e, ERR_NOT_DEFINED, 0, "container \"%s\" has no configuration in memory", c->name);
	err_hint(&e, "load one with load_config(), or set an item");
	object_explain(c, &e, "");
	return false;
}

void object_explain_missing(struct lxc_container *c, const char *what)
{
	struct err e = {0};

	err_set(&e, ERR_UNSUPPORTED, 0, "%s is not part of this version of Tare yet", what);
	err_object(&e, c->name);
	object_explain(c, &e, what);
}

char **object_collect(va_list ap, const char *first, bool *ret_failed)
{
	struct {
		VEC_OF(char *)
	} list = {0};
	char *arg = first ? (char *)first : va_arg(ap, char *);

	*ret_failed = false;
	if (!arg)
		return NULL;
	for (;;) {
		char **slot = (char **)vec_push(&list);

		if (!slot) {
			*ret_failed = true;
			vec_finish(&list);
			return NULL;
		}
		*slot = arg;
		if (!arg)
			return list.items;
		arg = va_arg(ap, char *);
	}
}

int object_copy_out(const struct str *text, char *retv, int inlen)
{
	size_t room = retv && inlen > 0 ? (size_t)inlen : 0;

	if (str_failed(text) || text->len > INT32_MAX)
		return -ENOMEM;
	if (room > 0) {
		size_t n = text->len < room ? text->len : room - 1;

		memcpy(retv, str_text(text), n);
		retv[n] = '\0';
	}
	return (int)text->len;
}

static void free_object(struct object *o)
{
	container_free(o->container);
	pthread_mutex_destroy(&o->config);
	pthread_mutex_destroy(&o->error);
	free(o->abi.name);
	free(o->abi.configfile);
	free(o->abi.pidfile);
	free(o->abi.error_string);
	free(o->abi.config_path);
	free(o);
}

static void set_members(struct lxc_container *c)
{
	object_set_config_members(c);
	object_set_life_members(c);
	object_set_running_members(c);
	object_set_attach_members(c);
	object_set_console_members(c);
	object_set_device_members(c);
	object_set_create_members(c);
	object_set_snapshot_members(c);
	object_set_copy_members(c);
	object_set_later_members(c);
}

static struct object *new_object(struct container *container)
{
	struct object *o = calloc(1, sizeof(*o));
	pthread_mutexattr_t recursive;

	if (!o)
		return NULL;
	o->container = container;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&o->config, &recursive);
	pthread_mutexattr_destroy(&recursive);
	pthread_mutex_init(&o->error, NULL);
	o->abi.name = strdup(container->name);
	o->abi.configfile = strdup(container->config_file);
	o->abi.config_path = strdup(container->lxcpath);
	o->abi.numthreads = 1;
	o->abi.daemonize = true;
	o->abi.lxc_conf = (struct lxc_conf *)container->config;
	/* Opaque to callers, who only look whether they are there. */
	o->abi.privlock = (struct lxc_lock *)&o->config;
	o->abi.slock = (struct lxc_lock *)&o->config;
	set_members(&o->abi);
	if (o->abi.name && o->abi.configfile && o->abi.config_path)
		return o;
	o->container = NULL;
	free_object(o);
	return NULL;
}

typedef int (*open_fn)(const char *name, const char *lxcpath, struct container **ret,
		       struct err *e);

static struct lxc_container *open_object(open_fn find, const char *name, const char *lxcpath,
					 struct err *e)
{
	struct container *container = NULL;
	struct object *o;

	if (!name) {
		err_set(e, ERR_USAGE, 0, "a container needs a name");
		return NULL;
	}
	if (find(name, lxcpath, &container, e) < 0)
		return NULL;
	o = new_object(container);
	if (o)
		return &o->abi;
	container_free(container);
	err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	return NULL;
}

struct lxc_container *tare_container_new(const char *name, const char *lxcpath, struct err *e)
{
	return open_object(container_open, name, lxcpath, e);
}

struct lxc_container *tare_container_new_to_look(const char *name, const char *lxcpath,
						 struct err *e)
{
	return open_object(container_open_to_look, name, lxcpath, e);
}

struct lxc_container *tare_container_new_bare(const char *name, const char *lxcpath, struct err *e)
{
	return open_object(container_open_bare, name, lxcpath, e);
}

struct lxc_container *lxc_container_new(const char *name, const char *configpath)
{
	struct err e = {0};
	struct lxc_container *c = tare_container_new(name, configpath, &e);

	if (!c && err_is_set(&e)) {
		autostr text = {0};

		err_render_text(&e, &text);
		fprintf(stderr, "%s\n", str_text(&text));
	}
	return c;
}

int lxc_container_get(struct lxc_container *c)
{
	int count;

	if (!c)
		return 0;
	pthread_mutex_lock(&object_of(c)->config);
	count = c->numthreads;
	if (count > 0)
		c->numthreads++;
	pthread_mutex_unlock(&object_of(c)->config);
	return count > 0;
}

int lxc_container_put(struct lxc_container *c)
{
	int left;

	if (!c)
		return -1;
	pthread_mutex_lock(&object_of(c)->config);
	left = --c->numthreads;
	pthread_mutex_unlock(&object_of(c)->config);
	if (left > 0)
		return 0;
	free_object(object_of(c));
	return 1;
}
