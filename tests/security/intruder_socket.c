/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking to a supervisor of the host's: abstract addresses belong to network namespaces, and a
 * container may share the host's; its socket of netlink's is in the container's. netlink(7).
 */

#include "intruder.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct request {
	int32_t command, length;
	uint64_t data;
};

/* The abstract address of this name; its length, 0: it has none. */
static socklen_t make_address(const char *name, struct sockaddr_un *ret)
{
	size_t length = name ? strlen(name) : 0;

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (length == 0 || length >= sizeof(ret->sun_path))
		return 0;
	memcpy(ret->sun_path + 1, name, length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

/* A connection to the abstract address, or negative. */
static int connect_to(const char *name)
{
	struct sockaddr_un address;
	socklen_t length = make_address(name, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || length == 0)
		return -2;
	return connect(fd, (const struct sockaddr *)&address, length) < 0 ? -1 : fd;
}

int intruder_squat(char *const *arguments)
{
	struct sockaddr_un address;
	socklen_t length = make_address(arguments[0], &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (length == 0 || !arguments[1])
		return 2;
	if (bind(fd, (const struct sockaddr *)&address, length) < 0 || listen(fd, 16) < 0)
		return 3;
	if (strcmp(arguments[1], "leaves") == 0 && fork() > 0) {
		printf("ready\n");
		return 0;
	}
	if (strcmp(arguments[1], "leaves") != 0) {
		printf("ready\n");
		fflush(stdout);
	}
	for (;;) {
		/* RUNNING for GET_STATE, and init's pid for GET_INIT_PID (spec/wire.md). */
		const struct request answer = {0, 0, 2};
		struct request request;
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (recv(client, &request, sizeof(request), MSG_WAITALL) == sizeof(request))
			(void)!send(client, &answer, sizeof(answer), MSG_NOSIGNAL);
		close(client);
	}
}

int intruder_leave(char *const *arguments)
{
	/* STOP (spec/wire.md). */
	const struct request request = {2, 0, 0};

	for (int i = 0; i < 50; i++) {
		pid_t child = fork();

		if (child == 0) {
			int fd = connect_to(arguments[0]);

			if (fd >= 0)
				(void)!send(fd, &request, sizeof(request), MSG_NOSIGNAL);
			_exit(0);
		}
		if (child > 0)
			waitpid(child, NULL, 0);
	}
	return 0;
}

int intruder_ask(char *const *arguments)
{
	/* GET_INIT_PIDFD (spec/wire.md). */
	const struct request request = {18, 0, 0};
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
	int fd = connect_to(arguments[0]);

	if (fd == -2)
		return 2;
	if (fd < 0) {
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

/* An address that nobody has, as the kernel would tell of it. */
struct forged {
	struct nlmsghdr header;
	struct ifaddrmsg body;
	struct rtattr attribute;
	uint8_t address[4];
};

static int send_forged(int fd, uint32_t port, uint32_t groups)
{
	const struct forged message = {
		.header = {.nlmsg_len = sizeof(message), .nlmsg_type = RTM_NEWADDR},
		.body = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 77},
		.attribute = {.rta_len = RTA_LENGTH(4), .rta_type = IFA_LOCAL},
		.address = {6, 6, 6, 6},
	};
	const struct sockaddr_nl to = {
		.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};

	return sendto(fd, &message, sizeof(message), 0, (const struct sockaddr *)&to, sizeof(to)) ==
	       (ssize_t)sizeof(message);
}

int intruder_forge(char *const *arguments)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), sent = 0;
	FILE *list = fopen("/proc/net/netlink", "re");
	char line[256];

	(void)arguments;
	if (fd < 0 || !list)
		return 3;
	/* "ADDRESS PROTOCOL PORT GROUPS …": to each socket, and to all who listen. */
	while (fgets(line, sizeof(line), list)) {
		char *at = strchr(line, ' ');
		unsigned long protocol = at ? strtoul(at, &at, 10) : 1;
		unsigned long port = at ? strtoul(at, NULL, 10) : 0;

		if (at && protocol == NETLINK_ROUTE && port > 0)
			sent += send_forged(fd, (uint32_t)port, 0);
	}
	fclose(list);
	sent += send_forged(fd, 0, RTMGRP_IPV4_IFADDR);
	printf("%s\n", sent ? "sent" : "refused");
	return 0;
}
