/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting in the HOST lane with an end to it: the supervisor's events are served all the time.
 */

#include "run/host.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

static int open_timer(unsigned milliseconds)
{
	const struct itimerspec end = {
		.it_value = {.tv_sec = milliseconds / 1000,
			     .tv_nsec = (long)(milliseconds % 1000) * 1000000},
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), r;

	if (fd < 0)
		return -errno;
	if (timerfd_settime(fd, 0, &end, NULL) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int host_pause(struct host *h, unsigned milliseconds)
{
	autoclose int timer = open_timer(milliseconds);

	return timer < 0 ? timer : host_wait(h, timer);
}

static int watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int host_wait_for(struct host *h, int fd, unsigned milliseconds)
{
	autoclose int timer = open_timer(milliseconds);
	autoclose int both = epoll_create1(EPOLL_CLOEXEC);
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	int r;

	if (timer < 0)
		return timer;
	r = both < 0 ? -errno : watch(both, timer);
	if (r == 0)
		r = watch(both, fd);
	if (r == 0)
		r = host_wait(h, both);
	if (r < 0)
		return r;
	return poll(&polled, 1, 0) == 1;
}
