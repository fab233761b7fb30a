/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The template protocol (spec/templates-and-services.md §1): finding the script, running it,
 * telling its traces in the configuration.
 */

#include <stdbool.h>

#include "base/err.h"
#include "container/container.h"

/* The script's path, heap: as it is when absolute, else below the template directory. */
int template_find(const char *name, char **ret, struct err *e);

/* Whether its arguments only ask something, so that nothing is to be created. */
bool template_only_informs(const char *name, char *const *argv);

/* Run it for the container and wait. 0, or negative with e set. `rootfs` is where it installs. It
 * ends when we die, with all that it has started. */
struct template_run {
	const struct container *container;
	const char *path;    /* of the script */
	const char *rootfs;  /* may be NULL */
	int root_fd;         /* a detached mount that the template sees there; negative = none */
	const char *backend; /* the kind of storage, for the configuration; or NULL */
	char *const *argv;   /* of the user, or NULL */
	int marker_fd; /* of the creation: locked until the template's last process has ended */
	bool quiet;
};
int template_run(const struct template_run *run, struct err *e);

/* Put the lines about the template before the container's configuration file. */
int template_mark_config(const struct template_run *run, struct err *e);
