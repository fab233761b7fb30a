/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members that run something inside a running container (spec/api.md §8).
 */

#include "api/object.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/macros.h"

static int attach(struct lxc_container *c, lxc_attach_exec_t exec_function, void *exec_payload,
		  lxc_attach_options_t *options, pid_t *attached_process)
{
	struct object_hold hold;
	struct err e = {0};
	pid_t pid = -1;
	int r;

	if (!c)
		return -1;
	if (!exec_function) {
		object_explain_usage(c, "attaching needs a function to run in the container");
		return -EINVAL;
	}
	r = container_attach(object_hold(c, &hold), exec_function, exec_payload, options, &pid, &e);
	object_let_go(&hold);
	if (r < 0) {
		object_explain(c, &e, "cannot attach to the container");
		return r;
	}
	if (attached_process)
		*attached_process = pid;
	return 0;
}

static int attach_run_wait(struct lxc_container *c, lxc_attach_options_t *options,
			   const char *program, const char *const argv[])
{
	lxc_attach_command_t command = {(char *)program, (char **)argv};
	struct err e = {0};
	int status;
	pid_t pid;

	if (!c)
		return -1;
	if (!program || !argv) {
		object_explain_usage(c, "attaching needs a program and its arguments");
		return -1;
	}
	if (attach(c, lxc_attach_run_command, &command, options, &pid) < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		err_set(&e, ERR_SYSTEM, errno, "cannot wait for \"%s\", which ran in \"%s\"",
			program, c->name);
		err_hint(&e, "the calling program ignores SIGCHLD, or waits for all its children");
		object_explain(c, &e, "");
		return -1;
	}
	return status;
}

static int attach_run_waitl(struct lxc_container *c, lxc_attach_options_t *options,
			    const char *program, const char *arg, ...)
{
	autofree char **argv = NULL;
	bool failed;
	va_list ap;

	if (!c)
		return -1;
	va_start(ap, arg);
	argv = object_collect(ap, arg, &failed);
	va_end(ap);
	if (failed) {
		object_explain(c, NULL, "out of memory");
		return -1;
	}
	return attach_run_wait(c, options, program, (const char *const *)argv);
}

void object_set_attach_members(struct lxc_container *c)
{
	c->attach = attach;
	c->attach_run_wait = attach_run_wait;
	c->attach_run_waitl = attach_run_waitl;
}
