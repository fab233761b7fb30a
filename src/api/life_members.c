/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members that start, stop, freeze and reboot (spec/api.md §7, spec/runtime.md §18).
 */

#include "api/object.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/macros.h"
#include "container/paths.h"

/* error_num as LXC fills it: a number like a wait status, with the signal in the upper byte. */
static int error_number(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) << 8;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) << 8 | 0x7f;
	return 1;
}

/* The supervisor works in "/"; the name is meant where the caller is. */
static int find_pid_file(const struct lxc_container *c, char **ret, struct err *e)
{
	return c->pidfile ? path_make_absolute(c->pidfile, ret, e) : 0;
}

static int start_held(struct lxc_container *c, const struct start_options *options,
		      struct start_result *result, struct err *e)
{
	struct object_hold hold;
	int r = container_start(object_hold(c, &hold), options, result, e);

	object_let_go(&hold);
	return r;
}

static bool start(struct lxc_container *c, int useinit, char *const argv[])
{
	autofree char *pid_file = NULL;
	struct start_options options;
	struct start_result result = {0};
	struct err e = {0};
	int r;

	if (!c)
		return false;
	c->error_num = 1;
	if (!object_has_config(c))
		return false;
	options = (struct start_options){
		.application = useinit != 0,
		.daemonise = c->daemonize,
		.close_fds = object_of(c)->close_all_fds,
		.argv = argv && argv[0] ? argv : NULL,
	};
	r = find_pid_file(c, &pid_file, &e);
	options.pid_file = pid_file;
	if (r == 0)
		r = start_held(c, &options, &result, &e);
	if (r == START_ALREADY_RUNNING)
		err_set(&e, ERR_ALREADY_RUNNING, 0,
			"Container \"%s\" appears to be already running", c->name);
	if (r != 0) {
		object_explain(c, &e, "cannot start the container");
		return false;
	}
	if (!options.daemonise)
		c->error_num = error_number(result.exit_status);
	return true;
}

static bool startl(struct lxc_container *c, int useinit, ...)
{
	bool failed, done;
	va_list ap;
	char **argv;

	if (!c)
		return false;
	va_start(ap, useinit);
	argv = object_collect(ap, NULL, &failed);
	va_end(ap);
	if (failed) {
		c->error_num = 1;
		object_explain(c, NULL, "out of memory");
		return false;
	}
	done = start(c, useinit, argv);
	free(argv);
	return done;
}

static bool stop(struct lxc_container *c)
{
	struct err e = {0};

	if (!c)
		return false;
	if (container_stop(object_container(c), &e) >= 0)
		return true;
	object_explain(c, &e, "cannot stop the container");
	return false;
}

static bool shutdown_container(struct lxc_container *c, int timeout)
{
	struct object_hold hold;
	struct err e = {0};
	int r;

	if (!c)
		return false;
	r = container_shutdown(object_hold(c, &hold), timeout, &e);
	object_let_go(&hold);
	if (r == 1)
		err_set(&e, ERR_NO_ANSWER, 0, "%s did not shut down within %d second%s", c->name,
			timeout, timeout == 1 ? "" : "s");
	if (r != 0)
		object_explain(c, &e, "cannot shut the container down");
	return r == 0;
}

static bool reboot(struct lxc_container *c)
{
	struct object_hold hold;
	struct err e = {0};
	int r;

	if (!c)
		return false;
	r = container_reboot(object_hold(c, &hold), false, 0, &e);
	object_let_go(&hold);
	if (r == 2)
		err_set(&e, ERR_NOT_RUNNING, 0, "%s is not running", c->name);
	if (r != 0)
		object_explain(c, &e, "cannot reboot the container");
	return r == 0;
}

static bool reboot2(struct lxc_container *c, int timeout)
{
	struct object_hold hold;
	struct err e = {0};
	int r;

	if (!c)
		return false;
	r = container_reboot(object_hold(c, &hold), timeout != 0, timeout, &e);
	object_let_go(&hold);
	if (r == 1)
		err_set(&e, ERR_NO_ANSWER, 0, "%s did not reboot within %d second%s", c->name,
			timeout, timeout == 1 ? "" : "s");
	if (r == 1 || r < 0)
		object_explain(c, &e, "cannot reboot the container");
	return r == 0 || r == 2;
}

static bool freeze(struct lxc_container *c)
{
	struct err e = {0};

	if (!c || !object_has_config(c))
		return false;
	if (container_freeze(object_container(c), &e) >= 0)
		return true;
	object_explain(c, &e, "cannot freeze the container");
	return false;
}

static bool unfreeze(struct lxc_container *c)
{
	struct err e = {0};

	if (!c || !object_has_config(c))
		return false;
	if (container_unfreeze(object_container(c), &e) >= 0)
		return true;
	object_explain(c, &e, "cannot unfreeze the container");
	return false;
}

void object_set_life_members(struct lxc_container *c)
{
	c->start = start;
	c->startl = startl;
	c->stop = stop;
	c->shutdown = shutdown_container;
	c->reboot = reboot;
	c->reboot2 = reboot2;
	c->freeze = freeze;
	c->unfreeze = unfreeze;
}
