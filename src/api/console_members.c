/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members about the console and the ttys of a running container (spec/api.md §7).
 */

#include "api/object.h"

#include <errno.h>

#include "base/str.h"

static int console_getfd(struct lxc_container *c, int *ttynum, int *ptxfd)
{
	struct err e = {0};
	int tty, master_fd, lease_fd;

	if (!c)
		return -1;
	if (!ttynum || !ptxfd) {
		object_explain_usage(c, "a tty needs places for its number and its descriptor");
		return -1;
	}
	tty = *ttynum;
	lease_fd = container_console_fd(object_container(c), &tty, &master_fd, &e);
	if (lease_fd < 0) {
		object_explain(c, &e, "the container does not give a tty");
		return -1;
	}
	*ttynum = tty;
	*ptxfd = master_fd;
	return lease_fd;
}

static int console(struct lxc_container *c, int ttynum, int stdinfd, int stdoutfd, int stderrfd,
		   int escape)
{
	const struct console_look how = {
		.tty = ttynum,
		.input_fd = stdinfd,
		.output_fd = stdoutfd,
		.message_fd = stderrfd,
		.escape = escape,
	};
	struct err e = {0};

	if (!c)
		return -1;
	/* A signal that asks for the end is no failure. */
	if (container_console(object_container(c), &how, &e) >= 0)
		return 0;
	object_explain(c, &e, "cannot look at a tty of the container");
	return -1;
}

static int console_log(struct lxc_container *c, struct lxc_console_log *log)
{
	struct console_log_query query;
	autostr text = {0};
	struct err e = {0};
	int r;

	if (!c)
		return -EINVAL;
	if (!log || !log->read_max) {
		object_explain_usage(c, "a console's log needs a place for its length");
		return -EINVAL;
	}
	query = (struct console_log_query){log->clear, log->read, *log->read_max};
	r = container_console_log(object_container(c), &query, &text, &e);
	if (r < 0) {
		object_explain(c, &e, "cannot read the console's buffer");
		errno = -r; /* INC-15: ENODATA is looked for here */
		return r;
	}
	*log->read_max = text.len;
	log->data = text.len > 0 ? str_take(&text) : NULL;
	return 0;
}

void object_set_console_members(struct lxc_container *c)
{
	c->console_getfd = console_getfd;
	c->console = console;
	c->console_log = console_log;
}
