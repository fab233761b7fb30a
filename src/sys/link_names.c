/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alternative names, and interfaces that have many: the kernel's answer about one of those has up
 * to 64 KiB of names. Whoever is root in a network namespace can give them to what is there, so
 * that nothing that concerns others may depend on how many there are. rtnetlink(7).
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* An attribute has 64 KiB at most. */
enum { ANSWER_MAX = 128 << 10, STRIP_ROUNDS = 8 };

static void begin(struct netlink_request *q, uint16_t type, uint32_t index)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};

	netlink_begin(q, type, 0);
	netlink_add_header(q, &info, sizeof(info));
}

int link_ask(struct netlink *n, const char *name, uint32_t index, netlink_message_fn take,
	     void *context)
{
	const struct nlmsghdr *message;
	struct netlink_request q;
	void *room;
	int r;

	if (name && strlen(name) >= LINK_NAME_MAX)
		return -ENAMETOOLONG;
	begin(&q, RTM_GETLINK, name ? 0 : index);
	if (name)
		netlink_add_text(&q, IFLA_IFNAME, name);
	/* Without the lists of virtual functions and statistics. */
	netlink_add_u32(&q, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	/* Memory is there only meanwhile. */
	room = mmap(NULL, ANSWER_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return -errno;
	r = netlink_ask_large(n, &q, room, ANSWER_MAX);
	message = room;
	if (r == 0 && (message->nlmsg_type != RTM_NEWLINK ||
		       message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg))))
		r = -EPROTO;
	if (r == 0)
		r = take(context, message);
	munmap(room, ANSWER_MAX);
	return r;
}

static int take_facts(void *context, const struct nlmsghdr *message)
{
	link_read_facts(message, context);
	return 0;
}

int link_find_large(struct netlink *n, const char *name, uint32_t index, struct link_facts *ret)
{
	return link_ask(n, name, index, take_facts, ret);
}

struct names {
	link_altname_fn take;
	void *context;
};

/* Names in the content of IFLA_PROP_LIST: how many, or what take() has returned. */
static int take_list(const char *content, size_t size, const struct names *names)
{
	int count = 0;

	while (size >= NLA_HDRLEN) {
		struct nlattr attribute;
		const char *name = content + NLA_HDRLEN;
		size_t length, step;

		memcpy(&attribute, content, sizeof(attribute));
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > size)
			break;
		length = attribute.nla_len - (size_t)NLA_HDRLEN;
		if ((attribute.nla_type & NLA_TYPE_MASK) == IFLA_ALT_IFNAME && length > 1 &&
		    length <= LINK_ALTNAME_MAX && name[length - 1] == '\0') {
			int r = names->take(names->context, name);

			if (r < 0)
				return r;
			count++;
		}
		step = NLA_ALIGN(attribute.nla_len);
		if (step > size)
			break;
		content += step;
		size -= step;
	}
	return count;
}

static int take_names(void *context, const struct nlmsghdr *message)
{
	size_t size;
	const void *list = netlink_find(message, sizeof(struct ifinfomsg), IFLA_PROP_LIST, &size);

	return list ? take_list(list, size, context) : 0;
}

int link_each_altname(struct netlink *n, uint32_t index, link_altname_fn take, void *context)
{
	struct names names = {.take = take, .context = context};

	return link_ask(n, NULL, index, take_names, &names);
}

static int ask_altname(struct netlink *n, uint16_t type, uint32_t index, const char *name)
{
	struct netlink_request q;
	uint32_t list;

	if (strlen(name) >= LINK_ALTNAME_MAX)
		return -ENAMETOOLONG;
	begin(&q, type, index);
	list = netlink_nest_begin(&q, IFLA_PROP_LIST | NLA_F_NESTED);
	netlink_add_text(&q, IFLA_ALT_IFNAME, name);
	netlink_nest_end(&q, list);
	return netlink_ask(n, &q, NULL, 0);
}

int link_add_altname(struct netlink *n, uint32_t index, const char *name)
{
	return ask_altname(n, RTM_NEWLINKPROP, index, name);
}

int link_delete_altname(struct netlink *n, uint32_t index, const char *name)
{
	return ask_altname(n, RTM_DELLINKPROP, index, name);
}

struct stripping {
	struct netlink *n;
	uint32_t index;
};

static int strip_one(void *context, const char *name)
{
	const struct stripping *s = context;
	int r = link_delete_altname(s->n, s->index, name);

	/* Somebody else has taken it away meanwhile. */
	return r == -ENOENT || r == -EINVAL ? 0 : r;
}

int link_strip_altnames(struct netlink *n, uint32_t index)
{
	struct stripping s = {.n = n, .index = index};
	int r = 1;

	for (int i = 0; r > 0 && i < STRIP_ROUNDS; i++)
		r = link_each_altname(n, index, strip_one, &s);
	/* Somebody gives it names all the time. */
	return r > 0 ? -EBUSY : r;
}

struct walk {
	link_index_fn take;
	void *context;
};

static int take_index(void *context, const struct nlmsghdr *message)
{
	const struct walk *w = context;
	struct if_stats_msg stats;

	if (message->nlmsg_type != RTM_NEWSTATS || message->nlmsg_len < NLMSG_LENGTH(sizeof(stats)))
		return 0;
	memcpy(&stats, (const char *)message + NLMSG_HDRLEN, sizeof(stats));
	return w->take(w->context, stats.ifindex);
}

/* A list of interfaces breaks off where one has too many names, one of counters doesn't. */
int link_each_index(struct netlink *n, link_index_fn take, void *context)
{
	const struct if_stats_msg header = {
		.family = AF_UNSPEC,
		.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64),
	};
	struct walk w = {.take = take, .context = context};
	struct netlink_request q;

	netlink_begin(&q, RTM_GETSTATS, 0);
	netlink_add_header(&q, &header, sizeof(header));
	return netlink_dump(n, &q, take_index, &w);
}
