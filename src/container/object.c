/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The container object: its names, its configuration in memory and on disk. What a configuration
 * does besides being read (opening a log, warnings) is connected here.
 */

#include "container/container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "base/str.h"
#include "container/creation.h"
#include "container/directory.h"
#include "container/paths.h"

#define LOG_CATEGORY "lxccontainer"
#include "base/log.h"

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

static void report(void *context, enum config_severity severity, const struct err *problem)
{
	const char *origin =
		problem->frame_count > 0 ? err_text_at(problem, problem->frames[0].origin) : "";
	const char *before = origin[0] ? " (" : "";
	const char *behind = origin[0] ? ")" : "";

	if (severity == CONFIG_NOTE)
		log_info("%s%s%s%s", err_cause(problem), before, origin, behind);
	else
		log_warn("%s%s%s%s", err_cause(problem), before, origin, behind);
}

static int open_log(void *context, const char *path)
{
	return log_open_config_file(path);
}

static void set_log_level(void *context, int level)
{
	log_set_config_level((enum log_level)level);
}

static void open_syslog(void *context, int facility)
{
	log_open_syslog(facility);
}

static int make_config(struct container *c, struct err *e)
{
	static const struct config_effects effects = {
		.report = report,
		.open_log = open_log,
		.set_log_level = set_log_level,
		.open_syslog = open_syslog,
	};
	static const struct config_effects reports = {.report = report};
	struct config *config;

	if (c->config)
		return 0;
	config = malloc(sizeof(*config));
	if (!config)
		return no_memory(e);
	if (config_init(config, c->is_looked_at ? &reports : &effects) < 0) {
		config_finish(config);
		free(config);
		return no_memory(e);
	}
	c->config = config;
	return 0;
}

int container_open_bare(const char *name, const char *lxcpath, struct container **ret,
			struct err *e)
{
	struct container *c;

	if (!name || !name[0])
		return err_set(e, ERR_USAGE, 0, "No container name specified");
	if (!lxcpath)
		lxcpath = container_system_item("lxc.lxcpath");
	if (!lxcpath || !lxcpath[0])
		return err_set(e, ERR_SYSTEM_CONFIG, 0, "lxc.lxcpath is not set in lxc.conf");
	c = calloc(1, sizeof(*c));
	if (!c)
		return no_memory(e);
	c->name = strdup(name);
	c->lxcpath = strndup(lxcpath, path_length(lxcpath));
	if (c->name && c->lxcpath)
		c->config_file = container_path(c, "/config");
	if (!c->config_file) {
		container_free(c);
		return no_memory(e);
	}
	*ret = c;
	return 0;
}

void container_free(struct container *c)
{
	if (!c)
		return;
	container_clear_config(c);
	while (c->former) {
		struct container_path *next = c->former->next;

		free(c->former->text);
		free(c->former);
		c->former = next;
	}
	free(c->name);
	free(c->lxcpath);
	free(c->config_file);
	free(c);
}

/* Those who may not remove it only say so: listing must not fail for it. */
static void remove_abandoned(const struct container *c)
{
	struct err e = {};
	int r = creation_clear(c, &e);

	if (r < 0 && e.id != ERR_CREATING)
		log_warn("%s: an interrupted creation can't be undone: %s", c->name, err_cause(&e));
	else if (r > 0)
		log_notice("%s: undid what an interrupted creation had made", c->name);
}

/* Nobody may keep others from being looked at by holding their lock. */
static int load_unlocked(struct container *c, struct err *e)
{
	int r = make_config(c, e);

	if (r < 0)
		return r;
	c->config->only_files = true;
	return config_load(c->config, c->config_file, e);
}

static int open_loaded(const char *name, const char *lxcpath, bool to_look, struct container **ret,
		       struct err *e)
{
	struct container *c = NULL;
	int r = container_open_bare(name, lxcpath, &c, e);

	if (r < 0 || !c)
		return r;
	c->is_looked_at = to_look;
	remove_abandoned(c);
	if (container_is_defined(c))
		r = to_look ? load_unlocked(c, e) : container_load_config(c, NULL, e);
	if (r < 0) {
		container_free(c);
		return err_wrap(e, r, "cannot load the configuration of container %s", name);
	}
	*ret = c;
	return 0;
}

int container_open(const char *name, const char *lxcpath, struct container **ret, struct err *e)
{
	return open_loaded(name, lxcpath, false, ret, e);
}

int container_open_to_look(const char *name, const char *lxcpath, struct container **ret,
			   struct err *e)
{
	return open_loaded(name, lxcpath, true, ret, e);
}

void container_release(struct container *c)
{
	void (*release)(void *context) = c->release;

	c->release = NULL;
	if (release)
		release(c->release_context);
}

bool container_is_defined(const struct container *c)
{
	struct stat status;

	return stat(c->config_file, &status) == 0;
}

int container_set_lxcpath(struct container *c, const char *lxcpath, struct err *e)
{
	autofree char *copy = strndup(lxcpath, path_length(lxcpath));
	struct container moved = {.name = c->name, .lxcpath = copy};
	autofree char *config_file = copy ? container_path(&moved, "/config") : NULL;
	struct container_path *former = config_file ? malloc(sizeof(*former)) : NULL;

	if (!former)
		return no_memory(e);
	*former = (struct container_path){.next = c->former, .text = c->lxcpath};
	c->former = former;
	free(c->config_file);
	c->lxcpath = take_ptr(copy);
	c->config_file = take_ptr(config_file);
	return 0;
}

int container_load_config(struct container *c, const char *path, struct err *e)
{
	bool is_own = !path || strcmp(path, c->config_file) == 0;
	autoclose int lock_fd = -EBADF;
	int r = make_config(c, e);

	if (r < 0)
		return r;
	/* Files are replaced as a whole: who may not lock can read all the same. */
	if (is_own)
		lock_fd = container_lock_to_read(c);
	if (is_own && lock_fd < 0)
		log_info("%s: reading the configuration without its lock", c->name);
	/* It may be another user's, who could have us wait for ever. */
	c->config->only_files = is_own;
	return config_load(c->config, path ? path : c->config_file, e);
}

/* default.conf, which may be missing: then the built-in defaults hold. */
static int load_default(struct container *c, struct err *e)
{
	const char *path = container_system_item("lxc.default_config");
	struct stat status;
	int r = make_config(c, e);

	if (r < 0)
		return r;
	if (!path || (stat(path, &status) < 0 && errno == ENOENT)) {
		log_info("%s: there is no default configuration \"%s\"", c->name, path ? path : "");
		return 0;
	}
	return config_load(c->config, path, e);
}

int container_load_default(struct container *c, struct err *e)
{
	return c->config ? 0 : load_default(c, e);
}

int container_save_config(struct container *c, const char *path, struct err *e)
{
	bool is_own = !path || strcmp(path, c->config_file) == 0;
	autoclose int lock_fd = -EBADF;
	int r = container_load_default(c, e);

	if (r == 0)
		r = directory_make_own(c, e);
	if (r < 0)
		return r;
	if (is_own) {
		lock_fd = container_lock_disk(c, e);
		if (lock_fd < 0)
			return lock_fd;
	}
	return config_save(c->config, path ? path : c->config_file, e);
}

void container_clear_config(struct container *c)
{
	if (!c->config)
		return;
	config_finish(c->config);
	free(c->config);
	c->config = NULL;
}

int container_set_item(struct container *c, const char *key, const char *value, const char *source,
		       struct err *e)
{
	int r = make_config(c, e);

	return r < 0 ? r : config_set(c->config, key, value, source, e);
}
