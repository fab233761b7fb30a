/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The environment of an attached process (runtime.md §20): the caller's or an empty one,
 * container=lxc, what the loaded configuration sets, what the caller adds. A later value of a name
 * takes the place of an earlier one.
 */

#include "container/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static const char default_path[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

extern char **environ;

struct environment {
	VEC_OF(const char *)
	struct arena *arena;
	bool failed;
};

static void put(struct environment *env, const char *assignment)
{
	size_t len = strcspn(assignment, "=");
	const char **slot = NULL;

	/* What is no assignment sets nothing. */
	if (assignment[len] != '=' || len == 0)
		return;
	for (size_t i = 0; i < env->count && !slot; i++) {
		if (strncmp(env->items[i], assignment, len + 1) == 0)
			slot = &env->items[i];
	}
	if (!slot)
		slot = vec_push_in(env, env->arena);
	if (slot)
		*slot = assignment;
	else
		env->failed = true;
}

static void put_all(struct environment *env, char *const *list)
{
	for (; list && *list; list++)
		put(env, *list);
}

/* One of the caller's variables. */
static bool put_kept(struct environment *env, const char *name)
{
	size_t len = strlen(name);

	for (char *const *at = environ; at && *at; at++) {
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=') {
			put(env, *at);
			return true;
		}
	}
	return false;
}

static void put_cleared(struct environment *env, char *const *keep)
{
	bool has_path = false;

	for (; keep && *keep; keep++) {
		if (put_kept(env, *keep) && strcmp(*keep, "PATH") == 0)
			has_path = true;
	}
	if (!has_path)
		put(env, default_path);
}

static void put_items(struct environment *env, const struct config_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct config_item *item = &items->items[i];
		const char *text = arena_printf(env->arena, "%s=%s", item->name, item->text);

		if (text)
			put(env, text);
		else
			env->failed = true;
	}
}

int attach_make_environment(struct attach *a, struct err *e)
{
	struct environment env = {.arena = &a->arena};
	const char **end;

	if (a->options->env_policy == LXC_ATTACH_CLEAR_ENV)
		put_cleared(&env, a->options->extra_keep_env);
	else
		put_all(&env, environ);
	put(&env, "container=lxc");
	if (a->c->config) {
		put_items(&env, &a->c->config->values.environment.all);
		put_items(&env, &a->c->config->values.environment.runtime);
	}
	put_all(&env, a->options->extra_env_vars);
	end = vec_push_in(&env, &a->arena);
	if (env.failed || !end)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for the environment");
	a->request.environment = env.items;
	return 0;
}
