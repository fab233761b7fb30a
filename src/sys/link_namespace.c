/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rtnetlink(7), RTM_GETNSID: <linux/net_namespace.h>. INIT lane rules: see netlink.h.
 */

#include "sys/link.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

int link_namespace_id(struct netlink *n, int ns_fd, int32_t *ret)
{
	const struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};
	_Alignas(struct nlmsghdr) char reply[256] = {0};
	const struct nlmsghdr *message = (const void *)reply;
	struct netlink_request q;
	const void *found;
	size_t length;
	int r;

	netlink_begin(&q, RTM_GETNSID, 0);
	netlink_add_header(&q, &header, sizeof(header));
	netlink_add_u32(&q, NETNSA_FD, (uint32_t)ns_fd);
	r = netlink_ask(n, &q, reply, sizeof(reply));
	if (r < 0)
		return r;
	if (message->nlmsg_type != RTM_NEWNSID)
		return -EPROTO;
	found = netlink_find(message, sizeof(header), NETNSA_NSID, &length);
	if (!found || length != sizeof(*ret))
		return -EPROTO;
	memcpy(ret, found, length);
	return 0;
}
