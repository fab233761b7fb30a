/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: the network namespace that OP_NETNS_PIN keeps.
 */

#include "run/host.h"

/* A descriptor; -ENOENT: it was not kept, or no longer is. Another failure has been told. */
int host_net_open_pin(struct host *h);
