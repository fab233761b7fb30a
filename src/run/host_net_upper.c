/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces of the HOST lane: macvlan, ipvlan and VLANs. They are born in init's network
 * namespace under their final name, and go with it.
 */

#include "run/host_net.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <time.h>
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

enum {
	WAIT_FOR_OTHERS = 2000, /* milliseconds */
	WAIT_PAUSE = 10,
};

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

/* What the link has room for once: one that goes with a namespace which has just ended is there
 * for some milliseconds more. */
static bool is_exclusive(const struct link_upper *upper, int r)
{
	if (upper->kind == LINK_VLAN)
		return r == -EEXIST;
	return upper->kind == LINK_MACVLAN && upper->mode == MACVLAN_MODE_PASSTHRU &&
	       (r == -EINVAL || r == -EBUSY);
}

static int create(struct netlink *n, struct link_upper *upper)
{
	const struct timespec pause = {.tv_nsec = WAIT_PAUSE * 1000000L};
	int r = create_once(n, upper);

	for (unsigned i = 0; is_exclusive(upper, r) && i < WAIT_FOR_OTHERS / WAIT_PAUSE; i++) {
		nanosleep(&pause, NULL);
		r = create_once(n, upper);
	}
	return r;
}

/* What the kinds have in common: link, name, mtu, mac. */
static int make(struct host *h, const struct plan_step *step, struct link_upper *upper)
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
		r = create(&n, upper);
	}
	if (r < 0)
		host_net_refused(h, &n, r, link);
	netlink_close(&n);
	if (r < 0)
		return r;
	r = host_intend_name(h, step->out, upper->name);
	if (r == 0)
		host_set_name(h, step->out, 0);
	return r;
}

int host_macvlan_create(struct host *h, const struct plan_step *step)
{
	struct link_upper upper = {.kind = LINK_MACVLAN, .mode = (uint32_t)step->arg[4]};

	return make(h, step, &upper);
}

int host_ipvlan_create(struct host *h, const struct plan_step *step)
{
	struct link_upper upper = {
		.kind = LINK_IPVLAN,
		.mode = (uint32_t)step->arg[4],
		.flags = (uint32_t)step->arg[5],
	};

	return make(h, step, &upper);
}

int host_vlan_create(struct host *h, const struct plan_step *step)
{
	struct link_upper upper = {.kind = LINK_VLAN, .mode = (uint32_t)step->arg[4]};

	return make(h, step, &upper);
}
