/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking to a supervisor of the host's: abstract addresses belong to network namespaces, and a
 * container may share the host's.
 */

#include "intruder.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int intruder_ask(char *const *arguments)
{
	/* GET_INIT_PIDFD (spec/wire.md). */
	const struct {
		int32_t command, length;
		uint64_t data;
	} request = {18, 0, 0};
	struct {
		int32_t result, length;
		uint64_t data;
	} answer = {1, 0, 0};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct iovec part = {&answer, sizeof(answer)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = arguments[0] ? strlen(arguments[0]) : 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (length == 0 || length >= sizeof(address.sun_path))
		return 2;
	memcpy(address.sun_path + 1, arguments[0], length);
	if (connect(fd, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) < 0) {
		printf("no way there\n");
		return 0;
	}
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0 ||
	    recvmsg(fd, &message, MSG_CMSG_CLOEXEC) < 0)
		return 3;
	printf("answer %d, %s\n", (int)answer.result,
	       message.msg_controllen > 0 ? "DESCRIPTORS" : "no descriptors");
	return 0;
}
