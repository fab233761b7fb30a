/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding an interface that has gone to a container. Names and numbers are container root's to
 * choose, so they only say where to look first. What counts is what cannot be forged from inside:
 * the hardware behind it, or that what it hangs on is outside.
 */

#include "run/host_net_seek.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

#define IS_TEXT(array) (memchr((array), '\0', sizeof(array)) != NULL)

bool phys_read_register(const struct host *h, unsigned number, struct phys_sought *ret)
{
	const struct record_register *reg = host_register(h, number);
	struct phys_note *note = &ret->note;

	if (!reg || atomic_load(&reg->state) == VALUE_EMPTY || (atomic_load(&reg->gone) & 1))
		return false;
	memcpy(note, reg->name, sizeof(*note));
	ret->has_arrived = atomic_load(&reg->state) == VALUE_SET;
	ret->number = (uint32_t)reg->number;
	return IS_TEXT(note->way) && IS_TEXT(note->inside) && IS_TEXT(note->identity.kind) &&
	       IS_TEXT(note->identity.bus) && IS_TEXT(note->identity.parent);
}

bool phys_is_real(const struct phys_sought *s)
{
	return s->note.identity.kind[0] == '\0';
}

bool phys_is_unplugged(const struct phys_sought *s)
{
	const struct link_identity *identity = &s->note.identity;
	char path[128];

	if (!identity->bus[0] || !identity->parent[0])
		return false;
	snprintf(path, sizeof(path), "/sys/bus/%s/devices", identity->bus);
	if (access(path, F_OK) < 0)
		return false;
	snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s", identity->bus, identity->parent);
	return access(path, F_OK) < 0 && errno == ENOENT;
}

static bool is_it(const struct phys_sought *s, const struct link_facts *found)
{
	return memcmp(&s->note.identity, &found->identity, sizeof(found->identity)) == 0 &&
	       !(found->flags & IFF_LOOPBACK);
}

/* Whether nothing else can be taken for it, whatever name and number that has. */
static bool is_known_well(const struct phys_sought *s)
{
	static const uint8_t none[LINK_PERMANENT_MAX];
	const struct link_identity *identity = &s->note.identity;

	return phys_is_real(s) &&
	       (identity->parent[0] || memcmp(identity->permanent, none, sizeof(none)) != 0);
}

/* From inside nobody makes something that hangs on an interface of the host's. */
static bool is_it_inside(const struct phys_sought *s, const struct link_facts *found)
{
	const struct phys_note *note = &s->note;

	return is_it(s, found) && (!note->has_link_namespace ||
				   (found->has_link_namespace && found->link == note->link &&
				    found->link_namespace == note->link_namespace));
}

/* -- going through all */

struct search {
	struct netlink *n; /* another handle than the list comes by */
	const struct phys_sought *sought;
	bool (*is_it)(const struct phys_sought *s, const struct link_facts *found);
	struct link_facts *ret;
	bool is_found;
};

static int look_at(void *context, uint32_t index)
{
	struct search *search = context;

	if (search->is_found || link_find_large(search->n, NULL, index, search->ret) < 0)
		return 0;
	search->is_found = search->is_it(search->sought, search->ret);
	return 0;
}

static int find_anywhere(struct netlink *list, struct search *search)
{
	int r = link_each_index(list, look_at, search);

	if (search->is_found)
		return 0;
	return r < 0 ? r : -ENODEV;
}

/* -- inside */

static int find_by_name(struct netlink *n, const struct phys_sought *s, const char *name,
			struct link_facts *ret)
{
	int r = name[0] ? link_find_large(n, name, 0, ret) : -ENODEV;

	return r == 0 && !is_it(s, ret) ? -ENODEV : r;
}

/* The container has never run with it: it has the host's name, or the one that it got on its way.
 */
static int find_underway(struct netlink *n, const struct phys_sought *s, struct link_facts *ret)
{
	int r = find_by_name(n, s, s->note.way, ret);

	if (r == -ENODEV)
		r = find_by_name(n, s, s->note.inside, ret);
	if (r == -ENODEV)
		r = find_by_name(n, s, s->link, ret);
	return r;
}

int phys_find_inside(struct netlink *n, int ns_fd, const struct phys_sought *s,
		     struct link_facts *ret)
{
	struct search search = {.n = n, .sought = s, .is_it = is_it_inside, .ret = ret};
	struct netlink list;
	int r;

	if (!s->has_arrived)
		return find_underway(n, s, ret);
	r = link_find_large(n, NULL, s->number, ret);
	if (r == 0 && is_it_inside(s, ret))
		return 0;
	if (r < 0 && r != -ENODEV)
		return r;
	/* Of those that anybody can make there the number is all that is known. */
	if (!is_known_well(s) && !s->note.has_link_namespace)
		return -ENODEV;
	r = netlink_open_in(ns_fd, &list);
	if (r < 0)
		return r;
	r = find_anywhere(&list, &search);
	netlink_close(&list);
	return r;
}

/* -- on the host */

/* One that was about to be taken and has not gone. */
static int find_unmoved(struct netlink *n, const struct phys_sought *s, struct link_facts *ret)
{
	int r = find_by_name(n, s, s->link, ret);

	return r == 0 && s->index && ret->index != s->index ? -ENODEV : r;
}

/*
 * By its random name. By another one only while nobody has had it, or if nothing else can be meant:
 * what has its name or number now may be somebody else's.
 */
int phys_find_home(struct netlink *n, const struct phys_sought *s, struct link_facts *ret)
{
	struct search search = {.n = n, .sought = s, .is_it = is_it, .ret = ret};
	struct netlink list;
	int r = find_by_name(n, s, s->note.way, ret);

	if (r == -ENODEV && !s->has_arrived)
		r = find_unmoved(n, s, ret);
	if (r != -ENODEV || !s->has_arrived || !is_known_well(s))
		return r;
	r = s->index ? link_find_large(n, NULL, s->index, ret) : -ENODEV;
	if (r == 0 && is_it(s, ret))
		return 0;
	if (r < 0 && r != -ENODEV)
		return r;
	r = netlink_open(&list);
	if (r < 0)
		return r;
	r = find_anywhere(&list, &search);
	netlink_close(&list);
	return r;
}
