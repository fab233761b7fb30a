/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside listing: what the parts of it share.
 */

#include "container/container.h"

/* Append a name (a copy), unless it is one that no container can have. 0 or -ENOMEM. */
int names_add(struct container_names *names, const char *name, size_t len);

/*
 * Append the names of containers that listen on a control socket and are in none of the two lists
 * of known ones (`known` may be NULL, `recorded` be `names` itself); not sorted. 0, or negative,
 * with e set unless it is -ENOMEM.
 */
int list_sockets(const char *lxcpath, const struct container_names *known,
		 const struct container_names *recorded, struct container_names *names,
		 struct err *e);
