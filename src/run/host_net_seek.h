/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: which interface is the one that a run has taken from the host. Container
 * root may rename it, give it another number, move it about or delete it, and put others in its
 * place; the host may have others under its old name and number meanwhile.
 */

#include "run/host.h"
#include "sys/link.h"

/* What the register of an interface holds in place of a name, whose beginning is one. */
struct phys_note {
	char way[LINK_NAME_MAX];       /* its name on the way back: random */
	char inside[LINK_NAME_MAX];    /* its name when it has arrived in the container */
	struct link_identity identity; /* what it is, */
	struct link_usage usage;       /* and how it was used */
	/* From when it has arrived, seen from there: the interface that it hangs on, the other end
	 * of a pair, and the namespace of that. */
	uint32_t link;
	int32_t link_namespace;
	uint32_t has_link_namespace;
};
_Static_assert(sizeof(struct phys_note) <= RECORD_NAME_MAX, "it stands in a register's name");

/* What is known about an interface that is to be found. */
struct phys_sought {
	struct phys_note note;
	const char *link; /* its name before */
	uint32_t index;   /* and its number, 0 = any */
	bool has_arrived; /* it was seen in the container, ... */
	uint32_t number;  /* ... where it had this number */
};

/* False: the register is empty, or it was given back already. */
bool phys_read_register(const struct host *h, unsigned number, struct phys_sought *ret);

/* A device with hardware behind it: nobody in a container can delete or make one. */
bool phys_is_real(const struct phys_sought *s);
/* And the hardware is gone for sure. */
bool phys_is_unplugged(const struct phys_sought *s);

/* In the container's network namespace, to which the handle belongs. -ENODEV: it isn't there. */
int phys_find_inside(struct netlink *n, int ns_fd, const struct phys_sought *s,
		     struct link_facts *ret);
/* On the host, where it may have come on its own, as real ones do at the end of a namespace. */
int phys_find_home(struct netlink *n, const struct phys_sought *s, struct link_facts *ret);
