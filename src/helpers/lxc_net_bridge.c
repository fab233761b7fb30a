/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bridge, by rtnetlink(7), and what the kernel is told besides
 * (Documentation/networking/ip-sysctl.rst). Its alias says whose it is. Forwarding is turned on and
 * never off again: by then it may be another's, too.
 */

#include "helpers/lxc_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"

#define BRIDGE_ALIAS "lxc-net"

static int explain(const struct net_work *work, int r, const char *what, struct err *e)
{
	const char *name = net_text(&work->settings, LXC_BRIDGE);

	if (work->link.note[0]) {
		err_set(e, ERR_NETWORK_FAILED, -r, "%s", work->link.note);
		err_wrap(e, r, "cannot %s \"%s\"", what, name);
	} else {
		err_set(e, ERR_NETWORK_FAILED, -r, "cannot %s \"%s\"", what, name);
	}
	if (r == -EPERM)
		err_hint(e, "lxc-net needs root");
	return r;
}

static struct link_address link_address(const struct net_range *range, uint32_t broadcast)
{
	return (struct link_address){
		.bytes = range->bytes,
		.length = range->length,
		.prefix = range->prefix,
		.broadcast = broadcast,
	};
}

/* 1: with its facts and ports; 0: there is no such interface. */
static int look(struct net_work *work, struct link_facts *facts, struct link_ports *ports,
		struct err *e)
{
	int r = link_find(&work->link, net_text(&work->settings, LXC_BRIDGE), 0, facts);

	if (r == -ENODEV)
		return 0;
	if (r == 0)
		r = link_look_at_ports(&work->link, facts->index, ports);
	return r < 0 ? explain(work, r, "look at the interface", e) : 1;
}

struct address_search {
	const struct net_settings *settings;
	bool has_ours;
	char other[NET_TEXT_MAX];
};

/* A ULA's ::1, as LXC gives it: its prefix is another one than ours. */
static bool is_lxcs(const struct link_address *address)
{
	static const uint8_t host[8] = {0, 0, 0, 0, 0, 0, 0, 1};
	const uint8_t *bytes = address->bytes;

	return address->length == 16 && (bytes[0] & 0xfe) == 0xfc &&
	       memcmp(bytes + 8, host, sizeof(host)) == 0;
}

static int take_address(void *context, const struct link_address *address)
{
	struct address_search *search = context;
	const struct net_settings *s = search->settings;

	if (address->length == 4 && memcmp(address->bytes, s->address4.bytes, 4) == 0)
		search->has_ours = true;
	else if (!is_lxcs(address) && (address->length == 4 || !s->ipv6 ||
				       memcmp(address->bytes, s->address6.bytes, 16) != 0))
		inet_ntop(address->length == 4 ? AF_INET : AF_INET6, address->bytes, search->other,
			  sizeof(search->other));
	return 0;
}

static bool is_marked(const struct link_facts *facts)
{
	return strcmp(facts->alias, BRIDGE_ALIAS) == 0;
}

/* NET_BRIDGE_OURS, NET_BRIDGE_BARE, or NET_BRIDGE_FOREIGN, and why. */
static int judge(struct net_work *work, const struct link_facts *facts,
		 const struct link_ports *ports, struct err *e)
{
	struct address_search search = {.settings = &work->settings};
	autostr why = {0};
	int r;

	if (strcmp(facts->identity.kind, "bridge") != 0) {
		err_set(e, ERR_NETWORK_FAILED, 0, "the interface \"%s\" is no bridge", facts->name);
		return NET_BRIDGE_FOREIGN;
	}
	if (is_marked(facts))
		return NET_BRIDGE_OURS;
	r = link_list_addresses(&work->link, facts->index, take_address, &search);
	if (r < 0)
		return explain(work, r, "look at the addresses of", e);
	if (facts->alias[0])
		str_addf(&why, "it has the alias \"%s\"", facts->alias);
	else if (ports->foreign[0])
		str_addf(&why, "\"%s\" is attached to it", ports->foreign);
	else if (ports->upper[0])
		str_addf(&why, "\"%s\" is on top of it", ports->upper);
	else if (search.other[0])
		str_addf(&why, "it has other addresses, such as %s", search.other);
	else
		return search.has_ours ? NET_BRIDGE_OURS : NET_BRIDGE_BARE;
	err_set(e, ERR_NETWORK_FAILED, 0, "the bridge \"%s\" is not lxc-net's: %s", facts->name,
		str_text(&why));
	return NET_BRIDGE_FOREIGN;
}

