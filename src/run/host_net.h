/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: what host_net*.c share. All but host_net_random() have told the failure.
 */

#include "run/host.h"
#include "sys/link.h"

int host_net_open(struct host *h, struct netlink *ret);

/* The same in init's network namespace, whose descriptor is then the caller's. -ESRCH. */
int host_net_init_namespace(struct host *h);
int host_net_open_in(struct host *h, int ns_fd, struct netlink *ret);

/* A request failed: the kernel's words, when it has any. Returns r. */
int host_net_refused(struct host *h, const struct netlink *n, int r, const char *name);

/* The index and a handle to change the interface of the step's register with. */
uint32_t host_net_index(const struct host *h, const struct plan_step *step);
int host_net_open_link(struct host *h, const struct plan_step *step, struct netlink *ret);

/* The name with its XXXXXX at the end replaced. 1: there is something random in it; 0; -errno. */
int host_net_random(const char *pattern, char *ret, size_t room);

/* Six bytes of a number, the first one lowest. Returns NULL for 0. */
const uint8_t *host_net_mac(uint8_t mac[static LINK_MAC_LENGTH], uint64_t number);

/* An address of the plan with all of its bits. */
struct link_address host_net_address(const struct host *h, uint64_t bytes);
