/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces of the HOST lane: those of the host's that a container gets for its life, and
 * that come back under their old name, number, MTU, address, alias and alternative names, whatever
 * container root has made of them.
 *
 * On its way back an interface has a random name, which the register holds from the beginning: it
 * meets no other one on the host, and whoever undoes the run after a crash finds it by that name,
 * or by its number, wherever the way ended.
 */

#include "run/host_net.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/host_command.h"
#include "run/host_net_pin.h"
#include "sys/namespace.h"

/* How the interface was and is to be again. */
struct past {
	const char *link, *phy; /* phy: of a wireless one, or NULL */
	uint32_t index;         /* 0 = any */
	uint32_t mtu;
	uint64_t mac;
	const char *alias;
	uint64_t names; /* list */
};

/* Of the record's register: the kind stands behind the name. */
static const char *kind_of(const struct record_register *reg)
{
	return reg->name + LINK_NAME_MAX;
}

static bool is_kind(const struct record_register *reg, const struct link_facts *found)
{
	return strncmp(kind_of(reg), found->kind, LINK_NAME_MAX) == 0 &&
	       !(found->flags & IFF_LOOPBACK);
}

/* -- taking */

static int intend(struct host *h, const struct plan_step *step, const struct link_facts *found)
{
	struct record_register *reg = host_register(h, step->out);
	char name[LINK_NAME_MAX];
	int r = host_net_random("physXXXXXX", name, sizeof(name));

	if (r < 0)
		return host_failed(h, __NR_getrandom, r);
	r = host_intend_name(h, step->out, name);
	if (r < 0 || !reg)
		return r;
	atomic_store(&reg->state, VALUE_EMPTY);
	memcpy(reg->name + LINK_NAME_MAX, found->kind, LINK_NAME_MAX);
	atomic_store(&reg->state, VALUE_INTENDED);
	return 0;
}

static int drop_names(const struct host *h, struct netlink *n, uint32_t index, uint64_t list)
{
	const char *name = plan_list_first(h->plan, list);
	int r = 0;

	for (uint32_t i = plan_list_count(h->plan, list); i > 0 && r == 0; i--) {
		r = link_delete_altname(n, index, name);
		name += strlen(name) + 1;
	}
	/* Somebody else has taken it away meanwhile. */
	return r == -ENOENT || r == -EINVAL ? 0 : r;
}

/* The interface has arrived, the container has not run yet: its number there. */
static int note_number(struct host *h, const struct plan_step *step, int ns_fd, const char *name)
{
	struct link_facts arrived;
	struct netlink inside;
	int r = host_net_open_in(h, ns_fd, &inside);

	if (r < 0)
		return r;
	r = link_find(&inside, name, 0, &arrived);
	if (r < 0)
		host_net_refused(h, &inside, r, name);
	netlink_close(&inside);
	if (r == 0)
		host_set_name(h, step->out, arrived.index);
	return r;
}

/* The interface on the host, looked up and noted before anything is done to it: index 0 = any. The
 * handle is open, unless this fails. */
static int begin(struct host *h, const struct plan_step *step, uint32_t index,
		 struct netlink *ret_n, struct link_facts *ret_found)
{
	const char *link = host_text(h, step, 0);
	int r = host_net_open(h, ret_n);

	if (r < 0)
		return r;
	r = link_find(ret_n, link, 0, ret_found);
	if (r == 0 && index && ret_found->index != index)
		r = -ENODEV;
	if (r < 0)
		host_net_refused(h, ret_n, r, link);
	else
		r = intend(h, step, ret_found);
	if (r < 0)
		netlink_close(ret_n);
	return r;
}

int host_phys_take(struct host *h, const struct plan_step *step)
{
	const char *link = host_text(h, step, 0), *name = host_text(h, step, 1);
	uint8_t mac[LINK_MAC_LENGTH];
	const struct link_change change = {
		.name = name,
		.mtu = (uint32_t)step->arg[3],
		.mac = host_net_mac(mac, step->arg[4]),
	};
	autoclose int ns_fd = host_net_init_namespace(h);
	struct link_facts found;
	struct netlink n;
	int r;

	if (ns_fd < 0)
		return ns_fd;
	r = begin(h, step, (uint32_t)step->arg[2], &n, &found);
	if (r < 0)
		return r;
	r = drop_names(h, &n, found.index, step->arg[5]);
	if (r == 0)
		r = link_move(&n, found.index, ns_fd, 0, &change);
	if (r < 0)
		host_net_refused(h, &n, r, link);
	netlink_close(&n);
	return r < 0 ? r : note_number(h, step, ns_fd, name);
}

/* -- giving back */

