/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unix(7), cmsg(3). A packet that is cut short, has a wrong size or carries more than we take is a
 * violation of the protocol: both sides are ours. Waiting with a deadline, or while other events
 * are served, is the caller's business.
 */

#include "run/gate.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/syscall.h"

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * GATE_FDS_MAX)];
};

int gate_open(int ret[2])
{
	return sys_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ret);
}

int gate_send(int fd, const struct gate_message *message, const struct gate_fds *fds)
{
	union control control;
	struct iovec part = {.iov_base = (void *)message, .iov_len = sizeof(*message)};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (fds && fds->count > 0) {
		const size_t length = sizeof(int) * fds->count;
		struct cmsghdr *c;

		if (fds->count > GATE_FDS_MAX)
			return -EINVAL;
		memset(&control, 0, sizeof(control));
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(length);
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(length);
		memcpy(CMSG_DATA(c), fds->fds, length);
	}
	do
		sent = sys_sendmsg(fd, &header, 0);
	while (sent == -EINTR);
	return sent < 0 ? (int)sent : 0;
}

/* The kernel puts all descriptors of one packet into one such part; a second one would be extra. */
static void take_descriptors(struct msghdr *header, struct gate_fds *ret)
{
	ret->count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (count > GATE_FDS_MAX - ret->count)
			count = GATE_FDS_MAX - ret->count;
		memcpy(ret->fds + ret->count, CMSG_DATA(c), count * sizeof(int));
		ret->count += count;
	}
}

int gate_receive(int fd, struct gate_message *ret, struct gate_fds *ret_fds)
{
	union control control;
	struct gate_message message;
	struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};
	bool was_reset = false;
	ssize_t got;

	/* Who ends without having read all that we sent resets us, once; what it said before that
	 * can be read behind it. */
	do {
		got = sys_recvmsg(fd, &header, 0);
		if (got == -ECONNRESET && !was_reset) {
			was_reset = true;
			got = -EINTR;
		}
	} while (got == -EINTR);
	if (got <= 0)
		return got == -ECONNRESET ? 0 : (int)got;

	take_descriptors(&header, ret_fds);
	if (got != sizeof(message) || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		for (size_t i = 0; i < ret_fds->count; i++)
			sys_close(ret_fds->fds[i]);
		ret_fds->count = 0;
		return -EPROTO;
	}
	memcpy(ret, &message, sizeof(message));
	return 1;
}
