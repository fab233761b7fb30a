/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The part of device_node.c that a child of ours does in the container's mount namespace.
 */

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* A device: what its node is, whatever it is called. */
struct node_device {
	mode_t mode; /* S_IFCHR or S_IFBLK, and permissions; 0 = unknown */
	dev_t number;
};

struct node_job {
	const char *target; /* inside */
	int mounts_fd;      /* the container's mount namespace */
	int host_fd;        /* our root directory */
	uid_t owner_uid;    /* container root, as we see it */
	gid_t owner_gid;
	struct node_device device;
	bool has_own_users; /* nothing that it has mounted has devices */
	int tree_fd;        /* the host's node as a mount that is attached nowhere, or -errno */
	struct node_result {
		struct node_device device; /* that was removed */
		bool is_made;
	} * result; /* memory shared with the child */
};

static inline bool node_is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

/* For child_run(): the argument is a node_job. 0, or -errno; -EXDEV: its directory is the host's.
 */
int node_add_inside(void *argument);
/* -ENODEV: something else has that name. */
int node_remove_inside(void *argument);
