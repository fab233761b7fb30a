/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-ephemeral LXCPATH NAME: destroys an ephemeral container that has stopped. The supervisor runs
 * it last, when the container's address is free again (OP_DESTROY). What goes wrong is said on the
 * standard error output; exit status 0 or 1.
 */

#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/str.h"
#include "container/container.h"

static const char *outcome_text(int outcome)
{
	switch (outcome) {
	case DESTROY_NOT_DEFINED:
		return "Container is not defined";
	case DESTROY_RUNNING:
		return "the container is running";
	case DESTROY_HAS_SNAPSHOTS:
		return "the container has snapshots";
	default:
		return "the container has clones";
	}
}

static int destroy(const char *lxcpath, const char *name, struct err *e)
{
	struct container *c = NULL;
	int r = container_open(name, lxcpath, &c, e);

	if (r < 0)
		return r;
	r = container_destroy(c, e);
	/* Started again meanwhile, or gone already: nobody's failure. */
	if (r == DESTROY_RUNNING || r == DESTROY_NOT_DEFINED)
		r = 0;
	container_free(c);
	return r;
}

int main(int argc, char **argv)
{
	struct err e = {};
	autostr text = {};
	int r;

	if (argc != 3) {
		fputs("usage: lxc-ephemeral LXCPATH NAME\n", stderr);
		return 1;
	}
	log_init(&(struct log_settings){
		.program = "lxc-ephemeral", .container = argv[2], .level = LOG_LEVEL_NOTSET});
	r = destroy(argv[1], argv[2], &e);
	if (r == 0)
		return 0;
	if (err_is_set(&e))
		err_render_text(&e, &text);
	fprintf(stderr, "lxc-ephemeral: %s: %s\n", argv[2],
		text.len > 0 ? str_text(&text) : outcome_text(r));
	return 1;
}