/* On the host: what it was called before, and the rest. */
static int restore(struct host *h, struct netlink *n, const struct link_facts *found,
		   const struct past *past)
{
	uint8_t mac[LINK_MAC_LENGTH];
	const struct link_change name = {.name = past->link};
	const struct link_change rest = {
		.mtu = past->mtu != found->mtu ? past->mtu : 0,
		.mac = host_net_mac(mac, past->mac) && memcmp(mac, found->mac, sizeof(mac)) != 0
			       ? mac
			       : NULL,
		.alias = past->alias,
	};
	struct link_altnames names;
	const char *text = plan_list_first(h->plan, past->names);
	int r = 0;

	if (strcmp(found->name, past->link) != 0)
		r = link_change(n, found->index, &name);
	if (r == 0)
		r = link_change(n, found->index, &rest);
	if (r == 0)
		r = link_list_altnames(n, found->index, &names);
	for (uint32_t i = 0; r == 0 && i < names.count; i++)
		link_delete_altname(n, found->index, names.names[i]);
	for (uint32_t i = plan_list_count(h->plan, past->names); i > 0 && r == 0; i--) {
		r = link_add_altname(n, found->index, text);
		text += strlen(text) + 1;
	}
	return r < 0 ? host_net_refused(h, n, r, past->link) : 0;
}

/* Where it is on the host, if it is there: the way back may have ended anywhere, and a namespace
 * that has died gives real devices back under names of the kernel's. */
static int find_on_host(struct netlink *n, const struct record_register *reg,
			const struct past *past, struct link_facts *ret)
{
	int r = link_find(n, reg->name, 0, ret);

	if (r == -ENODEV && past->index)
		r = link_find(n, NULL, past->index, ret);
	if (r == -ENODEV && !past->index)
		r = link_find(n, past->link, 0, ret);
	if (r == 0 && !is_kind(reg, ret))
		r = -ENODEV;
	return r;
}

/* Of one that was about to be taken, the container never had it: its name is ours or the host's. */
static int find_inside(struct netlink *n, const struct record_register *reg, const char *name,
		       const struct past *past, struct link_facts *ret)
{
	int r;

	if (atomic_load(&reg->state) == VALUE_SET) {
		r = link_find(n, NULL, (uint32_t)reg->number, ret);
	} else {
		r = link_find(n, reg->name, 0, ret);
		if (r == -ENODEV && name)
			r = link_find(n, name, 0, ret);
		if (r == -ENODEV)
			r = link_find(n, past->link, 0, ret);
	}
	if (r == 0 && !is_kind(reg, ret))
		r = -ENODEV;
	return r;
}

/* What keeps it from moving: being up under its name (until Linux 6.1), names that others have. */
static int make_ready(struct netlink *n, const struct record_register *reg,
		      const struct link_facts *found)
{
	struct link_altnames names;
	const struct link_change name = {.name = reg->name};
	int r = link_set_down(n, found->index);

	if (r == 0 && strcmp(found->name, reg->name) != 0)
		r = link_change(n, found->index, &name);
	if (r == 0)
		r = link_list_altnames(n, found->index, &names);
	for (uint32_t i = 0; r == 0 && i < names.count; i++)
		r = link_delete_altname(n, found->index, names.names[i]);
	return r;
}

static int move_home(struct netlink *inside, uint32_t index, const struct past *past)
{
	const struct link_change nothing = {.name = NULL};
	autoclose int home = namespace_open(0, "net");
	int r;

	if (home < 0)
		return home;
	r = link_move(inside, index, home, past->index, &nothing);
	/* Its number was given to somebody else. */
	return r == -EBUSY || r == -EEXIST ? link_move(inside, index, home, 0, &nothing) : r;
}

/* iw works on the namespace that it is in. */
static int move_phy(struct host *h, int ns_fd, const char *phy, pid_t pid)
{
	char number[16];
	const char *const words[] = {"iw", "phy", phy, "set", "netns", number, NULL};
	autoclose int home = namespace_open(0, "net");
	struct host_command command;
	int r;

	if (home < 0)
		return host_failed(h, __NR_openat, home);
	snprintf(number, sizeof(number), "%d", (int)pid);
	host_command_init(&command);
	r = host_command_fill(h, &command, words);
	if (r == 0 && ns_fd >= 0 && setns(ns_fd, CLONE_NEWNET) < 0)
		r = host_failed(h, __NR_setns, -errno);
	if (r == 0)
		r = host_command_start(h, &command);
	/* Before anything else: the event loop serves meanwhile. */
	if (ns_fd >= 0 && setns(home, CLONE_NEWNET) < 0)
		abort();
	if (r == 0)
		r = host_command_wait(h, &command);
	host_command_finish(&command);
	return r;
}

