/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking at interfaces. One netlink request tells whether there is one, its kind and its mtu.
 */

#include "host/link_look.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/macros.h"
#include "sys/file.h"
#include "sys/netlink.h"

enum {
	INET6_SIZE_MAX = 16 << 20,
	SETTING_SIZE_MAX = 4096,
	ADDRESS_DIGITS = 32,
	SCOPE_LINK = 0x20, /* IPV6_ADDR_LINKLOCAL of the kernel */
};

static void look_at_bridge(const void *info, size_t length, struct link_look *ret)
{
	size_t size, n;
	const void *data = netlink_find_in(info, length, IFLA_INFO_DATA, &size);
	const void *found = data ? netlink_find_in(data, size, IFLA_BR_VLAN_FILTERING, &n) : NULL;

	if (found && n == sizeof(uint8_t))
		ret->filters_vlans = *(const uint8_t *)found != 0;
	found = data ? netlink_find_in(data, size, IFLA_BR_VLAN_DEFAULT_PVID, &n) : NULL;
	if (found && n == sizeof(ret->pvid))
		memcpy(&ret->pvid, found, n);
}

static void look_at_kind(const struct nlmsghdr *message, struct link_look *ret)
{
	size_t length, n;
	const void *info = netlink_find(message, sizeof(struct ifinfomsg), IFLA_LINKINFO, &length);
	const void *kind = info ? netlink_find_in(info, length, IFLA_INFO_KIND, &n) : NULL;

	ret->is_bridge = kind && n == sizeof("bridge") && memcmp(kind, "bridge", n) == 0;
	if (ret->is_bridge)
		look_at_bridge(info, length, ret);
}

static int read_answer(void *context, const struct nlmsghdr *message)
{
	struct link_look *ret = context;
	struct link_facts facts;

	link_read_facts(message, &facts);
	memset(ret, 0, sizeof(*ret));
	ret->index = facts.index;
	ret->mtu = facts.mtu;
	memcpy(ret->name, facts.name, sizeof(ret->name));
	memcpy(ret->alias, facts.alias, sizeof(ret->alias));
	for (size_t i = 0; facts.has_mac && i < LINK_MAC_LENGTH; i++)
		ret->mac |= (uint64_t)facts.mac[i] << 8 * i;
	look_at_kind(message, ret);
	return 0;
}

int link_look(const char *name, struct link_look *ret)
{
	struct netlink netlink;
	int r = netlink_open(&netlink);

	if (r < 0)
		return r;
	r = link_ask(&netlink, name, 0, read_answer, ret);
	netlink_close(&netlink);
	return r;
}

bool link_setting_is_on(const char *family, const char *name, const char *file)
{
	autofree char *text = NULL;
	char path[256];
	int n = snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, name, file);

	return n > 0 && (size_t)n < sizeof(path) &&
	       file_read_all(AT_FDCWD, path, SETTING_SIZE_MAX, &text, NULL) == 0 && text[0] == '1';
}

int link_phy(const char *name, char ret[LINK_PHY_MAX])
{
	autofree char *text = NULL;
	char path[256];
	size_t length;
	int r, n = snprintf(path, sizeof(path), "/sys/class/net/%s/phy80211/name", name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	r = file_read_all(AT_FDCWD, path, SETTING_SIZE_MAX, &text, NULL);
	if (r < 0)
		return r;
	length = strcspn(text, "\n");
	if (length == 0 || length >= LINK_PHY_MAX)
		return -ENOENT;
	memcpy(ret, text, length);
	ret[length] = '\0';
	return 0;
}

int link_ipv4_address(const char *name, struct in_addr *ret)
{
	struct ifreq request = {};
	struct sockaddr_in address;
	autoclose int fd = -EBADF;

	if (strlen(name) >= sizeof(request.ifr_name))
		return -ENAMETOOLONG;
	memcpy(request.ifr_name, name, strlen(name));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFADDR, &request) < 0)
		return -errno;
	memcpy(&address, &request.ifr_addr, sizeof(address));
	*ret = address.sin_addr;
	return 0;
}

static bool digit_value(char c, unsigned *ret)
{
	if (c >= '0' && c <= '9')
		*ret = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*ret = (unsigned)(c - 'a') + 10;
	else
		return false;
	return true;
}

/* "fe80000000000000021122fffe334455 03 40 20 80     eth0" */
static bool read_inet6_line(const char *line, size_t length, const char *name,
			    struct in6_addr *ret_address, unsigned *ret_scope)
{
	const char *end = line + length, *word = end;
	unsigned high, low;

	while (word > line && word[-1] != ' ')
		word--;
	if ((size_t)(end - word) != strlen(name) || memcmp(word, name, strlen(name)) != 0 ||
	    length < ADDRESS_DIGITS + sizeof(" 03 40 20 80"))
		return false;
	for (size_t i = 0; i < sizeof(*ret_address); i++) {
		if (!digit_value(line[2 * i], &high) || !digit_value(line[2 * i + 1], &low))
			return false;
		ret_address->s6_addr[i] = (uint8_t)(high << 4 | low);
	}
	line += ADDRESS_DIGITS + sizeof(" 03 40 ") - 1;
	if (!digit_value(line[0], &high) || !digit_value(line[1], &low))
		return false;
	*ret_scope = high << 4 | low;
	return true;
}

int link_ipv6_address(const char *name, struct in6_addr *ret)
{
	autofree char *text = NULL;
	bool found = false;
	int r = file_read_all(AT_FDCWD, "/proc/self/net/if_inet6", INET6_SIZE_MAX, &text, NULL);

	if (r == -ENOENT)
		return -EADDRNOTAVAIL;
	if (r < 0)
		return r;
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		struct in6_addr address;
		unsigned scope;

		end = line + strcspn(line, "\n");
		if (!read_inet6_line(line, (size_t)(end - line), name, &address, &scope))
			continue;
		if (scope == 0 || (scope == SCOPE_LINK && !found))
			*ret = address;
		found = found || scope == 0 || scope == SCOPE_LINK;
		if (scope == 0)
			return 0;
	}
	return found ? 0 : -EADDRNOTAVAIL;
}
