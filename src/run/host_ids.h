/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: giving files to ids that are not the caller's own.
 */

#include <stdint.h>

#include "run/host.h"

/*
 * Make ids of the host the owners of what a descriptor is open to; ID_INVALID leaves one as it is.
 * An ordinary user does it in a short-lived user namespace that newuidmap and newgidmap map, for
 * files that are his own. 0 or -errno with a note.
 */
int host_chown(struct host *h, int fd, uint32_t uid, uint32_t gid);
