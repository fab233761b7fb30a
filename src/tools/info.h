/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The numbers of a running container that lxc-info shows, read from its cgroups (either version)
 * and from the host's ends of its interfaces.
 */

#include <lxc/lxccontainer.h>

#include <stdbool.h>
#include <stdint.h>

enum { INFO_UNKNOWN = -1 };

struct info_usage {
	int64_t cpu;    /* nanoseconds; or INFO_UNKNOWN, as the others */
	int64_t blkio;  /* bytes read and written */
	int64_t memory; /* bytes */
	int64_t kernel; /* bytes of memory of the kernel */
};

void info_read_usage(struct lxc_container *c, struct info_usage *ret);

struct info_link {
	char name[16];   /* on the host */
	uint64_t tx, rx; /* bytes, as the container sees them */
};

/* The interface of an index of the list of lxc.net; false when there is none or it shows nothing.
 */
bool info_read_link(struct lxc_container *c, unsigned index, struct info_link *ret);

/* How many lxc.net there are in the running configuration. */
unsigned info_count_links(struct lxc_container *c);
