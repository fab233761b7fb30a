/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sock_diag(7): one question of the unix family, linux/unix_diag.h.
 */

#include "sys/socket_owner.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

int socket_owner_open(struct netlink *ret)
{
	return netlink_open_protocol(NETLINK_SOCK_DIAG, ret);
}

int socket_owner(struct netlink *n, uint32_t inode, uid_t *ret)
{
	const struct unix_diag_req wanted = {
		.sdiag_family = AF_UNIX,
		.udiag_states = UINT32_MAX,
		.udiag_ino = inode,
		.udiag_show = UDIAG_SHOW_UID,
		.udiag_cookie = {UINT32_MAX, UINT32_MAX}, /* whichever */
	};
	_Alignas(struct nlmsghdr) char reply[256] = {0};
	struct netlink_request q;
	const void *uid;
	size_t length;
	uint32_t value;
	int r;

	netlink_begin(&q, SOCK_DIAG_BY_FAMILY, 0);
	netlink_add_header(&q, &wanted, sizeof(wanted));
	r = netlink_ask(n, &q, reply, sizeof(reply));
	if (r < 0)
		return r;
	uid = netlink_find((const void *)reply, sizeof(struct unix_diag_msg), UNIX_DIAG_UID,
			   &length);
	if (!uid || length != sizeof(value))
		return -EOPNOTSUPP;
	memcpy(&value, uid, sizeof(value));
	*ret = value;
	return 0;
}
