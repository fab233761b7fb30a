/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members about the configuration in memory and its file (spec/api.md §7, spec/config.md §4).
 */

#include "api/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_defined(struct lxc_container *c)
{
	bool defined;

	if (!c)
		return false;
	defined = container_is_defined(object_lock(c));
	object_unlock(c);
	return defined;
}

static bool load_config(struct lxc_container *c, const char *alt_file)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	r = container_load_config(object_lock(c), alt_file, &e);
	object_unlock(c);
	if (r < 0)
		object_explain(c, &e, "cannot load the configuration");
	return r >= 0;
}

static bool save_config(struct lxc_container *c, const char *alt_file)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	r = container_save_config(object_lock(c), alt_file, &e);
	object_unlock(c);
	if (r < 0)
		object_explain(c, &e, "cannot save the configuration");
	return r >= 0;
}

static void clear_config(struct lxc_container *c)
{
	if (!c)
		return;
	container_clear_config(object_lock(c));
	object_unlock(c);
}

static bool set_config_item(struct lxc_container *c, const char *key, const char *value)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	if (!key) {
		object_explain_usage(c, "a configuration item needs a key");
		return false;
	}
	r = container_set_item(object_lock(c), key, value, "(API)", &e);
	object_unlock(c);
	if (r < 0)
		object_explain(c, &e, "cannot set a configuration item");
	return r >= 0;
}

static bool clear_config_item(struct lxc_container *c, const char *key)
{
	struct container *container;
	struct err e = {0};
	int r = 0;

	if (!c)
		return false;
	if (!key) {
		object_explain_usage(c, "a configuration item needs a key");
		return false;
	}
	if (!object_has_config(c))
		return false;
	container = object_lock(c);
	if (container->config)
		r = config_clear(container->config, key, &e);
	object_unlock(c);
	if (r < 0)
		object_explain(c, &e, "cannot clear a configuration item");
	return r >= 0;
}

static void explain_get(struct lxc_container *c, const char *key, int r)
{
	struct err e = {0};

	if (r == -ENOSYS)
		err_set(&e, ERR_CONFIG_KEY_UNSUITED, 0, "\"%s\" has no value to get", key);
	else if (r == -ENOMEM)
		err_set(&e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	else
		err_set(&e, ERR_CONFIG_KEY_UNKNOWN, 0, "there is no configuration key \"%s\"", key);
	object_explain(c, &e, "");
}

static int get_config_item(struct lxc_container *c, const char *key, char *retv, int inlen)
{
	struct container *container;
	int r = -1;

	if (!c)
		return -1;
	if (!key || inlen < 0) {
		object_explain_usage(c, "getting an item needs a key and a length of 0 or more");
		return -1;
	}
	if (!object_has_config(c))
		return -1;
	container = object_lock(c);
	if (container->config)
		r = config_get_buffer(container->config, key, retv, (size_t)inlen);
	object_unlock(c);
	if (r < 0)
		explain_get(c, key, r);
	return r;
}

/* 0 or negative: the keys of a prefix; those of the whole table need no configuration. */
static int list_keys(const struct container *container, const char *key, struct str *out)
{
	struct config empty;
	int r;

	if (container->config)
		return config_list_keys(container->config, key, out);
	r = config_init(&empty, NULL);
	if (r == 0)
		r = config_list_keys(&empty, key, out);
	config_finish(&empty);
	return r;
}

static int get_keys(struct lxc_container *c, const char *key, char *retv, int inlen)
{
	autostr keys = {0};
	struct err e = {0};
	int r;

	if (!c)
		return -1;
	if (inlen < 0) {
		object_explain_usage(c, "the length of a buffer is 0 or more");
		return -1;
	}
	if (key && *key && !object_has_config(c))
		return -1;
	r = list_keys(object_lock(c), key, &keys);
	object_unlock(c);
	if (r >= 0)
		r = object_copy_out(&keys, retv, inlen);
	if (r == -ENOMEM) {
		object_explain(c, NULL, "out of memory");
	} else if (r < 0) {
		err_set(&e, ERR_CONFIG_KEY_UNKNOWN, 0,
			"there are no configuration keys below \"%s\"", key ? key : "");
		object_explain(c, &e, "");
	}
	return r;
}

static char *config_file_name(struct lxc_container *c)
{
	char *copy;

	if (!c)
		return NULL;
	copy = strdup(object_lock(c)->config_file);
	object_unlock(c);
	return copy;
}

static const char *get_config_path(struct lxc_container *c)
{
	return c ? c->config_path : NULL;
}

static bool set_config_path(struct lxc_container *c, const char *path)
{
	struct err e = {0};
	int r;

	if (!c)
		return false;
	if (!path || !path[0]) {
		object_explain_usage(c, "an lxcpath is needed");
		return false;
	}
	r = container_set_lxcpath(object_lock(c), path, &e);
	if (r >= 0) {
		free(c->configfile);
		c->configfile = NULL;
	}
	object_unlock(c);
	if (r < 0)
		object_explain(c, &e, "cannot change the lxcpath");
	return r >= 0;
}

static bool want_daemonize(struct lxc_container *c, bool state)
{
	if (!c || !object_has_config(c))
		return false;
	c->daemonize = state;
	return true;
}

static bool want_close_all_fds(struct lxc_container *c, bool state)
{
	if (!c || !object_has_config(c))
		return false;
	object_of(c)->close_all_fds = state;
	return true;
}

void object_set_config_members(struct lxc_container *c)
{
	c->is_defined = is_defined;
	c->load_config = load_config;
	c->save_config = save_config;
	c->clear_config = clear_config;
	c->set_config_item = set_config_item;
	c->clear_config_item = clear_config_item;
	c->get_config_item = get_config_item;
	c->get_keys = get_keys;
	c->config_file_name = config_file_name;
	c->get_config_path = get_config_path;
	c->set_config_path = set_config_path;
	c->want_daemonize = want_daemonize;
	c->want_close_all_fds = want_close_all_fds;
}
