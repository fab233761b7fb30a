/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hooks that run in the caller: destroy, and for clones clone (spec/runtime.md §12). Those of a run
 * are steps of its plan.
 */

#include "base/err.h"
#include "container/container.h"

/* What hooks are told beyond the container's name and configuration. */
struct hook_call {
	enum hook_kind kind;
	const char *type;        /* its name: "destroy" */
	char *const *arguments;  /* further ones, or NULL */
	const char *source_name; /* clone: LXC_SRC_NAME */
	const char *root;        /* LXC_ROOTFS_MOUNT; NULL = lxc.rootfs.mount */
	const char *storage;     /* LXC_ROOTFS_PATH; NULL = the path in lxc.rootfs.path */
	const char *config_file; /* LXC_CONFIG_FILE; NULL = the first that was loaded */
};

/* Run the container's hooks of a kind, one after the other, until one fails. 0 or negative. */
int hooks_run(const struct container *c, const struct hook_call *call, struct err *e);
