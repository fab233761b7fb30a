/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces of the HOST lane: macvlan, ipvlan and VLANs. They are born in init's network
 * namespace under their final name, and would go with it, but some time after it: until then their
 * link is taken, and their address. So they are deleted there; only when we were killed the next
 * one has to wait.
 */

#include "run/host_net.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

_Static_assert((unsigned)PLAN_MACVLAN_PRIVATE == MACVLAN_MODE_PRIVATE &&
		       (unsigned)PLAN_MACVLAN_VEPA == MACVLAN_MODE_VEPA &&
		       (unsigned)PLAN_MACVLAN_BRIDGE == MACVLAN_MODE_BRIDGE &&
		       (unsigned)PLAN_MACVLAN_PASSTHRU == MACVLAN_MODE_PASSTHRU &&
		       (unsigned)PLAN_IPVLAN_L2 == IPVLAN_MODE_L2 &&
		       (unsigned)PLAN_IPVLAN_L3 == IPVLAN_MODE_L3 &&
		       (unsigned)PLAN_IPVLAN_L3S == IPVLAN_MODE_L3S &&
		       PLAN_IPVLAN_PRIVATE == IPVLAN_F_PRIVATE && PLAN_IPVLAN_VEPA == IPVLAN_F_VEPA,
	       "plans have the kernel's numbers");

enum { WAIT_PAUSE = 10 }; /* milliseconds */

/* Under a name that no namespace has, and renamed there. */
static int create_renamed(struct netlink *n, struct link_upper *upper)
{
	const struct link_change final = {.name = upper->name};
	char transient[LINK_NAME_MAX];
	struct link_facts made = {.index = 0};
	struct netlink inside;
	int r = host_net_random("tareXXXXXX", transient, sizeof(transient));

	if (r < 0)
		return r;
	upper->name = transient;
	r = link_create_upper(n, upper);
	upper->name = final.name;
	if (r < 0)
		return r;
	r = netlink_open_in(upper->ns_fd, &inside);
	if (r < 0)
		return r;
	r = link_find(&inside, transient, 0, &made);
	if (r == 0)
		r = link_change(&inside, made.index, &final);
	/* What the kernel has said is told with our handle. */
	if (r < 0)
		memcpy(n->note, inside.note, sizeof(n->note));
	if (r < 0 && made.index)
		link_delete(&inside, made.index);
	netlink_close(&inside);
	return r;
}

/*
 * Kernels before 6.15 look for the name in our namespace instead of in that of the container
 * ("eth0"): then it gets its name there.
 */
static int create_once(struct netlink *n, struct link_upper *upper)
{
	int r = link_create_upper(n, upper);

	return r == -EEXIST ? create_renamed(n, upper) : r;
}

/* How the kernel says that the link has no room beside another one. */
static bool is_in_the_way(const struct link_upper *upper, int r)
{
	return upper->kind == LINK_VLAN ? r == -EEXIST : r == -EINVAL || r == -EBUSY;
}

/* For as many milliseconds as `wait` says something may be in the way. */
static int create(struct host *h, struct netlink *n, struct link_upper *upper, uint64_t wait)
{
	int r = create_once(n, upper), waited;

	for (; is_in_the_way(upper, r) && wait >= WAIT_PAUSE; wait -= WAIT_PAUSE) {
		waited = host_pause(h, WAIT_PAUSE);
		if (waited < 0)
			return waited;
		r = create_once(n, upper);
	}
	return r;
}

/* Its number inside, by which it is found whatever it is called then. */
static int note_number(struct host *h, const struct plan_step *step, int ns_fd, const char *name)
{
	struct link_facts made;
	struct netlink inside;
	int r = host_net_open_in(h, ns_fd, &inside);

	if (r < 0)
		return r;
	r = link_find(&inside, name, 0, &made);
	if (r < 0)
		host_net_refused(h, &inside, r, name);
	netlink_close(&inside);
	if (r == 0)
		host_set_name(h, step->out, made.index);
	return r;
}

/* What the kinds have in common: link, name, mtu, mac. */
static int make(struct host *h, const struct plan_step *step, struct link_upper *upper,
		uint64_t wait)
{
	const char *link = host_text(h, step, 0);
	uint8_t mac[LINK_MAC_LENGTH];
	autoclose int ns_fd = host_net_init_namespace(h);
	struct link_facts lower;
	struct netlink n;
	int r;

	if (ns_fd < 0)
		return ns_fd;
	r = host_net_open(h, &n);
	if (r < 0)
		return r;
	r = link_find(&n, link, 0, &lower);
	if (r == 0) {
		upper->name = host_text(h, step, 1);
		upper->lower = lower.index;
		upper->ns_fd = ns_fd;
		upper->mtu = (uint32_t)step->arg[2];
		upper->mac = host_net_mac(mac, step->arg[3]);
		r = host_intend_name(h, step->out, upper->name);
	}
	if (r == 0)
		r = create(h, &n, upper, wait);
	if (r < 0)
		host_net_refused(h, &n, r, link);
	netlink_close(&n);
	return r < 0 ? r : note_number(h, step, ns_fd, upper->name);
}

int host_macvlan_create(struct host *h, const struct plan_step *step)
{
	struct link_upper upper = {.kind = LINK_MACVLAN, .mode = (uint32_t)step->arg[4]};

	return make(h, step, &upper, step->arg[5]);
}

int host_ipvlan_create(struct host *h, const struct plan_step *step)
{
	struct link_upper upper = {
		.kind = LINK_IPVLAN,
		.mode = (uint32_t)step->arg[4],
		.flags = (uint32_t)step->arg[5],
	};

	return make(h, step, &upper, 0);
}

int host_vlan_create(struct host *h, const struct plan_step *step)
{
	struct link_upper upper = {.kind = LINK_VLAN, .mode = (uint32_t)step->arg[4]};

	return make(h, step, &upper, step->arg[5]);
}

int host_upper_delete(struct host *h, const struct plan_step *step)
{
	const struct record_register *reg = host_register(h, step->in);
	const int ns_fd = host_fd(h, (unsigned)step->arg[1]);
	struct link_facts found;
	struct netlink inside;
	int r;

	if (ns_fd < 0 || !reg || atomic_load(&reg->state) == VALUE_EMPTY ||
	    memchr(reg->name, '\0', sizeof(reg->name)) == NULL)
		return 0;
	r = host_net_open_in(h, ns_fd, &inside);
	if (r < 0)
		return r;
	/* Of one that was only about to be made the container never knew. */
	r = host_has(h, step->in) ? link_find(&inside, NULL, (uint32_t)reg->number, &found)
				  : link_find(&inside, reg->name, 0, &found);
	if (r == 0 && strcmp(found.identity.kind, host_text(h, step, 0)) == 0)
		r = link_delete(&inside, found.index);
	if (r == -ENODEV)
		r = 0;
	if (r < 0)
		host_net_refused(h, &inside, r, reg->name);
	netlink_close(&inside);
	if (r == 0)
		host_clear(h, step->in);
	return r;
}
