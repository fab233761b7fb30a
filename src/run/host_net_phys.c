/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces of the HOST lane: those of the host's that a container gets for its life, and
 * that come back under their old name, number, MTU, address, alias, alternative names, length of
 * the queue, group and link mode, whatever container root has made of these.
 *
 * On its way back an interface has a random name, which the register holds from the beginning: it
 * meets no other one on the host, and whoever undoes the run after a crash finds it by that name,
 * wherever the way ended.
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
#include "run/host_net_seek.h"
#include "sys/namespace.h"

enum {
	NOT_THERE = 1,
	ARRIVAL_TRIES = 20, /* 1 s: a namespace ends after its last process, not with it */
	ARRIVAL_PAUSE = 50, /* milliseconds */
};

/* How the interface was and is to be again. */
struct past {
	const char *link, *phy; /* phy: of a wireless one, or NULL */
	uint32_t index;         /* 0 = any */
	uint32_t mtu;
	uint64_t mac;
	const char *alias;
	uint64_t names; /* list */
};

/* -- taking */

static int intend(struct host *h, const struct plan_step *step, const struct link_facts *found)
{
	struct record_register *reg = host_register(h, step->out);
	struct phys_note note = {.identity = found->identity, .usage = found->usage};
	const char *inside = host_text(h, step, 1);
	int r = host_net_random("physXXXXXX", note.way, sizeof(note.way));

	if (r < 0)
		return host_failed(h, __NR_getrandom, r);
	r = strlen(inside) < sizeof(note.inside) ? host_intend_name(h, step->out, note.way)
						 : -ENAMETOOLONG;
	if (r < 0 || !reg)
		return r;
	atomic_store(&reg->state, VALUE_EMPTY);
	memcpy(note.inside, inside, strlen(inside));
	memcpy(reg->name, &note, sizeof(note));
	atomic_store(&reg->state, VALUE_INTENDED);
	return 0;
}

/* The interface has arrived, the container has not run yet: its number there, and what it hangs
 * on. `change`: what it is still to get, or NULL. */
static int note_arrival(struct host *h, const struct plan_step *step, int ns_fd, const char *name,
			const struct link_change *change)
{
	struct record_register *reg = host_register(h, step->out);
	struct link_facts arrived;
	struct phys_note note;
	struct netlink inside;
	int r = host_net_open_in(h, ns_fd, &inside);

	if (r < 0)
		return r;
	r = link_find(&inside, name, 0, &arrived);
	if (r == 0 && change)
		r = link_change(&inside, arrived.index, change);
	if (r < 0)
		host_net_refused(h, &inside, r, name);
	netlink_close(&inside);
	if (r < 0 || !reg)
		return r;
	memcpy(&note, reg->name, sizeof(note));
	note.link = arrived.link;
	note.has_link_namespace = arrived.has_link_namespace;
	note.link_namespace = arrived.link_namespace;
	memcpy(reg->name, &note, sizeof(note));
	host_set_name(h, step->out, arrived.index);
	return 0;
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
	r = link_find_large(ret_n, link, 0, ret_found);
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
	r = link_strip_altnames(&n, found.index);
	if (r == 0)
		r = link_move(&n, found.index, ns_fd, 0, &change);
	if (r < 0)
		host_net_refused(h, &n, r, link);
	netlink_close(&n);
	return r < 0 ? r : note_arrival(h, step, ns_fd, name, NULL);
}

/* -- giving back */

/*
 * On the host: as it was. Its name comes last: with it the interface is whoever's that looks for
 * it, and the undoing may be killed anywhere.
 */
static int restore(struct host *h, struct netlink *n, const struct link_facts *found,
		   const struct phys_sought *sought, const struct past *past)
{
	uint8_t mac[LINK_MAC_LENGTH];
	const struct link_change name = {.name = past->link};
	const struct link_change rest = {
		.mtu = past->mtu != found->mtu ? past->mtu : 0,
		.mac = host_net_mac(mac, past->mac) && memcmp(mac, found->mac, sizeof(mac)) != 0
			       ? mac
			       : NULL,
		.alias = past->alias,
		.usage = &sought->note.usage,
	};
	const bool is_renamed = strcmp(found->name, past->link) != 0;
	const char *text = plan_list_first(h->plan, past->names);
	int r = is_renamed ? link_set_down(n, found->index) : 0;

	/* One of them may be the name that it had. */
	if (r == 0)
		r = link_strip_altnames(n, found->index);
	if (r == 0)
		r = link_change(n, found->index, &rest);
	for (uint32_t i = plan_list_count(h->plan, past->names); i > 0 && r == 0; i--) {
		r = link_add_altname(n, found->index, text);
		/* Whoever else names interfaces, udev say, has given it away, maybe to this one. */
		r = r == -EEXIST ? 0 : r;
		text += strlen(text) + 1;
	}
	if (r == 0 && is_renamed)
		r = link_change(n, found->index, &name);
	return r < 0 ? host_net_refused(h, n, r, past->link) : 0;
}

