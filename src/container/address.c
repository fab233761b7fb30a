/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Holding an address: bound, and never listened at, so that whoever asks there hears that nobody
 * is running.
 */

#include "container/address.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/macros.h"
#include "container/client.h"

int address_hold(const struct container *c, int *ret_fd, struct err *e)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t length = client_address(c->lxcpath, c->name, &address);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, length) == 0) {
		*ret_fd = take_fd(fd);
		return 0;
	}
	if (fd >= 0 && errno == EADDRINUSE)
		return ADDRESS_IS_USED;
	return err_set(e, ERR_SYSTEM, errno, "cannot reserve the address of container %s", c->name);
}
