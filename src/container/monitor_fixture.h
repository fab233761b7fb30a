/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests: a monitor made by hand. A thread holds the control socket of a container and answers
 * as the test says; every request is noted.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "container/client.h"

enum { MONITOR_REQUESTS_MAX = 64, MONITOR_KEPT_MAX = 16 };

struct monitor;

/* Answer a request on a connection. Whether the connection stays open. */
typedef bool (*monitor_serve)(struct monitor *m, int fd, const struct wire_request *request,
			      const char *payload);

struct monitor {
	monitor_serve serve;
	void *context;
	int listen_fd, stop_fds[2];
	pthread_t thread;
	_Atomic int request_count;
	int requests[MONITOR_REQUESTS_MAX]; /* commands */
	int kept[MONITOR_KEPT_MAX];
	_Atomic int kept_count;
};

/* Send bytes, with descriptors riding on the first. */
static inline void monitor_send(int fd, const void *bytes, size_t len, const int *fds, size_t count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(64 * sizeof(int))];
	} control = {0};
	struct iovec part = {(void *)bytes, len};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (count > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(count * sizeof(int));
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, count * sizeof(int));
	}
	(void)!sendmsg(fd, &m, MSG_NOSIGNAL);
}

static inline void monitor_answer(int fd, int32_t ret, uint64_t data, const void *payload,
				  size_t len)
{
	const struct wire_answer answer = {.ret = ret, .length = (int32_t)len, .data = data};

	monitor_send(fd, &answer, sizeof(answer), NULL, 0);
	if (len > 0)
		monitor_send(fd, payload, len, NULL, 0);
}

static inline void monitor_take(struct monitor *m, int fd)
{
	struct wire_request request;
	char payload[WIRE_PAYLOAD_MAX + 1] = {0};
	int n = atomic_load(&m->request_count);

	if (recv(fd, &request, sizeof(request), MSG_WAITALL) != (ssize_t)sizeof(request) ||
	    request.length < 0 || request.length > WIRE_PAYLOAD_MAX ||
	    (request.length > 0 &&
	     recv(fd, payload, (size_t)request.length, MSG_WAITALL) != request.length)) {
		close(fd);
		return;
	}
	if (n < MONITOR_REQUESTS_MAX)
		m->requests[n] = request.command;
	atomic_store(&m->request_count, n + 1);
	if (!m->serve(m, fd, &request, payload)) {
		close(fd);
		return;
	}
	n = atomic_load(&m->kept_count);
	if (n < MONITOR_KEPT_MAX) {
		m->kept[n] = fd;
		atomic_store(&m->kept_count, n + 1);
	}
}

static inline void *monitor_run(void *context)
{
	struct monitor *m = context;

	for (;;) {
		struct pollfd p[2] = {{m->listen_fd, POLLIN, 0}, {m->stop_fds[0], POLLIN, 0}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (p[1].revents)
			return NULL;
		if (p[0].revents) {
			int fd = accept4(m->listen_fd, NULL, NULL, SOCK_CLOEXEC);

			if (fd >= 0)
				monitor_take(m, fd);
		}
	}
}

/* Hold the address; without `serve` nobody answers. 0 or -errno. */
static inline int monitor_start(struct monitor *m, const char *lxcpath, const char *name,
				monitor_serve serve, void *context)
{
	struct sockaddr_un address;
	socklen_t len = client_address(lxcpath, name, &address);

	memset(m, 0, sizeof(*m));
	m->serve = serve;
	m->context = context;
	m->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->listen_fd < 0 || bind(m->listen_fd, (const struct sockaddr *)&address, len) < 0 ||
	    listen(m->listen_fd, serve ? 100 : 0) < 0 || pipe2(m->stop_fds, O_CLOEXEC) < 0)
		return -errno;
	return serve ? -pthread_create(&m->thread, NULL, monitor_run, m) : 0;
}

/* Close what was kept: "gone". */
static inline void monitor_drop(struct monitor *m)
{
	int count = atomic_exchange(&m->kept_count, 0);

	for (int i = 0; i < count; i++)
		close(m->kept[i]);
}

static inline void monitor_stop(struct monitor *m)
{
	close(m->stop_fds[1]);
	if (m->serve)
		pthread_join(m->thread, NULL);
	close(m->stop_fds[0]);
	close(m->listen_fd);
	monitor_drop(m);
}