/* What keeps it from moving: being up under its name (until Linux 6.1), names that others have. */
static int make_ready(struct netlink *n, const char *way, const struct link_facts *found)
{
	const struct link_change name = {.name = way};
	int r = link_set_down(n, found->index);

	if (r == 0)
		r = link_strip_altnames(n, found->index);
	if (r == 0 && strcmp(found->name, way) != 0)
		r = link_change(n, found->index, &name);
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

static int fetch(struct host *h, int ns_fd, const struct phys_sought *sought,
		 const struct past *past)
{
	struct link_facts found;
	struct netlink inside;
	int r = host_net_open_in(h, ns_fd, &inside);

	if (r < 0)
		return r;
	r = phys_find_inside(&inside, ns_fd, sought, &found);
	if (r == -ENODEV) {
		netlink_close(&inside);
		return NOT_THERE;
	}
	if (r == 0)
		r = make_ready(&inside, sought->note.way, &found);
	if (r == 0 && !past->phy)
		r = move_home(&inside, found.index, past);
	if (r < 0)
		host_net_refused(h, &inside, r, past->link);
	netlink_close(&inside);
	return r < 0 || !past->phy ? r : move_phy(h, ns_fd, past->phy, getpid());
}

/* Of one that is not in the container. A real one can't have been deleted: it comes back when a
 * namespace that the container has made ends, if that was not unplugged. */
static int find_stray(struct host *h, struct netlink *n, const struct phys_sought *sought,
		      struct link_facts *ret)
{
	const bool is_awaited = phys_is_real(sought) && sought->has_arrived;
	int r = phys_find_home(n, sought, ret);

	for (int i = 0; r == -ENODEV && is_awaited && i < ARRIVAL_TRIES; i++) {
		if (phys_is_unplugged(sought))
			return NOT_THERE;
		(void)host_pause(h, ARRIVAL_PAUSE);
		r = phys_find_home(n, sought, ret);
	}
	return r == -ENODEV && !is_awaited ? NOT_THERE : r;
}

/* Where it is when it was `fetched`, or could not be. */
static int find_home(struct host *h, struct netlink *n, int ns_fd, bool fetched,
		     const struct phys_sought *sought, const struct past *past,
		     struct link_facts *ret)
{
	int r;

	if (fetched || (past->phy && ns_fd >= 0)) {
		r = phys_find_home(n, sought, ret);
		if (fetched || r != -ENODEV)
			return r;
		/* A wireless interface can be deleted, its phy can't. */
		r = move_phy(h, ns_fd, past->phy, getpid());
		return r < 0 ? r : NOT_THERE;
	}
	r = find_stray(h, n, sought, ret);
	if (r == -ENODEV)
		host_note(h, r,
			  "%s: it is neither in the container nor back on the host: a "
			  "network namespace that was made inside may still have it",
			  past->link);
	return r;
}

static int settle(struct host *h, int ns_fd, bool fetched, const struct phys_sought *sought,
		  const struct past *past)
{
	struct link_facts found;
	struct netlink n;
	int r = host_net_open(h, &n);

	if (r < 0)
		return r;
	r = find_home(h, &n, ns_fd, fetched, sought, past, &found);
	if (r == 0)
		r = restore(h, &n, &found, sought, past);
	else if (r < 0 && !h->failure->note[0])
		host_net_refused(h, &n, r, past->link);
	netlink_close(&n);
	return r < 0 ? r : 0;
}

static int give_back(struct host *h, const struct plan_step *step, const struct past *past)
{
	struct phys_sought sought = {.link = past->link, .index = past->index};
	autoclose int ns_fd = -EBADF;
	int r = NOT_THERE;

	if (!phys_read_register(h, step->in, &sought))
		return 0;
	ns_fd = host_net_open_pin(h);
	if (ns_fd >= 0)
		r = fetch(h, ns_fd, &sought, past);
	else if (ns_fd != -ENOENT)
		r = ns_fd;
	if (r >= 0)
		r = settle(h, ns_fd, r == 0, &sought, past);
	if (r == 0)
		atomic_fetch_or(&host_register(h, step->in)->gone, 1);
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
		r = link_strip_altnames(&n, found.index);
	if (r < 0)
		host_net_refused(h, &n, r, link);
	netlink_close(&n);
	if (r == 0)
		r = move_phy(h, -EBADF, host_text(h, step, 2), h->run->child);
	return r < 0 ? r : note_arrival(h, step, ns_fd, link, &change);
}
