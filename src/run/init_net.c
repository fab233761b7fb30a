/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ops about network interfaces inside the container. One rtnetlink socket serves all of them;
 * it is closed by the exec. INIT lane rules: see init.h.
 */

#include "run/init.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

#include "sys/link.h"
#include "sys/syscall.h"

enum { PAUSE = 10 }; /* milliseconds */

int init_op_address_socket(struct init_lane *l)
{
	int fd;

	l->call = __NR_socket;
	fd = netlink_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	if (fd < 0)
		return fd;
	init_set_fd(l, fd);
	return 0;
}

/* The interface that the step's first argument names. */
static int find_link(struct init_lane *l, uint32_t *ret_index)
{
	struct link_facts facts;
	int r;

	if (!l->netlink) {
		l->call = __NR_socket;
		r = netlink_open(&l->socket);
		if (r < 0)
			return r;
		l->netlink = &l->socket;
	}
	l->call = __NR_sendto;
	r = link_find(l->netlink, plan_text(l->plan, l->step->arg[0]), 0, &facts);
	if (r < 0) {
		init_note(l, l->netlink->note);
		return r;
	}
	*ret_index = facts.index;
	return 0;
}

static int finish(struct init_lane *l, int r)
{
	if (r < 0)
		init_note(l, l->netlink->note);
	return r;
}

/* Whether to try again: what has the address goes with a namespace that has just ended. */
static bool has_patience(uint64_t *wait, int r)
{
	const struct timespec pause = {.tv_nsec = PAUSE * 1000000L};

	if (r != -EADDRINUSE || *wait < PAUSE)
		return false;
	*wait -= PAUSE;
	sys_nanosleep(&pause);
	return true;
}

int init_op_link_up_inside(struct init_lane *l)
{
	uint64_t wait = l->step->arg[1];
	uint32_t index;
	int r = find_link(l, &index);

	if (r < 0)
		return r;
	do
		r = link_set_up(l->netlink, index);
	while (has_patience(&wait, r));
	return finish(l, r);
}

int init_op_link_mac_inside(struct init_lane *l)
{
	uint8_t mac[LINK_MAC_LENGTH];
	uint32_t index;
	int r = find_link(l, &index);

	if (r < 0)
		return r;
	for (size_t i = 0; i < LINK_MAC_LENGTH; i++)
		mac[i] = (uint8_t)(l->step->arg[1] >> 8 * i);
	return finish(l, link_set_mac(l->netlink, index, mac));
}

static struct link_address get_address(const struct init_lane *l, uint64_t bytes)
{
	return (struct link_address){
		.bytes = plan_bytes(l->plan, bytes),
		.length = plan_bytes_length(l->plan, bytes),
	};
}

int init_op_address_add(struct init_lane *l)
{
	struct link_address address = get_address(l, l->step->arg[1]);
	uint64_t wait = l->step->arg[4];
	uint32_t index;
	int r = find_link(l, &index);

	if (r < 0)
		return r;
	address.prefix = (uint8_t)l->step->arg[2];
	address.broadcast = (uint32_t)l->step->arg[3];
	do
		r = link_add_address(l->netlink, index, &address);
	while (has_patience(&wait, r));
	return finish(l, r);
}

int init_op_route_default(struct init_lane *l)
{
	const uint64_t bytes = l->step->arg[1];
	struct link_address gateway = get_address(l, bytes);
	uint32_t index;
	int r = find_link(l, &index);

	if (r < 0)
		return r;
	return finish(l, link_add_default_route(l->netlink, index, (int)l->step->arg[2],
						bytes ? &gateway : NULL));
}