int net_bridge_look(struct net_work *work, struct err *e)
{
	const char *origin = work->settings.values[LXC_BRIDGE].origin;
	struct link_facts facts = {0};
	struct link_ports ports = {0};
	int r = look(work, &facts, &ports, e);

	if (r <= 0)
		return r;
	r = judge(work, &facts, &ports, e);
	if (r != NET_BRIDGE_FOREIGN)
		return r;
	err_origin(e, "%s LXC_BRIDGE", origin ? origin : "default");
	err_hint(e,
		 "choose another LXC_BRIDGE, or USE_LXC_BRIDGE=\"false\" and containers with "
		 "lxc.net.0.link = %s",
		 facts.name);
	return -EEXIST;
}

static int sysctl_path(const char *what, struct str *out)
{
	str_addf(out, "/proc/sys/net/%s", what);
	return str_failed(out) ? -ENOMEM : 0;
}

/* -1: it is not there. */
static int sysctl_read(const char *what)
{
	autofree char *text = NULL;
	autostr path = {0};

	if (sysctl_path(what, &path) < 0 ||
	    file_read_all(AT_FDCWD, str_text(&path), 64, &text, NULL) < 0)
		return -1;
	return text[0] >= '0' && text[0] <= '9' ? text[0] - '0' : -1;
}

bool net_sysctl_is_on(const char *what)
{
	return sysctl_read(what) > 0;
}

/* What has the value is not written: /proc/sys may be read-only. */
static int sysctl_write(const char *what, int value, struct err *e)
{
	const char digit = (char)('0' + value);
	autostr path = {0};
	int r = sysctl_path(what, &path);
	autoclose int fd = -EBADF;

	if (r == 0 && sysctl_read(what) == value)
		return 0;
	if (r == 0)
		fd = open(str_text(&path), O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (r == 0)
		r = fd < 0 ? -errno : file_write_fd(fd, &digit, 1);
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot write %d to \"%s\"", value,
			       str_text(&path))
		     : 0;
}

/* For one of the bridge's own. */
static int bridge_sysctl(const struct net_work *work, const char *key, int value, struct err *e)
{
	autostr what = {0};

	str_addf(&what, "ipv6/conf/%s/%s", net_text(&work->settings, LXC_BRIDGE), key);
	return sysctl_write(str_text(&what), value, e);
}

bool net_has_ipv6(void)
{
	/* -1 where the kernel has none. */
	return sysctl_read("ipv6/conf/all/disable_ipv6") == 0 &&
	       sysctl_read("ipv6/conf/default/disable_ipv6") == 0;
}

static int add_address(struct net_work *work, uint32_t index, const struct net_range *range,
		       uint32_t broadcast, struct err *e)
{
	const struct link_address address = link_address(range, broadcast);
	char text[NET_TEXT_MAX];
	int r = link_add_address(&work->link, index, &address);

	/* Somebody who watches for bridges may have been faster. */
	if (r == 0 || r == -EEXIST)
		return 0;
	net_range_print(range, true, text);
	explain(work, r, "add an address to", e);
	return err_wrap(e, r, "cannot give the bridge the address %s", text);
}

/* A bridge that kept its interfaces through stop is used again. */
static int make_bridge(struct net_work *work, uint32_t *ret_index, struct err *e)
{
	const char *name = net_text(&work->settings, LXC_BRIDGE);
	const struct link_change identity = {.mac = work->settings.mac, .alias = BRIDGE_ALIAS};
	struct link_facts facts;
	int r = link_create_bridge(&work->link, name, work->settings.mac, ret_index);

	if (r == -EEXIST) {
		r = link_find(&work->link, name, 0, &facts);
		if (r == 0)
			*ret_index = facts.index;
		if (r == 0 && work->borrows_bridge && !is_marked(&facts))
			return 0;
	}
	if (r < 0) {
		explain(work, r, "make the bridge", e);
		if (r == -EOPNOTSUPP)
			err_hint(e,
				 "the kernel has no bridges: is the module \"bridge\" installed?");
		return r;
	}
	r = link_change(&work->link, *ret_index, &identity);
	return r < 0 ? explain(work, r, "set the hardware address of", e) : 0;
}

