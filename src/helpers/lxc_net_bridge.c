/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bridge, by rtnetlink(7), and what the kernel is told besides
 * (Documentation/networking/ip-sysctl.rst). Its alias says whose it is. Forwarding is turned on and
 * never off again: by then it may be another's, too.
 */

#include "helpers/lxc_net.h"

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

/* Why a bridge is none of ours: 1 and said, or 0. */
static int is_foreign(struct net_work *work, const struct link_facts *facts,
		      const struct link_ports *ports, struct err *e)
{
	const struct link_address own = link_address(&work->settings.address4, 0);
	int any, ours;

	if (strcmp(facts->kind, "bridge") != 0) {
		err_set(e, ERR_NETWORK_FAILED, 0, "the interface \"%s\" is no bridge", facts->name);
		return 1;
	}
	if (strcmp(facts->alias, BRIDGE_ALIAS) == 0)
		return 0;
	if (ports->foreign[0]) {
		err_set(e, ERR_NETWORK_FAILED, 0,
			"the bridge \"%s\" is not lxc-net's: \"%s\" is attached to it", facts->name,
			ports->foreign);
		return 1;
	}
	any = link_has_address(&work->link, facts->index, NULL);
	ours = link_has_address(&work->link, facts->index, &own);
	if (any < 0 || ours < 0)
		return explain(work, any < 0 ? any : ours, "look at the addresses of", e);
	if (any == 1 && ours == 0) {
		err_set(e, ERR_NETWORK_FAILED, 0,
			"the bridge \"%s\" is not lxc-net's: it has other addresses", facts->name);
		return 1;
	}
	return 0;
}

int net_bridge_look(struct net_work *work, struct err *e)
{
	const char *origin = work->settings.values[LXC_BRIDGE].origin;
	struct link_facts facts = {0};
	struct link_ports ports = {0};
	int r = look(work, &facts, &ports, e);

	if (r <= 0)
		return r;
	r = is_foreign(work, &facts, &ports, e);
	if (r <= 0)
		return r < 0 ? r : 1;
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

int net_bridge_down(struct net_work *work, struct err *e)
{
	struct link_facts facts = {0};
	struct link_ports ports = {0};
	int r = look(work, &facts, &ports, e);

	if (r <= 0)
		return r;
	r = is_foreign(work, &facts, &ports, e);
	if (r != 0)
		return r < 0 ? r : -EEXIST;
	r = link_flush_addresses(&work->link, facts.index);
	if (r == 0)
		r = link_set_down(&work->link, facts.index);
	if (r == 0 && ports.count == 0)
		r = link_delete(&work->link, facts.index);
	return r < 0 && r != -ENODEV ? explain(work, r, "take down the bridge", e) : 0;
}