/* 1: it is not there. */
static int fetch(struct host *h, int ns_fd, const struct record_register *reg, const char *name,
		 const struct past *past)
{
	struct link_facts found;
	struct netlink inside;
	int r = host_net_open_in(h, ns_fd, &inside);

	if (r < 0)
		return r;
	r = find_inside(&inside, reg, name, past, &found);
	if (r == -ENODEV) {
		netlink_close(&inside);
		return 1;
	}
	if (r == 0)
		r = make_ready(&inside, reg, &found);
	if (r == 0 && !past->phy)
		r = move_home(&inside, found.index, past);
	if (r < 0)
		host_net_refused(h, &inside, r, past->link);
	netlink_close(&inside);
	return r < 0 || !past->phy ? r : move_phy(h, ns_fd, past->phy, getpid());
}

/* The name that it got inside: START has it. */
static const char *name_inside(const struct host *h, uint16_t number)
{
	const struct plan_step *steps = plan_steps(h->plan, SECTION_START);

	for (uint32_t i = 0; i < h->plan->sections[SECTION_START].count; i++)
		if (steps[i].out == number &&
		    (steps[i].op == OP_PHYS_TAKE || steps[i].op == OP_WIRELESS_TAKE))
			return plan_text(h->plan, steps[i].arg[1]);
	return NULL;
}

static int give_back(struct host *h, const struct plan_step *step, const struct past *past)
{
	struct record_register *reg = host_register(h, step->in);
	autoclose int ns_fd = -EBADF;
	struct link_facts found;
	struct netlink n;
	int r = 1;

	if (!reg || atomic_load(&reg->state) == VALUE_EMPTY || (atomic_load(&reg->gone) & 1) ||
	    memchr(reg->name, '\0', LINK_NAME_MAX) == NULL)
		return 0;
	ns_fd = host_net_open_pin(h);
	if (ns_fd >= 0)
		r = fetch(h, ns_fd, reg, name_inside(h, step->in), past);
	else if (ns_fd != -ENOENT)
		r = host_failed(h, __NR_openat, ns_fd);
	if (r < 0)
		return r;
	r = host_net_open(h, &n);
	if (r < 0)
		return r;
	r = find_on_host(&n, reg, past, &found);
	if (r == 0)
		r = restore(h, &n, &found, past);
	else if (r != -ENODEV)
		host_net_refused(h, &n, r, past->link);
	netlink_close(&n);
	if (r == -ENODEV)
		/* Virtual ones can be deleted by container root, or are gone with the namespace. */
		r = 0;
	if (r == 0)
		atomic_fetch_or(&reg->gone, 1);
	return r;
}

int host_phys_return(struct host *h, const struct plan_step *step)
{
	const struct past past = {
		.link = host_text(h, step, 0),
		.index = (uint32_t)step->arg[1],
		.mtu = (uint32_t)step->arg[2],
		.mac = step->arg[3],
		.alias = host_text(h, step, 4),
		.names = step->arg[5],
	};

	return give_back(h, step, &past);
}

int host_wireless_return(struct host *h, const struct plan_step *step)
{
	const struct past past = {
		.link = host_text(h, step, 0),
		.phy = host_text(h, step, 1),
		.mtu = (uint32_t)step->arg[2],
		.mac = step->arg[3],
		.alias = host_text(h, step, 4),
		.names = step->arg[5],
	};

	return give_back(h, step, &past);
}

/* Inside, where it has come under the name that it had: its name there, and the rest. */
static int rename_inside(struct host *h, const struct plan_step *step, int ns_fd, const char *link,
			 const struct link_change *change)
{
	struct link_facts arrived;
	struct netlink inside;
	int r = host_net_open_in(h, ns_fd, &inside);

	if (r < 0)
		return r;
	r = link_find(&inside, link, 0, &arrived);
	if (r == 0)
		r = link_change(&inside, arrived.index, change);
	if (r < 0)
		host_net_refused(h, &inside, r, link);
	netlink_close(&inside);
	if (r == 0)
		host_set_name(h, step->out, arrived.index);
	return r;
}

int host_wireless_take(struct host *h, const struct plan_step *step)
{
	const char *link = host_text(h, step, 0);
	uint8_t mac[LINK_MAC_LENGTH];
	const struct link_change change = {
		.name = host_text(h, step, 1),
		.mtu = (uint32_t)step->arg[3],
		.mac = host_net_mac(mac, step->arg[4]),
	};
	autoclose int ns_fd = host_net_init_namespace(h);
	struct link_facts found;
	struct netlink n;
	int r;

	if (ns_fd < 0)
		return ns_fd;
	r = begin(h, step, 0, &n, &found);
	if (r < 0)
		return r;
	/* It may be renamed there only when it is down. */
	r = link_set_down(&n, found.index);
	if (r == 0)
		r = drop_names(h, &n, found.index, step->arg[5]);
	if (r < 0)
		host_net_refused(h, &n, r, link);
	netlink_close(&n);
	if (r == 0)
		r = move_phy(h, -EBADF, host_text(h, step, 2), h->run->child);
	return r < 0 ? r : rename_inside(h, step, ns_fd, link, &change);
}