int net_bridge_up(struct net_work *work, struct err *e)
{
	const struct net_settings *s = &work->settings;
	uint32_t index = 0;
	int r = make_bridge(work, &index, e);

	if (r == 0)
		r = sysctl_write("ipv4/ip_forward", 1, e);
	if (r == 0 && s->ipv6)
		r = bridge_sysctl(work, "accept_dad", 0, e);
	if (r == 0)
		r = add_address(work, index, &s->address4, s->broadcast, e);
	if (r == 0) {
		r = link_set_up(&work->link, index);
		if (r < 0)
			explain(work, r, "turn on the bridge", e);
	}
	if (r < 0 || !s->ipv6)
		return r;
	r = sysctl_write("ipv6/conf/all/forwarding", 1, e);
	if (r == 0)
		r = bridge_sysctl(work, "autoconf", 0, e);
	return r == 0 ? add_address(work, index, &s->address6, 0, e) : r;
}

/* Deleted; or, while something needs it, only turned off. */
static int take_down(struct net_work *work, const struct link_facts *facts,
		     const struct link_ports *ports)
{
	int r = link_flush_addresses(&work->link, facts->index);

	if (r == 0)
		r = link_set_down(&work->link, facts->index);
	if (r == 0 && ports->count == 0 && !ports->upper[0])
		return link_delete(&work->link, facts->index);
	if (r == 0 && !work->is_restart)
		fprintf(stderr,
			"lxc-net: the bridge \"%s\" stays, without addresses: \"%s\" is %s it\n",
			facts->name, ports->count > 0 ? ports->attached : ports->upper,
			ports->count > 0 ? "attached to" : "on top of");
	return r;
}

/* Nothing but our addresses: the bridge was there before us. */
static int give_back(struct net_work *work, const struct link_facts *facts)
{
	const struct net_settings *s = &work->settings;
	const struct link_address four = link_address(&s->address4, 0);
	const struct link_address six = link_address(&s->address6, 0);
	int r = link_delete_address(&work->link, facts->index, &four);

	if ((r == 0 || r == -EADDRNOTAVAIL) && s->ipv6)
		r = link_delete_address(&work->link, facts->index, &six);
	return r == -EADDRNOTAVAIL ? 0 : r;
}

/* Others of ours, which something needed when they were left. */
static int take_others_down(struct net_work *work, uint32_t own)
{
	struct link_facts facts;
	struct link_ports ports;
	uint32_t index = 0;
	int r;

	while ((r = link_find_bridge(&work->link, BRIDGE_ALIAS, index, &index)) == 0) {
		r = index == own ? 0 : link_find(&work->link, NULL, index, &facts);
		if (r == 0 && index != own)
			r = link_look_at_ports(&work->link, index, &ports);
		if (r == 0 && index != own)
			r = take_down(work, &facts, &ports);
		if (r < 0 && r != -ENODEV)
			return r;
	}
	return r == -ENODEV ? 0 : r;
}

/* What has our bridge's name and is somebody else's has taken the place of ours. */
int net_bridge_down(struct net_work *work, struct err *e)
{
	struct link_facts facts = {0};
	struct link_ports ports = {0};
	struct err why = {0};
	int r = look(work, &facts, &ports, e);

	if (r < 0)
		return r;
	if (r > 0 && work->borrows_bridge && !is_marked(&facts)) {
		r = give_back(work, &facts);
	} else if (r > 0) {
		r = judge(work, &facts, &ports, &why);
		if (r == NET_BRIDGE_FOREIGN)
			fprintf(stderr, "lxc-net: %s: it is left as it is\n", err_cause(&why));
		else if (r > 0)
			r = take_down(work, &facts, &ports);
	}
	if (r >= 0 || r == -ENODEV)
		r = take_others_down(work, facts.index);
	return r < 0 && r != -ENODEV ? explain(work, r, "take down the bridge", e) : 0;
}
