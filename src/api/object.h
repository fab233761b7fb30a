/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the library: the object behind a struct lxc_container.
 *
 * Members end in container/; here they get the ABI's types, locks and the error text. Two mutexes:
 * `config` (recursive) is held while the configuration in memory is used or changed, `error` while
 * the last error is put down. Questions to a running container take neither: they use the name and
 * lxcpath only, whose texts last as long as the object.
 */

#include <lxc/lxccontainer.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>

#include "base/err.h"
#include "container/container.h"

struct object {
	struct lxc_container abi; /* first: the ABI's pointer is ours */
	struct container *container;
	pthread_mutex_t config;
	pthread_mutex_t error;
	struct err last_error;
	bool close_all_fds;
};

static inline struct object *object_of(struct lxc_container *c)
{
	return (struct object *)c;
}

/* Lock the configuration; takes over what the caller wrote into public members (configfile). */
struct container *object_lock(struct lxc_container *c);
/* Unlock; public members show what has become of it. */
void object_unlock(struct lxc_container *c);

/*
 * The lock for what may last as long as a container lives: it is given back as soon as the
 * configuration was read (container_release), so that other threads may use the object meanwhile
 * and the function of an attach can in its copy.
 */
struct object_hold {
	struct lxc_container *c;
	bool is_released;
};
struct container *object_hold(struct lxc_container *c, struct object_hold *hold);
void object_let_go(struct object_hold *hold);

/* The container, for questions that need no lock. */
static inline struct container *object_container(struct lxc_container *c)
{
	return object_of(c)->container;
}

/* Put down why a call failed (error_string); with an empty chain, `what` itself. */
void object_explain(struct lxc_container *c, const struct err *e, const char *what);

/* A failure that lies in the arguments alone. */
void object_explain_usage(struct lxc_container *c, const char *what);

/* A call that needs a configuration in memory: whether there is one; explains when not. */
bool object_has_config(struct lxc_container *c);

/* A function that a later version brings: explains so. */
void object_explain_missing(struct lxc_container *c, const char *what);

/* The members of each file, put into the table. */
void object_set_config_members(struct lxc_container *c);
void object_set_life_members(struct lxc_container *c);
void object_set_running_members(struct lxc_container *c);
void object_set_attach_members(struct lxc_container *c);
void object_set_console_members(struct lxc_container *c);
void object_set_device_members(struct lxc_container *c);
void object_set_create_members(struct lxc_container *c);
void object_set_snapshot_members(struct lxc_container *c);
void object_set_copy_members(struct lxc_container *c);
void object_set_later_members(struct lxc_container *c);

/* Varargs that end in NULL as an array (heap, strings borrowed), "first" before them when it is not
 * NULL; NULL when there are none or memory is out (*ret_failed tells). */
char **object_collect(va_list ap, const char *first, bool *ret_failed);

/*
 * For members that return the length of a text: copy what fits, with its NUL. Returns the full
 * length, or -ENOMEM when the text lacks memory or is too long for an int. retv NULL: only that.
 */
int object_copy_out(const struct str *text, char *retv, int inlen);
